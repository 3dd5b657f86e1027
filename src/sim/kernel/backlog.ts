/**
 * The softnet backlog: a namespace works on one received frame to its end (answers and forwarded packets included) before
 * it looks at the next, first come first served (net/core/dev.c process_backlog). The cost of the work keeps it busy.
 */
import type { Engine } from '../engine/index';

export class Backlog {
  readonly #waiting: (() => void)[] = [];
  #busyUntil = Number.MIN_SAFE_INTEGER;
  #draining = false;

  constructor(private readonly engine: Engine) {}

  /** The frame being worked on needs `delay` more. */
  busy(delay: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, this.engine.now + delay);
  }

  /** A frame has arrived; `receive` runs now, or once everything before it is done. */
  arrive(receive: () => void): void {
    if (this.#waiting.length === 0 && this.engine.now >= this.#busyUntil) {
      receive();
      return;
    }
    this.#waiting.push(receive);
    this.#drainLater();
  }

  #drainLater(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.engine.packet(Math.max(0, this.#busyUntil - this.engine.now), () => this.#drain());
  }

  #drain(): void {
    this.#draining = false;
    while (this.#waiting.length > 0 && this.engine.now >= this.#busyUntil) this.#waiting.shift()?.();
    if (this.#waiting.length > 0) this.#drainLater();
  }
}
