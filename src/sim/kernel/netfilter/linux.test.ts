/** What the kernel lab has seen Linux do: owners of packets, types of addresses, redirects beside NAT, resets alone. */
import { describe, expect, test } from 'vitest';
import { SECOND } from '../costs';
import type { Result } from '../../../base/result';
import { TestNet, ip } from '../testing/net';
import { buildUdp, buildIpv4, IPPROTO_UDP } from '../../wire/index';
import type { RuleMatch } from './door';
import type { NetfilterTables } from './netfilter';
import { append, edit, hooks, masquerade, masqueradeNet, verdict } from './testing/masquerade';
import { plug } from './testing/plug';

function must<T>(made: Result<T, string>): T {
  if (!made.ok) throw new Error(made.error);
  return made.value;
}
function packets(netfilter: NetfilterTables, table: string, chain: string): number[] {
  const found = netfilter.table(table);
  const chains = found.ok ? found.value.chains : [];
  return chains.find(({ name }) => name === chain)?.rules.map((rule) => rule.packets) ?? [];
}
function dial(net: TestNet, netns: string, address: string, port: number): string[] {
  const heard: string[] = [];
  must(
    net.sockets(netns).tcpConnect(
      ip(address),
      port,
      {},
      {
        onConnected: () => heard.push('connected'),
        onError: (errno) => heard.push(errno),
      },
    ),
  );
  net.engine.runUntil(net.engine.now + SECOND / 2);
  return heard;
}

describe('owner', () => {
  const id = (low: number, high = low, invert = false) => ({ low, high, invert });
  const MATCHES: readonly Extract<RuleMatch, { kind: 'owner' }>[] = [
    { kind: 'owner', uid: id(0) },
    { kind: 'owner', uid: id(0, 0, true) },
    { kind: 'owner', gid: id(0) },
    { kind: 'owner', gid: id(0, 0, true) },
    { kind: 'owner', socketExists: true },
    { kind: 'owner', socketExists: false },
    { kind: 'owner', uid: id(1, 5) },
    { kind: 'owner', uid: id(1, 5, true) },
    { kind: 'owner', uid: id(0), socketExists: true },
    { kind: 'owner', uid: id(0, 0, true), socketExists: false },
    { kind: 'owner', uid: id(0, 0, true), socketExists: true },
    { kind: 'owner', uid: id(0), gid: id(0) },
  ];
  /** Rules in `outside`, counted over what happens. */
  function counted(happens: (net: TestNet, outside: NetfilterTables) => void): string {
    const { net } = masqueradeNet();
    net.route('outside', 'default', '192.168.9.1', 'eth0');
    const outside = plug(net.get('outside'));
    edit(outside, 'filter', ...MATCHES.map((match) => append('OUTPUT', { matches: [match] })));
    happens(net, outside);
    return packets(outside, 'filter', 'OUTPUT').join(' ');
  }

  // Counted on Linux 6.18 with the same twelve rules.
  test.each([
    [
      "a process's own packet",
      '1 0 1 0 1 0 0 1 1 0 0 1',
      (net: TestNet) => void net.ping('outside', '10.0.0.2'),
    ],
    [
      "the kernel's echo reply",
      '0 1 0 1 1 0 0 1 0 0 1 0',
      (net: TestNet) => void net.ping('inside', '192.168.9.2'),
    ],
    [
      'a reset for no listener',
      '0 1 0 1 1 0 0 1 0 0 1 0',
      (net: TestNet) => void dial(net, 'inside', '192.168.9.2', 99),
    ],
    [
      'a port unreachable',
      '0 1 0 1 1 0 0 1 0 0 1 0',
      (net: TestNet) => {
        must(net.sockets('inside').udp({}, {})).sendTo(ip('192.168.9.2'), 99, new Uint8Array(1));
        net.engine.runUntil(net.engine.now + SECOND);
      },
    ],
    [
      'the reset of REJECT',
      '0 1 0 1 0 1 0 1 0 1 0 0',
      (net: TestNet, outside: NetfilterTables) => {
        const target = { kind: 'REJECT', with: 'tcp-reset' } as const;
        edit(outside, 'filter', append('INPUT', { protocol: 6, target }));
        dial(net, 'inside', '192.168.9.2', 99);
      },
    ],
    [
      'the SYN-ACK of a listener',
      '1 0 1 0 1 0 0 1 1 0 0 1',
      (net: TestNet) => {
        must(net.sockets('outside').tcpListen({ port: 99 }, () => ({})));
        dial(net, 'inside', '192.168.9.2', 99);
      },
    ],
  ])('%s', (_, expected, happens) => {
    expect(counted(happens)).toBe(expected);
  });

  test("what a connection sends after its process has left it is nobody's", () => {
    const shown = counted((net) => {
      must(net.sockets('outside').tcpListen({ port: 99 }, (socket) => ({ onData: () => socket.close() })));
      const client = must(
        net
          .sockets('inside')
          .tcpConnect(ip('192.168.9.2'), 99, {}, { onConnected: () => client.send(new Uint8Array(1)) }),
      );
      net.engine.runUntil(net.engine.now + SECOND / 10);
      client.close();
      net.engine.runUntil(net.engine.now + SECOND);
    });
    const [mine, inverted, , , exists, missing] = shown.split(' ').map(Number);
    // SYN-ACK and FIN were sent for it; the last ACK was not.
    expect({ inverted, missing }).toEqual({ inverted: 1, missing: 1 });
    expect(mine).toBe(exists);
  });

  test('stands at OUTPUT and POSTROUTING alone, and its ranges go upwards', () => {
    const { router } = masqueradeNet();
    const match = (low: number, high: number) => ({
      matches: [{ kind: 'owner', uid: id(low, high) }] as const,
    });
    expect(router.commit('filter', [append('INPUT', match(0, 0))])).toEqual({ ok: false, error: 'EINVAL' });
    expect(router.commit('filter', [append('OUTPUT', match(5, 1))])).toEqual({ ok: false, error: 'EINVAL' });
    edit(router, 'mangle', append('POSTROUTING', match(0, 0)));
  });
});

test.each([
  ['10.0.0.255', 'BROADCAST'],
  ['10.0.0.1', 'LOCAL'],
  ['192.168.9.1', 'LOCAL'],
  ['255.255.255.255', 'BROADCAST'],
  ['0.1.2.3', 'BROADCAST'],
  ['224.0.0.9', 'MULTICAST'],
  ['10.0.0.9', 'UNICAST'],
  ['127.9.9.9', 'LOCAL'],
] as const)('addrtype: %s is %s', (address, type) => {
  const { net, router } = masqueradeNet();
  const { fib } = net.get('router');
  expect(fib.addressType(ip(address)).toUpperCase()).toBe(type);
  // Asked for one device, what is another's is nothing special.
  const elsewhere = type === 'LOCAL' || address === '10.0.0.255' ? 'UNICAST' : type;
  expect(fib.addressType(ip(address), 'none').toUpperCase()).toBe(elsewhere);
  if (address !== '10.0.0.255') return;
  edit(
    router,
    'filter',
    append('INPUT', {
      matches: [{ kind: 'addrtype', dst: { types: ['BROADCAST'], invert: false } }],
      target: verdict('DROP'),
    }),
  );
  const datagram = buildUdp({ srcPort: 1, dstPort: 9 }, new Uint8Array(1), {
    src: ip('10.0.0.2'),
    dst: ip(address),
  });
  const header = { id: 1, ttl: 64, protocol: IPPROTO_UDP, src: ip('10.0.0.2'), dst: ip(address) };
  const inside = net.get('inside');
  const route = inside.ip.routeOutput({ dst: ip(address) }, -1);
  if (!route.ok) throw new Error('no route');
  inside.ip.sendRouted(inside.originate(buildIpv4(header, datagram), 'test', route.seq), route);
  net.engine.runUntil(net.engine.now + SECOND);
  expect(packets(router, 'filter', 'INPUT')).toEqual([1]);
});

describe('a redirect and NAT', () => {
  /** Two hosts and a router on one link; `host` sends to `peer` by the router. */
  function oneLink(): { net: TestNet; router: NetfilterTables } {
    const net = new TestNet();
    net.netns('host');
    net.netns('router', { forward: true });
    net.veth('host:eth0', 'router:eth0');
    net.addr('host', 'eth0', '10.0.0.2/24');
    net.addr('router', 'eth0', '10.0.0.1/24');
    net.route('host', '10.7.0.0/16', '10.0.0.1', 'eth0');
    net.route('router', '10.7.0.0/16', '10.0.0.2', 'eth0');
    return { net, router: plug(net.get('router')) };
  }
  const redirects = (net: TestNet): number =>
    net
      .events('icmp-error')
      .filter(({ netns, type, verdict: said }) => netns === 'router' && type === 5 && said === 'sent').length;
  const whys = (net: TestNet) => hooks(net, 'router').flatMap(({ why }) => why ?? []);

  test('without NAT it is sent', () => {
    const { net } = oneLink();
    net.ping('host', '10.7.0.1');
    expect([redirects(net), net.events('rx').length > 0, whys(net)]).toEqual([1, true, []]);
  });
  test('about the first packet of a connection it is dropped: nothing is settled yet', () => {
    const { net, router } = oneLink();
    edit(router, 'nat', append('POSTROUTING', { protocol: 17, target: { kind: 'MASQUERADE', range: {} } }));
    net.ping('host', '10.7.0.1');
    expect(redirects(net)).toBe(1);
    expect(whys(net)).toEqual(['redirect-translated']);
    const drop = net
      .events('drop')
      .find(({ netns, reason }) => netns === 'router' && reason === 'NETFILTER_DROP');
    expect(drop?.detail).toMatchObject({ hook: 'OUTPUT', why: 'redirect-translated' });
  });
});

describe('a reset as the only answer', () => {
  test('leaves no connection behind; after an answer it is one that is closed', () => {
    const { net, router } = masqueradeNet();
    masquerade(router);
    expect(dial(net, 'inside', '192.168.9.2', 99)).toEqual(['ECONNREFUSED']);
    expect(router.conntrackCount()).toBe(0);
    const rows = net.events('change').filter(({ table }) => table === 'conntrack');
    expect(rows.at(-1)).toMatchObject({ after: undefined });
    must(net.sockets('outside').tcpListen({ port: 99 }, (socket) => ({ onData: () => socket.abort() })));
    const client = must(
      net
        .sockets('inside')
        .tcpConnect(ip('192.168.9.2'), 99, {}, { onConnected: () => client.send(new Uint8Array(1)) }),
    );
    net.engine.runUntil(net.engine.now + SECOND / 2);
    expect(router.conntrack().map(({ tcpState }) => tcpState)).toEqual(['CLOSE']);
  });
});

test('every edit of a table begins the counters of its policies anew, and leaves those of rules', () => {
  const { net, router } = masqueradeNet();
  net.route('outside', 'default', '192.168.9.1', 'eth0');
  const counts = () => {
    const table = router.table('filter');
    return table.ok ? table.value.chains.map(({ packets: count }) => count) : [];
  };
  edit(router, 'filter', append('FORWARD', {}));
  net.ping('inside', '192.168.9.2');
  net.ping('inside', '192.168.9.1');
  expect(counts()).toEqual([1, 2, 1]);
  edit(router, 'mangle', append('FORWARD', {}));
  expect(router.commit('filter', [{ op: 'delete', chain: 'INPUT', at: 3 }]).ok).toBe(false);
  expect(router.commit('filter', []).ok).toBe(true);
  expect(counts()).toEqual([1, 2, 1]);
  const from = net.tracer.events.length;
  edit(router, 'filter', append('OUTPUT', {}));
  expect(counts()).toEqual([0, 0, 0]);
  expect(packets(router, 'filter', 'FORWARD')).toEqual([2]);
  const shown = net.tracer.events
    .slice(from)
    .flatMap((event) => (event.kind === 'change' ? [event.key] : []));
  expect(shown).toHaveLength(4);
});
