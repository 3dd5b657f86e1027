/**
 * What an acknowledgment does at the sender (tcp_ack): window, round-trip time, queue, and recovery from loss: three
 * duplicates or SACKed segments, then Reno's halving; the retransmission timeout when they do not come (RFC 5681, 6298,
 * 6675). Leaves out: RACK, tail loss probes, F-RTO, CUBIC, HyStart.
 */
import { TCP_SYN, type TcpHeader } from '../../../wire/index';
import type { Netns } from '../../netns';
import type { DropReason, EventSeq } from '../../trace';
import { DUPLICATE_THRESHOLD, RTO_MAX, RTO_MIN } from './constants';
import type { SegmentOptions } from './options';
import { retransmit } from './output';
import { after, before } from './seq';
import type { Segment, Sock } from './sock';

const RTO_MIN_US = RTO_MIN / 1000;

/** Answers with why the acknowledgment is worth nothing, or undefined. */
export function takeAck(
  netns: Netns,
  sock: Sock,
  tcp: TcpHeader,
  options: SegmentOptions,
  length: number,
  cause: EventSeq,
): DropReason | undefined {
  const { ack } = tcp;
  if (before(ack, sock.sndUna)) return 'TCP_OLD_ACK';
  if (after(ack, sock.sndNxt)) return 'TCP_ACK_UNSENT_DATA';
  const widened = updateWindow(sock, tcp);
  const progress = ack !== sock.sndUna;
  const duplicate = !progress && length === 0 && !widened && sock.inFlight.length > 0;
  const delivered = cleanQueue(netns, sock, ack);
  const sacked = sock.sack && markSacked(sock, options);
  if (progress) {
    sock.confirms = true;
    sock.duplicates = 0;
    sock.backoff = 0;
    sock.retransmits = 0;
    sock.retransStamp = 0;
    sock.softError = undefined;
  } else if (duplicate && !(tcp.flags & TCP_SYN)) sock.duplicates++;
  recover(sock, progress, sacked);
  if (progress) {
    grow(sock, delivered);
    if (sock.inFlight.length === 0) sock.timers.write.clear();
    else sock.timers.write.set(sock.rto);
  }
  resend(netns, sock, cause);
  return undefined;
}

/** tcp_ack_update_window. Answers whether the window changed. */
export function updateWindow(sock: Sock, tcp: TcpHeader): boolean {
  const window = tcp.flags & TCP_SYN ? tcp.window : tcp.window * 2 ** sock.peerScale;
  const newer =
    after(tcp.ack, sock.sndUna) ||
    after(tcp.seq, sock.sndWl1) ||
    (tcp.seq === sock.sndWl1 && window > sock.sndWnd);
  if (!newer) return false;
  sock.sndWl1 = tcp.seq;
  const changed = window !== sock.sndWnd;
  sock.sndWnd = window;
  sock.maxWindow = Math.max(sock.maxWindow, window);
  return changed;
}

/** tcp_clean_rtx_queue. Answers with how many segments left it. */
function cleanQueue(netns: Netns, sock: Sock, ack: number): number {
  let gone = 0;
  let fresh: Segment | undefined;
  for (let head = sock.inFlight[0]; head && !after(head.end, ack); head = sock.inFlight[0]) {
    sock.inFlight.shift();
    gone++;
    // Karn: a segment sent twice says nothing about the round trip.
    if (head.retransmits === 0 && !head.sacked) fresh ??= head;
  }
  sock.sndUna = ack;
  if (fresh) measure(sock, Math.max(1, Math.floor((netns.now - fresh.sentAt) / 1000)));
  return gone;
}

/** tcp_rtt_estimator and tcp_set_rto; `rtt` in µs. */
function measure(sock: Sock, rtt: number): void {
  if (sock.srtt !== 0) {
    let error = rtt - (sock.srtt >> 3);
    sock.srtt += error;
    if (error < 0) {
      error = -error - (sock.mdev >> 2);
      if (error > 0) error >>= 3;
    } else error -= sock.mdev >> 2;
    sock.mdev += error;
    if (sock.mdev > sock.mdevMax) {
      sock.mdevMax = sock.mdev;
      sock.rttvar = Math.max(sock.rttvar, sock.mdevMax);
    }
    if (after(sock.sndUna, sock.rttSeq)) {
      if (sock.mdevMax < sock.rttvar) sock.rttvar -= (sock.rttvar - sock.mdevMax) >> 2;
      sock.rttSeq = sock.sndNxt;
      sock.mdevMax = RTO_MIN_US;
    }
  } else {
    sock.srtt = rtt << 3;
    sock.mdev = rtt << 1;
    sock.rttvar = Math.max(sock.mdev, RTO_MIN_US);
    sock.mdevMax = sock.rttvar;
    sock.rttSeq = sock.sndNxt;
  }
  sock.rto = Math.min(((sock.srtt >> 3) + sock.rttvar) * 1000, RTO_MAX);
}

/** tcp_sacktag_write_queue. Answers whether anything new was reported. */
function markSacked(sock: Sock, options: SegmentOptions): boolean {
  let any = false;
  for (const [first, behind] of options.sack) {
    for (const segment of sock.inFlight) {
      if (segment.sacked || before(segment.seq, first) || after(segment.end, behind)) continue;
      segment.sacked = true;
      segment.lost = false;
      segment.again = false;
      any = true;
    }
  }
  return any;
}

/** tcp_fastretrans_alert. */
function recover(sock: Sock, progress: boolean, sacked: boolean): void {
  if (sock.phase !== 'open' && !before(sock.sndUna, sock.highSeq)) {
    if (sock.phase === 'recovery') sock.cwnd = Math.max(sock.ssthresh, 2);
    sock.phase = 'open';
    sock.duplicates = 0;
  }
  const head = sock.inFlight[0];
  if (!head) return;
  if (sock.sack) {
    if (sacked || (progress && sock.phase === 'recovery')) markLost(sock);
  } else if (sock.duplicates >= DUPLICATE_THRESHOLD && sock.phase === 'open') head.lost = true;
  // NewReno: what a partial acknowledgment stops at is lost too.
  else if (progress && sock.phase === 'recovery' && !head.again) head.lost = true;
  if (sock.phase === 'open' && sock.inFlight.some((segment) => segment.lost)) {
    sock.phase = 'recovery';
    sock.highSeq = sock.sndNxt;
    sock.ssthresh = Math.max(sock.cwnd >> 1, 2);
    sock.cwnd = sock.ssthresh;
  }
}

/** Lost is what has three SACKed segments behind it. */
function markLost(sock: Sock): void {
  let above = 0;
  for (let at = sock.inFlight.length - 1; at >= 0; at--) {
    const segment = sock.inFlight[at];
    if (segment?.sacked) above++;
    else if (segment && above >= DUPLICATE_THRESHOLD && !segment.again) segment.lost = true;
  }
}

/** Slow start doubles per round trip, congestion avoidance adds one; only while the window is what holds sending back. */
function grow(sock: Sock, delivered: number): void {
  if (sock.phase === 'recovery' || delivered === 0) return;
  const slow = sock.cwnd < sock.ssthresh;
  if (slow ? sock.cwnd >= 2 * sock.maxOut : sock.cwnd > sock.maxOut) return;
  if (sock.unsent.length === 0) sock.maxOut = sock.inFlight.length;
  if (slow) {
    sock.cwnd += delivered;
    return;
  }
  sock.cwndCount += delivered;
  if (sock.cwndCount >= sock.cwnd) {
    sock.cwndCount -= sock.cwnd;
    sock.cwnd++;
  }
}

/** tcp_xmit_retransmit_queue: what is lost goes again, as the congestion window allows, one at least. */
function resend(netns: Netns, sock: Sock, cause: EventSeq): void {
  if (sock.phase === 'open') return;
  let room = Math.max(sock.cwnd - sock.out, sock.out === 0 ? 1 : 0);
  for (const segment of [...sock.inFlight]) {
    if (room <= 0) return;
    if (!segment.lost || segment.again) continue;
    retransmit(netns, sock, segment, cause);
    room--;
  }
}

/** tcp_enter_loss: the timeout takes everything for lost. */
export function enterLoss(sock: Sock): void {
  if (sock.phase !== 'loss') sock.ssthresh = Math.max(sock.cwnd >> 1, 2);
  sock.phase = 'loss';
  sock.highSeq = sock.sndNxt;
  sock.cwnd = 1;
  sock.cwndCount = 0;
  for (const segment of sock.inFlight) {
    if (segment.sacked) continue;
    segment.lost = true;
    segment.again = false;
  }
}

/** tcp_simple_retransmit: the path became narrower. What is too big goes again in pieces, and no congestion is seen in it. */
export function resendTooBig(netns: Netns, sock: Sock, cause: EventSeq): void {
  for (const segment of [...sock.inFlight]) {
    if (segment.bytes.length > sock.mss && !segment.sacked) retransmit(netns, sock, segment, cause);
  }
}
