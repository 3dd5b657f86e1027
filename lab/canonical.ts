/** Frames with what the kernel leaves open (`exceptions.ts`) written in one way, so that equal means equal. */
import { isDrawn } from './outputs';
import { TcpFlows } from './canonical-tcp';
import {
  ETHERNET_LENGTH,
  internetChecksum,
  pseudoHeaderSum,
  readU16,
  readU32,
  writeU16,
} from '../src/sim/wire/index';

const ETH_P_IP = 0x0800;
const PROTO_ICMP = 1;
const PROTO_IPIP = 4;
const PROTO_TCP = 6;
const PROTO_UDP = 17;
const TIMEVAL_LENGTH = 16;
/** Destination unreachable, redirect, time exceeded, parameter problem: they quote the packet. */
const ICMP_ERRORS = new Set([3, 5, 11, 12]);
const MAX_NESTING = 8;
/** Both ports of flannel's UDP backend, whose datagrams are IP packets. */
const FLANNEL_UDP = 8285;

/** What stands in the place of a checksum. */
export const SUM = { right: 1, wrong: 2, cannotTell: 3 } as const;
const { right: RIGHT, wrong: WRONG, cannotTell: CANNOT_TELL } = SUM;
/** Drawn ports and echo ids are numbered from here. */
const FIRST_DRAWN = 50_000;
/** `ip_local_port_range`, from which the source port of a tunnel is taken. */
const PORTS = { low: 32_768, high: 60_999 };

interface CanonicalOptions {
  /** UDP destination ports that carry VXLAN. */
  readonly vxlanPorts: ReadonlySet<number>;
  readonly loopback: boolean;
  /** Ports and echo ids that the commands name. */
  readonly given: ReadonlySet<number>;
}

/** One interface's frames in order: identifications are numbered as they come. */
export class Canonical {
  readonly #ids = new Map<string, number>();
  readonly #drawn = new Map<string, number>();
  readonly #tcp = new TcpFlows();

  constructor(private readonly options: CanonicalOptions) {}

  frame(bytes: Uint8Array, link: 'ethernet' | 'ip' = 'ethernet'): Uint8Array {
    // Not slice(): of a Buffer that is a view of the same bytes.
    const copy = Uint8Array.from(bytes);
    if (link === 'ip') this.#ip(copy, 0, bytes.length, 0);
    else this.#ethernet(copy, 0, bytes.length, 0);
    return copy;
  }

  /** Says whether something was replaced. */
  #number(bytes: Uint8Array, at: number, kind: string, drawn: boolean): boolean {
    if (!drawn) return false;
    const key = `${kind} ${readU16(bytes, at)}`;
    const number = this.#drawn.get(key) ?? FIRST_DRAWN + this.#drawn.size;
    this.#drawn.set(key, number);
    writeU16(bytes, at, number);
    return true;
  }

  #ports(bytes: Uint8Array, at: number): boolean {
    const { given } = this.options;
    const [source, target] = [at, at + 2].map((place) =>
      this.#number(bytes, place, 'port', isDrawn(readU16(bytes, place), given)),
    );
    return (source ?? false) || (target ?? false);
  }

  #ethernet(bytes: Uint8Array, at: number, end: number, depth: number): void {
    if (readU16(bytes, at + 12) === ETH_P_IP) this.#ip(bytes, at + ETHERNET_LENGTH, end, depth);
  }

  /** `end` is where the bytes end; the packet itself may say it goes on. */
  #ip(bytes: Uint8Array, at: number, end: number, depth: number): void {
    if (depth > MAX_NESTING || end - at < 20 || (bytes[at] ?? 0) >>> 4 !== 4) return;
    const body = at + ((bytes[at] ?? 0) & 0xf) * 4;
    const total = readU16(bytes, at + 2);
    const fragment = readU16(bytes, at + 6);
    const offset = fragment & 0x1fff;
    // Before anything is written: the transport's checksum covers what is inside as it came.
    const whole = at + total <= end && (fragment & 0x3fff) === 0;
    const stop = Math.min(end, at + total);
    const headerSum = internetChecksum(bytes, at, Math.min(body, end)) === 0 ? RIGHT : WRONG;
    const protocol = bytes[at + 9] ?? 0;
    if (offset === 0) {
      if (protocol === PROTO_ICMP) this.#icmp(bytes, body, stop, whole, depth);
      else if (protocol === PROTO_UDP) this.#udp(bytes, at, body, stop, whole, depth);
      else if (protocol === PROTO_TCP) this.#tcpSegment(bytes, at, body, stop, whole);
      else if (protocol === PROTO_IPIP) this.#ip(bytes, body, stop, depth + 1);
    }
    const id = readU16(bytes, at + 4);
    const flow = `${readU32(bytes, at + 12)} ${readU32(bytes, at + 16)} ${protocol} ${id}`;
    const number = id === 0 ? 0 : (this.#ids.get(flow) ?? this.#ids.size + 1);
    if (id !== 0) this.#ids.set(flow, number);
    writeU16(bytes, at + 4, number);
    writeU16(bytes, at + 10, headerSum);
  }

  #icmp(bytes: Uint8Array, at: number, end: number, whole: boolean, depth: number): void {
    if (end - at < 8) return;
    const type = bytes[at] ?? 0;
    const sum = !whole ? CANNOT_TELL : internetChecksum(bytes, at, end) === 0 ? RIGHT : WRONG;
    if (type === 0 || type === 8) {
      this.#number(bytes, at + 4, 'id', !this.options.given.has(readU16(bytes, at + 4)));
      if (end - at - 8 >= TIMEVAL_LENGTH) bytes.fill(0, at + 8, at + 8 + TIMEVAL_LENGTH);
    } else if (ICMP_ERRORS.has(type)) {
      this.#ip(bytes, at + 8, end, depth + 1);
    }
    writeU16(bytes, at + 2, sum);
  }

  #udp(bytes: Uint8Array, ip: number, at: number, end: number, whole: boolean, depth: number): void {
    if (end - at < 8) return;
    if (this.options.loopback) writeU16(bytes, at + 6, CANNOT_TELL);
    const sum = this.options.loopback || !whole ? CANNOT_TELL : udpSum(bytes, ip, at, end);
    if (!this.options.vxlanPorts.has(readU16(bytes, at + 2))) {
      const carried =
        end - at >= 28 && readU16(bytes, at + 2) === FLANNEL_UDP && readU16(bytes, at) === FLANNEL_UDP;
      if (carried) this.#ip(bytes, at + 8, end, depth + 1);
      if (this.#ports(bytes, at) || carried) writeU16(bytes, at + 6, sum);
      return;
    }
    const port = readU16(bytes, at);
    if (end - at >= 8 + 8 + ETHERNET_LENGTH) this.#ethernet(bytes, at + 16, end, depth + 1);
    if (port >= PORTS.low && port <= PORTS.high) writeU16(bytes, at, PORTS.low);
    writeU16(bytes, at + 6, sum);
  }

  #tcpSegment(bytes: Uint8Array, ip: number, at: number, end: number, whole: boolean): void {
    // An ICMP error quotes 8 bytes: ports and sequence number.
    if (end - at < 8) return;
    const sum = this.options.loopback || !whole || end - at < 20 ? CANNOT_TELL : tcpSum(bytes, ip, at, end);
    const ends = [readU32(bytes, ip + 12), readU32(bytes, ip + 16)] as const;
    this.#tcp.segment(bytes, ends, at, end);
    this.#ports(bytes, at);
    if (end - at >= 20) writeU16(bytes, at + 16, sum);
  }
}

function tcpSum(bytes: Uint8Array, ip: number, at: number, end: number): number {
  const pseudo = pseudoHeaderSum(readU32(bytes, ip + 12), readU32(bytes, ip + 16), PROTO_TCP, end - at);
  return internetChecksum(bytes, at, end, pseudo) === 0 ? RIGHT : WRONG;
}

function udpSum(bytes: Uint8Array, ip: number, at: number, end: number): number {
  if (readU16(bytes, at + 6) === 0) return 0;
  const pseudo = pseudoHeaderSum(readU32(bytes, ip + 12), readU32(bytes, ip + 16), PROTO_UDP, end - at);
  return internetChecksum(bytes, at, end, pseudo) === 0 ? RIGHT : WRONG;
}
