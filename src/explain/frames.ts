import type { FrameId, TraceEvent } from '../sim/kernel/trace';

/** The frames an event speaks of. */
export function framesOf(e: TraceEvent): FrameId[] {
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
    case 'change':
    case 'netlink':
    case 'control':
    case 'command':
    case 'output':
    case 'exit':
    case 'bound':
      return [];
  }
}
