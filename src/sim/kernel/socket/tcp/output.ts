/**
 * What a connection sends (net/ipv4/tcp_output.c): SYN, data within the windows, FIN, ACK, RST.
 */
import {
  IPPROTO_TCP,
  TCP_ACK,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  buildIpv4,
  buildTcp,
} from '../../../wire/index';
import type { OutputRoute } from '../../ip/ip';
import type { IpPacket } from '../../ip/packet';
import type { Netns } from '../../netns';
import type { EventSeq, FrameId } from '../../trace';
import { copied } from '../copies';
import { ATO_MIN, DELACK_MAX, JIFFY, MSS_MIN } from './constants';
import { segmentOptions, synOptions, type SackBlock } from './options';
import { add, after, distance } from './seq';
import type { Segment, Sock } from './sock';

const NOTHING = new Uint8Array(0);

interface Outgoing {
  readonly seq: number;
  readonly flags: number;
  readonly payload: Uint8Array;
  readonly by: string;
  readonly cause: EventSeq;
  /** The frame sent earlier with the same content. */
  readonly from?: FrameId | undefined;
  /** So many send() calls brought these bytes into the kernel. */
  readonly writes?: number;
}

/** ip_route_output_ports for this connection. Failure is kept as the reason to give when the connection times out. */
export function routeOf(netns: Netns, sock: Sock, cause: EventSeq): OutputRoute | undefined {
  const { device, mark } = sock.config;
  const flow = { dst: sock.peer.address, src: sock.source, oif: device, mark };
  const route = netns.ip.routeOutput(flow, cause);
  if (!route.ok) {
    sock.softError = route.errno;
    return undefined;
  }
  sock.syncMss(route.mtu, MSS_MIN);
  return route;
}

/** tcp_transmit_skb. Answers with the packet's first event, or undefined without a route. */
function transmit(
  netns: Netns,
  sock: Sock,
  out: Outgoing,
  route: OutputRoute | undefined = routeOf(netns, sock, out.cause),
): IpPacket | undefined {
  if (!route) return undefined;
  const syn = (out.flags & TCP_SYN) !== 0;
  const window = syn ? Math.min(sock.rcvWnd, 65_535) : sock.selectWindow();
  if (syn) sock.rcvWup = sock.rcvNxt;
  const acknowledges = (out.flags & TCP_ACK) !== 0;
  const segment = buildTcp(
    {
      srcPort: sock.local.port,
      dstPort: sock.peer.port,
      seq: out.seq,
      ack: acknowledges ? sock.rcvNxt : 0,
      flags: out.flags,
      window,
      options: optionsOf(netns, sock, syn, acknowledges, out.payload.length > 0),
    },
    out.payload,
    { src: sock.source, dst: sock.peer.address },
  );
  const bytes = buildIpv4(
    {
      tos: sock.config.tos,
      // SYN-ACK leaves before the connection has a counter of its own (ip_build_and_send_pkt).
      id: syn && acknowledges ? 0 : sock.nextId(),
      dontFragment: true,
      ttl: sock.config.ttl ?? netns.sysctl.defaultTtl(),
      protocol: IPPROTO_TCP,
      src: sock.source,
      dst: sock.peer.address,
    },
    segment,
  );
  const packet = netns.originate(bytes, out.by, route.seq, out.from);
  packet.mark = sock.config.mark;
  if (!sock.orphan) packet.owner = syn && acknowledges ? 'listener' : 'process';
  if (sock.confirms) confirmNeighbour(netns, sock, route);
  if (acknowledges) acknowledgmentSent(sock);
  const origin = packet.cause;
  const { length } = out.payload;
  for (let n = 0; n < (out.writes ?? 0); n++) {
    copied(netns, {
      frame: packet.frame,
      cause: packet.cause,
      direction: 'to-kernel',
      process: sock.config.by,
      via: 'send',
      bytes: n === 0 ? length : 0,
      switches: 0,
    });
  }
  netns.ip.sendRouted(packet, route);
  packet.cause = origin;
  return packet;
}

/** sock_confirm_neigh: who carries acknowledgments back is there, without being asked by ARP. */
function confirmNeighbour(netns: Netns, sock: Sock, route: OutputRoute): void {
  sock.confirms = false;
  const neighbour = netns.neigh.get(route.device, route.nexthop);
  if (neighbour) neighbour.confirmed = netns.now;
}

function optionsOf(netns: Netns, sock: Sock, syn: boolean, ack: boolean, data: boolean): Uint8Array {
  const timestamp = sock.timestamps
    ? { value: sock.stamp(netns.now), echo: ack ? sock.tsRecent : 0 }
    : undefined;
  if (!syn) return segmentOptions(timestamp, data || !sock.sack ? [] : sackBlocks(sock));
  const windowScale = sock.ownScale > 0 ? sock.ownScale : undefined;
  return synOptions({ mss: sock.advMss, windowScale, sackPermitted: sock.sack, timestamp, sack: [] });
}

/** The block that came last first, then the others (RFC 2018 section 4). */
function sackBlocks(sock: Sock): SackBlock[] {
  const blocks: [number, number][] = [];
  for (const { seq, end } of sock.early) {
    const last = blocks.at(-1);
    if (last && last[1] === seq) last[1] = end;
    else blocks.push([seq, end]);
  }
  const recent = sock.sackRecent;
  const first = recent && blocks.findIndex(([from, to]) => !after(from, recent[0]) && !after(recent[1], to));
  if (first !== undefined && first > 0) blocks.unshift(...blocks.splice(first, 1));
  return blocks;
}

/** tcp_event_ack_sent. */
function acknowledgmentSent(sock: Sock): void {
  if (sock.quick > 0 && sock.ackPending) {
    sock.quick--;
    if (sock.quick === 0) sock.ato = ATO_MIN;
  }
  sock.ackPending = false;
  sock.ackPushed = 0;
  sock.timers.ack.clear();
}

// --- queue -------------------------------------------------------------------------------------------------------------

function makeSegment(seq: number, flags: number, bytes: Uint8Array): Segment {
  const length = bytes.length + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
  return {
    seq,
    end: add(seq, length),
    flags,
    bytes,
    sentAt: 0,
    frame: undefined,
    origin: -1,
    retransmits: 0,
    again: false,
    sacked: false,
    lost: false,
    writes: 0,
  };
}

/** SYN or SYN-ACK, the first segment in flight. */
export function sendSyn(netns: Netns, sock: Sock, cause: EventSeq, route?: OutputRoute): void {
  const segment = makeSegment(sock.sndNxt, TCP_SYN, NOTHING);
  sock.sndUna = segment.seq;
  sock.sndNxt = segment.end;
  sock.writeSeq = segment.end;
  sock.pushed = segment.end;
  sock.sndSml = segment.end;
  sock.inFlight.push(segment);
  sendSegment(netns, sock, segment, cause, route);
  sock.timers.write.set(sock.rto);
}

/** tcp_sendmsg: cut into full segments, filling up the last one that waits. The last byte of a write is pushed. */
export function enqueue(sock: Sock, bytes: Uint8Array): void {
  let at = 0;
  const tail = sock.unsent.at(-1);
  if (tail && !(tail.flags & TCP_FIN) && tail.bytes.length < sock.mss) {
    at = Math.min(sock.mss - tail.bytes.length, bytes.length);
    const joined = new Uint8Array(tail.bytes.length + at);
    joined.set(tail.bytes);
    joined.set(bytes.subarray(0, at), tail.bytes.length);
    tail.bytes = joined;
    tail.end = add(tail.seq, joined.length);
    tail.writes++;
    sock.writeSeq = tail.end;
  }
  let writes = at === 0 ? 1 : 0;
  while (at < bytes.length) {
    // The process may use its buffer again; what is queued stays.
    const segment = makeSegment(sock.writeSeq, 0, bytes.slice(at, at + sock.mss));
    segment.writes = writes;
    writes = 0;
    // forced_push: half of the largest window went by without a push.
    if (distance(sock.pushed, segment.end) > sock.maxWindow / 2 && sock.maxWindow > 0) push(sock, segment);
    sock.unsent.push(segment);
    sock.writeSeq = segment.end;
    at += segment.bytes.length;
  }
  const last = sock.unsent.at(-1);
  if (last) push(sock, last);
}

function push(sock: Sock, segment: Segment): void {
  segment.flags |= TCP_PSH;
  sock.pushed = segment.end;
}

/** tcp_send_fin: on the last segment that waits, or on one of its own. */
export function enqueueFin(sock: Sock): void {
  const tail = sock.unsent.at(-1);
  if (tail) {
    tail.flags |= TCP_FIN;
    tail.end = add(tail.end, 1);
  } else sock.unsent.push(makeSegment(sock.writeSeq, TCP_FIN, NOTHING));
  sock.writeSeq = add(sock.writeSeq, 1);
}

/** tcp_write_xmit: as much as congestion window, peer's window and Nagle's rule allow. */
export function sendPending(netns: Netns, sock: Sock, cause: EventSeq): void {
  let sent = 0;
  for (let segment = sock.unsent[0]; segment; segment = sock.unsent[0]) {
    if (sock.out >= sock.cwnd) break;
    const route = routeOf(netns, sock, cause);
    if (!route) break;
    if (segment.bytes.length > sock.mss) splitSegment(sock.unsent, 0, sock.mss);
    if (after(segment.end, add(sock.sndUna, sock.sndWnd)) && segment.bytes.length > 0) break;
    if (nagleHolds(sock, segment)) break;
    sock.unsent.shift();
    const idle = sock.inFlight.length === 0;
    sock.inFlight.push(segment);
    sock.sndNxt = segment.end;
    if (segment.bytes.length < sock.mss) sock.sndSml = segment.end;
    sendSegment(netns, sock, segment, cause, route);
    if (segment.bytes.length > 0) dataSent(netns, sock);
    if (idle || sock.timers.write.due === undefined) sock.timers.write.set(sock.rto);
    sent++;
  }
  // tcp_check_probe_timer: what could not leave for want of a route or a window is tried again.
  if (sock.inFlight.length === 0 && sock.unsent.length > 0 && sock.timers.write.due === undefined)
    sock.timers.write.set(sock.rto);
  sock.maxOut = Math.max(sent > 0 ? sock.inFlight.length : 0, sock.maxOut);
}

/** tcp_nagle_test with Minshall's addition, for the last segment: one small one at a time may be under way. */
function nagleHolds(sock: Sock, segment: Segment): boolean {
  if (segment.bytes.length >= sock.mss || sock.config.nodelay || segment.flags & TCP_FIN) return false;
  if (sock.unsent.length > 1) return false;
  return sock.inFlight.length > 0 && after(sock.sndSml, sock.sndUna);
}

/** tcp_event_data_sent: a reply soon after what was received makes the connection interactive, so ACKs may wait. */
function dataSent(netns: Netns, sock: Sock): void {
  if (netns.now - sock.lastReceived < sock.ato) sock.pingpong = Math.min(sock.pingpong + 1, 255);
}

/** tcp_fragment: the first `length` bytes stay, the rest becomes the next segment. */
function splitSegment(list: Segment[], at: number, length: number): void {
  const segment = list[at];
  if (!segment) return;
  const rest = makeSegment(add(segment.seq, length), segment.flags, segment.bytes.subarray(length));
  rest.sentAt = segment.sentAt;
  rest.origin = segment.origin;
  rest.frame = segment.frame;
  rest.lost = segment.lost;
  rest.retransmits = segment.retransmits;
  segment.bytes = segment.bytes.subarray(0, length);
  segment.flags &= ~(TCP_PSH | TCP_FIN);
  segment.end = rest.seq;
  list.splice(at + 1, 0, rest);
}

function sendSegment(netns: Netns, sock: Sock, segment: Segment, cause: EventSeq, route?: OutputRoute): void {
  const syn = (segment.flags & TCP_SYN) !== 0;
  const answered = syn && sock.state === 'SYN-RECV';
  const flags = syn ? (answered ? TCP_SYN | TCP_ACK : TCP_SYN) : segment.flags | TCP_ACK;
  const first = syn ? (answered ? 'tcp_v4_send_synack' : 'tcp_connect') : 'tcp_write_xmit';
  const by =
    segment.frame !== undefined
      ? 'tcp_retransmit_skb'
      : segment.bytes.length > 0 || syn
        ? first
        : 'tcp_send_fin';
  const packet = transmit(
    netns,
    sock,
    {
      seq: segment.seq,
      flags,
      payload: segment.bytes,
      by,
      cause,
      from: segment.frame,
      writes: segment.writes,
    },
    route,
  );
  if (segment.frame === undefined) segment.sentAt = netns.now;
  segment.writes = 0;
  if (!packet) return;
  segment.frame = packet.frame;
  segment.origin = packet.cause;
}

/** tcp_retransmit_skb. A path that became narrower makes two of it. */
export function retransmit(netns: Netns, sock: Sock, segment: Segment, cause: EventSeq): void {
  const route = routeOf(netns, sock, cause);
  if (segment.bytes.length > sock.mss) splitSegment(sock.inFlight, sock.inFlight.indexOf(segment), sock.mss);
  segment.retransmits++;
  segment.again = true;
  if (sock.retransStamp === 0) sock.retransStamp = segment.sentAt;
  if (route) sendSegment(netns, sock, segment, cause, route);
}

// --- acknowledgments and resets ------------------------------------------------------------------------------------------

export function sendAck(netns: Netns, sock: Sock, cause: EventSeq, by = 'tcp_send_ack'): void {
  sock.ackPending = true;
  transmit(netns, sock, { seq: sock.sndNxt, flags: TCP_ACK, payload: NOTHING, by, cause });
}

/** tcp_send_delayed_ack. */
export function delayAck(netns: Netns, sock: Sock): void {
  let { ato } = sock;
  if (ato > ATO_MIN) {
    let most = sock.pingpong > 0 || sock.ackPushed > 0 ? DELACK_MAX : 500_000_000;
    if (sock.srtt > 0) most = Math.min(most, Math.max((sock.srtt >> 3) * 1000, ATO_MIN));
    ato = Math.min(ato, most);
  }
  ato = Math.max(Math.min(ato, DELACK_MAX), JIFFY);
  const { due } = sock.timers.ack;
  if (due === undefined) {
    sock.timers.ack.set(ato);
    return;
  }
  if (due <= netns.now + ato / 4) sendAck(netns, sock, sock.ackCause);
  else if (netns.now + ato < due) sock.timers.ack.set(ato);
}

/** tcp_send_active_reset: the process leaves without goodbye. */
export function sendActiveReset(netns: Netns, sock: Sock, cause: EventSeq): void {
  const flags = TCP_RST | TCP_ACK;
  transmit(netns, sock, { seq: sock.sndNxt, flags, payload: NOTHING, by: 'tcp_send_active_reset', cause });
}
