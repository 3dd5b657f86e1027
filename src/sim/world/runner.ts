/**
 * Runs journal entries: one after another, or at their own time. An entry without a time starts when the one before it
 * has ended and nothing is in flight any more, so that running a journal at once and entry by entry give the same trace.
 */
import type { EventSeq } from '../kernel/trace';
import type { CommandRun, Site } from './site';
import type { JournalEntry } from './scenario';

/** A command that would run for ever is interrupted after this long, as by Ctrl-C. */
const COMMAND_BOUND_NS = 60_000_000_000;
/** Processes at the same time. */
const MAX_RUNNING = 256;
/** How long a next entry waits for packets that circle or crawl. */
const LANDING_BOUND_NS = 1_000_000_000;

export interface JournalMark {
  readonly entry: JournalEntry;
  /** The entry's command event. */
  readonly startSeq: EventSeq;
}

/** Longer than connect() waits for an answer to its last SYN (tcp_syn_retries 6: 127 s, and jitter of its timers). */
const CALL_BOUND_NS = 200_000_000_000;

/** Programs that end by themselves, if only late. */
function endsByItself(words: readonly string[]): boolean {
  if (words.includes('sleep') || words.includes('traceroute') || words.includes('tracepath')) return true;
  if (words.includes('nc')) return words.some((word) => /^-[a-zA-Z]*[zw]\d*$/.test(word));
  return words.includes('ping') && words.some((word) => /^-[a-zA-Z]*[cw]\d*$/.test(word));
}
/** Programs that wait for a connection, as long as the kernel does. */
function calls(words: readonly string[]): boolean {
  if (words.includes('nc')) return !words.some((word) => /^-[a-zA-Z]*l/.test(word));
  return words.includes('curl') || words.includes('wget');
}
function boundOf(words: readonly string[], maxTimeNs: number): number {
  if (endsByItself(words)) return maxTimeNs;
  return calls(words) ? CALL_BOUND_NS : COMMAND_BOUND_NS;
}

interface Waiting {
  readonly since: number;
  readonly action: () => void;
}

export class Runner {
  readonly marks: JournalMark[] = [];
  readonly #running = new Set<CommandRun>();
  readonly #waiting: Waiting[] = [];
  /** Entries not ended yet; background ones count until they have started. */
  #open = 0;

  constructor(
    private readonly site: Site,
    private readonly maxTimeNs: number,
  ) {}

  get stopped(): boolean {
    return this.#stopped;
  }
  #stopped = false;

  /** Returns when all entries have ended (background ones: have started) and what they sent has landed. */
  execute(entries: readonly JournalEntry[], settleNs: number): void {
    if (this.#stopped) return;
    const { engine } = this.site.ground;
    entries.forEach((entry, i) => {
      this.#open++;
      if (entry.at !== undefined) {
        engine.at(Math.max(engine.now, entry.at), () => this.#start(entry, () => this.#ended(entries, i)));
      }
    });
    if (entries[0] && entries[0].at === undefined) this.#start(entries[0], () => this.#ended(entries, 0));
    this.#work();
    this.#runFor(settleNs);
  }

  /** Ends what still runs (in the background, or cut off by a bound), and lets what that sends land. */
  finish(): void {
    for (const running of [...this.#running]) running.process.interrupt();
    this.#whenLanded(() => undefined);
    this.#work();
  }

  /** Until all entries have ended and nothing is in flight. */
  #work(): void {
    for (;;) {
      this.#look();
      if (this.#open === 0 && this.#waiting.length === 0) return;
      if (!this.#step()) return;
    }
  }

  #ended(entries: readonly JournalEntry[], i: number): void {
    this.#open--;
    const following = entries[i + 1];
    if (following && following.at === undefined) {
      this.#whenLanded(() => this.#start(following, () => this.#ended(entries, i + 1)));
    } else if (this.#open === 0) this.#whenLanded(() => undefined);
  }

  #whenLanded(action: () => void): void {
    this.#waiting.push({ since: this.site.now, action });
  }

  /** After every event: what waits for packets to land may go on, at the latest after the bound. */
  #look(): void {
    const { engine } = this.site.ground;
    const ready = ({ since }: Waiting) =>
      engine.pendingPackets === 0 || engine.now - since >= LANDING_BOUND_NS;
    // A command that ends at once lets the next one start at once.
    for (let at = this.#waiting.findIndex(ready); at >= 0; at = this.#waiting.findIndex(ready)) {
      const [waiting] = this.#waiting.splice(at, 1);
      this.site.followRoles();
      waiting?.action();
    }
  }

  #start(entry: JournalEntry, onEnd: () => void): void {
    const background = / &\s*$/.test(entry.command);
    const text = background ? entry.command.replace(/ &\s*$/, '') : entry.command;
    const netns = this.site.netns(entry.netns);
    if (!netns || this.#running.size >= MAX_RUNNING) {
      const [answer, exit] = netns
        ? ['bash: fork: retry: Resource temporarily unavailable\n', 254]
        : [`Cannot open network namespace "${entry.netns}": No such file or directory\n`, 1];
      this.marks.push({ entry, startSeq: this.site.refuseCommand(entry.netns, text, answer, exit) });
      onEnd();
      return;
    }
    let running: CommandRun | undefined;
    let over = false;
    const mark = { entry, startSeq: this.site.lastSeq + 1 };
    this.marks.push(mark);
    const bound = { cancel: (): void => undefined };
    const run = this.site.startCommand(netns, text, 'journal', () => {
      over = true;
      bound.cancel();
      if (running) this.#running.delete(running);
      if (!background) onEnd();
    });
    if (!over) {
      running = run;
      this.#running.add(run);
      const limit = boundOf(text.split(/\s+/), this.maxTimeNs);
      const timer = this.site.ground.engine.after(limit, () => run.process.interrupt());
      bound.cancel = () => timer.cancel();
    }
    if (background) onEnd();
  }

  /** One event, unless a bound is reached or nothing is left to happen. */
  #step(until = Infinity): boolean {
    const { engine, tracer } = this.site.ground;
    const time = engine.nextTime();
    if (this.#stopped || time === undefined || time > until) return false;
    if (tracer.full) return this.#stop('events', tracer.limit);
    if (time > this.maxTimeNs) return this.#stop('time', this.maxTimeNs);
    return engine.step();
  }

  #stop(what: 'events' | 'time', limit: number): false {
    this.#stopped = true;
    const { tracer } = this.site.ground;
    tracer.add({ seq: 0, at: 0, machine: '', netns: '', cause: -1, kind: 'bound', what, limit });
    return false;
  }

  #runFor(ns: number): void {
    if (ns <= 0 || this.#stopped) return;
    const { engine } = this.site.ground;
    const until = Math.min(engine.now + ns, this.maxTimeNs);
    while (this.#step(until)) {
      // Until the time is over.
    }
    if (!this.#stopped) engine.runUntil(until);
    this.site.followRoles();
  }
}
