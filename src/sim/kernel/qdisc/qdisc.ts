/** A queueing discipline at the root of a device (struct Qdisc): it decides when, and whether, a frame goes out. */
import type { EventSeq, Frame, QdiscRow } from '../trace';
import type { NetemSpec, QdiscStats } from './door';

export interface Qdisc {
  readonly kind: string;
  /** Major number. */
  readonly handle: number;
  readonly stats: QdiscStats;
  readonly netem: Required<NetemSpec>;
  /** As the trace shows it. */
  row(): QdiscRow;
  enqueue(frame: Frame, cause: EventSeq): void;
  change(spec: NetemSpec): void;
  /** Throws away what waits (qdisc_reset). */
  reset(cause: EventSeq): void;
}
