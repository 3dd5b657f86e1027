/** Collects events and frames of a run in order, and says when a bound is reached. */
import type { Engine } from '../engine/index';
import type { EventSeq, Frame, FrameId, TraceEvent } from './trace';

export class Tracer {
  readonly events: TraceEvent[] = [];
  readonly frames: Frame[] = [];
  /** The bound on events was reached; the world stops the run. */
  full = false;

  constructor(
    readonly engine: Engine,
    public limit = 2_000_000,
  ) {}

  /** Stamps sequence number and time onto a freshly made event and files it. */
  add(event: TraceEvent): EventSeq {
    const seq = this.events.length;
    const stamped = event as { seq: EventSeq; at: number };
    stamped.seq = seq;
    stamped.at = this.engine.now;
    this.events.push(event);
    if (seq >= this.limit) this.full = true;
    return seq;
  }

  frame(bytes: Uint8Array, link: 'ethernet' | 'ip', from?: FrameId): Frame {
    const frame: Frame = { id: this.frames.length, bytes, link, from };
    this.frames.push(frame);
    return frame;
  }
}
