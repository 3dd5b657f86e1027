/** Behaviours of the kernel model that the captures alone do not show, said as small networks. */
import { describe, expect, test } from 'vitest';
import { TestNet, ip, mac, must } from './testing/net';

/** a — r — b, r routes; the second link's MTU may be smaller. */
function routed(options: { forward?: boolean; mtu?: number } = {}): TestNet {
  const net = new TestNet();
  net.netns('a');
  net.netns('r', { forward: options.forward ?? true });
  net.netns('b');
  net.veth('r:left', 'a:eth0');
  net.veth('r:right', 'b:eth0', options.mtu);
  net.addr('r', 'left', '10.0.0.1/24');
  net.addr('a', 'eth0', '10.0.0.2/24');
  net.addr('r', 'right', '10.0.1.1/24');
  net.addr('b', 'eth0', '10.0.1.2/24');
  net.route('a', 'default', '10.0.0.1', 'eth0');
  net.route('b', 'default', '10.0.1.1', 'eth0');
  return net;
}

describe('forwarding', () => {
  test('a routed ping comes back with one hop less', () => {
    expect(routed().ping('a', '10.0.1.2')).toEqual(['reply ttl=63 length=64']);
  });
  test('TTL 1 ends at the router, which says so from the address it would use towards the sender', () => {
    const net = routed();
    expect(net.ping('a', '10.0.1.2', { ttl: 1 })).toEqual(['error 11/0 EHOSTUNREACH info=0']);
    expect(net.drops()).toEqual(['r TTL_EXCEEDED ip_forward']);
  });
  test('no route: net unreachable', () => {
    expect(routed().ping('a', '10.9.9.9')).toEqual(['error 3/0 ENETUNREACH info=0']);
  });
  test.each([
    ['unreachable', 'error 3/1 EHOSTUNREACH info=0'],
    ['prohibit', 'error 3/13 EHOSTUNREACH info=0'],
    ['blackhole', undefined],
  ] as const)('%s route of a router', (type, heard) => {
    const net = routed();
    must(net.netlink('r').newRoute({ dst: { addr: ip('10.9.0.0'), len: 16 }, type }));
    expect(net.ping('a', '10.9.9.9')).toEqual(heard === undefined ? [] : [heard]);
  });
  test('ip_forward off: silence', () => {
    const net = routed({ forward: false });
    expect(net.ping('a', '10.0.1.2')).toEqual([]);
    expect(net.drops()).toEqual(['r IP_FORWARDING_OFF ip_error']);
  });
  test('nobody answers for the next hop: host unreachable after the third request', () => {
    const net = routed();
    expect(net.ping('a', '10.0.1.77', { seconds: 4 })).toEqual(['error 3/1 EHOSTUNREACH info=0']);
    const asked = net.events('origin').filter((event) => event.by === 'arp_solicit' && event.netns === 'r');
    expect(asked.map((event) => Math.round(event.at / 1e7) / 100)).toEqual([0, 1.02, 2.05]);
    expect(net.drops()).toEqual(['r NEIGH_FAILED neigh_invalidate']);
  });
  test('one own address arriving from outside is refused', () => {
    const net = routed();
    must(net.netlink('a').newAddr({ dev: 'eth0', local: ip('10.0.1.1'), prefixlen: 32 }));
    must(
      net.netlink('a').newRoute({
        dst: { addr: ip('10.0.1.2'), len: 32 },
        gateway: ip('10.0.0.1'),
        dev: 'eth0',
        prefsrc: ip('10.0.1.1'),
      }),
    );
    // Its ARP request would not be believed either.
    const lladdr = net.get('r').device('left')?.mac;
    must(net.netlink('a').newNeigh({ dev: 'eth0', dst: ip('10.0.0.1'), lladdr }));
    net.ping('a', '10.0.1.2');
    expect(net.drops()).toContain('r IP_LOCAL_SOURCE fib_validate_source');
  });
  test('a forwarding loop ends by TTL', () => {
    const net = routed();
    net.netlink('b').setSysctl('net.ipv4.ip_forward', '1');
    net.route('r', '8.8.8.0/24', '10.0.1.2', 'right');
    expect(net.ping('a', '8.8.8.8')).toContain('error 11/0 EHOSTUNREACH info=0');
    expect(
      net.events('forward').filter((event) => event.oif === 'right' || event.netns === 'b').length,
    ).toBeGreaterThan(62);
  });
  test('a packet that comes back to its own sender is no longer believed', () => {
    const net = new TestNet();
    net.netns('x', { forward: true });
    net.netns('y', { forward: true });
    net.veth('x:e', 'y:e');
    net.addr('x', 'e', '10.0.0.1/24');
    net.addr('y', 'e', '10.0.0.2/24');
    net.route('x', 'default', '10.0.0.2', 'e');
    net.route('y', 'default', '10.0.0.1', 'e');
    net.ping('x', '8.8.8.8');
    expect(net.drops()).toEqual(['x IP_LOCAL_SOURCE fib_validate_source']);
  });
});

describe('own packets', () => {
  test.each([
    ['unreachable', 'local EHOSTUNREACH'],
    ['prohibit', 'local EACCES'],
    ['blackhole', 'local EINVAL'],
  ] as const)('%s route', (type, heard) => {
    const net = routed();
    must(net.netlink('a').newRoute({ dst: { addr: ip('10.9.0.0'), len: 16 }, type }));
    expect(net.ping('a', '10.9.9.9')).toEqual([heard]);
  });
  test('no route at all', () => {
    const net = new TestNet();
    net.netns('a');
    expect(net.ping('a', '10.0.0.1')).toEqual(['local ENETUNREACH']);
  });
  test('an own address answers over lo', () => {
    expect(routed().ping('a', '10.0.0.2')).toEqual(['reply ttl=64 length=64']);
    expect(routed().ping('a', '127.0.0.5')).toEqual(['reply ttl=64 length=64']);
  });
  test('a failed neighbour of our own is reported over lo', () => {
    const net = routed();
    expect(net.ping('a', '10.0.0.99', { seconds: 4 })).toEqual(['error 3/1 EHOSTUNREACH info=0']);
    expect(net.netlink('a').getNeighs()[0]).toMatchObject({ dst: '10.0.0.99', state: ['FAILED'] });
  });
});

describe('path MTU and fragments', () => {
  test('DF and too big: the router names its MTU, the next try is refused here', () => {
    const net = routed({ mtu: 1400 });
    expect(net.ping('a', '10.0.1.2', { size: 1400, df: true })).toEqual(['error 3/4 EMSGSIZE info=1400']);
    expect(net.ping('a', '10.0.1.2', { size: 1400, df: true })).toEqual(['local EMSGSIZE mtu=1400']);
  });
  test('without DF the router fragments and the end reassembles', () => {
    const net = routed({ mtu: 1400 });
    expect(net.ping('a', '10.0.1.2', { size: 1400, df: false })).toEqual(['reply ttl=63 length=1408']);
    expect(net.events('fragment').map((event) => [event.netns, event.pieces.length])).toEqual([
      ['r', 2],
      ['b', 2],
    ]);
    expect(net.events('reassemble').map((event) => event.netns)).toEqual(['b', 'a']);
  });
  test('a large ping is fragmented at home', () => {
    expect(routed().ping('a', '10.0.1.2', { size: 4000, df: false })).toEqual(['reply ttl=63 length=4008']);
  });
});

describe('neighbours', () => {
  const states = (net: TestNet, id: string): string[] =>
    net
      .events('change')
      .filter((event) => event.table === 'neigh' && event.netns === id)
      .map((event) => (event.after && 'state' in event.after ? String(event.after.state) : 'gone'));
  test('the asker ends REACHABLE and falls STALE; the asked goes STALE, DELAY, PROBE, REACHABLE', () => {
    const net = routed();
    net.ping('a', '10.0.0.1', { seconds: 60 });
    expect(states(net, 'a')).toEqual(['INCOMPLETE', 'REACHABLE', 'STALE']);
    expect(states(net, 'r')).toEqual(['STALE', 'DELAY', 'PROBE', 'REACHABLE', 'STALE']);
    const probes = net.events('origin').filter((event) => event.by === 'arp_solicit' && event.netns === 'r');
    expect(probes.map((event) => Math.round(event.at / 1e8) / 10)).toEqual([5.1]);
  });
  test('a dead neighbour that was known swallows packets, then fails', () => {
    const net = routed();
    net.ping('a', '10.0.0.1', { seconds: 60 });
    must(net.netlink('r').delAddr({ dev: 'left', local: ip('10.0.0.1') }));
    expect(net.ping('a', '10.0.0.1', { seconds: 20 })).toEqual([]);
    expect(states(net, 'a').slice(-3)).toEqual(['DELAY', 'PROBE', 'FAILED']);
  });
  test('PERMANENT entries are never asked about', () => {
    const net = routed();
    must(net.netlink('a').newNeigh({ dev: 'eth0', dst: ip('10.0.0.1'), lladdr: mac('02:00:00:00:00:77') }));
    expect(net.ping('a', '10.0.0.1', { seconds: 30 })).toEqual([]);
    expect(net.drops()).toEqual(['r OTHERHOST ip_rcv_core']);
  });
});

describe('bridge', () => {
  function three(): TestNet {
    const net = new TestNet();
    net.netns('h');
    must(net.netlink('h').newLink({ name: 'br0', kind: 'bridge', mac: mac('02:00:00:00:00:01') }));
    for (const n of [1, 2, 3]) {
      net.netns(`c${n}`);
      net.veth(`h:v${n}`, `c${n}:eth0 02:00:00:00:01:0${n}`);
      must(net.netlink('h').setLink(`v${n}`, { master: 'br0' }));
      net.addr(`c${n}`, 'eth0', `10.0.0.${n + 1}/24`);
    }
    must(net.netlink('h').setLink('br0', { up: true }));
    return net;
  }
  const learned = (net: TestNet): string[] =>
    net
      .netlink('h')
      .getFdb({ br: 'br0' })
      .filter((row) => row.state === '')
      .map((row) => `${row.mac} ${row.ifname}`);

  test('floods newest port first, learns, then switches', () => {
    const net = three();
    expect(net.ping('c1', '10.0.0.3')).toEqual(['reply ttl=64 length=64']);
    const verdicts = net.events('fdb').map((event) => event.verdict);
    expect(verdicts[0]).toEqual({ to: 'flood', ports: ['v3', 'v2'], local: true, why: 'broadcast' });
    expect(verdicts.slice(1)).toEqual([
      { to: 'port', port: 'v1' },
      { to: 'port', port: 'v2' },
      { to: 'port', port: 'v1' },
    ]);
    expect(learned(net).sort()).toEqual(['02:00:00:00:01:01 v1', '02:00:00:00:01:02 v2']);
  });
  test('entries age out after 300 s and go at once with their port', () => {
    const net = three();
    net.ping('c1', '10.0.0.3', { seconds: 299 });
    expect(learned(net)).toHaveLength(2);
    must(net.netlink('h').setLink('v2', { up: false }));
    expect(learned(net)).toEqual(['02:00:00:00:01:01 v1']);
    net.engine.runUntil(net.engine.now + 20e9);
    expect(learned(net)).toEqual([]);
  });
  test('isolated ports do not reach each other', () => {
    const net = three();
    for (const dev of ['v1', 'v2']) must(net.netlink('h').setLink(dev, { port: { isolated: true } }));
    expect(net.ping('c1', '10.0.0.3')).toEqual([]);
    expect(net.ping('c1', '10.0.0.4')).toEqual(['reply ttl=64 length=64']);
  });
  test('a bridge takes the lowest MAC of its ports until it is given one', () => {
    const net = new TestNet();
    net.netns('h');
    net.netns('c');
    must(net.netlink('h').newLink({ name: 'br0', kind: 'bridge' }));
    net.veth('h:v1 0a:00:00:00:00:09', 'c:e1');
    net.veth('h:v2 0a:00:00:00:00:05', 'c:e2');
    for (const dev of ['v1', 'v2']) must(net.netlink('h').setLink(dev, { master: 'br0' }));
    expect(net.netlink('h').getLink('br0')?.address).toBe('0a:00:00:00:00:05');
    must(net.netlink('h').setLink('v2', { master: null }));
    expect(net.netlink('h').getLink('br0')?.address).toBe('0a:00:00:00:00:09');
  });
});

describe('VXLAN', () => {
  /** Two hosts on one wire, a VTEP each; what is said of the second may be wrong. */
  function tunnel(options: { vni?: number; port?: number; fdb?: boolean } = {}): TestNet {
    const net = new TestNet();
    for (const [n, peer] of [
      [1, 2],
      [2, 1],
    ] as const) {
      net.netns(`h${n}`);
      if (n === 2) net.veth('h1:eth0', 'h2:eth0');
      void peer;
    }
    for (const n of [1, 2]) net.addr(`h${n}`, 'eth0', `192.168.0.${n}/24`);
    for (const n of [1, 2]) {
      const id = n === 2 ? (options.vni ?? 7) : 7;
      const port = n === 2 ? (options.port ?? 4789) : 4789;
      const vxlan = { id, port, local: ip(`192.168.0.${n}`), dev: 'eth0', learning: true };
      must(
        net
          .netlink(`h${n}`)
          .newLink({ name: 'vx', kind: 'vxlan', vxlan, mac: mac(`02:00:00:00:00:0${n}`), up: true }),
      );
      net.addr(`h${n}`, 'vx', `10.0.0.${n}/24`);
      if (options.fdb !== false || n === 2) {
        must(
          net
            .netlink(`h${n}`)
            .newFdb({ mac: 0, dev: 'vx', self: true, dst: ip(`192.168.0.${3 - n}`) }, 'append'),
        );
      }
    }
    return net;
  }
  test('by hand, with a default entry and learning', () => {
    const net = tunnel();
    expect(net.ping('h1', '10.0.0.2')).toEqual(['reply ttl=64 length=64']);
    const rows = net
      .netlink('h1')
      .getFdb({ dev: 'vx' })
      .map((row) => `${row.mac} ${row.dst} ${row.state}`);
    expect(rows).toEqual(['00:00:00:00:00:00 192.168.0.2 permanent', '02:00:00:00:00:02 192.168.0.2 ']);
  });
  test.each([
    [{ fdb: false }, 'h1 VXLAN_NO_REMOTE vxlan_xmit'],
    [{ vni: 8 }, 'h2 VXLAN_VNI_NOT_FOUND vxlan_rcv'],
    [{ port: 8472 }, 'h2 NO_SOCKET __udp4_lib_rcv'],
  ])('broken: %j', (options, drop) => {
    const net = tunnel(options);
    expect(net.ping('h1', '10.0.0.2')).toEqual([]);
    expect(net.drops()).toContain(drop);
  });
  test('an oversized outer packet is fragmented, for its DF is clear', () => {
    const net = tunnel();
    for (const id of ['h1', 'h2']) {
      must(net.netlink(id).setLink('eth0', { mtu: 1400 }));
      must(net.netlink(id).setLink('vx', { mtu: 1450 }));
    }
    expect(net.ping('h1', '10.0.0.2', { size: 1400 })).toEqual(['reply ttl=64 length=1408']);
    expect(net.events('fragment')).toHaveLength(2);
  });
});

describe('devices', () => {
  test('a veth has carrier while its peer is up', () => {
    const net = routed();
    must(net.netlink('b').setLink('eth0', { up: false }));
    expect(net.netlink('r').getLink('right')?.flags).toEqual(['NO-CARRIER', 'BROADCAST', 'MULTICAST', 'UP']);
    expect(
      net
        .netlink('r')
        .getRoutes()
        .find((row) => row.dev === 'right')?.flags,
    ).toEqual(['linkdown']);
  });
  test('deleting one end deletes the other', () => {
    const net = routed();
    must(net.netlink('a').delLink('eth0'));
    expect(net.netlink('r').getLink('left')).toBeUndefined();
    expect(
      net
        .netlink('r')
        .getRoutes()
        .map((row) => row.dst),
    ).toEqual(['10.0.1.0/24']);
  });
  test('moving to another namespace leaves addresses behind', () => {
    const net = new TestNet();
    net.netns('x');
    net.netns('y');
    net.veth('x:p', 'x:q');
    net.addr('x', 'q', '10.0.0.1/24');
    must(net.netlink('x').setLink('q', { netns: net.get('y').handle }));
    expect(net.netlink('y').getLink('q')).toMatchObject({
      flags: ['BROADCAST', 'MULTICAST'],
      operstate: 'DOWN',
    });
    expect(
      net
        .netlink('y')
        .getAddrs()
        .filter((row) => row.dev === 'q'),
    ).toEqual([]);
    expect(net.netlink('x').getLink('q')).toBeUndefined();
  });
  test('the trace is the same for the same input', () => {
    const once = (): string => {
      const net = routed();
      net.ping('a', '10.0.1.2', { seconds: 10 });
      return JSON.stringify(net.tracer.events);
    };
    expect(once()).toBe(once());
  });
});
