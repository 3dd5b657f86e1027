/**
 * A room of its own for one case: private mount, network and process namespaces, held by one process.
 *
 * `/run` is a tmpfs inside, so the names `ip netns add` makes exist only there; the network namespace one starts in is
 * the script's own machine (`host`). The holder waits on a pipe from this program: when that closes, for whatever reason
 * (end, error, SIGINT, SIGKILL), it ends, the kernel ends every process inside, and with them go all namespaces, devices
 * and mounts. Nothing else on the machine is touched.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import httpd from './httpd.pl?raw';
import udpProxy from './udp-proxy.pl?raw';

interface Finished {
  /** stdout and stderr as a terminal shows them. */
  readonly output: string;
  readonly exit: number;
}

/** The machine of a plain script is where the room itself is. */
export type Place = { readonly netns: string } | 'here';

const SCRATCH = '/run/lab';
/** The room's own programs, found before those of the machine. */
const BIN = `${SCRATCH}/bin`;
const LEGACY = ['iptables', 'iptables-save', 'iptables-restore'];
/** What stands for programs that Debian has not, or not as the simulator has them. */
const OWN_PROGRAMS = {
  nginx: httpd,
  'flannel-udp-proxy': udpProxy,
  // As in a terminal: there the page itself is progress enough.
  curl: '#!/bin/sh\ncase " $* " in *" -o "*) exec /usr/bin/curl "$@" ;; esac\nexec /usr/bin/curl --no-progress-meter "$@"\n',
};
const HOLD = [
  'mount -t tmpfs lab /run',
  `mkdir /run/netns ${SCRATCH} ${BIN}`,
  // The backend that writes TRACE to the kernel log, and that the simulator speaks as.
  ...LEGACY.map((name) => `ln -s /usr/sbin/${name.replace('iptables', 'iptables-legacy')} ${BIN}/${name}`),
  // Names are looked up nowhere: a question to a name server would be a frame that no one asked for.
  'echo "hosts: files" > /run/nsswitch.conf',
  'if [ -e /etc/nsswitch.conf ]; then mount --bind /run/nsswitch.conf /etc/nsswitch.conf; fi',
  'ip link set lo up',
  'echo ready',
  'read -r closed || true',
].join(' && ');
const ENVIRONMENT = {
  PATH: `${BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  LANG: 'C',
  LC_ALL: 'C',
  // One at a time uses the lock of iptables; it is the room's own.
  XTABLES_LOCKFILE: `${SCRATCH}/xtables.lock`,
  HOME: '/root',
};

export class Box {
  /** Scratch files, in the room's own memory: the path inside. */
  readonly dir = SCRATCH;
  readonly #holder: ChildProcess;
  #init = 0;

  private constructor() {
    this.#holder = spawn(
      'unshare',
      ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-ec', HOLD],
      { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    );
  }

  /** @throws with what `unshare` or `mount` said, when the kernel does not allow it */
  static async open(): Promise<Box> {
    const box = new Box();
    try {
      await box.#ready();
    } catch (error) {
      await box.close();
      throw error;
    }
    return box;
  }

  #ready(): Promise<void> {
    const holder = this.#holder;
    return new Promise((resolve, reject) => {
      let said = '';
      holder.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      holder.on('error', reject);
      holder.on('exit', (code) => reject(new Error(said.trim() || `unshare ended with ${code}`)));
      // A holder that has gone already breaks the pipe; its exit says why.
      holder.stdin?.on('error', () => undefined);
      holder.stdout?.on('data', (chunk: Buffer) => {
        if (!chunk.toString().includes('ready')) return;
        const pid = String(holder.pid);
        this.#init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
        for (const [name, text] of Object.entries(OWN_PROGRAMS)) {
          writeFileSync(this.outside(`${BIN}/${name}`), text, { mode: 0o755 });
        }
        resolve();
      });
    });
  }

  /** The same file seen from outside, for as long as the room is open. */
  outside(path: string): string {
    return `/proc/${this.#init}/root${path}`;
  }

  /** Starts a program in the room. Output is the caller's business; it ends with the room at the latest. */
  start(place: Place, words: readonly string[], stdio: 'pipe' | 'ignore' = 'pipe'): ChildProcess {
    const inside = place === 'here' ? words : ['ip', 'netns', 'exec', place.netns, ...words];
    return spawn('nsenter', ['-t', String(this.#init), '-m', '-n', '-p', ...inside], {
      env: ENVIRONMENT,
      stdio: ['ignore', stdio, stdio],
      // Ctrl-C in the terminal goes to the lab alone, which then closes the room.
      detached: true,
    });
  }

  /** Runs shell text to its end, at most `seconds`; then it is interrupted as by Ctrl-C. */
  run(place: Place, text: string, seconds = 60): Promise<Finished> {
    const child = this.start(place, [
      ...['timeout', '--signal=INT', '--kill-after=1', String(seconds)],
      ...['bash', '-c', `exec 2>&1\n${text}`],
    ]);
    return new Promise((resolve, reject) => {
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ output, exit: code ?? 255 }));
    });
  }

  /** Ends everything inside and waits until it is gone. */
  async close(): Promise<void> {
    const holder = this.#holder;
    if (holder.exitCode === null && holder.signalCode === null && holder.pid !== undefined) {
      const gone = new Promise((resolve) => holder.once('exit', resolve));
      holder.stdin?.end();
      await gone;
    }
  }
}
