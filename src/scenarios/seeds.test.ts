/**
 * The listings of the two documents that this program teaches from ("Flannel host-gw, how it works", "Flannel network
 * principles"), reproduced at the scenarios' terminals. The texts stand here as printed; what is corrected in them is
 * named, once, in `SLIPS`.
 */
import { describe, expect, it } from 'vitest';
import { Terminal } from './testing/terminal';

type Fix = (line: string) => string;

const SLIPS = {
  'letters for digits and the other way round': (line) =>
    line
      .replace(/\b(eth|flannel|docker)O\b/g, '$10')
      .replaceAll('flannel.l', 'flannel.1')
      .replaceAll(':OO:', ':00:'),
  'eth0 with a capital': (line) => line.replaceAll('Eth0', 'eth0'),
  'the bridge is named cni0': (line) => line.replace(/\bcni\b/, 'cni0'),
  'node2 is in 100.96': (line) => line.replaceAll('100.95.2.0', '100.96.2.0'),
  'a digit lost': (line) => line.replace(/^92\./, '192.'),
  'a connected route is one of the own subnet, and the kernel gives it metric 0': (line) =>
    line.replace('192.168.1.0/24', '192.168.0.0/24').replace(/ metric 200$/, ''),
  'Go writes JSON without blanks': (line) => line.replaceAll('": "', '":"'),
  'the keyword dev was missing, so the device stood in every line': (line) =>
    line.replace(/\s+dev\s+flannel\.1\s+/, ' '),
} satisfies Record<string, Fix>;
type Slip = keyof typeof SLIPS;

/** Columns are wider or narrower in print; iproute2 lists by address, the documents by importance. */
const evened = (line: string) => line.trim().replace(/\s+/g, ' ');
const byText = (lines: readonly string[]) => [...lines].map(evened).sort();

function corrected(printed: readonly string[], slips: readonly Slip[]): string[] {
  for (const slip of slips) {
    const fixed = printed.map(SLIPS[slip]);
    expect(fixed, `no line has the slip "${slip}"`).not.toEqual(printed);
    printed = fixed;
  }
  return byText(printed);
}

interface Listing {
  readonly what: string;
  readonly scenario: string;
  readonly netns: string;
  readonly command: string;
  readonly printed: readonly string[];
  readonly slips?: readonly Slip[];
  /** Of the real listing only lines that match were printed. */
  readonly only?: RegExp;
  /** Commands that make the network what it was in the document. */
  readonly prepare?: readonly (readonly [string, string])[];
}

const FLANNEL: readonly Listing[] = [
  {
    what: 'routes of node1, UDP',
    scenario: 'flannel-udp',
    netns: 'node1',
    command: 'ip route',
    printed: [
      'default via 10.168.0.1 dev ethO',
      '100.96.0.0/16 dev flannelO proto kernel scope link src 100.96.1.0',
      '100.96.1.0/24 dev dockerO proto kernel scope link src  100.96.1.1',
      '10.168.0.0/24 dev ethO proto kernel scope link src 10.168.0.2',
    ],
    slips: ['letters for digits and the other way round'],
  },
  {
    what: 'routes of node2, UDP',
    scenario: 'flannel-udp',
    netns: 'node2',
    command: 'ip route',
    printed: [
      'default via 10.168.0.1 dev ethO ',
      '100.96.0.0/16 dev flannelO proto kernel scope link src 100.95.2.0',
      '100.96.2.0/24 dev dockerO proto kernel scope link src 100.96.2.1',
      '10.168.0.0/24 dev ethO proto kernel scope link src 10.168.0.3',
    ],
    slips: ['letters for digits and the other way round', 'node2 is in 100.96'],
  },
  {
    what: 'subnets in etcd, of which the third belongs to a node that the text leaves out',
    scenario: 'flannel-udp',
    netns: 'node1',
    command: 'ETCDCTL_API=2 etcdctl ls /coreos.com/network/subnets',
    prepare: [
      [
        'node1',
        `ETCDCTL_API=2 etcdctl set /coreos.com/network/subnets/100.96.3.0-24 '{"PublicIP":"10.168.0.4"}'`,
      ],
    ],
    printed: [
      '/coreos.com/network/subnets/100.96.1.0-24',
      '/coreos.com/network/subnets/100.96.2.0-24',
      '/coreos.com/network/subnets/100.96.3.0-24',
    ],
  },
  {
    what: 'a subnet in etcd',
    scenario: 'flannel-udp',
    netns: 'node1',
    command: 'ETCDCTL_API=2 etcdctl get /coreos.com/network/subnets/100.96.2.0-24',
    printed: ['{"PublicIP": "10.168.0.3"}'],
    slips: ['Go writes JSON without blanks'],
  },
  {
    what: 'the route to node2, VXLAN',
    scenario: 'flannel-vxlan',
    netns: 'node1',
    command: 'route -n',
    only: /flannel\.1$/,
    printed: ['10.1.16.0       10.1.16.0   255.255.255.0   UG    0      0   0   flannel.1'],
  },
  {
    what: 'the neighbour, VXLAN',
    scenario: 'flannel-vxlan',
    netns: 'node1',
    command: 'ip neigh show dev flannel.1',
    printed: ['10.1.16.0 lladdr 5e:f8:4f:OO:e3:37 PERMANENT'],
    slips: ['letters for digits and the other way round'],
  },
  {
    what: 'the FDB entry, VXLAN, asked for as printed',
    scenario: 'flannel-vxlan',
    netns: 'node1',
    command: 'bridge fdb show flannel.1',
    only: /^5e:f8:4f:00:e3:37/,
    printed: ['5e:f8:4f:OO:e3:37    dev    flannel.1    dst    10.168.0.3    self    permanent'],
    slips: ['letters for digits and the other way round'],
  },
  {
    what: 'the FDB entry, VXLAN, asked for with dev',
    scenario: 'flannel-vxlan',
    netns: 'node1',
    command: 'bridge fdb show dev flannel.1',
    printed: ['5e:f8:4f:OO:e3:37    dev    flannel.1    dst    10.168.0.3    self    permanent'],
    slips: [
      'letters for digits and the other way round',
      'the keyword dev was missing, so the device stood in every line',
    ],
  },
  {
    what: 'the route to node2, host-gw',
    scenario: 'flannel-host-gw',
    netns: 'node1',
    command: 'ip route',
    only: /^10\.244\.1\.0/,
    printed: ['10.244.1.0/24    via    10.168.0.3    dev    eth0'],
  },
  {
    what: 'rule 1 of host1',
    scenario: 'cni0-two-hosts',
    netns: 'host1',
    command: 'ip route',
    only: /^192\.168\.1\.0/,
    printed: ['192.168.1.0/24 via 10.168.0.2 dev Eth0'],
    slips: ['eth0 with a capital'],
  },
  {
    what: 'rule 2 of host1, taken literally',
    scenario: 'cni0-wrong-route',
    netns: 'host1',
    command: 'ip route',
    only: /^192\.168\.1\.0/,
    printed: ['192.168.1.0/24 dev cni proto kernel scope link src 192.168.0.1 metric 200'],
    slips: ['the bridge is named cni0'],
  },
  {
    what: 'rule 2 of host1, as the kernel makes it',
    scenario: 'cni0-two-hosts',
    netns: 'host1',
    command: 'ip route',
    only: / cni0 /,
    printed: ['192.168.1.0/24 dev cni proto kernel scope link src 192.168.0.1 metric 200'],
    slips: [
      'the bridge is named cni0',
      'a connected route is one of the own subnet, and the kernel gives it metric 0',
    ],
  },
];

/** A host with two networks, its routes written as NetworkManager writes them. */
const EXAMPLE: Listing['prepare'] = [
  ['client', 'ip link add eth1 type veth peer name eth1p'],
  ['client', 'ip link set eth1 up'],
  ['client', 'ip link set eth1p up'],
  ['client', 'ip addr flush dev eth0'],
  ['client', 'ip addr add 192.168.1.10/24 dev eth0'],
  ['client', 'ip addr add 192.168.2.10/24 dev eth1'],
  ['client', 'ip route del 192.168.1.0/24'],
  ['client', 'ip route del 192.168.2.0/24'],
  ['client', 'ip route add 192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.10 metric 100'],
  ['client', 'ip route add 192.168.2.0/24 dev eth1 proto kernel scope link src 192.168.2.10 metric 200'],
  ['client', 'ip route add default via 192.168.1.1 dev eth0 proto static metric 100'],
  ['client', 'ip route add 10.0.0.0/8 via 192.168.2.1 dev eth1 proto static metric 200'],
];

const HOSTS: readonly Listing[] = [
  {
    what: 'the example of a route table',
    scenario: 'docker-published-port',
    netns: 'client',
    command: 'ip route',
    prepare: EXAMPLE,
    printed: [
      'default via 192.168.1.1 dev eth0 proto static metric 100',
      '10.0.0.0/8 via 192.168.2.1 dev eth1 proto static metric 200',
      '192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.10 metric 100',
      '192.168.2.0/24 dev eth1 proto kernel scope link src 192.168.2.10 metric 200',
    ],
  },
  {
    what: 'the one row of it that is explained',
    scenario: 'docker-published-port',
    netns: 'client',
    command: 'ip route',
    prepare: EXAMPLE,
    only: / eth1 proto kernel/,
    printed: ['92.168.2.0/24 dev eth1 proto kernel scope link src 192.168.2.10 metric 200'],
    slips: ['a digit lost'],
  },
  {
    what: 'routes of nginx-1',
    scenario: 'docker-bridge',
    netns: 'host',
    command: 'docker exec nginx-1 route',
    only: /eth0$/,
    printed: [
      'default         172.17.0.1      0.0.0.0         UG    0      0        0 eth0',
      '172.17.0.0      0.0.0.0         255.255.0.0     U     0      0        0 eth0',
    ],
  },
  {
    what: 'the route of the host to its containers',
    scenario: 'docker-bridge',
    netns: 'host',
    command: 'route',
    only: /docker0$/,
    printed: ['172.17.0.0      0.0.0.0         255.255.0.0     U     0      0        0 docker0'],
  },
  {
    what: 'bridges with one container',
    scenario: 'docker-published-port',
    netns: 'host',
    command: 'brctl show',
    printed: [
      'bridge name     bridge id               STP enabled     interfaces',
      'docker0         8000.02425e263e26       no              vethadd362c',
    ],
  },
  {
    what: 'bridges with two containers',
    scenario: 'docker-bridge',
    netns: 'host',
    command: 'brctl show',
    printed: [
      'bridge name     bridge id               STP enabled     interfaces',
      'docker0         8000.02425e263e26       no              veth24ae452',
      '                                                        vethadd362c',
    ],
  },
  {
    what: 'nginx-1’s device',
    scenario: 'docker-bridge',
    netns: 'host',
    command: 'docker exec nginx-1 ifconfig eth0',
    only: /inet|mtu/,
    printed: [
      'eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500',
      '        inet 172.17.0.2  netmask 255.255.0.0  broadcast 172.17.255.255',
    ],
  },
];

describe.each([...FLANNEL, ...HOSTS])('$what', (listing) => {
  it(`$ ${listing.command}`, () => {
    const terminal = new Terminal(listing.scenario, 0);
    for (const [netns, command] of listing.prepare ?? []) terminal.type(netns, command);
    const real = terminal.lines(listing.netns, listing.command);
    const shown = real.filter((line) => listing.only?.test(line) ?? true);
    expect(byText(shown)).toEqual(corrected(listing.printed, listing.slips ?? []));
  });
});

it('has no slip that nothing needs', () => {
  const used = new Set([...FLANNEL, ...HOSTS].flatMap(({ slips }) => slips ?? []));
  expect(Object.keys(SLIPS).filter((slip) => !used.has(slip as Slip))).toEqual([]);
});
