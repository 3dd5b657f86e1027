/** One tracked connection (struct nf_conn): its tuple both ways, and what has happened to it. */
import type { Timer } from '../../engine/index';
import type { ConntrackRow } from '../rows';
import type { EventSeq } from '../trace';
import type { TcpState } from './tcp-track';
import type { Tuple } from './tuple';

export type Direction = 'orig' | 'reply';
/** Which end of the tuple NAT writes. */
export type Manip = 'src' | 'dst';

export class Connection {
  readonly orig: Tuple;
  reply: Tuple;
  confirmed = false;
  dead = false;
  seenReply = false;
  assured = false;
  srcNat = false;
  dstNat = false;
  /** NAT has decided, if only that nothing is to be done. */
  srcNatDone = false;
  dstNatDone = false;
  /** It was masqueraded out of this device. */
  masqueradedBy: string | undefined;
  mark = 0;
  tcp: TcpState = 'NONE';
  /** UDP: from then on an exchange counts as a stream. */
  streamFrom = 0;
  /** Absolute once confirmed. */
  expires = 0;
  timer: Timer | undefined;
  timerDue = 0;
  /** Its place among translated sources, once it has one. */
  source: string | undefined;
  /** Place in the list: order of confirmation. */
  order = 0;
  /** Last row shown in the trace, and the event that showed it: what happens for want of packets goes on from there. */
  row: ConntrackRow | undefined;
  lastChange: EventSeq = -1;

  constructor(
    readonly id: number,
    orig: Tuple,
    reply: Tuple,
  ) {
    this.orig = orig;
    this.reply = reply;
  }
  natDone(manip: Manip): boolean {
    return manip === 'src' ? this.srcNatDone : this.dstNatDone;
  }
}
