/**
 * The virtual clock and the event queue. It knows no networking.
 *
 * The order of events is total and written down here: by time, then by the order in which they were scheduled. So two
 * things due at the same nanosecond happen first-in first-out, on every machine.
 */
import { assert } from '../../base/assert';
import { Heap } from '../../base/heap';

export interface Timer {
  cancel(): void;
}

class Entry implements Timer {
  cancelled = false;
  constructor(
    readonly time: number,
    readonly seq: number,
    /** A packet on its way, as against a timer that waits for something not to happen. */
    readonly packet: boolean,
    readonly action: () => void,
    private readonly engine: Engine,
  ) {}
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    if (this.packet) this.engine.pendingPackets--;
  }
}

function earlier(a: Entry, b: Entry): number {
  return a.time - b.time || a.seq - b.seq;
}

export class Engine {
  /** Integer nanoseconds. */
  now: number;
  /** Packet events in the queue: 0 means that nothing is in flight. */
  pendingPackets = 0;
  readonly #queue = new Heap<Entry>(earlier);
  #seq = 0;

  constructor(start = 0) {
    this.now = start;
  }

  at(time: number, action: () => void): Timer {
    return this.#schedule(time, false, action);
  }

  after(delayNs: number, action: () => void): Timer {
    return this.#schedule(this.now + delayNs, false, action);
  }

  /** Like `after`, for something that is on its way. */
  packet(delayNs: number, action: () => void): Timer {
    this.pendingPackets++;
    return this.#schedule(this.now + delayNs, true, action);
  }

  /** Time of the next event; undefined when the queue is empty. */
  nextTime(): number | undefined {
    for (;;) {
      const next = this.#queue.peek();
      if (next === undefined) return undefined;
      if (!next.cancelled) return next.time;
      this.#queue.pop();
    }
  }

  /** Carries out the next event; false when there is none. */
  step(): boolean {
    for (;;) {
      const next = this.#queue.pop();
      if (next === undefined) return false;
      if (next.cancelled) continue;
      // Cancelling an event that is being carried out must not count it twice.
      next.cancelled = true;
      if (next.packet) this.pendingPackets--;
      this.now = next.time;
      next.action();
      return true;
    }
  }

  /** Carries out everything due up to and including `time`, and leaves the clock there. */
  runUntil(time: number): void {
    for (;;) {
      const next = this.nextTime();
      if (next === undefined || next > time) break;
      this.step();
    }
    if (time > this.now) this.now = time;
  }

  #schedule(time: number, packet: boolean, action: () => void): Timer {
    // The text is made for a mistake only: this runs for every packet.
    if (!Number.isSafeInteger(time) || time < this.now)
      assert(false, `cannot schedule at ${time}: now is ${this.now}`);
    const entry = new Entry(time, this.#seq++, packet, action, this);
    this.#queue.push(entry);
    return entry;
  }
}
