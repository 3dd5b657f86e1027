/**
 * The main thread's end: typed requests out, updates in. The Worker is kept in module scope (a collected port would
 * leave requests hanging), is started when first needed, and is replaced when it crashes or does not stop in time.
 */
import { buffersOf, unpackFrames } from './frames';
import { problem } from './problems';
import type {
  Command,
  Completion,
  InputProblem,
  JournalEntry,
  RequestId,
  ScenarioSource,
  Update,
} from './messages';
import type { Frame, TraceEvent } from '../sim/index';

/** A connection to a host, wherever it runs. */
export interface Port {
  post(command: Command): void;
  /** Ends the host at once, whatever it is doing. */
  terminate(): void;
}
export interface PortEvents {
  update(update: Update): void;
  /** The host is gone; nothing more will come. */
  crashed(reason: string): void;
}
export type Connect = (events: PortEvents) => Port;

type Opened = Extract<Update, { type: 'opened' }>;
export type Done = Extract<Update, { type: 'done' }>;

/** Told of what arrives for the request under way, in order. */
export interface ClientListener {
  opened(opened: Opened): void;
  reset(keepEvents: number, keepFrames: number): void;
  batch(events: readonly TraceEvent[], frames: readonly Frame[]): void;
  progress(events: number): void;
}
/** Problems of a fulfilled request: what was left out. */
export type Outcome =
  | { readonly ok: true; readonly done: Done; readonly problems: readonly InputProblem[] }
  | { readonly ok: false; readonly cancelled: boolean; readonly problems: readonly InputProblem[] };

/** A worker that has not stopped by then is ended from outside, ms. */
const STOP_WITHIN = 300;

interface Pending {
  readonly id: RequestId;
  readonly settle: (outcome: Outcome) => void;
  problems: readonly InputProblem[];
}

export class SimClient {
  private port: Port | undefined;
  /** Stops listening to the current host. */
  private disown: () => void = () => undefined;
  private nextId = 1;
  /** One run request at a time; further ones wait for it. */
  private pending: Pending | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private readonly completions = new Map<RequestId, (completion: Completion) => void>();
  /** Opens the same world again in a host that knows nothing. */
  private source: ScenarioSource | undefined;
  /** The current host holds that world. */
  private holds = false;

  constructor(
    private readonly connect: Connect,
    private readonly listener: ClientListener,
  ) {}

  /** A new run from nothing; `journal` null for the scenario's own. */
  open(source: ScenarioSource, journal: readonly JournalEntry[] | null): Promise<Outcome> {
    return this.inTurn(async () => {
      const outcome = await this.request((id) => ({ type: 'open', id, source, journal }));
      if (outcome.ok) {
        this.source = source;
        this.holds = true;
      }
      return outcome;
    });
  }

  /** Makes `journal` the run's whole journal. */
  execute(journal: readonly JournalEntry[]): Promise<Outcome> {
    return this.inTurn(async () => {
      const { source } = this;
      if (source === undefined) return { ok: false, cancelled: true, problems: [] };
      const outcome = await this.request((id) =>
        this.holds ? { type: 'execute', id, journal } : { type: 'open', id, source, journal },
      );
      if (outcome.ok) this.holds = true;
      return outcome;
    });
  }

  complete(netns: string, line: string): Promise<Completion> {
    if (!this.holds) return Promise.resolve({ from: line.length, candidates: [] });
    return new Promise((resolve) => {
      const id = this.nextId++;
      this.completions.set(id, resolve);
      this.send({ type: 'complete', id, netns, line });
    });
  }

  /** Gives up the request under way. It settles as cancelled, soon, whatever the host is doing. */
  cancel(): void {
    const { pending } = this;
    if (pending === undefined) return;
    this.send({ type: 'cancel', id: pending.id });
    setTimeout(() => {
      if (this.pending !== pending) return;
      this.dropPort();
      this.settle({ ok: false, cancelled: true, problems: [] });
    }, STOP_WITHIN);
  }

  /** Nothing is asked for and not yet answered. */
  get quiet(): boolean {
    return this.waiting === 0 && this.completions.size === 0;
  }

  close(): void {
    this.dropPort();
  }

  private inTurn(task: () => Promise<Outcome>): Promise<Outcome> {
    this.waiting++;
    const turn = this.queue.then(task).finally(() => this.waiting--);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  private request(command: (id: RequestId) => Command): Promise<Outcome> {
    return new Promise((settle) => {
      const id = this.nextId++;
      this.pending = { id, settle, problems: [] };
      this.send(command(id));
    });
  }

  private settle(outcome: Outcome): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.settle(outcome);
  }

  private send(command: Command): void {
    if (this.port === undefined) {
      // Whatever a replaced host still says is not listened to.
      const mine = { current: true };
      this.port = this.connect({
        update: (update) => mine.current && this.receiveSafely(update),
        crashed: (reason) => mine.current && this.crashed(reason),
      });
      this.disown = () => {
        mine.current = false;
      };
    }
    this.port.post(command);
  }

  private dropPort(): void {
    this.disown();
    this.port?.terminate();
    this.port = undefined;
    this.holds = false;
    for (const resolve of this.completions.values()) resolve({ from: 0, candidates: [] });
    this.completions.clear();
  }

  private crashed(reason: string): void {
    this.dropPort();
    this.settle({ ok: false, cancelled: false, problems: [problem.crashed(reason)] });
  }

  /** A listener that throws fails its request; nobody waits for ever. */
  private receiveSafely(update: Update): void {
    try {
      this.receive(update);
    } catch (error) {
      this.crashed(String(error));
    }
  }

  private receive(update: Update): void {
    if (update.type === 'completion') {
      this.completions.get(update.id)?.(update.completion);
      this.completions.delete(update.id);
      return;
    }
    const { pending } = this;
    if (pending?.id !== update.id) return;
    switch (update.type) {
      case 'opened':
        return this.listener.opened(update);
      case 'reset':
        return this.listener.reset(update.keepEvents, update.keepFrames);
      case 'batch':
        return this.listener.batch(update.events, unpackFrames(update.frames));
      case 'progress':
        return this.listener.progress(update.events);
      case 'problems':
        pending.problems = update.problems;
        if (update.failed) this.settle({ ok: false, cancelled: false, problems: update.problems });
        return;
      case 'cancelled':
        return this.settle({ ok: false, cancelled: true, problems: [] });
      case 'done':
        return this.settle({ ok: true, done: update, problems: pending.problems });
    }
  }
}

let worker: Worker | undefined;

/** Runs the simulation in a Web Worker. */
export const connectWorker: Connect = (events) => {
  const mine = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'simulation' });
  worker = mine;
  mine.addEventListener('message', (message: MessageEvent<Update>) => events.update(message.data));
  mine.addEventListener('error', (error) => events.crashed(error.message));
  mine.addEventListener('messageerror', () => events.crashed('messageerror'));
  return {
    post: (command) => mine.postMessage(command),
    terminate() {
      mine.terminate();
      if (worker === mine) worker = undefined;
    },
  };
};

/**
 * Runs the simulation in this thread, for where there are no workers: Node and tests. Everything is copied on its way as
 * on the way to a worker.
 */
export const connectHere: Connect = (events) => {
  let open = true;
  const later = (task: () => void) => setTimeout(() => open && task());
  const host = Promise.all([import('./host'), import('./load')]).then(
    ([{ Host }, { loadScenario }]) =>
      new Host(
        loadScenario,
        (update) => {
          const transfer = update.type === 'batch' ? buffersOf(update.frames) : [];
          const copy = structuredClone(update, { transfer });
          later(() => events.update(copy));
        },
        () => new Promise((resolve) => setTimeout(resolve)),
      ),
  );
  host.catch((error: unknown) => later(() => events.crashed(String(error))));
  return {
    post(command) {
      const copy = structuredClone(command);
      later(() => void host.then((running) => running.handle(copy)).catch(() => undefined));
    },
    terminate() {
      open = false;
    },
  };
};
