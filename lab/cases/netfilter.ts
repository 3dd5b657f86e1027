/** Variations with iptables: rules, counters, connections, address translation, log lines, bridged frames. */
import { LOGGED } from './logged';
import type { Variation } from './variation';

const ROUTER = 'script-router';
const BRIDGE = 'script-bridge';
const SEED = 'cni0-two-hosts';
const HOST_GW = 'flannel-host-gw';
const PING = 'h1: ping -n -e 1 -c 1 -W 1 10.2.2.2';
const PROBE = 'traceroute -n -q 1 -N 1 -w 1 --sport=40001 -f 2 -m 2';
const MASQUERADE = 'router: iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE';
const BRIDGED_PING = 'ns1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.0.0.12';
const SHOWN = ['router: iptables -L -v -n', 'router: iptables -t nat -L -v -n'];
const TRACKED = 'router: conntrack -L';

const SOURCES: readonly Variation[] = [
  {
    base: SEED,
    id: 'source-by-route',
    about: "a route's `src` is for the host's own packets: the forwarded one keeps its source",
    commands: [
      'host1: ip route replace 192.168.1.0/24 via 10.168.0.2 dev eth0 src 192.168.0.1',
      'container1: ping -n -e 1 -c 1 -W 1 192.168.1.2',
      'host1: ping -n -e 2 -c 1 -W 1 192.168.1.2',
      'host2: ip neigh',
    ],
  },
  {
    base: SEED,
    id: 'source-by-masquerade',
    about: 'MASQUERADE changes the forwarded source, and the reply is changed back',
    prepare: ['host1: iptables -t nat -A POSTROUTING -s 192.168.0.0/24 ! -o cni0 -j MASQUERADE'],
    commands: [
      'container1: ping -n -e 1 -c 2 -i 0.2 -W 1 192.168.1.2',
      'host1: conntrack -L',
      'host1: iptables -t nat -L -v -n',
    ],
  },
  {
    base: ROUTER,
    id: 'masquerade-world',
    about: 'what is behind does not know the way back, and need not',
    prepare: ['h2: ip route del default', MASQUERADE],
    commands: [PING, `h1: ${PROBE} 10.2.2.2`, TRACKED, ...SHOWN],
  },
  {
    base: ROUTER,
    id: 'masquerade-not-twice',
    about: 'nat is asked for the first packet only: later counters stand still',
    prepare: [MASQUERADE],
    commands: [
      'h1: ping -n -e 1 -c 3 -i 0.2 -W 1 10.2.2.2',
      ...SHOWN,
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      ...SHOWN,
    ],
  },
  {
    base: ROUTER,
    id: 'snat-to-address',
    about: 'SNAT to an address of the own choice',
    prepare: [
      'router: ip addr add 10.2.2.50/24 dev eth1',
      'router: iptables -t nat -A POSTROUTING -s 10.1.1.0/24 -j SNAT --to-source 10.2.2.50',
    ],
    commands: [PING, TRACKED],
  },
  {
    base: ROUTER,
    id: 'snat-ports-exhausted',
    about: 'one port for two probes: the second is dropped',
    prepare: ['router: iptables -t nat -A POSTROUTING -p udp -j SNAT --to-source 10.2.2.1:20000-20000'],
    commands: [
      'h1: traceroute -n -q 1 -N 1 -w 1 -p 5001 --sport=40001 -U -f 2 -m 2 10.2.2.2',
      'h1: traceroute -n -q 1 -N 1 -w 1 -p 5001 --sport=40002 -U -f 2 -m 2 10.2.2.2',
      TRACKED,
    ],
  },
  {
    base: ROUTER,
    id: 'dnat-elsewhere',
    about: 'an address that nobody has becomes one that somebody has, and back',
    prepare: ['router: iptables -t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to-destination 10.2.2.2'],
    commands: ['h1: ping -n -e 1 -c 1 -W 1 10.9.9.9', TRACKED, ...SHOWN],
  },
  {
    base: ROUTER,
    id: 'dnat-error-translated',
    about: 'a port unreachable about a translated packet is translated too, inside and out',
    prepare: [
      'router: iptables -t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to-destination 10.2.2.2',
      MASQUERADE,
    ],
    commands: [`h1: ${PROBE} 10.9.9.9`, TRACKED],
  },
  {
    base: ROUTER,
    id: 'dnat-own-packet',
    about: 'OUTPUT: the own packet is routed again',
    prepare: ['router: iptables -t nat -A OUTPUT -d 10.9.9.9 -j DNAT --to-destination 10.2.2.2'],
    commands: [
      'router: ip route add 10.9.9.0/24 dev eth0',
      'router: ping -n -e 1 -c 1 -W 1 10.9.9.9',
      TRACKED,
    ],
  },
  {
    base: ROUTER,
    id: 'redirect-to-self',
    about: 'REDIRECT: the router itself answers',
    prepare: ['router: iptables -t nat -A PREROUTING -i eth0 -j REDIRECT'],
    commands: [PING, TRACKED],
  },
];

const REJECTIONS = [
  'icmp-net-unreachable',
  'icmp-host-unreachable',
  'icmp-port-unreachable',
  'icmp-proto-unreachable',
  'icmp-net-prohibited',
  'icmp-host-prohibited',
  'icmp-admin-prohibited',
];

const VERDICTS: readonly Variation[] = [
  {
    base: ROUTER,
    id: 'forward-drop-policy',
    about: 'silence for what is forwarded, not for the router itself',
    prepare: ['router: iptables -P FORWARD DROP'],
    commands: [PING, 'h1: ping -n -e 2 -c 1 -W 1 10.1.1.1', ...SHOWN],
  },
  {
    base: ROUTER,
    id: 'forward-one-way',
    about: 'answers come back as ESTABLISHED; nobody begins from outside',
    prepare: [
      'router: iptables -P FORWARD DROP',
      'router: iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      'router: iptables -A FORWARD -i eth0 -o eth1 -j ACCEPT',
    ],
    commands: [PING, `h1: ${PROBE} 10.2.2.2`, 'h2: ping -n -e 2 -c 1 -W 1 10.1.1.2', TRACKED, ...SHOWN],
  },
  {
    base: ROUTER,
    id: 'reject-kinds',
    about: 'every ICMP error REJECT can send',
    commands: REJECTIONS.flatMap((kind, i) => [
      `router: iptables -A FORWARD -p icmp -j REJECT --reject-with ${kind}`,
      `h1: ping -n -e ${i + 1} -c 1 -W 1 10.2.2.2`,
      'router: iptables -F FORWARD',
      'router: sleep 1.2',
    ]),
  },
  {
    base: ROUTER,
    id: 'reject-own-packet',
    about: 'OUTPUT refuses: the program is told at once',
    commands: [
      'h1: iptables -A OUTPUT -p icmp -d 10.2.2.0/24 -j REJECT',
      PING,
      'h1: iptables -R OUTPUT 1 -p icmp -j DROP',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      'h1: iptables -L -v -n',
    ],
  },
  {
    base: ROUTER,
    id: 'chains',
    about: 'jump, goto, return, and a rule that only counts',
    prepare: [
      'router: iptables -N one',
      'router: iptables -N two',
      'router: iptables -A FORWARD -p icmp -j one',
      'router: iptables -A FORWARD -m comment --comment "after one"',
      'router: iptables -A one -s 10.9.0.0/16 -j DROP',
      'router: iptables -A one -i eth0 -g two',
      'router: iptables -A one -j RETURN',
      'router: iptables -A two -p icmp --icmp-type echo-request',
      'router: iptables -A two ! -d 10.2.2.2 -j DROP',
    ],
    commands: [PING, 'router: iptables -L -v -n -x --line-numbers', 'router: iptables-save -c'],
  },
  {
    base: ROUTER,
    id: 'marks',
    about: 'mangle marks, a routing rule and a filter go by it',
    prepare: [
      'router: iptables -t mangle -A PREROUTING -s 10.1.1.2 -p icmp -j MARK --set-mark 7',
      'router: iptables -A FORWARD -m mark --mark 7 -j ACCEPT',
      'router: iptables -A FORWARD -j DROP',
      'router: ip rule add fwmark 7 lookup 100',
      'router: ip route add prohibit default table 100',
    ],
    commands: [
      PING,
      'router: ip rule del fwmark 7',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      'router: iptables -t mangle -L -v -n',
      ...SHOWN,
    ],
  },
  {
    base: ROUTER,
    id: 'untracked',
    about: 'NOTRACK: seen, but not remembered; NAT leaves it alone',
    prepare: [
      'router: iptables -t raw -A PREROUTING -p icmp -j NOTRACK',
      MASQUERADE,
      'router: iptables -A FORWARD -m conntrack --ctstate UNTRACKED',
      'router: iptables -A FORWARD -m conntrack --ctstate NEW',
    ],
    commands: [PING, `h1: ${PROBE} 10.2.2.2`, TRACKED, ...SHOWN],
  },
  {
    base: ROUTER,
    id: 'address-types',
    about: 'addrtype: own, foreign, broadcast',
    prepare: [
      'router: iptables -A INPUT -m addrtype --dst-type LOCAL -j ACCEPT',
      'router: iptables -A INPUT -m addrtype --dst-type BROADCAST -j DROP',
      'router: iptables -A FORWARD -m addrtype --src-type LOCAL -j DROP',
      'router: iptables -A FORWARD -m addrtype ! --dst-type LOCAL -j ACCEPT',
    ],
    commands: [
      PING,
      'h1: ping -b -n -e 2 -c 1 -W 1 10.1.1.255',
      'h1: ping -n -e 3 -c 1 -W 1 10.2.2.1',
      ...SHOWN,
    ],
  },
  {
    base: ROUTER,
    id: 'owner',
    about: 'packets of processes have an owner; those of the kernel and of others agree with `!` alone',
    prepare: [
      ...[
        '--uid-owner 0',
        '! --uid-owner 0',
        '--socket-exists',
        '! --socket-exists',
        '! --gid-owner 1-5',
      ].map((owner) => `h2: iptables -A OUTPUT -m owner ${owner}`),
      'router: iptables -t mangle -A POSTROUTING -m owner --uid-owner 0',
      'router: iptables -t mangle -A POSTROUTING -m owner ! --uid-owner 0',
    ],
    commands: [
      PING,
      'h2: iptables -L OUTPUT -v -n',
      'h2: ping -n -e 2 -c 1 -W 1 10.1.1.2',
      'h2: iptables -L OUTPUT -v -n',
      'h1: nc -z -n -w 1 10.2.2.2 81',
      'h2: iptables -L OUTPUT -v -n',
      'h2: iptables -A INPUT -p tcp --dport 82 -j REJECT --reject-with tcp-reset',
      'h1: nc -z -n -w 1 10.2.2.2 82',
      'h2: iptables -L OUTPUT -v -n',
      'h1: ping -n -e 3 -c 1 -W 1 10.2.2.1',
      'router: iptables -t mangle -L POSTROUTING -v -n',
    ],
  },
  {
    base: ROUTER,
    id: 'conntrack-full',
    about: 'room for one connection: the next packet is dropped',
    prepare: [
      'router: iptables -A FORWARD -m conntrack --ctstate INVALID',
      'router: sysctl -w net.netfilter.nf_conntrack_max=1',
    ],
    commands: [PING, 'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2', TRACKED],
  },
  {
    base: ROUTER,
    id: 'conntrack-listed',
    about: 'connections of ping and UDP probes, with and without an answer',
    prepare: ['router: iptables -A FORWARD -m conntrack --ctstate INVALID'],
    commands: [
      PING,
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      `h1: ${PROBE} 10.2.2.2`,
      TRACKED,
      'router: conntrack -L -p icmp',
      'router: conntrack -D -p icmp',
      'router: conntrack -C',
    ],
  },
  {
    base: ROUTER,
    id: 'fragments-tracked',
    about: 'connection tracking puts fragments together and takes them apart again',
    prepare: [MASQUERADE],
    commands: ['h1: ping -n -e 1 -c 1 -W 1 -s 4000 -M dont 10.2.2.2', TRACKED, ...SHOWN],
  },
  {
    base: HOST_GW,
    id: 'masquerade-overlay',
    about: 'pods reach pods as themselves, others as the node',
    prepare: [
      'node1: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 -d 10.244.0.0/16 -j RETURN',
      'node1: iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE',
    ],
    commands: [
      'infra-container-1: ping -n -e 1 -c 1 -W 1 10.244.1.3',
      'infra-container-1: ping -n -e 2 -c 1 -W 1 10.168.0.3',
      'node1: conntrack -L',
      'node1: iptables -t nat -L POSTROUTING -v -n',
    ],
  },
];

const BRIDGED: readonly Variation[] = [
  {
    base: BRIDGE,
    id: 'bridged-unseen',
    about: 'bridge-nf-call-iptables 0: a FORWARD DROP does not touch what is switched',
    prepare: ['host: sysctl -w net.bridge.bridge-nf-call-iptables=0', 'host: iptables -A FORWARD -j DROP'],
    commands: [BRIDGED_PING, 'host: iptables -L FORWARD -v -n'],
  },
  {
    base: BRIDGE,
    id: 'bridged-dropped',
    about: 'bridge-nf-call-iptables 1: the same rule stops it',
    prepare: ['host: sysctl -w net.bridge.bridge-nf-call-iptables=1', 'host: iptables -A FORWARD -j DROP'],
    commands: [BRIDGED_PING, 'host: iptables -L FORWARD -v -n'],
  },
  {
    base: BRIDGE,
    id: 'bridged-physdev',
    about: 'physdev tells the ports apart',
    prepare: [
      'host: sysctl -w net.bridge.bridge-nf-call-iptables=1',
      'host: iptables -A FORWARD -m physdev --physdev-in veth1 --physdev-out veth2 -j ACCEPT',
      'host: iptables -A FORWARD -m physdev --physdev-is-bridged -p icmp -m icmp --icmp-type 0 -j ACCEPT',
      'host: iptables -A FORWARD -j DROP',
    ],
    commands: [
      BRIDGED_PING,
      'ns1: ping -n -e 2 -c 1 -W 1 10.0.0.13',
      'ns1: ping -n -e 3 -c 1 -W 1 10.0.0.1',
      'host: iptables -L FORWARD -v -n',
    ],
  },
  {
    base: BRIDGE,
    id: 'bridged-traced',
    about: 'PHYSIN and PHYSOUT in the log',
    prepare: [
      'host: sysctl -w net.bridge.bridge-nf-call-iptables=1',
      'host: iptables -t raw -A PREROUTING -p icmp -j TRACE',
      'host: iptables -t nat -A POSTROUTING -s 10.0.0.0/24 ! -o br0 -j MASQUERADE',
    ],
    commands: ['ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12', 'host: conntrack -L', 'host: iptables-save -c'],
  },
];

const SETS: readonly Variation[] = [
  {
    base: ROUTER,
    id: 'ipset-match',
    about: 'a set of addresses and one of networks',
    prepare: [
      'router: ipset create allowed hash:ip',
      'router: ipset add allowed 10.1.1.2',
      'router: ipset create blocks hash:net',
      'router: ipset add blocks 10.2.2.0/24',
      'router: iptables -A FORWARD -m set --match-set allowed src -m set --match-set blocks dst -j ACCEPT',
      'router: iptables -A FORWARD -m set ! --match-set allowed dst -j DROP',
    ],
    commands: [
      PING,
      'router: ipset list',
      'router: ipset del allowed 10.1.1.2',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      'router: iptables -L FORWARD -v -n',
      'router: ipset destroy allowed',
    ],
  },
];

export const NETFILTER: readonly Variation[] = [...SOURCES, ...VERDICTS, ...LOGGED, ...BRIDGED, ...SETS];
