/**
 * The runner: takes commands, keeps the world, emits updates. It knows nothing of workers; the same class serves the
 * Web Worker, the tests and Node. What the receiver holds is always the trace of `sent`: a request that fails or is
 * cancelled emits no part of a trace.
 */
import type { Result } from '../base/result';
import { packFrames } from './frames';
import type {
  Bilingual,
  Command,
  Completion,
  InputProblem,
  JournalEntry,
  RequestId,
  ScenarioSource,
  Update,
} from './messages';
import { problem } from './problems';
import { commonEvents, commonFrames, isPrefix, nextBatch } from './compare';
import type { Trace } from '../sim/index';

/** What the host needs of a world; `World` of the simulation is one. */
export interface HostWorld {
  /** Live: the arrays only grow. */
  readonly trace: Trace;
  /** One for each entry that has started, in order of starting; `entry` is the object that was passed to `execute`. */
  readonly journalMarks: readonly { readonly entry: JournalEntry; readonly startSeq: number }[];
  /** A bound was reached; nothing more will happen. */
  readonly stopped: boolean;
  execute(entries: readonly JournalEntry[]): void;
  complete(netns: string, line: string): Completion;
}
/** A scenario that has been read and checked. */
export interface LoadedScenario {
  readonly title: Bilingual;
  readonly notes: readonly Bilingual[];
  /** Its own opening journal. */
  readonly journal: readonly JournalEntry[];
  /** Builds the world and boots it, with what went wrong on the way. Throws when the simulation itself fails. */
  open(): { readonly world: HostWorld; readonly problems: readonly InputProblem[] };
}
/** Reads a source; problems instead when it cannot be used. */
export type LoadScenario = (source: ScenarioSource) => Result<LoadedScenario, readonly InputProblem[]>;

/** What was run, and the world that came of it: undefined once it has thrown and can no longer be carried on with. */
interface Running {
  readonly scenario: LoadedScenario;
  readonly journal: readonly JournalEntry[];
  readonly world: HostWorld | undefined;
  /** What went wrong while the network was built. */
  readonly problems: readonly InputProblem[];
}
type Ran = Running & { readonly world: HostWorld };

/** A run that failed in the journal: how many entries went well, and what was thrown. */
class EntryFailure extends Error {
  constructor(
    readonly index: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}
class Cancelled extends Error {}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/**
 * Entries that start when the one before has ended give the same trace whether they are run at once or one by one. An
 * entry with a time of its own may start while others run, so such a journal is always run at once, from the beginning.
 */
const runsEntryByEntry = (journal: readonly JournalEntry[]) =>
  journal.every((entry) => entry.at === undefined);

/** Objects of the host's own: one entry sent twice arrives as one object, and the world tells entries apart by object. */
const copyOf = (journal: readonly JournalEntry[]) => journal.map((entry) => ({ ...entry }));

/** An entry that has never started, because a bound was reached, starts where the trace ends. */
function startsOf({ journal, world }: Ran): number[] {
  const starts = new Map(world.journalMarks.map((mark) => [mark.entry, mark.startSeq]));
  return journal.map((entry) => starts.get(entry) ?? world.trace.events.length);
}

interface Sent {
  readonly trace: Pick<Trace, 'events' | 'frames'>;
  readonly events: number;
  readonly frames: number;
}
const NOTHING: Sent = { trace: { events: [], frames: [] }, events: 0, frames: 0 };

export class Host {
  private running: Running | undefined;
  /** What the receiver holds. The arrays are those of a world that may since have been replaced or have grown. */
  private sent: Sent = NOTHING;
  private queue: Promise<void> = Promise.resolve();
  private readonly cancelled = new Set<RequestId>();

  /**
   * @param breathe lets waiting messages in between two journal entries; resolves soon.
   */
  constructor(
    private readonly load: LoadScenario,
    private readonly emit: (update: Update) => void,
    private readonly breathe: () => Promise<void>,
  ) {}

  /** Requests are carried out in order; `complete` and `cancel` do not wait. Never rejects. */
  handle(command: Command): Promise<void> {
    if (command.type === 'cancel') {
      this.cancelled.add(command.id);
      return Promise.resolve();
    }
    if (command.type === 'complete') {
      this.complete(command.id, command.netns, command.line);
      return Promise.resolve();
    }
    this.queue = this.queue.then(() => this.carryOut(command));
    return this.queue;
  }

  private async carryOut(command: Extract<Command, { type: 'open' | 'execute' }>): Promise<void> {
    const { id } = command;
    try {
      if (command.type === 'open') await this.open(id, command.source, command.journal);
      else await this.execute(id, command.journal);
    } catch (error) {
      if (error instanceof Cancelled) this.emit({ type: 'cancelled', id });
      else this.refuse(id, [problem.gaveUp('simulation', reasonOf(error))]);
    } finally {
      this.cancelled.delete(id);
    }
  }

  private refuse(id: RequestId, problems: readonly InputProblem[]): void {
    this.emit({ type: 'problems', id, problems, failed: true });
  }

  /** A journal entry that cannot be run is left out with all that follow it, and named; the rest is shown. */
  private async open(
    id: RequestId,
    source: ScenarioSource,
    wanted: readonly JournalEntry[] | null,
  ): Promise<void> {
    const loaded = this.load(source);
    if (!loaded.ok) return this.refuse(id, loaded.error);
    const scenario = loaded.value;
    const leftOut: InputProblem[] = [];
    let journal = wanted ?? scenario.journal;
    let ran: Ran | undefined;
    while (ran === undefined) {
      try {
        ran = await this.runFresh(id, scenario, journal);
      } catch (error) {
        if (!(error instanceof EntryFailure)) throw error;
        leftOut.push(problem.gaveUp(`journal[${error.index}]`, error.reason));
        journal = journal.slice(0, error.index);
      }
    }
    const { title, notes } = scenario;
    this.emit({ type: 'opened', id, title, notes, opening: scenario.journal });
    // The receiver may hold the trace of a host that is gone, of which this one knows nothing.
    this.emit({ type: 'reset', id, keepEvents: 0, keepFrames: 0 });
    this.sent = NOTHING;
    this.present(id, { ...ran, problems: [...ran.problems, ...leftOut] }, 0, 0);
  }

  private async execute(id: RequestId, journal: readonly JournalEntry[]): Promise<void> {
    const { running } = this;
    if (running === undefined) throw new Error('no scenario is open');
    try {
      if (running.world !== undefined && isPrefix(running.journal, journal) && runsEntryByEntry(journal)) {
        return await this.carryOn(id, { ...running, world: running.world }, journal);
      }
      const ran = await this.runFresh(id, running.scenario, journal);
      const { trace } = ran.world;
      const events = commonEvents(this.sent.trace.events, trace.events, this.sent.events);
      const frames = commonFrames(this.sent.trace.frames, trace.frames, this.sent.frames);
      this.present(id, ran, events, frames);
    } catch (error) {
      if (!(error instanceof EntryFailure)) throw error;
      this.refuse(id, [problem.gaveUp(`journal[${error.index}]`, error.reason)]);
    }
  }

  private async carryOn(id: RequestId, ran: Ran, wanted: readonly JournalEntry[]): Promise<void> {
    const done = ran.journal.length;
    // The world knows its entries as objects: keep those it has run.
    const journal = [...ran.journal, ...copyOf(wanted.slice(done))];
    try {
      await this.runEntries(id, ran.world, journal, done);
    } catch (error) {
      // The world has gone on past what is shown; the next request runs a new one.
      this.running = { ...ran, world: undefined };
      throw error;
    }
    this.present(id, { ...ran, journal }, this.sent.events, this.sent.frames);
  }

  private async runFresh(
    id: RequestId,
    scenario: LoadedScenario,
    wanted: readonly JournalEntry[],
  ): Promise<Ran> {
    await this.letCancel(id);
    const { world, problems } = scenario.open();
    const journal = copyOf(wanted);
    await this.runEntries(id, world, journal, 0);
    return { scenario, journal, world, problems };
  }

  private async runEntries(
    id: RequestId,
    world: HostWorld,
    journal: readonly JournalEntry[],
    from: number,
  ): Promise<void> {
    const oneByOne = runsEntryByEntry(journal);
    for (let i = from; i < journal.length;) {
      await this.letCancel(id);
      const end = oneByOne ? i + 1 : journal.length;
      try {
        world.execute(journal.slice(i, end));
      } catch (error) {
        const index = oneByOne ? i : Math.max(0, world.journalMarks.length - 1);
        throw new EntryFailure(index, reasonOf(error));
      }
      i = end;
      this.emit({
        type: 'progress',
        id,
        entries: i,
        of: journal.length,
        events: world.trace.events.length,
      });
    }
  }

  private async letCancel(id: RequestId): Promise<void> {
    await this.breathe();
    if (this.cancelled.has(id)) throw new Cancelled();
  }

  /** Sends what the receiver does not hold yet. */
  private present(id: RequestId, ran: Ran, keepEvents: number, keepFrames: number): void {
    const { trace, stopped } = ran.world;
    if (keepEvents < this.sent.events || keepFrames < this.sent.frames) {
      this.emit({ type: 'reset', id, keepEvents, keepFrames });
    }
    let frame = keepFrames;
    for (let first = keepEvents; first < trace.events.length || frame < trace.frames.length;) {
      const batch = nextBatch(trace, first, frame);
      const events = trace.events.slice(first, batch.event);
      this.emit({ type: 'batch', id, events, frames: packFrames(trace.frames, frame, batch.frame) });
      first = batch.event;
      frame = batch.frame;
    }
    this.running = ran;
    this.sent = { trace, events: trace.events.length, frames: trace.frames.length };
    const problems = stopped ? [...ran.problems, problem.bound(trace.events.at(-1))] : ran.problems;
    if (problems.length > 0) this.emit({ type: 'problems', id, problems, failed: false });
    this.emit({
      type: 'done',
      id,
      upSeq: trace.upSeq,
      end: trace.end,
      journal: ran.journal,
      starts: startsOf(ran),
    });
  }

  private complete(id: RequestId, netns: string, line: string): void {
    let completion: Completion = { from: line.length, candidates: [] };
    try {
      const found = this.running?.world?.complete(netns, line);
      if (found !== undefined) completion = { from: found.from, candidates: [...found.candidates] };
    } catch {
      // A line that cannot be read has no candidates.
    }
    this.emit({ type: 'completion', id, completion });
  }
}
