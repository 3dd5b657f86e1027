import type { Netns } from '../kernel/index';
import type { EventSeq } from '../kernel/trace';

/** The common part of an event; the tracer fills in sequence number and time. */
export function stamp(netns: Netns, cause: EventSeq) {
  return { seq: 0, at: 0, machine: netns.machine, netns: netns.id, cause };
}
