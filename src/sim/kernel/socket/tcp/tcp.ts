/**
 * TCP of one namespace: connecting, listening, and who a segment or an ICMP error is for (net/ipv4/tcp_ipv4.c,
 * inet_hashtables.c, inet_connection_sock.c). The protocol itself is in the files beside this one.
 */
import { err, ok, type Result } from '../../../../base/result';
import {
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_TIME_EXCEEDED,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  isMalformed,
  parseTcp,
  readU16,
  readU32,
  verifyTcp,
  type Ip4,
} from '../../../wire/index';
import type { IpPacket } from '../../ip/packet';
import type {
  Errno,
  Requester,
  SocketApi,
  SocketDumpRow,
  SocketError,
  TcpEndpoint,
  TcpEvents,
  TcpListener,
  TcpOptions,
  TcpSocket,
} from '../../netlink';
import type { Netns } from '../../netns';
import type { EventSeq } from '../../trace';
import { socketKey, tcpRow } from '../rows';
import { resendTooBig } from './ack';
import { BACKLOG_DEFAULT, BACKLOG_MAX, TIMESTAMP_LENGTH } from './constants';
import { Connections } from './connections';
import { inTimeWait, segmentArrived, takeSynOptions, type Arrived } from './input';
import { Listeners, type Listener } from './listen';
import { readOptions } from './options';
import { routeOf, sendSyn } from './output';
import { answerReset } from './reset';
import { add, after, before, distance } from './seq';
import type { Sock, SockConfig } from './sock';
import { User } from './user';

type Bind = Parameters<SocketApi['tcpListen']>[0];
const LOCALHOST: Ip4 = 0x7f000001;
/** IP_MAX_MTU less both headers. */
const MSS_MAX = 65_495;

export class Tcp {
  readonly #listeners = new Listeners();
  readonly #connections: Connections;
  readonly #random: { u32(): number; below(n: number): number };

  constructor(private readonly netns: Netns) {
    const random = netns.random.fork('tcp');
    this.#random = random;
    this.#connections = new Connections(netns, () => random.u32());
  }

  // --- connect ---------------------------------------------------------------------------------------------------------

  /** tcp_v4_connect. */
  connect(
    to: Ip4,
    port: number,
    options: TcpOptions,
    events: TcpEvents,
    requester: Requester,
  ): Result<TcpSocket, Errno> {
    const { netns } = this;
    const dst = to === 0 ? LOCALHOST : to;
    const { source, sourcePort, device, mark } = options;
    if (source !== undefined && source !== 0 && !netns.isLocal(source)) return err('EADDRNOTAVAIL');
    if (sourcePort && this.#listeners.conflicts(source ?? 0, sourcePort)) return err('EADDRINUSE');
    const route = netns.ip.routeOutput({ dst, src: source, oif: device, mark }, requester.cause);
    if (!route.ok) return err(route.errno);
    if (route.type === 'broadcast' || route.type === 'multicast') return err('ENETUNREACH');
    const peer = { address: dst, port };
    const local = { address: route.source, port: sourcePort ?? 0 };
    if (!sourcePort) local.port = this.#ephemeral(route.source, peer);
    if (local.port === 0 || this.#connections.get(local, peer)) return err('EADDRNOTAVAIL');
    const sock = this.#connections.create(local, peer, configOf(options, requester.by));
    sock.advMss = Math.min(route.mtu - 40, MSS_MAX);
    sock.openWindow(sock.advMss);
    const user = new User(this.#connections, sock, requester.cause, () => events, events);
    sock.user = user;
    this.#connections.setState(sock, 'SYN-SENT', route.seq);
    sendSyn(netns, sock, route.seq, route);
    return ok(user);
  }

  /** inet_hash_connect: from a random place on, even ports first; the odd ones are left to bind(). */
  #ephemeral(address: Ip4, peer: TcpEndpoint): number {
    const [low, high] = this.netns.sysctl.portRange();
    const span = high - low + 1;
    const start = this.#random.below(span) & ~1;
    for (const parity of [0, 1]) {
      for (let step = 0; step < span; step += 2) {
        const port = low + ((start + step) % span) + parity;
        if (port > high || this.#listeners.has(port)) continue;
        if (!this.#connections.get({ address, port }, peer)) return port;
      }
    }
    return 0;
  }

  // --- listen ----------------------------------------------------------------------------------------------------------

  listen(
    bind: Bind,
    onConnection: Listener['onConnection'],
    requester: Requester,
  ): Result<TcpListener, Errno> {
    const address = bind.address ?? 0;
    if (address !== 0 && !this.netns.isLocal(address)) return err('EADDRNOTAVAIL');
    const port = bind.port || this.#ephemeral(address, { address: 0, port: 0 });
    if (this.#listeners.conflicts(address, port)) return err('EADDRINUSE');
    const order = this.#connections.nextOrder();
    const row = tcpRow('LISTEN', { address, port }, undefined, requester.by);
    const listener: Listener = {
      address,
      port,
      backlog: Math.min(bind.backlog ?? BACKLOG_DEFAULT, BACKLOG_MAX),
      config: configOf(bind, requester.by),
      order,
      onConnection,
      pending: new Set(),
      acceptable: 0,
      cause: requester.cause,
      row,
    };
    this.#listeners.add(listener);
    this.netns.change('socket', socketKey('listen', order), undefined, row, requester.cause);
    return ok({ address, port, close: () => this.#unlisten(listener, requester.cause) });
  }

  /** inet_csk_listen_stop: who was not accepted is reset. */
  #unlisten(listener: Listener, cause: EventSeq): void {
    if (!this.#listeners.remove(listener)) return;
    this.netns.change('socket', socketKey('listen', listener.order), listener.row, undefined, cause);
    for (const sock of [...listener.pending]) {
      if (sock.state === 'SYN-RECV') this.#connections.done(sock, cause);
      else if (sock.user instanceof User) sock.user.abort();
    }
  }

  // --- arriving --------------------------------------------------------------------------------------------------------

  /** tcp_v4_rcv. */
  receive(packet: IpPacket): void {
    const { netns } = this;
    const { header, bytes } = packet;
    const at = header.headerLength;
    const length = header.totalLength - at;
    const tcp = parseTcp(bytes, at, length);
    if (isMalformed(tcp) || !verifyTcp(bytes, at, length, header)) {
      netns.dropPacket(packet, 'TCP_CSUM', 'tcp_v4_rcv');
      return;
    }
    if (packet.pkt !== 'host') {
      netns.dropPacket(packet, 'OTHERHOST', 'tcp_v4_rcv');
      return;
    }
    const payload = bytes.subarray(at + tcp.headerLength, header.totalLength);
    const counted = (tcp.flags & TCP_SYN ? 1 : 0) + (tcp.flags & TCP_FIN ? 1 : 0);
    const options = readOptions(tcp.options);
    const seg: Arrived = { packet, tcp, options, payload, end: add(tcp.seq, payload.length + counted) };
    const local = { address: header.dst, port: tcp.dstPort };
    const peer = { address: header.src, port: tcp.srcPort };
    const sock = this.#connections.get(local, peer);
    if (sock && !this.#reusable(sock, seg)) {
      netns.delivered(packet, 'tcp', `${sock.config.by} (tcp ${local.port})`);
      const reason =
        sock.state === 'TIME-WAIT'
          ? inTimeWait(this.#connections, sock, seg)
          : segmentArrived(this.#connections, sock, seg);
      if (reason !== undefined) netns.dropPacket(packet, reason, 'tcp_v4_do_rcv', { port: local.port });
      return;
    }
    const listener = this.#listeners.find(local.address, local.port);
    if (!listener) {
      netns.dropPacket(packet, 'NO_SOCKET', 'tcp_v4_rcv', { port: local.port });
      answerReset(netns, packet, tcp);
      return;
    }
    if (sock) this.#connections.done(sock, packet.cause);
    this.#request(listener, seg, local, peer);
  }

  /** A new SYN may take over a connection that only waits for stray segments (tcp_timewait_state_process, TCP_TW_SYN). */
  #reusable(sock: Sock, { tcp, options }: Arrived): boolean {
    if (sock.state !== 'TIME-WAIT' || (tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) !== TCP_SYN) return false;
    const { timestamp } = options;
    return after(tcp.seq, sock.rcvNxt) || (timestamp !== undefined && before(sock.tsRecent, timestamp.value));
  }

  /** tcp_conn_request: what comes to a listening socket. */
  #request(listener: Listener, seg: Arrived, local: TcpEndpoint, peer: TcpEndpoint): void {
    const { netns } = this;
    const { packet, tcp } = seg;
    netns.delivered(packet, 'tcp', `${listener.config.by} (tcp ${local.port})`);
    const refuse = (reason: 'TCP_FLAGS' | 'TCP_RESET' | 'TCP_LISTEN_OVERFLOW'): void =>
      netns.dropPacket(packet, reason, 'tcp_rcv_state_process', { port: local.port });
    if (tcp.flags & TCP_RST) refuse('TCP_RESET');
    else if (tcp.flags & TCP_ACK) {
      answerReset(netns, packet, tcp);
      refuse('TCP_FLAGS');
    } else if (!(tcp.flags & TCP_SYN) || tcp.flags & TCP_FIN) refuse('TCP_FLAGS');
    else if (listener.acceptable > listener.backlog || listener.pending.size > 2 * listener.backlog + 1)
      refuse('TCP_LISTEN_OVERFLOW');
    else this.#answer(listener, seg, local, peer);
  }

  #answer(listener: Listener, seg: Arrived, local: TcpEndpoint, peer: TcpEndpoint): void {
    const { packet, tcp } = seg;
    const sock = this.#connections.create(local, peer, listener.config);
    sock.state = 'SYN-RECV';
    sock.rcvNxt = add(tcp.seq, 1);
    takeSynOptions(sock, seg);
    const route = routeOf(this.netns, sock, packet.cause);
    sock.advMss = Math.min((route?.mtu ?? 576) - 40, MSS_MAX);
    sock.openWindow(sock.advMss - (sock.timestamps ? TIMESTAMP_LENGTH : 0));
    sock.listener = listener;
    listener.pending.add(sock);
    sock.user = new User(this.#connections, sock, listener.cause, (socket) => {
      listener.pending.delete(sock);
      listener.acceptable--;
      sock.listener = undefined;
      return listener.onConnection(socket);
    });
    this.#connections.setState(sock, 'SYN-RECV', packet.cause);
    sendSyn(this.netns, sock, packet.cause, route);
  }

  /** tcp_v4_err: an ICMP error about a segment of ours; `quoted` is its TCP header as far as it came back. */
  error(packet: IpPacket, from: Ip4, to: Ip4, error: SocketError): void {
    const { quoted } = error;
    const local = { address: from, port: readU16(quoted, 0) };
    const peer = { address: to, port: readU16(quoted, 2) };
    const sock = this.#connections.get(local, peer);
    this.netns.delivered(packet, 'icmp', sock ? `${sock.config.by} (tcp ${local.port})` : 'icmp_unreach');
    if (!sock || sock.state === 'TIME-WAIT') return;
    const seq = readU32(quoted, 4);
    if (before(seq, sock.sndUna) || after(seq, sock.sndNxt)) return;
    if (error.type === ICMP_DEST_UNREACH && error.code === ICMP_FRAG_NEEDED) {
      if (routeOf(this.netns, sock, packet.cause)) resendTooBig(this.netns, sock, packet.cause);
      return;
    }
    if (error.type !== ICMP_DEST_UNREACH && error.type !== ICMP_TIME_EXCEEDED) return;
    if (sock.state === 'SYN-SENT') this.#connections.fail(sock, error.errno, packet.cause);
    else if (sock.state === 'SYN-RECV') {
      if (error.type === ICMP_DEST_UNREACH && error.code < 2) this.#connections.done(sock, packet.cause);
    } else sock.softError = error.errno;
  }

  // --- dump and end ----------------------------------------------------------------------------------------------------

  /** tcp_diag_dump: listeners, then connections. */
  list(): SocketDumpRow[] {
    const rows: SocketDumpRow[] = [];
    for (const { row, acceptable, backlog } of this.#listeners.all())
      if (row) rows.push({ ...row, recvQ: acceptable, sendQ: backlog });
    for (const sock of this.#connections.all) {
      const gone = sock.state === 'TIME-WAIT' || sock.state === 'SYN-RECV';
      const sendQ = gone ? 0 : distance(sock.sndUna, sock.writeSeq);
      if (sock.row) rows.push({ ...sock.row, recvQ: gone ? 0 : (sock.user?.unread ?? 0), sendQ });
    }
    return rows;
  }

  shutdown(cause: EventSeq): void {
    this.#connections.clear(cause);
    for (const listener of this.#listeners.all()) this.#unlisten(listener, cause);
  }
}

function configOf({ ttl, tos, nodelay, mark, device }: TcpOptions, by: string): SockConfig {
  return { by, ttl, tos: tos ?? 0, mark: mark ?? 0, device, nodelay: nodelay === true };
}
