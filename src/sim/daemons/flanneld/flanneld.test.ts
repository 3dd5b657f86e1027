import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIp4 } from '../../wire/index';
import { EMPTY_STORE } from '../etcd/store';
import { parseNetConf } from './config';
import { decodeAttrs, encodeAttrs, freeSubnets, parseSubnetKey, subnetKey } from './lease';
import type { FlanneldOptions } from './state';
import { Bench, ip, mac, prefix } from './testing/bench';

const VXLAN = '{"Network":"10.1.0.0/16","Backend":{"Type":"vxlan"}}';
const HOST_GW = '{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}';
const NODE1 = { previousSubnet: prefix('10.1.15.0/24'), vtepMac: mac('d2:a1:10:01:15:00') };

function started(options: Partial<FlanneldOptions>, netConf: string): Bench {
  const bench = new Bench(options, netConf).take({ on: 'start' });
  return bench;
}

describe('flanneld with vxlan', () => {
  it('makes its device, takes its lease, and publishes its MAC', () => {
    const bench = started(NODE1, VXLAN);
    expect(bench.requests()).toEqual([
      'link add flannel.1 mtu 1450 d2:a1:10:01:15:00',
      'addr 10.1.15.0/32 dev flannel.1',
      'link set flannel.1 up',
    ]);
    const lease = bench.store.keys.get('/coreos.com/network/subnets/10.1.15.0-24');
    expect(lease?.value).toBe(
      '{"PublicIP":"10.168.0.2","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"d2:a1:10:01:15:00"}}',
    );
    expect(bench.store.leases.get(lease?.lease ?? '')?.ttlSec).toBe(86_400);
  });

  it('writes neighbour, FDB entry and route for a peer, in this order, and takes all three away', () => {
    const bench = started(NODE1, VXLAN);
    bench.requests();
    expect(bench.take(bench.peer('10.1.16.0/24', '10.168.0.3', '5e:f8:4f:00:e3:37')).requests()).toEqual([
      'neigh replace 10.1.16.0 5e:f8:4f:00:e3:37 PERMANENT',
      'fdb replace 5e:f8:4f:00:e3:37 dst 10.168.0.3 self',
      'route replace 10.1.16.0/24 via 10.1.16.0 dev flannel.1 onlink',
    ]);
    expect(bench.take(bench.gone('10.1.16.0/24')).requests()).toEqual([
      'neigh del 10.1.16.0',
      'fdb del 5e:f8:4f:00:e3:37 dst 10.168.0.3',
      'route del 10.1.16.0/24',
    ]);
  });

  it.each([
    ['newNeigh', ['AddARP failed: network is unreachable'], []],
    ['newFdb', ['AddFDB failed: network is unreachable'], ['neigh del 10.1.16.0']],
    [
      'newRoute',
      ['failed to add vxlanRoute (10.1.16.0/24 -> 10.1.16.0): network is unreachable'],
      ['neigh del 10.1.16.0', 'fdb del 5e:f8:4f:00:e3:37 dst 10.168.0.3'],
    ],
  ])('undoes what it did when %s is refused', (op, errors, undone) => {
    const bench = started(NODE1, VXLAN);
    bench.refuse = (effect) => effect.request.op === op;
    bench.requests();
    bench.logs.length = 0;
    const requests = bench.take(bench.peer('10.1.16.0/24', '10.168.0.3', '5e:f8:4f:00:e3:37')).requests();
    expect(bench.logs.filter((line) => line.startsWith('E'))).toEqual(errors.map((text) => `E ${text}`));
    expect(requests.filter((text) => text.includes(' del '))).toEqual(undone);
  });

  it('passes over its own lease and other backends', () => {
    const bench = started(NODE1, VXLAN);
    bench.requests();
    expect(bench.take(bench.peer('10.1.15.0/24', '10.168.0.2', 'd2:a1:10:01:15:00')).requests()).toEqual([]);
    expect(bench.take(bench.peer('10.1.17.0/24', '10.168.0.4')).requests()).toEqual([]);
    expect(bench.logs.at(-1)).toBe(
      'W ignoring non-vxlan v4Subnet(10.1.17.0/24) v6Subnet(::/0): type=host-gw',
    );
  });

  it('ends when its lease is revoked', () => {
    const bench = started(NODE1, VXLAN);
    bench.take(bench.gone('10.1.15.0/24'));
    expect(bench.logs.at(-1)).toBe('E Lease has been revoked. Shutting down daemon.');
    bench.requests();
    expect(bench.take(bench.peer('10.1.16.0/24', '10.168.0.3', '5e:f8:4f:00:e3:37')).requests()).toEqual([]);
  });

  it('renews its lease an hour before it ends', () => {
    const bench = started(NODE1, VXLAN);
    const timer = bench.done.find((effect) => effect.do === 'timer' && effect.name === 'renew');
    expect(timer).toMatchObject({ afterNs: (86_400 - 3_600) * 1e9 });
    bench.now = (86_400 - 3_600) * 1e9;
    bench.take({ on: 'timer', name: 'renew' });
    const kv = bench.store.keys.get('/coreos.com/network/subnets/10.1.15.0-24');
    expect(kv?.version).toBe(2);
    expect(bench.store.leases.get(kv?.lease ?? '')?.expiresAt).toBe(bench.now + 86_400e9);
    expect(bench.logs.at(-1)).toMatch(/^I Lease renewed/);
  });

  it('draws a locally administered unicast MAC when it has none', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const bench = started({ seed, previousSubnet: NODE1.previousSubnet }, VXLAN);
        const first = parseInt(/ ([0-9a-f]{2}):/.exec(bench.requests()[0] ?? '')?.[1] ?? '', 16);
        expect(first & 3).toBe(2);
      }),
    );
  });
});

describe('flanneld with host-gw', () => {
  const options = { previousSubnet: prefix('10.244.1.0/24') };
  it('routes to a peer through the peer', () => {
    const bench = started(options, HOST_GW);
    expect(bench.requests()).toEqual([]);
    expect(bench.take(bench.peer('10.244.2.0/24', '10.168.0.3')).requests()).toEqual([
      'route add 10.244.2.0/24 via 10.168.0.3 dev eth0',
    ]);
    expect(bench.logs.at(-1)).toBe('I Subnet added: 10.244.2.0/24 via 10.168.0.3');
    expect(bench.take(bench.gone('10.244.2.0/24')).requests()).toEqual(['route del 10.244.2.0/24']);
  });

  it('says why a route is refused, and tries again every 10 s', () => {
    const bench = started(options, HOST_GW);
    bench.refuse = (effect) => effect.request.op === 'newRoute';
    bench.take(bench.peer('10.244.2.0/24', '192.168.9.9'));
    const route = '{Ifindex: 2 Dst: 10.244.2.0/24 Src: <nil> Gw: 192.168.9.9 Flags: [] Table: 0 Realm: 0}';
    expect(bench.logs.at(-1)).toBe(`E Error adding route to ${route}: network is unreachable`);
    bench.take({ on: 'timer', name: 'route-check' });
    expect(bench.logs.at(-1)).toBe(
      'E Error recovering route to 10.244.2.0/24: 192.168.9.9, network is unreachable',
    );
    bench.refuse = () => false;
    bench.take({ on: 'timer', name: 'route-check' });
    expect(bench.logs.at(-1)).toBe('I Route recovered 10.244.2.0/24 : 192.168.9.9');
  });

  it('leaves a route that is there, and replaces another one to the same subnet', () => {
    const bench = started(options, HOST_GW);
    bench.requests();
    bench.routes = [{ dst: '10.244.2.0/24', gateway: '10.168.0.3', dev: 'eth0', flags: [] }];
    expect(bench.take(bench.peer('10.244.2.0/24', '10.168.0.3')).requests()).toEqual([]);
    bench.routes = [{ dst: '10.244.2.0/24', dev: 'cni0', flags: [] }];
    expect(bench.take(bench.peer('10.244.2.0/24', '10.168.0.3')).requests()).toEqual([
      'route del 10.244.2.0/24',
      'route add 10.244.2.0/24 via 10.168.0.3 dev eth0',
    ]);
  });
});

describe('starting', () => {
  it.each([
    [
      { iface: 'eth9' },
      false,
      'Could not find valid interface matching eth9: error looking up interface eth9: route ip+net: no such network interface',
    ],
    [
      { iface: undefined },
      false,
      'Failed to find any valid interface to use: failed to get default interface: unable to find default route',
    ],
  ])('fails on %j with flannel’s words', (options, defaultRoute, text) => {
    const bench = new Bench(options, VXLAN);
    bench.defaultRoute = defaultRoute;
    bench.take({ on: 'start' });
    expect(bench.logs.at(-1)).toBe(`E ${text}`);
    expect(bench.done.at(-1)).toEqual({ do: 'exit', note: text });
  });

  it('takes the interface of the default route, or the one with an address', () => {
    for (const options of [{ iface: undefined }, { iface: '10.168.0.2' }]) {
      const bench = new Bench({ ...options, ...NODE1, iface: options.iface }, VXLAN);
      bench.defaultRoute = true;
      bench.take({ on: 'start' });
      expect(bench.logs[0]).toBe('I Using interface with name eth0 and address 10.168.0.2');
    }
  });

  it('waits for its configuration, and refuses a wrong one', () => {
    const bench = new Bench({}, VXLAN);
    bench.store = EMPTY_STORE;
    bench.take({ on: 'start' });
    expect(bench.logs.at(-1)).toMatch(/^E Couldn't fetch network config: flannel config not found/);
    expect(bench.done.at(-1)).toEqual({ do: 'timer', name: 'config', afterNs: 1e9 });
    bench.etcd({ op: 'put', key: '/coreos.com/network/config', value: VXLAN });
    bench.take({ on: 'timer', name: 'config' });
    expect(bench.requests()).toHaveLength(3);
  });

  it.each(['wireguard', 'ipsec', 'extension'])('refuses %s plainly', (type) => {
    const bench = started({}, `{"Network":"10.1.0.0/16","Backend":{"Type":"${type}"}}`);
    expect(bench.logs.at(-1)).toBe(`E backend type '${type}' is not built yet in this simulator`);
  });

  it('takes another subnet when a node was faster', () => {
    const bench = new Bench(NODE1, VXLAN);
    bench.etcd({
      op: 'put',
      key: '/coreos.com/network/subnets/10.1.15.0-24',
      value: '{"PublicIP":"10.168.0.9","BackendType":"host-gw"}',
    });
    bench.take({ on: 'start' });
    expect(bench.logs).toContain('I Picking subnet in range 10.1.1.0 ... 10.1.255.0');
    const own = [...bench.store.keys.values()].filter((kv) => kv.value.includes('10.168.0.2'));
    expect(own).toHaveLength(1);
    expect(own[0]?.key).not.toContain('10.1.15.0');
  });

  it('takes its own lease up again', () => {
    const bench = new Bench({}, VXLAN);
    bench.etcd({
      op: 'put',
      key: '/coreos.com/network/subnets/10.1.77.0-24',
      value: encodeAttrs({ publicIp: ip('10.168.0.2'), backendType: 'vxlan' }),
    });
    bench.take({ on: 'start' });
    expect(bench.logs).toContain(
      'I Found lease (ip: 10.1.77.0/24 ipv6: ::/0) for current IP (10.168.0.2), reusing',
    );
    expect(bench.store.keys.get('/coreos.com/network/subnets/10.1.77.0-24')?.version).toBe(2);
  });

  it('stops when told to, and leaves its device alone', () => {
    const bench = started(NODE1, VXLAN);
    bench.requests();
    bench.take({ on: 'stop' });
    expect(bench.requests()).toEqual([]);
    expect(bench.logs.at(-1)).toBe('I Exiting cleanly...');
  });
});

describe('the configuration', () => {
  const parse = (json: unknown) => parseNetConf(JSON.stringify(json));
  it('fills in what flannel fills in', () => {
    const parsed = parse({ network: '10.100.0.0/16' });
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        subnetLen: 24,
        subnetMin: ip('10.100.1.0'),
        subnetMax: ip('10.100.255.0'),
        backendType: 'udp',
        vxlan: { vni: 1, port: 0 },
      },
    });
    expect(parse({ Network: '10.0.0.0/23' })).toMatchObject({ ok: true, value: { subnetLen: 25 } });
  });

  it.each([
    [{}, 'please define a correct Network parameter in the flannel config'],
    [{ Network: '10.0.0.0/29' }, 'network is too small. Minimum useful network prefix is /28'],
    [{ Network: '10.0.0.0/16', SubnetLen: 31 }, 'SubnetLen must be less than /31'],
    [{ Network: '10.0.0.0/16', SubnetLen: 17 }, 'network must be able to accommodate at least four subnets'],
    [{ Network: '10.0.0.0/16', SubnetMin: '11.0.0.0' }, 'SubnetMin is not in the range of the Network'],
    [{ Network: '10.0.0.0/16', SubnetMax: '10.0.5.7' }, 'SubnetMax is not on a SubnetLen boundary: 10.0.5.7'],
    [[], 'must be a JSON object'],
  ])('%j is refused as flannel does', (json, text) => {
    expect(parse(json)).toMatchObject({ ok: false, error: { text } });
  });
});

describe('a lease', () => {
  it('has a key and a value that read back', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffff),
        fc.integer({ min: 8, max: 30 }),
        fc.nat(0xffffff),
        (bits, len, vtepMac) => {
          const subnet = { addr: (bits * 256) >>> 0, len };
          expect(parseSubnetKey(subnetKey(subnet))).toEqual(subnet);
          const attrs = { publicIp: bits, backendType: 'vxlan', vni: 7, vtepMac };
          expect(decodeAttrs(encodeAttrs(attrs))).toEqual(attrs);
        },
      ),
    );
  });

  it('is chosen among subnets that overlap no other', () => {
    const config = parseNetConf('{"Network":"10.0.0.0/20","SubnetLen":24}');
    if (!config.ok) throw new Error();
    const free = freeSubnets(config.value, [
      prefix('10.0.1.0/24'),
      prefix('10.0.2.128/25'),
      prefix('10.0.4.0/22'),
    ]);
    expect(free.map((subnet) => formatIp4(subnet.addr))).toEqual([
      '10.0.3.0',
      ...Array.from({ length: 8 }, (_, i) => `10.0.${i + 8}.0`),
    ]);
  });
});
