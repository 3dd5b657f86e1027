/** Programs that a daemon runs: such that end at once (iptables), and such that stay (a container's own process). */
import type { Effect, Input } from '../daemons/index';
import type { Netns } from '../kernel/index';
import type { EventSeq, ProcessRow } from '../kernel/trace';
import { commandNames } from '../shell/index';
import type { DaemonWorld } from './daemon-host';
import type { Machine } from './machine';
import type { Process } from './process';
import { control } from './stamp';

const PROGRAMS = new Set(commandNames);

type EffectOf<D extends Effect['do']> = Extract<Effect, { do: D }>;

export class Children {
  readonly #running = new Map<string, Process>();
  /** What `iptables -C` said; it says the same again until somebody writes to a table. */
  readonly #checked = new Map<
    string,
    { readonly netns: Netns; readonly writes: number; readonly exit: number }
  >();
  /** Ends of programs that do nothing. */
  readonly #idle = new Map<string, () => void>();

  constructor(
    private readonly machine: Machine,
    private readonly by: string,
    private readonly world: DaemonWorld,
    private readonly take: (input: Input, cause: EventSeq) => void,
  ) {}

  exec(
    { command, to }: EffectOf<'exec'>,
    netns: Netns,
    cause: EventSeq,
    failed: (text: string) => void,
  ): void {
    const { writes } = netns.netfilter;
    const seen = to === undefined ? undefined : this.#checked.get(command);
    if (to !== undefined && seen?.netns === netns && seen.writes === writes) {
      return this.take({ on: 'exec', to, exit: seen.exit, output: '' }, cause);
    }
    let output = '';
    this.world.child(netns, this.by, command, {
      cause,
      output: (_stream, text) => {
        output += text;
      },
      ended: (exit) => {
        if (command.startsWith('iptables ') && command.includes('-C '))
          this.#checked.set(command, { netns, writes, exit });
        if (to !== undefined) this.take({ on: 'exec', to, exit, output }, cause);
        else if (exit !== 0) failed(`${command}: exit status ${exit}: ${output.trim()}`);
      },
    });
  }

  /** The process has a row of its own where it runs. */
  spawn({ name, command }: EffectOf<'spawn'>, netns: Netns, cause: EventSeq): void {
    const pid = this.machine.takePid();
    const key = String(pid).padStart(7, '0');
    const program = command.split(' ')[0] ?? name;
    const row: ProcessRow = { name: program, pid, state: 'running' };
    const shown = netns.change('process', key, undefined, row, cause);
    // A program that is not modelled neither listens nor sends; it is only there.
    if (!PROGRAMS.has(program)) {
      this.#idle.set(name, () => netns.change('process', key, row, undefined, shown));
      return;
    }
    let output = '';
    let over = false;
    const process = this.world.child(netns, program, command, {
      cause: shown,
      output: (_stream, text) => {
        output += text;
        control(netns, shown, { by: program, protocol: 'log', action: 'I', text: text.trimEnd() });
        this.take({ on: 'printed', name, text }, shown);
      },
      ended: (exit) => {
        over = true;
        this.#running.delete(name);
        netns.change('process', key, row, undefined, shown);
        this.take({ on: 'exited', name, exit, output }, shown);
      },
    });
    if (!over) this.#running.set(name, process);
  }

  kill(name: string): void {
    this.#running.get(name)?.exit(137);
    this.#idle.get(name)?.();
    this.#idle.delete(name);
  }
}
