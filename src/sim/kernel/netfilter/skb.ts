/** What netfilter keeps with a packet on its way through one namespace (nfct, nf_trace and nf_bridge of an sk_buff). */
import type { IpPacket } from '../ip/packet';
import type { Connection, Direction } from './connection';

export type CtInfo = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';

export class SkbState {
  /** Absent until conntrack has seen the packet. */
  info: CtInfo | undefined;
  connection: Connection | undefined;
  direction: Direction = 'orig';
  /** TRACE matched: every further rule that matches is logged. */
  traced = false;
  /** Ports of a bridge, for what a bridge passes to iptables. */
  physIn: string | undefined;
  physOut: string | undefined;
  /** It crosses the bridge from port to port and is not routed. */
  bridged = false;
}

export function stateOf(packet: IpPacket): SkbState {
  return (packet.nf ??= new SkbState());
}

/** nf_conntrack_attach: an ICMP error (or a reset) made here belongs to the connection of the packet it is about. */
export function attachError(offender: IpPacket, error: IpPacket): void {
  const about = offender.nf;
  if (!about?.connection) return;
  const state = stateOf(error);
  state.info = 'RELATED';
  state.connection = about.connection;
  state.direction = about.direction === 'orig' ? 'reply' : 'orig';
}
