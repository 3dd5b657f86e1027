import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assert } from '../../../base/assert';
import type { NetemSpec } from '../netlink';
import { TestNet, ip, must } from '../testing/net';

const MS = 1_000_000;
const ALL = 2 ** 32 - 1;

function pair(netem: Partial<NetemSpec> | undefined, seed = 'test'): TestNet {
  const net = new TestNet(seed);
  net.netns('a');
  net.netns('b');
  net.veth('a:eth0 02:00:00:00:00:01', 'b:eth0 02:00:00:00:00:02');
  net.addr('a', 'eth0', '10.0.0.1/24');
  net.addr('b', 'eth0', '10.0.0.2/24');
  must(net.netlink('a').newNeigh({ dev: 'eth0', dst: ip('10.0.0.2'), lladdr: 0x020000000002 }));
  if (netem) {
    const spec = { dev: 'eth0', root: true, kind: 'netem', netem: { limit: 1000, ...netem } };
    must(net.netlink('a').newQdisc(spec, 'add'));
  }
  return net;
}
/** Sends numbered datagrams `gap` ns apart; what b heard, and when. */
function send(net: TestNet, count: number, gap: number): { n: number; at: number }[] {
  const heard: { n: number; at: number }[] = [];
  const receiver = net
    .sockets('b')
    .udp({ port: 9 }, { onMessage: ({ payload, at }) => heard.push({ n: payload[0] ?? -1, at }) });
  const sender = net.sockets('a').udp({}, {});
  assert(receiver.ok && sender.ok, 'sockets');
  for (let n = 0; n < count; n++) {
    sender.value.sendTo(ip('10.0.0.2'), 9, Uint8Array.of(n));
    net.engine.runUntil(net.engine.now + gap);
  }
  net.engine.runUntil(net.engine.now + 10_000 * MS);
  return heard;
}
const stats = (net: TestNet) =>
  net
    .netlink('a')
    .getQdiscs()
    .find((row) => row.dev === 'eth0')?.stats;

describe('netem', () => {
  it('delays by a constant, and keeps the order', () => {
    const plain = send(pair(undefined), 20, 1000);
    const delayed = send(pair({ latency: 30 * MS }), 20, 1000);
    expect(delayed.map(({ n }) => n)).toEqual(plain.map(({ n }) => n));
    delayed.forEach(({ at }, i) => expect(at - (plain[i]?.at ?? 0)).toBeGreaterThanOrEqual(30 * MS));
    expect(delayed[0]?.at).toBeLessThan(31 * MS);
  });

  it('shows the frame on the device when it leaves', () => {
    const net = pair({ latency: 5 * MS });
    send(net, 1, 1);
    const tx = net.events('tx').find((event) => event.netns === 'a');
    expect(tx?.at).toBe(5 * MS);
    expect(net.tracer.events[tx?.cause ?? -1]?.at).toBe(0);
  });

  it('draws jitter within its bounds, and may reorder', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const net = pair({ latency: 10 * MS, jitter: 4 * MS }, seed);
        const origin = () => net.events('origin').map(({ at }) => at);
        const heard = send(net, 30, 100_000);
        expect(heard).toHaveLength(30);
        for (const { n, at } of heard) {
          const took = at - (origin()[n] ?? 0);
          expect(took).toBeGreaterThanOrEqual(6 * MS);
          expect(took).toBeLessThan(14 * MS + 100_000);
        }
      }),
      { numRuns: 20 },
    );
    const order = send(pair({ latency: 10 * MS, jitter: 9 * MS }), 50, 1000).map(({ n }) => n);
    expect(order).not.toEqual([...order].sort((x, y) => x - y));
  });

  it('loses about what it is told to, says where, and the same each time', () => {
    const run = () => {
      const net = pair({ loss: Math.round(ALL * 0.3) });
      return { heard: send(net, 200, 1000).map(({ n }) => n), net };
    };
    const { heard, net } = run();
    expect(run().heard).toEqual(heard);
    expect(heard.length).toBeGreaterThan(110);
    expect(heard.length).toBeLessThan(170);
    expect(new Set(net.drops())).toEqual(new Set(['a QDISC_DROP netem_enqueue']));
    expect(net.events('drop')[0]?.detail).toEqual({ dev: 'eth0', why: 'loss' });
    expect(stats(net)).toMatchObject({ packets: heard.length, dropped: 200 - heard.length });
  });

  it.each([
    ['everything', ALL, 0],
    ['nothing', 0, 50],
  ])('loses %s', (_, loss, left) => {
    expect(send(pair({ loss }), 50, 1000)).toHaveLength(left);
  });

  it('duplicates', () => {
    const heard = send(pair({ duplicate: ALL }), 5, 1000);
    expect(heard.map(({ n }) => n)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('holds no more than its limit', () => {
    const net = pair({ latency: 10 * MS, limit: 3 });
    expect(send(net, 10, 10).map(({ n }) => n)).toEqual([0, 1, 2]);
    expect(net.events('drop')[0]).toMatchObject({
      reason: 'QDISC_DROP',
      where: 'netem_enqueue',
      detail: { dev: 'eth0', why: 'limit', limit: 3 },
    });
  });

  it('spaces frames at its rate', () => {
    // 43 bytes at 43000 bytes a second: 1 ms each.
    const heard = send(pair({ rate: 43_000 }), 5, 10);
    const gaps = heard.slice(1).map(({ at }, i) => at - (heard[i]?.at ?? 0));
    expect(gaps).toEqual([MS, MS, MS, MS]);
  });

  it('throws away what waits when the device goes down, and stays on it', () => {
    const net = pair({ latency: 10 * MS });
    send(net, 1, 1);
    const socket = net.sockets('a').udp({}, {});
    assert(socket.ok, 'socket');
    socket.value.sendTo(ip('10.0.0.2'), 9, Uint8Array.of(1));
    expect(stats(net)).toMatchObject({ backlogPackets: 1, backlogBytes: 43 });
    must(net.netlink('a').setLink('eth0', { up: false }));
    expect(net.drops()).toEqual(['a NOT_SPECIFIED qdisc_reset']);
    expect(stats(net)).toMatchObject({ backlogPackets: 0, backlogBytes: 0 });
    expect(net.netlink('a').getLink('eth0')?.qdisc).toBe('netem');
  });

  it('is a row of the trace for as long as it is there', () => {
    const net = pair({ latency: 10 * MS });
    const rows = () =>
      net
        .events('change')
        .filter(({ table }) => table === 'qdisc')
        .map(({ after }) => (after && 'options' in after ? `${after.dev} ${String(after.options)}` : 'gone'));
    must(net.netlink('a').setLink('eth0', { name: 'lan0', up: false }));
    must(net.netlink('a').newQdisc({ dev: 'lan0', root: true, netem: { limit: 7 } }, 'change'));
    must(net.netlink('a').delQdisc({ dev: 'lan0', root: true }));
    expect(rows()).toEqual([
      'eth0 limit 1000 delay 10ms',
      'lan0 limit 1000 delay 10ms',
      'lan0 limit 7',
      'gone',
    ]);
  });

  it('goes with its device', () => {
    const net = pair({ latency: 10 * MS });
    must(net.netlink('a').delLink('eth0'));
    expect(
      net
        .events('change')
        .filter(({ table }) => table === 'qdisc')
        .at(-1)?.after,
    ).toBeUndefined();
  });
});
