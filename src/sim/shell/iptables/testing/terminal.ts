/** A terminal in one namespace with netfilter plugged in: lines in, what a person would see out. */
import type { HostApi, ProcessContext } from '../../../kernel/netlink';
import { plug } from '../../../kernel/netfilter/testing/plug';
import type { NetfilterTables } from '../../../kernel/netfilter/index';
import { TestNet } from '../../../kernel/testing/net';
import { Exit } from '../../program';
import { ipset } from '../../ipset/index';
import { splitWords } from '../../words';
import { netfilterPrograms, restore } from '../index';
import { restoreOptions } from '../restore';

export interface Shown {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

export class NetfilterTerminal {
  readonly netfilter: NetfilterTables;

  constructor(
    readonly net = new TestNet(),
    readonly id = 'a',
  ) {
    if (!net.kernel.netns(id)) net.netns(id);
    this.netfilter = plug(net.get(id));
  }

  run(line: string, stdin?: string): Shown {
    const words = splitWords(line);
    if (!words.ok) throw new Error(words.error);
    const [name = '', ...args] = words.value;
    const program = [...netfilterPrograms, ipset].find((each) => each.name === name);
    if (!program) throw new Error(`no program ${name}`);
    let stdout = '';
    let stderr = '';
    const ctx: ProcessContext = {
      netns: this.net.get(this.id).handle,
      netlink: this.net.netlink(this.id),
      sockets: this.net.sockets(this.id),
      random: this.net.ground.random,
      now: () => this.net.engine.now,
      after: (delay, action) => this.net.engine.after(delay, action),
      print: (text) => (stdout += text),
      printError: (text) => (stderr += text),
      exit: () => undefined,
      onInterrupt: () => undefined,
      host: undefined as unknown as HostApi,
    };
    const end = (exit: number): Shown => ({
      stdout: stdout.replace(/ on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, ' on DATE'),
      stderr,
      exit,
    });
    try {
      if (stdin !== undefined && name === 'iptables-restore')
        return end(restore(ctx, stdin, restoreOptions(args)));
      const code = program.run(ctx, args, {});
      return end(code === 'running' ? -1 : code);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      if (error.stream === 'stdout') stdout += error.message;
      else stderr += error.message;
      return end(error.code);
    }
  }
}
