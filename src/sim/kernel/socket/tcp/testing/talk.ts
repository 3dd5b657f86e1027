/** Two hosts on one cable, processes that listen and call, and what they heard. */
import { assert } from '../../../../../base/assert';
import { Random } from '../../../../../base/random';
import {
  IPPROTO_TCP,
  TCP_ACK,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  isMalformed,
  parseTcp,
} from '../../../../wire/index';
import type { IpPacket } from '../../../ip/packet';
import type { TcpEvents, TcpListener, TcpOptions, TcpSocket } from '../../../netlink';
import { TestNet, ip } from '../../../testing/net';

export const A = '10.9.0.1';
export const B = '10.9.0.2';
export const SECOND = 1_000_000_000;

export function pair(mtu?: number): TestNet {
  const net = new TestNet();
  net.netns('a');
  net.netns('b');
  net.veth('a:eth0 02:00:00:00:00:0a', 'b:eth0 02:00:00:00:00:0b', mtu);
  net.addr('a', 'eth0', `${A}/24`);
  net.addr('b', 'eth0', `${B}/24`);
  return net;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** One end of a connection and what it heard: `connected`, `data …`, `end`, `error …`, `closed`. */
export class End {
  readonly heard: string[] = [];
  readonly data: Uint8Array[] = [];
  socket: TcpSocket | undefined;
  constructor(private readonly does: (end: End, heard: string) => void = () => undefined) {}

  readonly events: TcpEvents = {
    onConnected: () => this.#hear('connected'),
    onData: (bytes) => {
      this.data.push(bytes);
      this.#hear(`data ${bytes.length < 40 ? textOf(bytes) : bytes.length}`);
    },
    onEnd: () => this.#hear('end'),
    onError: (errno) => this.#hear(`error ${errno}`),
    onClosed: () => this.#hear('closed'),
  };
  #hear(what: string): void {
    this.heard.push(what);
    this.does(this, what);
  }
  get received(): Uint8Array {
    const all = new Uint8Array(this.data.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.data) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
  get open(): TcpSocket {
    assert(this.socket !== undefined, 'not connected');
    return this.socket;
  }
}

export function call(
  net: TestNet,
  netns: string,
  to: string,
  port: number,
  end: End,
  options: TcpOptions = {},
): End {
  const made = net.sockets(netns).tcpConnect(ip(to), port, options, end.events);
  assert(made.ok, `connect: ${made.ok ? '' : made.error}`);
  end.socket = made.value;
  return end;
}
/** Every connection gets an end of its own. */
export function serve(
  net: TestNet,
  netns: string,
  port: number,
  make: () => End,
): { ends: End[]; listener: TcpListener } {
  const ends: End[] = [];
  const made = net.sockets(netns).tcpListen({ port }, (socket) => {
    const end = make();
    end.socket = socket;
    ends.push(end);
    return end.events;
  });
  assert(made.ok, `listen: ${made.ok ? '' : made.error}`);
  return { ends, listener: made.value };
}
export function pass(net: TestNet, seconds: number): void {
  net.engine.runUntil(net.engine.now + seconds * SECOND);
}

const FLAGS: readonly (readonly [number, string])[] = [
  [TCP_SYN, 'S'],
  [TCP_FIN, 'F'],
  [TCP_RST, 'R'],
  [TCP_PSH, 'P'],
  [TCP_ACK, '.'],
];
interface Seen {
  readonly at: number;
  readonly netns: string;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly length: number;
  readonly by: string;
}
/** TCP packets in the order in which they were made, numbers relative to the first of each direction. */
export function sent(net: TestNet): Seen[] {
  const first = new Map<string, number>();
  const seen: Seen[] = [];
  for (const event of net.tracer.events) {
    if (event.kind !== 'origin') continue;
    const bytes = net.tracer.frames[event.frame]?.bytes ?? new Uint8Array(0);
    if (bytes[0] !== 0x45 || bytes[9] !== IPPROTO_TCP) continue;
    const tcp = parseTcp(bytes, 20);
    if (isMalformed(tcp)) throw new Error(tcp.malformed);
    const way = `${event.netns}:${tcp.srcPort}-${tcp.dstPort}`;
    const back = [...first].find(([key]) => key.endsWith(`:${tcp.dstPort}-${tcp.srcPort}`))?.[1];
    if (!first.has(way)) first.set(way, tcp.seq);
    seen.push({
      at: event.at,
      netns: event.netns,
      flags: FLAGS.map(([bit, letter]) => (tcp.flags & bit ? letter : '')).join(''),
      seq: (tcp.seq - (first.get(way) ?? 0)) >>> 0,
      ack: tcp.flags & TCP_ACK ? (tcp.ack - (back ?? tcp.ack)) >>> 0 : 0,
      window: tcp.window,
      length: bytes.length - 20 - tcp.headerLength,
      by: event.by,
    });
  }
  return seen;
}
export function brief(net: TestNet): string[] {
  return sent(net).map(({ netns, flags, length }) => `${netns} ${flags}${length > 0 ? ` ${length}` : ''}`);
}

/** Packets on their way into a namespace's protocols are lost, delayed or doubled at random. */
export function disturb(
  net: TestNet,
  netns: string,
  seed: string,
  chances: { lose: number; late: number; twice: number },
): void {
  const random = new Random(seed);
  const ns = net.get(netns);
  const deliver = ns.deliverLocal.bind(ns);
  const chance = (percent: number): boolean => random.below(100) < percent;
  ns.deliverLocal = (packet: IpPacket) => {
    if (packet.header.protocol !== IPPROTO_TCP) deliver(packet);
    else if (!chance(chances.lose)) {
      if (chance(chances.twice)) net.engine.packet(random.below(5_000_000), () => deliver(packet));
      if (chance(chances.late)) net.engine.packet(random.below(20_000_000), () => deliver(packet));
      else deliver(packet);
    }
  };
}
