/**
 * The network emulator (net/sched/sch_netem.c): delays, loses and duplicates what a device sends. Frames leave in the
 * order of the times drawn for them, so a constant delay keeps their order and jitter may not.
 *
 * Models: latency, jitter (uniform), loss, duplication, correlations, limit, rate. Leaves out: distributions, corruption,
 * reordering by gap, slots, Markov losses, ECN.
 */
import type { Random } from '../../../base/random';
import type { Timer } from '../../engine/index';
import type { Device } from '../device/device';
import type { EventSeq, Frame, QdiscRow } from '../trace';
import type { NetemSpec, Share } from './door';
import type { Qdisc } from './qdisc';
import { netemText } from './text';

const SECOND = 1_000_000_000;
const SHARES = 2 ** 32;

interface Held {
  readonly frame: Frame;
  readonly at: number;
  readonly timer: Timer;
}

/** get_crandom: the next number leans on the last one by the correlation. */
class Correlated {
  rho: Share = 0;
  #last: number;
  constructor(private readonly random: Random) {
    this.#last = random.u32();
  }
  next(): number {
    const value = this.random.u32();
    if (this.rho === 0) return value;
    const weight = (this.rho + 1) / SHARES;
    this.#last = Math.floor(value * (1 - weight) + this.#last * weight);
    return this.#last;
  }
}

export class Netem implements Qdisc {
  readonly kind = 'netem';
  readonly stats = {
    bytes: 0,
    packets: 0,
    dropped: 0,
    overlimits: 0,
    requeues: 0,
    backlogBytes: 0,
    backlogPackets: 0,
  };
  netem: Required<NetemSpec> = {
    limit: 1000,
    latency: 0,
    jitter: 0,
    loss: 0,
    duplicate: 0,
    correlation: { delay: 0, loss: 0, duplicate: 0 },
    rate: 0,
  };
  readonly #held = new Set<Held>();
  readonly #delay: Correlated;
  readonly #loss: Correlated;
  readonly #duplicate: Correlated;

  constructor(
    private readonly device: Device,
    readonly handle: number,
    random: Random,
  ) {
    this.#delay = new Correlated(random);
    this.#loss = new Correlated(random);
    this.#duplicate = new Correlated(random);
  }

  /** netem_change. */
  change(spec: NetemSpec): void {
    const { correlation = this.netem.correlation, rate = this.netem.rate } = spec;
    const { limit, latency = 0, jitter = 0, loss = 0, duplicate = 0 } = spec;
    this.netem = { limit, latency, jitter, loss, duplicate, correlation, rate };
    this.#delay.rho = correlation.delay;
    this.#loss.rho = correlation.loss;
    this.#duplicate.rho = correlation.duplicate;
  }

  row(): QdiscRow {
    const handle = `${this.handle.toString(16)}:`;
    return { dev: this.device.name, kind: this.kind, handle, options: netemText(this.netem) };
  }

  /** netem_enqueue. */
  enqueue(frame: Frame, cause: EventSeq): void {
    const { loss, duplicate, limit } = this.netem;
    let count = 1;
    if (duplicate > 0 && duplicate >= this.#duplicate.next()) count++;
    if (loss > 0 && loss >= this.#loss.next()) count--;
    if (count === 0) return this.#drop(frame, cause, { dev: this.device.name, why: 'loss' });
    for (; count > 0; count--) {
      if (this.#held.size >= limit) this.#drop(frame, cause, { dev: this.device.name, why: 'limit', limit });
      else this.#hold(frame, cause);
    }
  }

  #drop(frame: Frame, cause: EventSeq, detail: Record<string, string | number>): void {
    this.stats.dropped++;
    this.device.netns.drop(frame, cause, 'QDISC_DROP', 'netem_enqueue', this.device.name, detail);
  }

  /** tfifo_enqueue: sorted by time, first come first served within it. */
  #hold(frame: Frame, cause: EventSeq): void {
    const { netns } = this.device;
    const delay = this.#drawDelay(frame);
    if (delay <= 0) return this.#send(frame, cause);
    this.stats.backlogBytes += frame.bytes.length;
    this.stats.backlogPackets++;
    const held: Held = {
      frame,
      at: netns.now + delay,
      timer: netns.packet(delay, () => {
        this.#release(held);
        this.#send(frame, cause);
      }),
    };
    this.#held.add(held);
  }

  /** tabledist without a table, and the time the frame takes at the set rate behind the last one. */
  #drawDelay(frame: Frame): number {
    const { latency, jitter, rate } = this.netem;
    let delay = latency;
    if (jitter > 0) delay += (this.#delay.next() % (2 * jitter)) - jitter;
    if (rate === 0) return delay;
    const { now } = this.device.netns;
    let last = now;
    for (const { at } of this.#held) last = Math.max(last, at);
    // The wait for the last frame counts towards this one's delay.
    delay = Math.max(0, delay - (last - now));
    return last - now + delay + Math.floor((frame.bytes.length * SECOND) / rate);
  }

  #release(held: Held): void {
    this.#held.delete(held);
    this.stats.backlogBytes -= held.frame.bytes.length;
    this.stats.backlogPackets--;
  }

  #send(frame: Frame, cause: EventSeq): void {
    this.stats.packets++;
    this.stats.bytes += frame.bytes.length;
    this.device.hardStartXmit(frame, cause);
  }

  reset(cause: EventSeq): void {
    for (const held of [...this.#held]) {
      held.timer.cancel();
      this.#release(held);
      this.device.netns.drop(held.frame, cause, 'NOT_SPECIFIED', 'qdisc_reset', this.device.name);
    }
  }
}
