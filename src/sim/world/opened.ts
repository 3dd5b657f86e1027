/** What a process has opened: it is closed with it. */
import type { IcmpSocket, SocketApi, TcpListener, TcpSocket, UdpSocket } from '../kernel/netlink';

export class Opened {
  readonly #open = new Set<{ close(): void }>();
  readonly #connections = new Set<TcpSocket>();
  #forgetAt = 64;

  close(): void {
    for (const socket of [...this.#open, ...this.#connections]) socket.close();
  }

  /** The same door, which remembers what goes out of it. */
  sockets(api: SocketApi): SocketApi {
    const keep = <T extends { close(): void }>(socket: T): T => {
      this.#open.add(socket);
      return socket;
    };
    return {
      connect: (dst, options) => api.connect(dst, options),
      icmp: (id, events) => {
        const socket = api.icmp(id, events);
        if (socket.ok) keep<IcmpSocket>(socket.value);
        return socket;
      },
      udp: (bind, events) => {
        const socket = api.udp(bind, events);
        if (socket.ok) keep<UdpSocket>(socket.value);
        return socket;
      },
      tcpConnect: (dst, port, options, events) => {
        const socket = api.tcpConnect(dst, port, options, events);
        if (socket.ok) this.#keepConnection(socket.value);
        return socket;
      },
      tcpListen: (bind, onConnection) => {
        const listener = api.tcpListen(bind, (socket) => {
          this.#keepConnection(socket);
          return onConnection(socket);
        });
        if (listener.ok) keep<TcpListener>(listener.value);
        return listener;
      },
      list: () => api.list(),
      tun: (dev, events, options) => {
        const file = api.tun(dev, events, options);
        if (file.ok) keep(file.value);
        return file;
      },
      capture: (dev, onFrame, promiscuous) => {
        const tap = api.capture(dev, onFrame, promiscuous);
        if (tap.ok) keep(tap.value);
        return tap;
      },
    };
  }

  /** Like what else it opened, but a server's connections come and go: those that are over are forgotten now and then. */
  #keepConnection(socket: TcpSocket): void {
    this.#connections.add(socket);
    if (this.#connections.size < this.#forgetAt) return;
    for (const one of this.#connections) {
      if (one.state === 'UNCONN' || one.state === 'TIME-WAIT') this.#connections.delete(one);
    }
    this.#forgetAt = Math.max(64, 2 * this.#connections.size);
  }
}
