/** Small networks for tests, said in few words. */
import { assert } from '../../../base/assert';
import { Random } from '../../../base/random';
import { Engine } from '../../engine/index';
import { parseIp4, parseMac, parsePrefix, type Ip4, type Mac, type Prefix } from '../../wire/index';
import { Kernel, Tracer, type Ground, type Netns } from '../index';
import type { Netlink, Reply, SocketApi } from '../netlink';
import type { TraceEvent, TraceEventKind } from '../trace';

export function ip(text: string): Ip4 {
  const parsed = parseIp4(text);
  assert(parsed.ok, `not an address: ${text}`);
  return parsed.value;
}
export function mac(text: string): Mac {
  const parsed = parseMac(text);
  assert(parsed.ok, `not a MAC: ${text}`);
  return parsed.value;
}
export function prefix(text: string): Prefix {
  if (text === 'default') return { addr: 0, len: 0 };
  const parsed = parsePrefix(text);
  assert(parsed.ok, `not a prefix: ${text}`);
  return parsed.value;
}
export function must(reply: Reply): void {
  assert(reply.ok, `refused: ${JSON.stringify(reply)}`);
}

/** One machine whose namespaces are joined by veths. */
export class TestNet {
  readonly engine = new Engine(0);
  readonly tracer = new Tracer(this.engine);
  readonly ground: Ground;
  readonly kernel: Kernel;

  constructor(seed = 'test') {
    this.ground = {
      engine: this.engine,
      tracer: this.tracer,
      random: new Random(seed),
      namespaces: new Map(),
    };
    this.kernel = new Kernel('m', this.ground);
  }

  netns(id: string, options: { forward?: boolean } = {}): Netns {
    const netns = this.kernel.createNetns(id, { role: 'netns' }, -1);
    const netlink = this.netlink(id);
    must(netlink.setLink('lo', { up: true }));
    if (options.forward) netlink.setSysctl('net.ipv4.ip_forward', '1');
    return netns;
  }
  get(id: string): Netns {
    const netns = this.kernel.netns(id);
    assert(netns !== undefined, `no namespace ${id}`);
    return netns;
  }
  netlink(id: string): Netlink {
    return this.get(id).netlink({ by: 'test', cause: -1 });
  }
  sockets(id: string): SocketApi {
    return this.get(id).socketApi({ by: 'test', cause: -1 });
  }

  /** `veth('a:eth0 02:00:00:00:00:01', 'b:eth0')`, both ends up. */
  veth(left: string, right: string, mtu?: number): void {
    const [a, macA] = left.split(' ');
    const [b, macB] = right.split(' ');
    const [nsA = '', devA = ''] = (a ?? '').split(':');
    const [nsB = '', devB = ''] = (b ?? '').split(':');
    must(
      this.netlink(nsA).newLink({
        name: devA,
        kind: 'veth',
        mtu,
        mac: macA === undefined ? undefined : mac(macA),
        peer: {
          name: devB,
          netns: this.get(nsB).handle,
          mac: macB === undefined ? undefined : mac(macB),
          mtu,
        },
      }),
    );
    must(this.netlink(nsA).setLink(devA, { up: true }));
    must(this.netlink(nsB).setLink(devB, { up: true }));
  }
  addr(id: string, dev: string, text: string): void {
    const { addr, len } = prefix(text);
    must(this.netlink(id).newAddr({ dev, local: addr, prefixlen: len }));
  }
  route(id: string, dst: string, gateway: string, dev: string, onlink = false): void {
    must(this.netlink(id).newRoute({ dst: prefix(dst), gateway: ip(gateway), dev, onlink }));
  }

  /** Sends one echo request with payload byte[i] = i and lets time pass. What came back is told. */
  ping(
    id: string,
    dst: string,
    options: { size?: number; seconds?: number; ttl?: number; df?: boolean; icmpId?: number } = {},
  ): string[] {
    const heard: string[] = [];
    const socket = this.sockets(id).icmp(options.icmpId, {
      onMessage: (datagram) => heard.push(`reply ttl=${datagram.ttl} length=${datagram.payload.length}`),
      onError: (error) => heard.push(`error ${error.type}/${error.code} ${error.errno} info=${error.info}`),
    });
    assert(socket.ok, 'socket');
    const payload = Uint8Array.from({ length: options.size ?? 56 }, (_, at) => at & 0xff);
    const pmtudisc = options.df === undefined ? 'want' : options.df ? 'do' : 'dont';
    const sent = socket.value.sendEcho(ip(dst), 1, payload, { pmtudisc, ttl: options.ttl });
    if (!sent.ok) heard.push(`local ${sent.error.errno}${sent.error.mtu ? ` mtu=${sent.error.mtu}` : ''}`);
    this.engine.runUntil(this.engine.now + (options.seconds ?? 1) * 1_000_000_000);
    socket.value.close();
    return heard;
  }

  events<K extends TraceEventKind>(kind: K): Extract<TraceEvent, { kind: K }>[] {
    return this.tracer.events.filter(
      (event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind,
    );
  }
  /** `netns/dev out ARP …` in order, for reading. */
  drops(): string[] {
    return this.events('drop').map((event) => `${event.netns} ${event.reason} ${event.where}`);
  }
}
