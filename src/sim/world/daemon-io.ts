/**
 * A daemon's TUN device and UDP socket, and the loop that serves both: sleep in poll() until one of them is readable, then
 * read them by turns, one packet at a time, until nothing is left (flannel's proxy_amd64.c run_proxy).
 */
import { unreachable } from '../../base/assert';
import { err, ok, type Result } from '../../base/result';
import type { Effect, Input } from '../daemons/index';
import { COST } from '../kernel/costs';
import type { Errno, SocketApi, TunFile, UdpSocket } from '../kernel/netlink';
import type { EventSeq } from '../kernel/trace';
import type { Machine } from './machine';

type IoEffect = Extract<Effect, { do: 'tun-open' | 'tun-write' | 'udp-open' | 'udp-send' }>;
type Packet = Extract<Input, { on: 'tun' | 'udp' }>;

export class DaemonIo {
  #tun: TunFile | undefined;
  #udp: UdpSocket | undefined;
  #awake = false;
  /** Which of the two is looked at first in the next turn. */
  #first: Packet['on'] = 'tun';
  /** Counts lives: what was under way when the process ended is not carried on by its successor. */
  #life = 0;

  constructor(
    readonly machine: Machine,
    readonly by: string,
    readonly take: (input: Input, cause: EventSeq) => void,
  ) {}

  carryOut(effect: IoEffect, cause: EventSeq): void {
    switch (effect.do) {
      case 'tun-open': {
        const file = this.#sockets(cause).tun(
          effect.dev,
          { onReadable: () => this.#wake() },
          { exclusive: true },
        );
        if (file.ok) this.#tun = file.value;
        return this.#opened(effect.to, file, cause);
      }
      case 'udp-open': {
        const { address, port } = effect;
        const socket = this.#sockets(cause).udp({ address, port }, { onReadable: () => this.#wake() });
        if (socket.ok) this.#udp = socket.value;
        return this.#opened(effect.to, socket, cause);
      }
      case 'tun-write':
        this.#tun?.write(effect.packet, effect.cause ?? cause);
        return;
      case 'udp-send':
        this.#udp?.sendTo(effect.dst, effect.port, effect.payload, { cause: effect.cause ?? cause });
        return;
      default:
        return unreachable(effect);
    }
  }

  /** The process is gone, and all it had open. */
  close(cause: EventSeq): void {
    this.#life++;
    this.#awake = false;
    this.#first = 'tun';
    this.#udp?.close(cause);
    this.#tun?.close(cause);
    this.#udp = undefined;
    this.#tun = undefined;
  }

  #sockets(cause: EventSeq): SocketApi {
    return this.machine.root.socketApi({ by: this.by, cause });
  }

  #opened(to: string, done: Result<unknown, Errno>, cause: EventSeq): void {
    const reply = done.ok ? ok(undefined) : err({ errno: done.error });
    this.take({ on: 'done', to, reply }, cause);
  }

  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#later(COST.wake, () => this.#turn(true));
  }

  #turn(woken: boolean): void {
    const first = this.#first;
    const packet = this.#read(first, woken) ?? this.#read(first === 'tun' ? 'udp' : 'tun', woken);
    this.#awake = packet !== undefined;
    this.#first = packet?.on === 'tun' ? 'udp' : 'tun';
    if (!packet) return;
    this.#later(COST.userPacket, () => {
      this.take(packet, packet.cause);
      this.#later(COST.syscall, () => this.#turn(false));
    });
  }

  #read(what: Packet['on'], woken: boolean): Packet | undefined {
    if (what === 'tun') {
      const read = this.#tun?.read(woken);
      return read && { on: 'tun', packet: read.bytes, cause: read.cause };
    }
    const datagram = this.#udp?.receive(woken);
    if (!datagram) return undefined;
    const { src, srcPort, payload, cause } = datagram;
    return { on: 'udp', src, srcPort, payload, cause };
  }

  /** The packet that is being worked on is in flight. */
  #later(delay: number, action: () => void): void {
    const life = this.#life;
    this.machine.root.packet(delay, () => {
      if (life === this.#life) action();
    });
  }
}
