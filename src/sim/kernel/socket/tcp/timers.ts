/**
 * The timers of a connection (net/ipv4/tcp_timer.c): retransmission, delayed ACK, and the one that ends TIME-WAIT and
 * forgotten FIN-WAIT-2.
 */
import { MS, wheel } from '../../costs';
import type { Timer } from '../../../engine/index';
import type { Netns } from '../../netns';

/** One timer that is set again and again; moving it later costs nothing until it would have fired. */
export class Alarm {
  #timer: Timer | undefined;
  #scheduled = 0;
  #due: number | undefined;

  constructor(
    private readonly netns: Netns,
    private readonly action: () => void,
  ) {}

  get due(): number | undefined {
    return this.#due;
  }

  /** In `delay` ns, as the timer wheel rounds it. */
  set(delay: number): void {
    const due = this.netns.now + wheel(Math.ceil(delay / MS));
    this.#due = due;
    if (this.#timer && this.#scheduled <= due) return;
    this.#timer?.cancel();
    this.#schedule(due);
  }

  clear(): void {
    this.#due = undefined;
  }

  /** For good. */
  stop(): void {
    this.#due = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(at: number): void {
    this.#scheduled = at;
    this.#timer = this.netns.timerAt(at, () => {
      this.#timer = undefined;
      if (this.#due === undefined) return;
      if (this.#due > this.netns.now) this.#schedule(this.#due);
      else {
        this.#due = undefined;
        this.action();
      }
    });
  }
}
