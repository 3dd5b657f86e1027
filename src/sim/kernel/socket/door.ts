/** The socket API: what a process may ask of its namespace's sockets, taps and TUN devices. */
import type { Result } from '../../../base/result';
import type { Ip4 } from '../../wire/index';
import type { Errno } from '../netlink';
import type { SocketRow } from '../rows';
import type { EventSeq, SimTime } from '../trace';

/** IP_RECVERR: what went wrong with something this socket sent. */
export interface SocketError {
  readonly errno: Errno;
  readonly origin: 'local' | 'icmp';
  readonly type: number;
  readonly code: number;
  /** MTU for fragmentation needed, the better gateway for a redirect. */
  readonly info: number;
  /** Who reported it. */
  readonly offender: Ip4;
  /** The part of our packet that was quoted, from its transport header. */
  readonly quoted: Uint8Array;
}
export interface Datagram {
  readonly src: Ip4;
  readonly dst: Ip4;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly ttl: number;
  readonly tos: number;
  /** UDP payload; for an ICMP socket the ICMP message from its type byte. */
  readonly payload: Uint8Array;
  readonly at: SimTime;
}
export interface SendOptions {
  readonly ttl?: number;
  readonly tos?: number;
  /** do: DF, refuse what exceeds the path MTU. want: DF unless too big. dont: no DF. (IP_MTU_DISCOVER) */
  readonly pmtudisc?: 'do' | 'want' | 'dont' | 'probe';
  readonly source?: Ip4;
  readonly device?: string;
  readonly mark?: number;
  /** What made the process send this; absent: what started it. */
  readonly cause?: EventSeq;
}
/** Read by recvfrom(); `cause` is the copy event. */
export interface ReceivedDatagram extends Datagram {
  readonly cause: EventSeq;
}
export interface SocketEvents {
  onMessage?(datagram: Datagram): void;
  /** UDP: the empty socket has something now. The process reads it with receive(); `onMessage` is not called then. */
  onReadable?(): void;
  onError?(error: SocketError): void;
}
export interface IcmpSocket {
  readonly id: number;
  sendEcho(dst: Ip4, seq: number, payload: Uint8Array, options?: SendOptions): Result<void, SocketSendError>;
  close(): void;
}
export interface UdpSocket {
  readonly port: number;
  sendTo(dst: Ip4, port: number, payload: Uint8Array, options?: SendOptions): Result<void, SocketSendError>;
  /** recvfrom(MSG_DONTWAIT). `woken`: the process slept until the socket became readable. */
  receive(woken?: boolean): ReceivedDatagram | undefined;
  close(cause?: EventSeq): void;
}
export interface SocketSendError {
  readonly errno: Errno;
  /** For EMSGSIZE. */
  readonly mtu?: number;
}
/** States of a connection as `ss` prints them. */
export type TcpState =
  | 'SYN-SENT'
  | 'SYN-RECV'
  | 'ESTAB'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'UNCONN';
export interface TcpEndpoint {
  readonly address: Ip4;
  readonly port: number;
}
/** What bind() and setsockopt() would say before connect(). */
export interface TcpOptions {
  /** Bound source address and port. */
  readonly source?: Ip4;
  readonly sourcePort?: number;
  /** SO_BINDTODEVICE. */
  readonly device?: string;
  readonly mark?: number;
  readonly ttl?: number;
  readonly tos?: number;
  /** TCP_NODELAY: small segments do not wait for an acknowledgment. */
  readonly nodelay?: boolean;
}
/** What a process hears of its connection, in order, each a moment after the kernel knew. Nothing comes after close() or abort(). */
export interface TcpEvents {
  onConnected?(): void;
  onData?(bytes: Uint8Array): void;
  /** The peer sends no more (read() returns 0). Sending is still possible. */
  onEnd?(): void;
  /** The connection failed or was reset; it is gone. */
  onError?(errno: Errno): void;
  /** The connection is over: after an error, or once both sides have ended it. Comes once. */
  onClosed?(): void;
}
export interface TcpSocket {
  readonly local: TcpEndpoint;
  readonly peer: TcpEndpoint;
  readonly state: TcpState;
  /** Takes everything; EPIPE after shutdown() or once the connection is gone. Before it is established the bytes wait. */
  send(bytes: Uint8Array): Result<void, Errno>;
  /** SHUT_WR: FIN after what is queued; receiving goes on. */
  shutdown(): void;
  /** As close(): FIN, or RST when something received was never read. */
  close(): void;
  /** SO_LINGER with 0 s: RST. */
  abort(): void;
}
export interface TcpListener {
  readonly address: Ip4;
  readonly port: number;
  close(): void;
}
/** Like a line of `ss -a`, with the numbers it prints. */
export interface SocketDumpRow extends SocketRow {
  /** Bytes not read yet; of a listener: connections not accepted yet. */
  readonly recvQ: number;
  /** Bytes not acknowledged yet; of a listener: its backlog. */
  readonly sendQ: number;
}
/** A tap as tcpdump opens it: every frame the device sends or receives. A promiscuous tap makes a bridge show what it switches. */
export interface Capture {
  readonly link: 'ethernet' | 'ip';
  close(): void;
}
/** A packet read from a TUN device; `cause` is the copy event. */
export interface TunPacket {
  readonly bytes: Uint8Array;
  readonly cause: EventSeq;
}
export interface TunEvents {
  /** The empty ring has a packet now: poll() would return. */
  onReadable?(): void;
}
/** An open /dev/net/tun, attached to a device by TUNSETIFF. */
export interface TunFile {
  readonly dev: string;
  /** Without blocking. `woken`: the process slept until the file became readable. */
  read(woken?: boolean): TunPacket | undefined;
  /** EINVAL: not an IP packet. EIO: the device is down. EBADFD: the device is gone. */
  write(packet: Uint8Array, cause?: EventSeq): Result<void, Errno>;
  /** TUNSETPERSIST */
  setPersist(on: boolean): void;
  /** The device goes with its last file unless it is persistent. */
  close(cause?: EventSeq): void;
}
export interface SocketApi {
  /**
   * Opens a TUN device (IFF_TUN | IFF_NO_PI), making it when there is none; `%d` in the name is the first free number.
   * EBUSY: somebody has it (with `exclusive`: it is there). EINVAL: the name is another device's, or no name.
   */
  tun(dev: string, events: TunEvents, options?: { readonly exclusive?: boolean }): Result<TunFile, Errno>;
  /** `id` undefined: the next free one, counted from 1 in each namespace. EADDRINUSE when taken. */
  icmp(id: number | undefined, events: SocketEvents): Result<IcmpSocket, Errno>;
  udp(
    bind: { readonly address?: Ip4; readonly port?: number },
    events: SocketEvents,
  ): Result<UdpSocket, Errno>;
  /** connect() on a UDP socket: which source address would be used, or why not. Sends nothing. */
  connect(
    dst: Ip4,
    options?: SendOptions,
  ): Result<{ readonly source: Ip4; readonly dev: string; readonly mtu: number }, Errno>;
  /**
   * connect(): SYN is on its way, or the reason why not (EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, EHOSTUNREACH, EACCES,
   * EINVAL). What comes of it is an event.
   */
  tcpConnect(dst: Ip4, port: number, options: TcpOptions, events: TcpEvents): Result<TcpSocket, Errno>;
  /**
   * bind() with SO_REUSEADDR and listen(). `onConnection` is accept(): it answers with what the connection's events do.
   * Port 0: an ephemeral one. `backlog` defaults to 128.
   */
  tcpListen(
    bind: {
      readonly address?: Ip4;
      readonly port: number;
      readonly backlog?: number;
      readonly ttl?: number;
      readonly tos?: number;
      readonly nodelay?: boolean;
    },
    onConnection: (socket: TcpSocket) => TcpEvents,
  ): Result<TcpListener, Errno>;
  /** sock_diag: every UDP and TCP socket of the namespace, in `ss` order. */
  list(): readonly SocketDumpRow[];
  /** `any` takes every device. */
  capture(
    dev: string,
    onFrame: (bytes: Uint8Array, at: SimTime, dev: string, direction: 'in' | 'out') => void,
    promiscuous?: boolean,
  ): Result<Capture, Errno>;
}
