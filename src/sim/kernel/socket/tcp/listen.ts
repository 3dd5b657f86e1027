/** Listening sockets: who may listen where, which of them a SYN is for, and how many wait (net/ipv4/inet_connection_sock.c). */
import type { Ip4 } from '../../../wire/index';
import type { TcpEvents, TcpSocket } from '../../netlink';
import type { EventSeq, SocketRow } from '../../trace';
import type { Sock, SockConfig } from './sock';

export interface Listener {
  readonly address: Ip4;
  readonly port: number;
  readonly backlog: number;
  readonly config: SockConfig;
  readonly order: number;
  readonly onConnection: (socket: TcpSocket) => TcpEvents;
  /** Established and not accepted, or still in the handshake. */
  readonly pending: Set<Sock>;
  /** Of `pending`: those that are established. */
  acceptable: number;
  readonly cause: EventSeq;
  row: SocketRow | undefined;
}

export class Listeners {
  readonly #byPort = new Map<number, Listener[]>();

  /** Two listeners may share a port only at different addresses. */
  conflicts(address: Ip4, port: number): boolean {
    return (this.#byPort.get(port) ?? []).some(
      (other) => other.address === address || other.address === 0 || address === 0,
    );
  }
  has(port: number): boolean {
    return this.#byPort.has(port);
  }
  /** The one at this very address, else the one at all addresses. */
  find(address: Ip4, port: number): Listener | undefined {
    const all = this.#byPort.get(port);
    return all?.find((one) => one.address === address) ?? all?.find((one) => one.address === 0);
  }
  add(listener: Listener): void {
    this.#byPort.set(listener.port, [...(this.#byPort.get(listener.port) ?? []), listener]);
  }
  remove(listener: Listener): boolean {
    const all = this.#byPort.get(listener.port) ?? [];
    const left = all.filter((one) => one !== listener);
    if (left.length === 0) this.#byPort.delete(listener.port);
    else this.#byPort.set(listener.port, left);
    return left.length < all.length;
  }
  /** Newest first, as the listening hash is walked. */
  all(): Listener[] {
    return [...this.#byPort.values()].flat().sort((a, b) => b.order - a.order);
  }
}
