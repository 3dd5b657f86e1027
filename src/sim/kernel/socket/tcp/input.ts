/**
 * What arrives for a connection, by its state (net/ipv4/tcp_input.c, RFC 9293 section 3.10.7): validity, acknowledgment,
 * data, FIN. Every way out that throws the segment away names its reason.
 */
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, type TcpHeader } from '../../../wire/index';
import type { IpPacket } from '../../ip/packet';
import type { Netns } from '../../netns';
import type { DropReason, EventSeq } from '../../trace';
import { takeAck, updateWindow } from './ack';
import { ATO_MIN, FIN_TIMEOUT, MAX_QUICKACKS, MSS_DEFAULT, MSS_MIN, TIME_WAIT } from './constants';
import type { SegmentOptions } from './options';
import { delayAck, sendAck, sendPending, sendSyn } from './output';
import { answerReset } from './reset';
import { add, after, before, distance } from './seq';
import type { Early, Sock } from './sock';
import type { Lifecycle } from './lifecycle';

export interface Arrived {
  readonly packet: IpPacket;
  readonly tcp: TcpHeader;
  readonly options: SegmentOptions;
  readonly payload: Uint8Array;
  /** Behind its last byte; SYN and FIN count. */
  readonly end: number;
}

/** A segment for a connection in any state but TIME-WAIT. Undefined: it was of use. */
export function segmentArrived(life: Lifecycle, sock: Sock, seg: Arrived): DropReason | undefined {
  if (sock.state === 'SYN-SENT') return answerToSyn(life, sock, seg);
  return invalid(life, sock, seg) ?? acceptable(life, sock, seg);
}

// --- SYN-SENT ----------------------------------------------------------------------------------------------------------

/** tcp_rcv_synsent_state_process. */
function answerToSyn(life: Lifecycle, sock: Sock, seg: Arrived): DropReason | undefined {
  const { netns } = life;
  const { tcp, packet, options } = seg;
  const cause = packet.cause;
  const acknowledges = (tcp.flags & TCP_ACK) !== 0;
  if (acknowledges && (!after(tcp.ack, sock.sndUna) || after(tcp.ack, sock.sndNxt))) {
    answerReset(netns, packet, tcp);
    return 'TCP_INVALID_ACK_SEQUENCE';
  }
  if (tcp.flags & TCP_RST) {
    if (!acknowledges) return 'TCP_RESET';
    life.fail(sock, 'ECONNREFUSED', cause);
    return undefined;
  }
  if (!(tcp.flags & TCP_SYN)) return 'TCP_FLAGS';
  sock.rcvNxt = add(tcp.seq, 1);
  sock.rcvWup = sock.rcvNxt;
  sock.timestamps = options.timestamp !== undefined;
  if (!acknowledges) {
    // Both sides called at the same moment.
    takeSynOptions(sock, seg);
    life.setState(sock, 'SYN-RECV', cause);
    sock.sndNxt = sock.sndUna;
    sock.inFlight.length = 0;
    sendSyn(netns, sock, cause);
    return undefined;
  }
  takeSynOptions(sock, seg);
  updateWindow(sock, tcp);
  takeAck(netns, sock, tcp, options, 0, cause);
  sock.sndWl1 = tcp.seq;
  established(life, sock, cause);
  sendAck(netns, sock, cause);
  sendPending(netns, sock, cause);
  return undefined;
}

/** What the peer's SYN or SYN-ACK offers; what it does not, is off on this side too. */
export function takeSynOptions(sock: Sock, { tcp, options }: Arrived): void {
  sock.timestamps = options.timestamp !== undefined;
  sock.tsRecent = options.timestamp?.value ?? 0;
  sock.sack = options.sackPermitted;
  if (options.windowScale === undefined) sock.ownScale = 0;
  sock.peerScale = options.windowScale ?? 0;
  sock.peerMss = Math.max(options.mss ?? MSS_DEFAULT, MSS_MIN);
  sock.syncMss(sock.mtu, MSS_MIN);
  sock.sndWnd = tcp.window;
  sock.maxWindow = Math.max(sock.maxWindow, tcp.window);
  sock.sndWl1 = tcp.seq;
}

/** tcp_finish_connect, tcp_init_transfer. */
function established(life: Lifecycle, sock: Sock, cause: EventSeq): void {
  sock.lastReceived = life.netns.now;
  sock.softError = undefined;
  life.setState(sock, 'ESTAB', cause);
  life.connected(sock, cause);
}

// --- validity ----------------------------------------------------------------------------------------------------------

/** tcp_validate_incoming: PAWS, the window, RST and SYN. */
function invalid(life: Lifecycle, sock: Sock, seg: Arrived): DropReason | undefined {
  const { tcp, options, packet } = seg;
  const reset = (tcp.flags & TCP_RST) !== 0;
  const { timestamp } = options;
  if (sock.timestamps && timestamp && before(timestamp.value, sock.tsRecent) && !reset) {
    if (!duplicateSyn(life, sock, seg)) sendAck(life.netns, sock, packet.cause);
    return 'TCP_RFC7323_PAWS';
  }
  const old = before(seg.end, sock.rcvWup);
  if (old || after(tcp.seq, sock.receiveEnd)) {
    if (!reset && !duplicateSyn(life, sock, seg)) sendAck(life.netns, sock, packet.cause);
    return old ? 'TCP_OLD_SEQUENCE' : 'TCP_INVALID_SEQUENCE';
  }
  if (reset) {
    if (tcp.seq === sock.rcvNxt) life.reset(sock, packet.cause);
    else sendAck(life.netns, sock, packet.cause, 'tcp_send_challenge_ack');
    return 'TCP_RESET';
  }
  if (tcp.flags & TCP_SYN) {
    if (sock.state === 'SYN-RECV' && tcp.flags & TCP_ACK) return undefined;
    if (!duplicateSyn(life, sock, seg)) sendAck(life.netns, sock, packet.cause, 'tcp_send_challenge_ack');
    return 'TCP_INVALID_SYN';
  }
  return undefined;
}

/** tcp_check_req: the peer did not hear our SYN-ACK and asks again. */
function duplicateSyn(life: Lifecycle, sock: Sock, { tcp, packet }: Arrived): boolean {
  const head = sock.inFlight[0];
  if (sock.state !== 'SYN-RECV' || !head || add(tcp.seq, 1) !== sock.rcvNxt || !(tcp.flags & TCP_SYN))
    return false;
  life.repeatSynAck(sock, packet.cause);
  return true;
}

// --- acknowledgment, data, FIN -------------------------------------------------------------------------------------------

function acceptable(life: Lifecycle, sock: Sock, seg: Arrived): DropReason | undefined {
  const { netns } = life;
  const { tcp, packet, options, payload } = seg;
  if (!(tcp.flags & TCP_ACK)) return 'TCP_FLAGS';
  if (sock.state === 'SYN-RECV') {
    if (tcp.ack !== sock.sndNxt) {
      answerReset(netns, packet, tcp);
      return 'TCP_INVALID_ACK_SEQUENCE';
    }
    if (!life.admit(sock)) return 'TCP_LISTEN_OVERFLOW';
  }
  if (sock.timestamps && options.timestamp && !after(tcp.seq, sock.rcvWup)) {
    if (!before(options.timestamp.value, sock.tsRecent)) sock.tsRecent = options.timestamp.value;
  }
  const opening = sock.state === 'SYN-RECV';
  const refused = takeAck(netns, sock, tcp, options, payload.length, packet.cause);
  if (refused !== undefined && refused !== 'TCP_OLD_ACK') return refused;
  if (opening) established(life, sock, packet.cause);
  if (acknowledgedFin(life, sock, packet.cause)) return undefined;
  return dataAndFin(life, sock, seg);
}

/** Our FIN is acknowledged: the next state. Answers whether the connection is over. */
function acknowledgedFin(life: Lifecycle, sock: Sock, cause: EventSeq): boolean {
  if (sock.sndUna !== sock.writeSeq || sock.unsent.length > 0) return false;
  if (sock.state === 'FIN-WAIT-1') {
    life.setState(sock, 'FIN-WAIT-2', cause);
    if (sock.orphan) sock.timers.keep.set(FIN_TIMEOUT);
  } else if (sock.state === 'CLOSING') {
    life.timeWait(sock, cause);
    return true;
  } else if (sock.state === 'LAST-ACK') {
    life.done(sock, cause);
    return true;
  }
  return false;
}

function dataAndFin(life: Lifecycle, sock: Sock, seg: Arrived): DropReason | undefined {
  const { netns } = life;
  const { packet, payload, tcp } = seg;
  const { cause } = packet;
  const fin = (tcp.flags & TCP_FIN) !== 0;
  if (payload.length > 0 && sock.orphan && after(add(tcp.seq, payload.length), sock.rcvNxt)) {
    // Nobody will ever read it.
    life.done(sock, cause);
    answerReset(netns, packet, tcp);
    return 'TCP_ABORT_ON_DATA';
  }
  if (payload.length === 0 && !fin) {
    // Below the window: the peer asks whether we are still there.
    if (before(tcp.seq, sock.rcvNxt) && seg.end === tcp.seq) sendAck(netns, sock, cause);
    sendPending(netns, sock, cause);
    return undefined;
  }
  const drop = queueData(life, sock, seg, fin);
  // A FIN in FIN-WAIT was answered, and the connection may be gone.
  if (sock.state === 'UNCONN' || sock.state === 'TIME-WAIT') return drop;
  sendPending(netns, sock, cause);
  acknowledge(netns, sock);
  return drop;
}

/** tcp_data_queue. */
function queueData(life: Lifecycle, sock: Sock, seg: Arrived, fin: boolean): DropReason | undefined {
  const { netns } = life;
  const { packet, tcp, payload } = seg;
  const { cause } = packet;
  sock.ackCause = cause;
  if (!after(seg.end, sock.rcvNxt)) {
    enterQuickAck(sock);
    sendAck(netns, sock, cause);
    return 'TCP_OLD_DATA';
  }
  if (!before(tcp.seq, sock.receiveEnd)) {
    sendAck(netns, sock, cause);
    return 'TCP_OVERWINDOW';
  }
  if (after(tcp.seq, sock.rcvNxt)) {
    keepEarly(sock, { seq: tcp.seq, end: seg.end, bytes: payload, fin });
    sock.ackPending = true;
    return undefined;
  }
  take(life, sock, { seq: tcp.seq, end: seg.end, bytes: payload, fin }, packet);
  if (payload.length > 0) received(netns, sock, payload.length, (tcp.flags & TCP_PSH) !== 0);
  for (let next = sock.early[0]; next && !after(next.seq, sock.rcvNxt); next = sock.early[0]) {
    sock.early.shift();
    if (after(next.end, sock.rcvNxt)) take(life, sock, next, packet);
  }
  if (sock.early.length === 0) sock.sackRecent = undefined;
  return undefined;
}

/** In order: up to the process, then the FIN's meaning. */
function take(life: Lifecycle, sock: Sock, part: Early, packet: IpPacket): void {
  const skip = distance(part.seq, sock.rcvNxt);
  const fresh = skip > 0 ? part.bytes.subarray(skip) : part.bytes;
  sock.rcvNxt = part.end;
  sock.ackPending = true;
  if (fresh.length > 0) sock.user?.data(fresh, packet.frame, packet.cause);
  if (part.fin) finArrived(life, sock, packet.cause);
}

/** tcp_data_queue_ofo: sorted, without what is there already. */
function keepEarly(sock: Sock, part: Early): void {
  sock.sackRecent = [part.seq, part.end];
  const { early } = sock;
  if (early.some(({ seq, end }) => !before(part.seq, seq) && !after(part.end, end))) return;
  let at = early.length;
  while (at > 0 && after(early[at - 1]?.seq ?? 0, part.seq)) at--;
  early.splice(at, 0, part);
}

/** tcp_fin. */
function finArrived(life: Lifecycle, sock: Sock, cause: EventSeq): void {
  sock.finReceived = true;
  sock.early.length = 0;
  sock.user?.end(cause);
  if (sock.state === 'ESTAB' || sock.state === 'SYN-RECV') {
    life.setState(sock, 'CLOSE-WAIT', cause);
    // The process will probably close, and its FIN carry the ACK.
    sock.pingpong = Math.max(sock.pingpong, 1);
  } else if (sock.state === 'FIN-WAIT-1') {
    sendAck(life.netns, sock, cause);
    life.setState(sock, 'CLOSING', cause);
  } else if (sock.state === 'FIN-WAIT-2') {
    sendAck(life.netns, sock, cause);
    life.timeWait(sock, cause);
  }
}

// --- when to acknowledge -------------------------------------------------------------------------------------------------

/** tcp_event_data_recv: how patient the delayed ACK may be. */
function received(netns: Netns, sock: Sock, length: number, pushed: boolean): void {
  const { now } = netns;
  measureMss(sock, length, pushed);
  const gap = now - sock.lastReceived;
  if (sock.ato === 0) {
    quicken(sock);
    sock.ato = ATO_MIN;
  } else if (gap <= ATO_MIN / 2) sock.ato = sock.ato / 2 + ATO_MIN / 2;
  else if (gap < sock.ato) sock.ato = Math.min(sock.ato / 2 + gap, sock.rto);
  else if (gap > sock.rto) quicken(sock);
  sock.lastReceived = now;
  sock.growWindow(length);
}

/** tcp_measure_rcv_mss. */
function measureMss(sock: Sock, length: number, pushed: boolean): void {
  if (length >= sock.rcvMss) {
    if (length > sock.rcvMss) sock.measureBuffer(length);
    sock.rcvMss = Math.min(length, sock.advMss);
    if (pushed) sock.ackPushed = Math.max(sock.ackPushed, 1);
  } else sock.ackPushed = Math.min(sock.ackPushed + 1, 2);
}

/** tcp_incr_quickack. */
function quicken(sock: Sock): void {
  const count = Math.max(Math.floor(sock.rcvWnd / (2 * sock.rcvMss)), 2);
  sock.quick = Math.max(sock.quick, Math.min(count, MAX_QUICKACKS));
}
/** tcp_enter_quickack_mode. */
function enterQuickAck(sock: Sock): void {
  quicken(sock);
  sock.pingpong = 0;
  sock.ato = ATO_MIN;
}

/** tcp_ack_snd_check. */
function acknowledge(netns: Netns, sock: Sock): void {
  if (!sock.ackPending) return;
  const owed = distance(sock.rcvWup, sock.rcvNxt);
  if (owed > sock.rcvMss || sock.quickAck || sock.early.length > 0) sendAck(netns, sock, sock.ackCause);
  else delayAck(netns, sock);
}

/** tcp_cleanup_rbuf: the process has read everything, and something small had been pushed. */
export function readByUser(netns: Netns, sock: Sock): void {
  if (!sock.ackPending || sock.state === 'UNCONN' || sock.state === 'TIME-WAIT') return;
  const owed = distance(sock.rcvWup, sock.rcvNxt);
  if (owed > sock.rcvMss || sock.ackPushed > 1 || (sock.ackPushed > 0 && sock.pingpong === 0))
    sendAck(netns, sock, sock.ackCause);
}

/** tcp_timewait_state_process for what is no new connection: our last ACK was lost, or the peer is confused. */
export function inTimeWait(life: Lifecycle, sock: Sock, seg: Arrived): DropReason | undefined {
  const { tcp, packet } = seg;
  if (tcp.flags & TCP_RST) {
    if (tcp.seq === sock.rcvNxt) life.done(sock, packet.cause);
    return 'TCP_RESET';
  }
  if (seg.payload.length > 0 || tcp.flags & (TCP_FIN | TCP_SYN)) {
    sendAck(life.netns, sock, packet.cause);
    sock.timers.keep.set(TIME_WAIT);
    return 'TCP_OLD_SEQUENCE';
  }
  return undefined;
}
