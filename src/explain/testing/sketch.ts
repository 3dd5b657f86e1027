/** Traces drawn by hand, as input for tests of the story: plausible, but nobody's simulation. */
import {
  ARPOP_REPLY,
  ARPOP_REQUEST,
  MAC_BROADCAST,
  buildArpFrame,
  buildEcho,
  buildEthernet,
  buildIpv4,
  buildUdp,
  buildVxlan,
  parseIp4,
  parseMac,
  type Mac,
} from '../../sim/wire';
import type { EventSeq, Frame, FrameId, RouteCandidate, RouteRow, TraceEvent } from '../../sim/kernel/trace';

function must<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(String(result.error));
  return result.value;
}
const ip = (text: string): number => must(parseIp4(text));
const mac = (text: string): Mac => must(parseMac(text));

type Body = TraceEvent extends infer E
  ? E extends TraceEvent
    ? Omit<E, 'seq' | 'at' | 'machine' | 'netns' | 'cause'>
    : never
  : never;

/** A growing trace. Each event is caused by the one before it unless said otherwise. */
export class Sketch {
  readonly events: TraceEvent[] = [];
  readonly frames: Frame[] = [];
  readonly upSeq = 0;
  readonly end = 0;
  now = 0;
  netns = 'host';

  in(netns: string): this {
    this.netns = netns;
    this.now += 1000;
    return this;
  }

  add(body: Body, cause: EventSeq = this.events.length - 1): EventSeq {
    const seq = this.events.length;
    const base = { seq, at: this.now, machine: this.netns, netns: this.netns, cause };
    this.events.push({ ...base, ...body });
    return seq;
  }

  frame(bytes: Uint8Array, link: 'ethernet' | 'ip', from?: FrameId): FrameId {
    this.frames.push({ id: this.frames.length, bytes, link, from });
    return this.frames.length - 1;
  }

  arp(op: 'request' | 'reply', sender: [string, string], target: [string, string]): FrameId {
    const [spa, sha] = [ip(sender[0]), mac(sender[1])];
    const request = op === 'request';
    const tha = request ? 0 : mac(target[1]);
    const packet = { op: request ? ARPOP_REQUEST : ARPOP_REPLY, sha, spa, tha, tpa: ip(target[0]) };
    return this.frame(buildArpFrame(request ? MAC_BROADCAST : tha, sha, packet), 'ethernet');
  }

  echo(kind: 'request' | 'reply', src: string, dst: string, ttl = 64): FrameId {
    const message = buildEcho(kind === 'request' ? 8 : 0, 1, 1, new Uint8Array(56));
    const header = { id: 0, ttl, protocol: 1, src: ip(src), dst: ip(dst) };
    return this.frame(buildIpv4(header, message), 'ip');
  }

  /** The packet with an Ethernet header in front. */
  framed(packet: FrameId, dst: string, src: string): FrameId {
    const bytes = this.frames[packet]?.bytes ?? new Uint8Array();
    return this.frame(
      buildEthernet({ dst: mac(dst), src: mac(src), type: 0x0800 }, bytes),
      'ethernet',
      packet,
    );
  }

  /** The VXLAN packet around a frame, from its IP header. */
  outer(src: string, dst: string, inner: FrameId): FrameId {
    const load = buildVxlan(1, this.frames[inner]?.bytes ?? new Uint8Array());
    const addresses = { src: ip(src), dst: ip(dst) };
    const datagram = buildUdp({ srcPort: 40814, dstPort: 8472 }, load, addresses);
    return this.frame(buildIpv4({ id: 0, ttl: 64, protocol: 17, ...addresses }, datagram), 'ip', inner);
  }

  /** A lookup in table main whose first route wins. */
  fib(
    dst: string,
    routes: readonly RouteRow[],
    more: Partial<Extract<Body, { kind: 'fib' }>> = {},
    cause?: EventSeq,
  ): EventSeq {
    const [winner] = routes;
    const candidates = routes.map((route, at): RouteCandidate => {
      if (at === 0)
        return {
          route,
          won: true,
          reason: { why: 'longest-prefix', bits: route.dst === 'default' ? 0 : 24 },
        };
      return { route, won: false, reason: { why: 'shorter-prefix', bits: 0, winnerBits: 24 } };
    });
    const rule = { priority: 32766, src: 'all', table: 'main' };
    const found = winner === undefined ? {} : { winner: 0 };
    return this.add(
      {
        kind: 'fib',
        direction: 'output',
        flow: { dst },
        decision: {
          tables: [{ rule, table: 'main', candidates, omitted: 0, ...found }],
          result: winner === undefined ? 'none' : 'unicast',
          route: winner,
          gateway: winner?.gateway,
          dev: winner?.dev,
        },
        ...more,
      },
      cause,
    );
  }
}

export const route = (dst: string, dev: string, gateway?: string, flags: string[] = []): RouteRow => ({
  dst,
  gateway,
  dev,
  flags,
});
