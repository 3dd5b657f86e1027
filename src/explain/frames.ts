import type { FrameId, TraceEvent } from '../sim/kernel/trace';

type PacketlessEvent = Extract<
  TraceEvent,
  { kind: 'change' | 'netlink' | 'control' | 'command' | 'output' | 'exit' | 'bound' }
>;
const PACKETLESS: Readonly<Record<PacketlessEvent['kind'], true>> = {
  change: true,
  netlink: true,
  control: true,
  command: true,
  output: true,
  exit: true,
  bound: true,
};

/** Whether the event can be about no packet at all. */
export function isPacketless(e: TraceEvent): e is PacketlessEvent {
  return e.kind in PACKETLESS;
}

/** The frames an event speaks of. */
export function framesOf(e: TraceEvent): FrameId[] {
  if (isPacketless(e)) return [];
  switch (e.kind) {
    case 'forward':
      return [e.frame, e.before];
    case 'encap':
      return [e.frame, e.inner];
    case 'decap':
      return [e.frame, e.outer];
    case 'fragment':
    case 'reassemble':
      return [e.frame, ...e.pieces];
    case 'fib':
    case 'neigh':
      return e.frame === undefined ? [] : [e.frame];
    case 'tx':
    case 'rx':
    case 'arp':
    case 'fdb':
    case 'vtep':
    case 'hook':
    case 'deliver':
    case 'origin':
    case 'icmp-error':
    case 'copy':
    case 'drop':
      return [e.frame];
  }
}
