import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildEcho, buildIpv4, buildUdp, decrementTtl, parseIpv4, toHex } from '../../wire/index';
import type { Effect } from '../daemon';
import type { FlanneldOptions } from './state';
import { Bench, ip, prefix } from './testing/bench';
import { decremented, netUnreachable } from './udp';

const NET_CONF = '{"Network":"100.96.0.0/16","Backend":{"Type":"udp"}}';
const NODE1 = { previousSubnet: prefix('100.96.1.0/24') };

function started(netConf = NET_CONF, options: Partial<FlanneldOptions> = {}): Bench {
  return new Bench({ ...NODE1, ...options }, netConf).take({ on: 'start' });
}
function effects<D extends Effect['do']>(bench: Bench, what: D): Extract<Effect, { do: D }>[] {
  return bench.done.filter((effect): effect is Extract<Effect, { do: D }> => effect.do === what);
}
/** What the proxy does with one packet. */
function passed(bench: Bench, packet: Uint8Array): Effect[] {
  bench.done.length = 0;
  bench.take({ on: 'tun', packet, cause: 7 });
  return [...bench.done];
}
function received(bench: Bench, payload: Uint8Array): Effect[] {
  bench.done.length = 0;
  bench.take({ on: 'udp', src: ip('10.168.0.3'), srcPort: 8285, payload, cause: 7 });
  return [...bench.done];
}
const echo = (ttl: number, dst = '100.96.2.3') =>
  buildIpv4(
    { id: 1, ttl, protocol: 1, src: ip('100.96.1.2'), dst: ip(dst) },
    buildEcho(8, 1, 1, new Uint8Array(56)),
  );
function datagram(dst: string, fragmentOffset = 0): Uint8Array {
  const [src, to] = [ip('100.96.1.2'), ip(dst)];
  const udp = buildUdp({ srcPort: 1, dstPort: 2 }, new Uint8Array(8), { src, dst: to });
  return buildIpv4({ id: 1, ttl: 64, protocol: 17, src, dst: to, fragmentOffset }, udp);
}

describe('flanneld with udp', () => {
  it('makes flannel0 once it has its lease, then opens its socket', () => {
    const bench = started();
    const order = bench.done.flatMap((effect) =>
      effect.do === 'tun-open' || effect.do === 'udp-open' ? [effect.do] : [],
    );
    expect(order).toEqual(['tun-open', 'udp-open']);
    expect(effects(bench, 'tun-open')[0]?.dev).toBe('flannel0');
    expect(effects(bench, 'udp-open')[0]).toMatchObject({ address: ip('10.168.0.2'), port: 8285 });
    expect(effects(bench, 'file')[0]?.text).toContain('FLANNEL_MTU=1472\n');
    expect(bench.requests()).toEqual([
      'addr 100.96.1.0/32 dev flannel0',
      'link set flannel0 mtu 1472',
      'link set flannel0 up',
      'route add 100.96.0.0/16 dev flannel0',
    ]);
    expect(bench.store.keys.get('/coreos.com/network/subnets/100.96.1.0-24')?.value).toBe(
      '{"PublicIP":"10.168.0.2","PublicIPv6":null}',
    );
    expect(bench.logs.slice(-3)).toEqual([
      'I Running backend.',
      'I Watching for new subnet leases',
      'I Waiting for 23h0m0s to renew lease',
    ]);
  });

  it('is what runs without a Backend, and takes another port', () => {
    expect(effects(started('{"Network":"100.96.0.0/16"}'), 'udp-open')[0]?.port).toBe(8285);
    const other = '{"Network":"100.96.0.0/16","Backend":{"Type":"udp","Port":9000}}';
    expect(effects(started(other), 'udp-open')[0]?.port).toBe(9000);
  });

  it('had the length of the network up to 0.10', () => {
    const bench = new Bench({ ...NODE1, udpAddress: 'network' }, NET_CONF);
    bench.refuse = (effect) => (effect.request.op === 'newRoute' ? 'EEXIST' : false);
    bench.take({ on: 'start' });
    expect(bench.requests()[0]).toBe('addr 100.96.1.0/16 dev flannel0');
    expect(bench.logs.at(-3)).toBe('I Running backend.');
  });

  it('takes the next number when flannel0 is there', () => {
    const bench = new Bench(NODE1, NET_CONF);
    bench.refuseOpen = (effect) =>
      effect.do === 'tun-open' && effect.dev === 'flannel0' ? 'EBUSY' : undefined;
    bench.take({ on: 'start' });
    expect(effects(bench, 'tun-open').map(({ dev }) => dev)).toEqual(['flannel0', 'flannel1']);
    expect(bench.requests()[0]).toBe('addr 100.96.1.0/32 dev flannel1');
  });

  it.each([
    ['newAddr', 'failed to add IP address 100.96.1.0/32 to flannel0: network is unreachable'],
    ['newRoute', 'failed to add route (100.96.0.0/16 -> flannel0): network is unreachable'],
  ])('ends when %s is refused', (op, text) => {
    const bench = new Bench(NODE1, NET_CONF);
    bench.refuse = (effect) => effect.request.op === op;
    bench.take({ on: 'start' });
    expect(bench.logs.at(-1)).toBe(`E Error registering network: ${text}`);
    expect(bench.done.at(-1)).toMatchObject({ do: 'exit' });
  });

  it.each([
    ['tun-open', 'EPERM', 'failed to open TUN device: operation not permitted'],
    [
      'udp-open',
      'EADDRINUSE',
      'failed to start listening on UDP socket: listen udp4 10.168.0.2:8285: bind: address already in use',
    ],
  ] as const)('ends when %s fails', (what, errno, text) => {
    const bench = new Bench(NODE1, NET_CONF);
    bench.refuseOpen = (effect) => (effect.do === what ? errno : undefined);
    bench.take({ on: 'start' });
    expect(bench.logs.at(-1)).toBe(`E Error registering network: ${text}`);
  });

  it('keeps the way to a node by itself: nothing is asked of the kernel', () => {
    const bench = started();
    bench.requests();
    expect(passed(bench, echo(63))).toEqual([]);
    expect(bench.take(bench.peer('100.96.2.0/24', '10.168.0.3')).requests()).toEqual([]);
    expect(bench.logs.at(-1)).toBe('I Subnet added: 100.96.2.0/24');
    expect(passed(bench, echo(63))).toEqual([
      { do: 'udp-send', dst: ip('10.168.0.3'), port: 8285, payload: echo(62), cause: 7 },
    ]);
    expect(bench.take(bench.gone('100.96.2.0/24')).requests()).toEqual([]);
    expect(bench.logs.at(-1)).toBe('I Subnet removed: 100.96.2.0/24');
    expect(passed(bench, echo(63))).toEqual([]);
  });

  it('writes what it receives into the device, one hop older', () => {
    const bench = started();
    expect(received(bench, echo(62))).toEqual([{ do: 'tun-write', packet: echo(61), cause: 7 }]);
  });

  it('lets a packet die in silence on either side', () => {
    const bench = started().take(started().peer('100.96.2.0/24', '10.168.0.3'));
    expect(passed(bench, echo(1))).toEqual([]);
    expect(received(bench, echo(1))).toEqual([]);
    expect(passed(bench, echo(2))).toHaveLength(1);
  });

  it('passes over what is too short, and cuts what is too long for its buffer', () => {
    const bench = started().take(started().peer('100.96.2.0/24', '10.168.0.3'));
    expect(passed(bench, echo(63).subarray(0, 19))).toEqual([]);
    expect(received(bench, new Uint8Array(19))).toEqual([]);
    const [sent] = received(bench, new Uint8Array(2000).fill(0x45));
    expect(sent).toMatchObject({ do: 'tun-write' });
    expect(sent?.do === 'tun-write' && sent.packet.length).toBe(1472);
  });

  it('says net unreachable where nobody has the subnet, but not about ICMP or later fragments', () => {
    const bench = started();
    const offender = datagram('100.96.9.9');
    const [answer] = passed(bench, offender);
    expect(answer?.do === 'tun-write' && answer.packet).toEqual(netUnreachable(offender, ip('100.96.1.0')));
    const header = parseIpv4(answer?.do === 'tun-write' ? answer.packet : new Uint8Array());
    expect(header).toMatchObject({
      ttl: 8,
      protocol: 1,
      src: ip('100.96.1.0'),
      dst: ip('100.96.1.2'),
      id: 0,
    });
    expect(passed(bench, echo(63, '100.96.9.9'))).toEqual([]);
    expect(passed(bench, datagram('100.96.9.9', 8))).toEqual([]);
  });

  it('takes any lease, whatever its type, and passes over its own', () => {
    const bench = started();
    bench.take(bench.peer('100.96.3.0/24', '10.168.0.4', '5e:f8:4f:00:e3:37'));
    expect(bench.logs.at(-1)).toBe('I Subnet added: 100.96.3.0/24');
    bench.take(bench.peer('100.96.1.0/24', '10.168.0.2'));
    expect(bench.logs.at(-1)).toMatch(/^I Waiting for/);
  });

  it('does nothing once it is stopped', () => {
    const bench = started().take({ on: 'stop' });
    expect(bench.done.at(-1)).toEqual({ do: 'exit', note: '' });
    expect(passed(bench, echo(63))).toEqual([]);
  });
});

describe('decrement_ttl', () => {
  it('patches the checksum as the kernel does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 255 }), fc.nat(0xffff), fc.nat(), fc.nat(), (ttl, id, a, b) => {
        const packet = buildIpv4({ id, ttl, protocol: 1, src: a >>> 0, dst: b >>> 0 }, new Uint8Array(8));
        expect(toHex(decremented(packet) ?? new Uint8Array())).toBe(toHex(decrementTtl(packet)));
      }),
    );
  });
});
