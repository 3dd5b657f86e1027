/** What netfilter keeps with a packet on its way through one namespace (nfct, nf_trace and nf_bridge of an sk_buff). */
import type { Mac } from '../../wire/index';
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
  /** Bytes of the largest piece it was put together from. */
  largestPiece: number | undefined;
  /** Set while a bridge waits for the MAC of a new destination: told instead of sending. */
  neighbour: ((mac: Mac, packet: IpPacket) => void) | undefined;
}

/** nf_bridge_unshare and the clone of an sk_buff: the same connection, ports of its own. */
export function copyState(from: SkbState): SkbState {
  const to = new SkbState();
  to.info = from.info;
  to.connection = from.connection;
  to.direction = from.direction;
  to.traced = from.traced;
  to.physIn = from.physIn;
  to.largestPiece = from.largestPiece;
  return to;
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
