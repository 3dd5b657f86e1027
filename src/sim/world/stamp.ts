import type { Netns } from '../kernel/index';
import type { ControlEvent, EventSeq } from '../kernel/trace';

interface Said {
  readonly by: string;
  readonly to?: string;
  readonly protocol: ControlEvent['protocol'];
  readonly action: string;
  readonly text: string;
}
/** Files what a daemon says or writes. */
export function control(netns: Netns, cause: EventSeq, said: Said): EventSeq {
  const { machine, id } = netns;
  const { by, to, protocol, action, text } = said;
  const kind = 'control';
  if (to === undefined)
    return netns.emit({ seq: 0, at: 0, machine, netns: id, cause, kind, by, protocol, action, text });
  return netns.emit({ seq: 0, at: 0, machine, netns: id, cause, kind, by, to, protocol, action, text });
}

/** The common part of an event; the tracer fills in sequence number and time. */
export function stamp(netns: Netns, cause: EventSeq) {
  return { seq: 0, at: 0, machine: netns.machine, netns: netns.id, cause };
}
