/** Variations of a VXLAN overlay. */
import type { Variation } from './variation';

const VXLAN = 'flannel-vxlan';
const PING_VXLAN = 'container-1: ping -n -e 1 -c 1 -W 1 10.1.16.3';
const TRACE = 'traceroute -n -q 1 -N 1 -w 1 --sport=40001';

/** flannel.1 of node2 made anew, as flanneld would with another VNI or port. */
function otherVtep(vni: number, port: number): string[] {
  return [
    'node2: ip link del flannel.1',
    `node2: ip link add flannel.1 address 5e:f8:4f:00:e3:37 mtu 1450 type vxlan id ${vni} local 10.168.0.3 dev eth0 dstport ${port} nolearning`,
    'node2: ip addr add 10.1.16.0/32 dev flannel.1',
    'node2: ip link set flannel.1 up',
    'node2: ip neigh add 10.1.15.0 lladdr d2:a1:10:01:15:00 dev flannel.1 nud permanent',
    'node2: bridge fdb append d2:a1:10:01:15:00 dev flannel.1 dst 10.168.0.2 self permanent',
    'node2: ip route add 10.1.15.0/24 via 10.1.15.0 dev flannel.1 onlink',
  ];
}

export const OVERLAY: readonly Variation[] = [
  {
    base: VXLAN,
    id: 'vxlan-warm',
    about: 'a second ping, everything learnt',
    prepare: [PING_VXLAN],
    commands: ['container-1: ping -n -e 2 -c 3 -i 0.2 -W 1 10.1.16.3'],
  },
  {
    base: VXLAN,
    id: 'vxlan-delay-probe',
    about: 'the responder confirms its neighbours after 5 s',
    commands: [PING_VXLAN, 'node1: sleep 5.6'],
  },
  {
    base: VXLAN,
    id: 'vxlan-host-to-pod',
    about: 'the node itself pings: source is flannel.1',
    commands: ['node1: ping -n -e 1 -c 1 -W 1 10.1.16.3', 'node1: ip route get 10.1.16.3'],
  },
  {
    base: VXLAN,
    id: 'vxlan-neighbour-deleted',
    about: 'host unreachable after three requests into the tunnel',
    commands: [
      'node1: ip neigh del 10.1.16.0 dev flannel.1',
      'container-1: ping -n -e 1 -c 1 -W 4 10.1.16.3',
    ],
  },
  {
    base: VXLAN,
    id: 'vxlan-fdb-deleted',
    about: 'silence: the VTEP knows no remote',
    commands: ['node1: bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3', PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-route-deleted',
    about: 'net unreachable from the gateway',
    commands: ['node1: ip route del 10.1.16.0/24', PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-return-route-deleted',
    about: 'the answer finds no way; no error about an answer',
    commands: ['node2: ip route del 10.1.15.0/24', PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-vni-mismatch',
    about: 'silence: no device for that VNI',
    prepare: otherVtep(2, 8472),
    commands: [PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-port-mismatch',
    about: 'port unreachable between the hosts, silence for the container',
    prepare: otherVtep(1, 8473),
    commands: [PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-blocked-there',
    about: 'the receiving node drops UDP 8472',
    prepare: ['node2: iptables -A INPUT -p udp --dport 8472 -j DROP'],
    commands: [PING_VXLAN, 'node2: iptables -L INPUT -v -n'],
  },
  {
    base: VXLAN,
    id: 'vxlan-blocked-on-the-way',
    about: 'the switch drops UDP 8472, for bridges call iptables',
    prepare: ['lan: iptables -A FORWARD -p udp --dport 8472 -j DROP'],
    commands: [PING_VXLAN, 'lan: iptables -L FORWARD -v -n'],
  },
  {
    base: VXLAN,
    id: 'vxlan-flanneld-stopped',
    about: 'both flanneld are stopped: kernels go on alone',
    after: ['node1: systemctl stop flanneld', 'node2: systemctl stop flanneld'],
    commands: [PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-nic-down',
    about: 'the other node is unplugged; the first gives up after 3 s',
    prepare: ['node2: ip link set eth0 down'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 10.1.16.3'],
  },
  {
    base: VXLAN,
    id: 'vxlan-own-nic-down',
    about: 'the outer packet has no route',
    prepare: ['node1: ip link set eth0 down'],
    commands: [PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-forwarding-off',
    about: 'transit packets are dropped in silence',
    commands: ['node1: sysctl -w net.ipv4.ip_forward=0', PING_VXLAN],
  },
  {
    base: VXLAN,
    id: 'vxlan-mtu',
    about: 'frag needed once, then the container knows',
    prepare: ['node1: ip link set flannel.1 mtu 1400'],
    commands: [
      'container-1: ping -n -e 1 -c 2 -i 1 -W 1 -M do -s 1422 10.1.16.3',
      'container-1: ping -n -e 2 -c 1 -W 1 -M do -s 1372 10.1.16.3',
      'container-1: ip route get 10.1.16.3',
    ],
  },
  {
    base: VXLAN,
    id: 'vxlan-too-long',
    about: 'larger than the own device: nothing is sent',
    commands: ['container-1: ping -n -e 1 -c 1 -W 1 -M do -s 1423 10.1.16.3'],
  },
  {
    base: VXLAN,
    id: 'vxlan-fragments',
    about: '4000 bytes without DF, in three pieces each way',
    commands: ['container-1: ping -n -e 1 -c 1 -W 1 -s 4000 -M dont 10.1.16.3'],
  },
  {
    base: VXLAN,
    id: 'vxlan-outer-fragments',
    about: 'a small underlay: the outer packet is fragmented',
    prepare: ['node1: ip link set eth0 mtu 1400', 'node2: ip link set eth0 mtu 1400'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 1 -s 1400 10.1.16.3'],
  },
  {
    base: VXLAN,
    id: 'vxlan-traceroute',
    about: 'both VTEPs answer, then the container',
    commands: [`container-1: ${TRACE} 10.1.16.3`],
  },
  {
    base: VXLAN,
    id: 'vxlan-silent-address',
    about: 'no such container on the other node',
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 10.1.16.77'],
  },
  {
    base: VXLAN,
    id: 'vxlan-switch-port-down',
    about: 'the outer neighbour cannot be resolved',
    prepare: ['lan: ip link set p-node2 down'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 10.1.16.3'],
  },
];
