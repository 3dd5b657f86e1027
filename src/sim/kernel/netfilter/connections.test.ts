/** Connections: their marks, and packets that are dropped though no rule says so. */
import { describe, expect, test } from 'vitest';
import { SECOND } from '../costs';
import { ip, type TestNet } from '../testing/net';
import { append, edit, hooks, masquerade, masqueradeNet, to } from './testing/masquerade';

describe('the mark of a connection', () => {
  test('is set once, kept, and given back to later packets', () => {
    const { net, router } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    const mark = { kind: 'CONNMARK', ctmark: 0, ctmask: 0xffffffff, nfmask: 0xffffffff } as const;
    const fresh = [{ kind: 'conntrack', states: ['NEW'], invert: false }] as const;
    const marked = [{ kind: 'connmark', mark: 7, mask: 0xff, invert: false }] as const;
    edit(
      router,
      'mangle',
      append('PREROUTING', { target: { ...mark, mode: 'restore' } }),
      append('PREROUTING', { matches: fresh, target: { kind: 'MARK', value: 7, mask: 0xffffffff } }),
      append('PREROUTING', { matches: fresh, target: { ...mark, mode: 'save' } }),
      append('FORWARD', { matches: marked }),
      append('FORWARD', { matches: [{ kind: 'mark', mark: 7, mask: 0xffffffff, invert: false }] }),
      append('FORWARD', { matches: marked, target: { ...mark, mode: 'set', ctmark: 0x100, ctmask: 0 } }),
    );
    net.ping('inside', '192.168.9.2', { icmpId: 5 });
    const table = router.table('mangle');
    const chains = table.ok ? table.value.chains : [];
    expect(chains.find(({ name }) => name === 'FORWARD')?.rules.map(({ packets }) => packets)).toEqual([
      2, 1, 2,
    ]);
    // The request saved 7 and flipped bit 8, so the answer brought 0x107 back; flipped again by the answer.
    expect(router.conntrack()[0]?.mark).toBe(7);
  });
});

describe('what is dropped without a rule', () => {
  const whys = (net: TestNet): (string | undefined)[] =>
    hooks(net, 'router').flatMap(({ verdict: said, why }) => (said === 'DROP' ? [why] : []));

  test('a connection that the full table has no place for, until one ends', () => {
    const { net, router } = masqueradeNet();
    masquerade(router);
    net.netlink('router').setSysctl('net.netfilter.nf_conntrack_max', '2');
    const pings = [1, 2, 3, 1].map((icmpId) => net.ping('inside', '192.168.9.2', { icmpId }).length);
    expect(pings).toEqual([1, 1, 0, 1]);
    expect(whys(net)).toEqual(['table-full']);
    expect(net.drops().filter((line) => line.startsWith('router'))).toEqual([
      'router NETFILTER_DROP nf_hook_slow',
    ]);
    expect(router.kernelLog().map(({ text }) => text)).toEqual([
      'nf_conntrack: nf_conntrack: table full, dropping packet',
    ]);
    net.engine.runUntil(net.engine.now + 31 * SECOND);
    expect(net.ping('inside', '192.168.9.2', { icmpId: 3 })).toHaveLength(1);
  });

  test.each([
    ['MASQUERADE', { ports: { low: 1000, high: 1001 } }],
    ['SNAT', { ...to('192.168.9.1'), ports: { low: 1000, high: 1001 } }],
  ] as const)('%s with two ports: the third speaker finds none', (kind, range) => {
    const { net, router } = masqueradeNet();
    edit(router, 'nat', append('POSTROUTING', { protocol: 17, target: { kind, range } }));
    for (const port of [1111, 1112, 1113]) {
      const socket = net.sockets('inside').udp({ port }, {});
      if (!socket.ok) throw new Error('socket');
      socket.value.sendTo(ip('192.168.9.2'), 9, new Uint8Array(4));
      net.engine.runUntil(net.engine.now + SECOND / 100);
    }
    expect(whys(net)).toEqual(['tuple-taken']);
    expect(router.conntrackCount()).toBe(2);
    const drop = net.events('drop').find(({ netns }) => netns === 'router');
    expect(drop).toMatchObject({
      reason: 'NETFILTER_DROP',
      detail: { hook: 'POSTROUTING', why: 'tuple-taken' },
    });
  });
});

test('connections go with their namespace', () => {
  const { net, router } = masqueradeNet();
  masquerade(router);
  net.ping('inside', '192.168.9.2');
  expect(router.conntrackCount()).toBe(1);
  net.kernel.deleteNetns('router', -1);
  net.engine.runUntil(net.engine.now + 100 * SECOND);
  const { events } = net.tracer;
  const gone = events.findLastIndex((event) => event.kind === 'change' && event.table === 'conntrack');
  const room = events.findLastIndex((event) => event.kind === 'change' && event.table === 'netns');
  expect(events[gone]).toMatchObject({ after: undefined });
  expect(gone).toBeLessThan(room);
});
