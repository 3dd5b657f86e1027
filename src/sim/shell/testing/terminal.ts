/** A terminal in a small test network: lines in, what a person would see out. */
import type { HostApi, NetnsHandle, ProcessContext } from '../../kernel/netlink';
import { TestNet } from '../../kernel/testing/net';
import { runCommand, splitWords } from '../index';

interface Shown {
  readonly stdout: string;
  readonly stderr: string;
  /** undefined: still running when the limit was reached. */
  readonly exit: number | undefined;
}

/** Virtual time after which a command is interrupted, as the world does it. */
const LIMIT_NS = 60e9;

export class Terminal {
  readonly net: TestNet;
  /** Names given by `ip netns add`, oldest first. */
  readonly #named: string[] = [];

  constructor(namespaces: readonly string[], net = new TestNet()) {
    this.net = net;
    for (const name of namespaces) {
      this.net.netns(name).named = true;
      this.#named.push(name);
    }
  }

  run(netns: string, line: string): Shown {
    const words = splitWords(line);
    if (!words.ok) return { stdout: '', stderr: `bash: ${words.error}\n`, exit: 2 };
    return this.runWords(netns, words.value);
  }

  runWords(netns: string, words: readonly string[]): Shown {
    let stdout = '';
    let stderr = '';
    let exit: number | undefined;
    let interrupt = (): void => finish(130);
    const finish = (code: number): void => {
      exit ??= code;
    };
    const context = (id: string): ProcessContext => ({
      netns: this.net.get(id).handle,
      netlink: this.net.get(id).netlink({ by: words[0] ?? '', cause: -1 }),
      sockets: this.net.get(id).socketApi({ by: words[0] ?? '', cause: -1 }),
      random: this.net.ground.random,
      now: () => this.net.engine.now,
      after: (delay, action) =>
        this.net.engine.after(delay, () => {
          if (exit === undefined) action();
        }),
      print: (text) => (stdout += exit === undefined ? text : ''),
      printError: (text) => (stderr += exit === undefined ? text : ''),
      exit: finish,
      onInterrupt: (action) => (interrupt = action),
      host: this.#host((handle, inner) => runCommand(context(handle.id), inner)),
    });
    runCommand(context(netns), words);
    const limit = this.net.engine.now + LIMIT_NS;
    while (exit === undefined && (this.net.engine.nextTime() ?? Infinity) <= limit) this.net.engine.step();
    if (exit === undefined) interrupt();
    return { stdout, stderr, exit };
  }

  #host(exec: (netns: NetnsHandle, words: readonly string[]) => void): HostApi {
    const { net } = this;
    const byName = (name: string) => (this.#named.includes(name) ? net.get(name).handle : undefined);
    return {
      netnsList: () => [...this.#named].reverse().map((name) => ({ name })),
      netnsAdd: (name) => {
        if (this.#named.includes(name)) return { ok: false, error: 'EEXIST' };
        net.netns(name).named = true;
        this.#named.push(name);
        return { ok: true, value: undefined };
      },
      netnsDelete: (name) => {
        if (!this.#named.includes(name)) return { ok: false, error: 'ENOENT' };
        this.#named.splice(this.#named.indexOf(name), 1);
        net.kernel.deleteNetns(name, -1);
        return { ok: true, value: undefined };
      },
      netnsByName: byName,
      container: byName,
      containers: () => this.#named.map((name) => ({ name, id: 'c0ffee', image: 'busybox', running: true })),
      exec,
      enter: (handle) => net.netlink(handle.id),
      etcd: () => undefined,
      services: () => [],
      service: () => undefined,
      kube: () => undefined,
    };
  }
}
