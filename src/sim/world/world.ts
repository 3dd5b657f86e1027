/** The simulation from outside: open a world from a scenario, run commands on it, read its trace. */
import type { Frame, SimTime, Trace, TraceEvent } from '../kernel/trace';
import { complete, type Completion } from '../shell/index';
import { Boot, type SetupFailure } from './boot';
import { Runner, type JournalMark } from './runner';
import type { JournalEntry, Scenario } from './scenario';
import { Site } from './site';

export type { SetupFailure };

export interface RunOptions {
  /** Virtual time that passes after the last command. Default 0. */
  readonly settleNs?: number;
  /** The run stops when the trace is this long. Default 2,000,000. */
  readonly maxEvents?: number;
  /** The same for what happens once the network is up: a storm ends early while a large cluster may still be built. */
  readonly maxRunEvents?: number;
  /** The run stops at this virtual time. Default two days: a flannel lease lasts one. */
  readonly maxTimeNs?: SimTime;
}
const DEFAULTS = {
  settleNs: 0,
  maxEvents: 2_000_000,
  maxRunEvents: 2_000_000,
  maxTimeNs: 172_800_000_000_000,
};

export class World {
  readonly #site: Site;
  readonly #runner: Runner;
  readonly #boot: Boot;
  readonly #upSeq: number;

  private constructor(
    scenario: Scenario,
    private readonly options: typeof DEFAULTS,
  ) {
    this.#site = new Site(scenario.name, options.maxEvents);
    this.#runner = new Runner(this.#site, options.maxTimeNs);
    this.#boot = new Boot(this.#site, scenario);
    this.#boot.schedule();
    const { engine, tracer } = this.#site.ground;
    while (!tracer.full && (engine.nextTime() ?? 0) < 0) engine.step();
    this.#site.followRoles();
    this.#upSeq = tracer.events.length;
    tracer.limit = Math.min(tracer.limit, this.#upSeq + options.maxRunEvents);
    if (!tracer.full) engine.runUntil(0);
  }

  /** Builds the world; at the end it is time 0 and the network is up. */
  static open(scenario: Scenario, options: RunOptions = {}): World {
    return new World(scenario, { ...DEFAULTS, ...options });
  }

  /** Live: `events` and `frames` only grow. */
  get trace(): Trace {
    const { engine, tracer } = this.#site.ground;
    const events: readonly TraceEvent[] = tracer.events;
    const frames: readonly Frame[] = tracer.frames;
    return { events, frames, upSeq: this.#upSeq, end: engine.now };
  }

  /** Set-up commands that failed; a world with some is not what its author meant. */
  get setupFailures(): readonly SetupFailure[] {
    return this.#boot.failures;
  }
  /** One for each journal entry that has started, in order of starting. */
  get journalMarks(): readonly JournalMark[] {
    return this.#runner.marks;
  }
  /** A bound was reached; nothing more will happen. */
  get stopped(): boolean {
    return this.#runner.stopped;
  }
  get namespaces(): readonly string[] {
    return [...this.#site.ground.namespaces.keys()];
  }

  /** Runs until the entries have ended and what they sent has landed, plus the settling time. */
  execute(entries: readonly JournalEntry[]): void {
    this.#runner.execute(entries, this.options.settleNs);
  }

  /** Interrupts what still runs in the background, as at the end of a session. */
  finish(): void {
    this.#runner.finish();
  }

  /** What a command that only asks would print now. Leaves no trace; undefined when there is no such namespace. */
  query(netns: string, command: string): string | undefined {
    const where = this.#site.netns(netns);
    return where && this.#site.query(where, command);
  }

  complete(netns: string, line: string): Completion {
    const where = this.#site.netns(netns);
    if (!where) return { from: line.length, candidates: [] };
    const { ground } = this.#site;
    const netlink = where.netlink({ by: 'bash', cause: -1 });
    const addresses = [...ground.namespaces.values()].flatMap((each) =>
      each
        .netlink({ by: 'bash', cause: -1 })
        .getAddrs()
        .map((row) => row.local),
    );
    const machine = this.#site.machineOf(where);
    return complete(line, {
      devices: netlink.getLinks().map((link) => link.ifname),
      addresses: [...new Set(addresses)],
      namespaces: [...machine.named.keys()],
      containers: [...machine.containers.keys()],
    });
  }
}

/** Pure: the same scenario, journal and options give the same trace, to the byte. */
export function run(scenario: Scenario, journal: readonly JournalEntry[], options?: RunOptions): Trace {
  const world = World.open(scenario, options);
  world.execute(journal);
  world.finish();
  return { ...world.trace };
}
