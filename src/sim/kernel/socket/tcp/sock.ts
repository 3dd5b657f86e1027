/** State of one connection (struct tcp_sock and what it contains); what is done with it is in the other files. */
import type { Ip4 } from '../../../wire/index';
import type { Errno, TcpEndpoint, TcpState } from '../../netlink';
import type { EventSeq, FrameId, SocketRow } from '../../trace';
import {
  GROW_LENGTH,
  INITIAL_CWND,
  MSS_DEFAULT,
  OWN_SCALE,
  RECEIVE_BUFFER,
  RTO_INITIAL,
  SEGMENT_OVERHEAD,
  TIMESTAMP_LENGTH,
} from './constants';
import type { SackBlock } from './options';
import { add, before, distance } from './seq';
import type { Listener } from './listen';
import type { Alarm } from './timers';

/** One sk_buff of the send queue. */
export interface Segment {
  seq: number;
  /** Behind the last byte; SYN and FIN count one each. */
  end: number;
  /** Besides ACK. */
  flags: number;
  bytes: Uint8Array;
  /** First transmission; ns. */
  sentAt: number;
  frame: FrameId | undefined;
  origin: EventSeq;
  retransmits: number;
  /** In flight again after it was taken for lost. */
  again: boolean;
  sacked: boolean;
  lost: boolean;
  /** So many send() calls of the process put bytes into it. */
  writes: number;
}
/** A segment that came too early. */
export interface Early {
  readonly seq: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly fin: boolean;
}
/** What the process chose. */
export interface SockConfig {
  readonly by: string;
  readonly ttl: number | undefined;
  readonly tos: number;
  readonly mark: number;
  readonly device: string | undefined;
  readonly nodelay: boolean;
}
/** The process's end of it (`user.ts`). */
export interface Upward {
  connected(cause: EventSeq): void;
  data(bytes: Uint8Array, frame: FrameId, cause: EventSeq): void;
  end(cause: EventSeq): void;
  failed(errno: Errno, cause: EventSeq): void;
  closed(cause: EventSeq): void;
  /** Bytes received that the process has not taken yet. */
  readonly unread: number;
}

type Phase = 'open' | 'recovery' | 'loss';

export class Sock {
  state: TcpState = 'UNCONN';
  user: Upward | undefined;
  /** Of a connection that was not accepted yet. */
  listener: Listener | undefined;
  /** The peer made progress: the next packet confirms the neighbour. */
  confirms = false;
  /** The process has closed it. */
  orphan = false;
  softError: Errno | undefined;
  row: SocketRow | undefined;
  ipId: number;

  // Sending.
  sndUna = 0;
  sndNxt = 0;
  writeSeq = 0;
  sndWnd = 0;
  sndWl1 = 0;
  maxWindow = 0;
  peerScale = 0;
  peerMss = MSS_DEFAULT;
  mss = MSS_DEFAULT;
  /** Of the path, as last looked up. */
  mtu = 1500;
  /** End of the last segment sent that was not full (Minshall's version of Nagle's rule). */
  sndSml = 0;
  /** Sequence number up to which PSH was set. */
  pushed = 0;
  readonly unsent: Segment[] = [];
  readonly inFlight: Segment[] = [];
  cwnd = INITIAL_CWND;
  cwndCount = 0;
  ssthresh = Number.MAX_SAFE_INTEGER;
  maxOut = 0;
  phase: Phase = 'open';
  highSeq = 0;
  duplicates = 0;

  // Round trip; µs as in the kernel, srtt eightfold, mdev fourfold.
  srtt = 0;
  mdev = 0;
  mdevMax = 0;
  rttvar = 0;
  rttSeq = 0;
  /** ns. */
  rto = RTO_INITIAL;
  backoff = 0;
  retransmits = 0;
  retransStamp = 0;

  // Receiving.
  rcvNxt = 0;
  rcvWup = 0;
  rcvWnd = 0;
  rcvSsthresh = 0;
  windowClamp = 0;
  ownScale = OWN_SCALE;
  advMss = 0;
  rcvMss = MSS_DEFAULT;
  finReceived = false;
  readonly early: Early[] = [];
  sackRecent: SackBlock | undefined;

  timestamps = true;
  sack = true;
  tsOffset: number;
  tsRecent = 0;

  // Acknowledging.
  ackPending = false;
  ackPushed = 0;
  /** The event that an ACK is owed to. */
  ackCause: EventSeq = -1;
  quick = 0;
  pingpong = 0;
  ato = 0;
  lastReceived = 0;

  constructor(
    readonly local: TcpEndpoint,
    readonly peer: TcpEndpoint,
    readonly config: SockConfig,
    /** Order of birth in the namespace. */
    readonly order: number,
    readonly timers: { readonly write: Alarm; readonly ack: Alarm; readonly keep: Alarm },
    draw: () => number,
  ) {
    this.ipId = draw() >>> 16;
    this.tsOffset = draw();
  }

  get source(): Ip4 {
    return this.local.address;
  }

  nextId(): number {
    const id = this.ipId;
    this.ipId = (id + 1) & 0xffff;
    return id;
  }

  /** Time stamp option's value: virtual ms, shifted by an offset of this connection. */
  stamp(now: number): number {
    return (Math.floor(now / 1_000_000) + this.tsOffset) >>> 0;
  }

  /** tcp_select_initial_window. */
  openWindow(mss: number): void {
    const space = RECEIVE_BUFFER / 2;
    this.rcvWnd = space > mss ? space - (space % mss) : space;
    this.rcvSsthresh = this.rcvWnd;
  }

  /** tcp_select_window: the window to announce, in bytes; it never takes back what was promised. */
  selectWindow(): number {
    const unit = 2 ** this.ownScale;
    const align = (bytes: number): number => Math.ceil(bytes / unit) * unit;
    const promised = Math.max(0, distance(this.rcvNxt, add(this.rcvWup, this.rcvWnd)));
    let window = align(this.rcvSsthresh);
    if (window < promised) window = align(promised);
    this.rcvWnd = Math.min(window, 65_535 * unit);
    this.rcvWup = this.rcvNxt;
    return Math.min(Math.floor(this.rcvWnd / unit), 65_535);
  }

  /** tcp_measure_rcv_mss: larger segments waste less of the buffer on headers, so more of it counts as window. */
  measureBuffer(length: number): void {
    this.windowClamp = Math.floor((RECEIVE_BUFFER * length) / (length + SEGMENT_OVERHEAD));
  }

  /** tcp_grow_window. */
  growWindow(length: number): void {
    if (length < GROW_LENGTH || this.rcvSsthresh >= this.windowClamp) return;
    this.rcvSsthresh = Math.min(this.rcvSsthresh + 2 * Math.max(this.advMss, length), this.windowClamp);
  }

  get receiveEnd(): number {
    return add(this.rcvWup, this.rcvWnd);
  }

  /** tcp_sync_mss: payload of a full segment on a path of `mtu`. */
  syncMss(mtu: number, least: number): void {
    this.mtu = mtu;
    const whole = Math.min(mtu - 40, this.peerMss);
    this.mss = Math.max(whole - (this.timestamps ? TIMESTAMP_LENGTH : 0), least);
  }

  /** tcp_packets_in_flight. */
  get out(): number {
    let count = 0;
    for (const segment of this.inFlight) {
      if (segment.again || (!segment.sacked && !segment.lost)) count++;
    }
    return count;
  }

  get quickAck(): boolean {
    return this.quick > 0 && this.pingpong === 0;
  }

  /** Whether the process may still send. */
  get maySend(): boolean {
    return this.state === 'ESTAB' || this.state === 'CLOSE-WAIT';
  }

  /** Has `seq` been acknowledged? */
  acknowledged(seq: number): boolean {
    return !before(this.sndUna, seq);
  }
}
