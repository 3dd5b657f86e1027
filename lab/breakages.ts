/** Things that go wrong, or are done on purpose, in networks of the catalogue: commands added to a scenario. */

export interface Variation {
  /** Catalogue id. */
  readonly base: string;
  readonly id: string;
  readonly about: string;
  /** `NETNS: COMMAND`, run before one looks. */
  readonly prepare?: readonly string[];
  readonly commands: readonly string[];
  /** Seconds to wait after the last command. */
  readonly settle?: number;
}

const VXLAN = 'flannel-vxlan';
const HOST_GW = 'flannel-host-gw';
const DOCKER = 'docker-bridge';
const BRIDGE = 'script-bridge';
const PROXY = 'script-proxy-arp';
const ROUTER = 'script-router';

const PING_VXLAN = 'container-1: ping -n -e 1 -c 1 -W 1 10.1.16.3';
const PING_HOST_GW = 'infra-container-1: ping -n -e 1 -c 1 -W 1 10.244.1.3';
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

const OVERLAY: readonly Variation[] = [
  {
    ...{ base: VXLAN, id: 'vxlan-warm', about: 'a second ping, everything learnt' },
    prepare: [PING_VXLAN],
    commands: ['container-1: ping -n -e 2 -c 3 -i 0.2 -W 1 10.1.16.3'],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-delay-probe', about: 'the responder confirms its neighbours after 5 s' },
    commands: [PING_VXLAN, 'node1: sleep 5.6'],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-host-to-pod', about: 'the node itself pings: source is flannel.1' },
    commands: ['node1: ping -n -e 1 -c 1 -W 1 10.1.16.3', 'node1: ip route get 10.1.16.3'],
  },
  {
    ...{
      base: VXLAN,
      id: 'vxlan-neighbour-deleted',
      about: 'host unreachable after three requests into the tunnel',
    },
    commands: [
      'node1: ip neigh del 10.1.16.0 dev flannel.1',
      'container-1: ping -n -e 1 -c 1 -W 4 10.1.16.3',
    ],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-fdb-deleted', about: 'silence: the VTEP knows no remote' },
    commands: ['node1: bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3', PING_VXLAN],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-route-deleted', about: 'net unreachable from the gateway' },
    commands: ['node1: ip route del 10.1.16.0/24', PING_VXLAN],
  },
  {
    ...{
      base: VXLAN,
      id: 'vxlan-return-route-deleted',
      about: 'the answer finds no way; no error about an answer',
    },
    commands: ['node2: ip route del 10.1.15.0/24', PING_VXLAN],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-vni-mismatch', about: 'silence: no device for that VNI' },
    prepare: otherVtep(2, 8472),
    commands: [PING_VXLAN],
  },
  {
    ...{
      base: VXLAN,
      id: 'vxlan-port-mismatch',
      about: 'port unreachable between the hosts, silence for the container',
    },
    prepare: otherVtep(1, 8473),
    commands: [PING_VXLAN],
  },
  {
    ...{
      base: VXLAN,
      id: 'vxlan-nic-down',
      about: 'the other node is unplugged; the first gives up after 3 s',
    },
    prepare: ['node2: ip link set eth0 down'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 10.1.16.3'],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-own-nic-down', about: 'the outer packet has no route' },
    prepare: ['node1: ip link set eth0 down'],
    commands: [PING_VXLAN],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-forwarding-off', about: 'transit packets are dropped in silence' },
    commands: ['node1: sysctl -w net.ipv4.ip_forward=0', PING_VXLAN],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-mtu', about: 'frag needed once, then the container knows' },
    prepare: ['node1: ip link set flannel.1 mtu 1400'],
    commands: [
      'container-1: ping -n -e 1 -c 2 -i 1 -W 1 -M do -s 1422 10.1.16.3',
      'container-1: ping -n -e 2 -c 1 -W 1 -M do -s 1372 10.1.16.3',
      'container-1: ip route get 10.1.16.3',
    ],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-too-long', about: 'larger than the own device: nothing is sent' },
    commands: ['container-1: ping -n -e 1 -c 1 -W 1 -M do -s 1423 10.1.16.3'],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-fragments', about: '4000 bytes without DF, in three pieces each way' },
    commands: ['container-1: ping -n -e 1 -c 1 -W 1 -s 4000 -M dont 10.1.16.3'],
  },
  {
    ...{
      base: VXLAN,
      id: 'vxlan-outer-fragments',
      about: 'a small underlay: the outer packet is fragmented',
    },
    prepare: ['node1: ip link set eth0 mtu 1400', 'node2: ip link set eth0 mtu 1400'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 1 -s 1400 10.1.16.3'],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-traceroute', about: 'both VTEPs answer, then the container' },
    commands: [`container-1: ${TRACE} 10.1.16.3`],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-silent-address', about: 'no such container on the other node' },
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 10.1.16.77'],
  },
  {
    ...{ base: VXLAN, id: 'vxlan-switch-port-down', about: 'the outer neighbour cannot be resolved' },
    prepare: ['lan: ip link set p-node2 down'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 10.1.16.3'],
  },
];

const ROUTED: readonly Variation[] = [
  {
    ...{ base: HOST_GW, id: 'hostgw-traceroute', about: 'node, node, pod' },
    commands: [`infra-container-1: ${TRACE} 10.244.1.3`],
  },
  {
    ...{ base: HOST_GW, id: 'hostgw-ttl', about: 'TTL 1 and 2 end on the nodes' },
    commands: [
      'infra-container-1: ping -n -e 1 -c 1 -W 1 -t 1 10.244.1.3',
      'infra-container-1: ping -n -e 2 -c 1 -W 1 -t 2 10.244.1.3',
      'infra-container-1: ping -n -e 3 -c 1 -W 1 -t 3 10.244.1.3',
    ],
  },
  ...(['blackhole', 'unreachable', 'prohibit', 'throw'] as const).map((type) => ({
    ...{
      base: HOST_GW,
      id: `hostgw-${type}`,
      about: `a ${type} route, for the pod's packet and the node's own`,
    },
    commands: [
      `node1: ip route replace ${type} 10.244.1.0/24`,
      PING_HOST_GW,
      'node1: ping -n -e 2 -c 1 -W 1 10.244.1.3',
      'node1: ip route get 10.244.1.3',
      'node1: ip route get 10.244.1.3 from 10.244.0.2 iif cni0',
    ],
  })),
  {
    ...{ base: HOST_GW, id: 'hostgw-forwarding-off', about: 'on the far node' },
    commands: ['node2: sysctl -w net.ipv4.ip_forward=0', PING_HOST_GW],
  },
  {
    ...{ base: HOST_GW, id: 'hostgw-mtu', about: 'a narrow link on the way back and forth' },
    prepare: ['node2: ip link set cni0 mtu 1300', 'node2: ip link set vethinfra2 mtu 1300'],
    commands: [
      'infra-container-1: ping -n -e 1 -c 2 -i 0.5 -W 1 -M do -s 1400 10.244.1.3',
      'infra-container-1: ip route get 10.244.1.3',
      'infra-container-1: ping -n -e 2 -c 1 -W 1 -M dont -s 1400 10.244.1.3',
    ],
  },
  {
    ...{ base: HOST_GW, id: 'hostgw-metrics', about: 'the lower metric wins, a longer prefix beats both' },
    commands: [
      'node1: ip route add 10.244.1.0/24 via 10.168.0.77 dev eth0 metric 50',
      'node1: ip route add 10.244.1.0/25 via 10.168.0.3 dev eth0 metric 500',
      'node1: ip route',
      'node1: ip route get 10.244.1.3',
      'node1: ip route get 10.244.1.200',
      PING_HOST_GW,
    ],
  },
  {
    ...{ base: HOST_GW, id: 'hostgw-redirect', about: 'the gateway is not the way: node2 sends a redirect' },
    commands: [
      'node1: ip route add 10.9.9.0/24 via 10.168.0.3',
      'node2: ip route add 10.9.9.0/24 via 10.168.0.2',
      'node1: ping -n -e 1 -c 1 -W 1 10.9.9.9',
    ],
  },
  {
    ...{
      base: ROUTER,
      id: 'router-no-route',
      about: 'net unreachable from the router; no way for the host itself',
    },
    commands: [
      'h1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.9.9.9',
      'h1: ip route del default',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      'h1: ip route get 10.2.2.2',
    ],
  },
  {
    ...{
      base: ROUTER,
      id: 'router-flap',
      about: 'an interface goes down and comes back: connected routes return',
    },
    commands: [
      'router: ip link set eth1 down',
      'router: ip route',
      'h1: ping -n -e 1 -c 1 -W 1 10.2.2.2',
      'router: ip link set eth1 up',
      'router: sleep 1.5',
      'router: ip route',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
    ],
  },
  {
    ...{
      base: ROUTER,
      id: 'router-rp-filter',
      about: 'strict reverse path: a source that would be routed elsewhere',
    },
    commands: [
      'router: sysctl -w net.ipv4.conf.eth0.rp_filter=1',
      'h1: ip addr add 10.3.3.3/32 dev eth0',
      'h1: ping -n -e 1 -c 1 -W 1 -I 10.3.3.3 10.2.2.2',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
    ],
  },
  {
    ...{ base: ROUTER, id: 'router-routers-addresses', about: 'the near and the far address of the router' },
    commands: [
      'h1: ping -n -e 1 -c 1 -W 1 10.1.1.1',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.1',
      'h1: ping -n -e 3 -c 1 -W 1 -t 1 10.2.2.1',
    ],
  },
  {
    ...{
      base: PROXY,
      id: 'proxy-arp-no-default',
      about: 'without a route to the gateway the node does not answer for it',
    },
    commands: ['node: ip route del default', 'pod1: ping -n -e 1 -c 1 -W 4 10.233.1.3'],
  },
  {
    ...{ base: PROXY, id: 'proxy-arp-host-to-pod', about: 'the node pings a pod; the pod learns the node' },
    commands: ['node: ping -n -e 1 -c 1 -W 1 10.233.1.2', 'pod1: ip neigh'],
  },
  {
    ...{ base: PROXY, id: 'proxy-arp-unassigned', about: 'an address of the block that no pod has' },
    commands: ['node: ip route add blackhole 10.233.1.0/26', 'pod1: ping -n -e 1 -c 1 -W 1 10.233.1.9'],
  },
];

const SWITCHED: readonly Variation[] = [
  {
    ...{ base: DOCKER, id: 'docker-host-ping', about: 'the host pings a container' },
    commands: ['host: ping -n -e 1 -c 1 -W 1 172.17.0.2'],
  },
  {
    ...{ base: DOCKER, id: 'docker-gateway-ping', about: 'a container pings its gateway' },
    commands: ['nginx-1: ping -n -e 1 -c 2 -i 0.2 -W 1 172.17.0.1'],
  },
  {
    ...{ base: DOCKER, id: 'docker-loopback', about: 'the own address, and 127.0.0.1' },
    commands: ['nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.2', 'nginx-1: ping -n -e 2 -c 1 -W 1 127.0.0.1'],
  },
  {
    ...{ base: DOCKER, id: 'docker-silent-address', about: 'three requests, then the own kernel says so' },
    commands: ['nginx-1: ping -n -e 1 -c 3 -W 2 172.17.0.99'],
  },
  {
    ...{ base: DOCKER, id: 'docker-arp-deleted', about: 'asked again after the entry is gone' },
    prepare: ['nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3'],
    commands: ['nginx-1: ip neigh del 172.17.0.3 dev eth0', 'nginx-1: ping -n -e 2 -c 1 -W 1 172.17.0.3'],
  },
  {
    ...{ base: DOCKER, id: 'docker-wrong-arp', about: 'a wrong permanent entry: flooded, heard by nobody' },
    commands: [
      'nginx-1: ip neigh replace 172.17.0.3 lladdr 02:42:ac:11:00:77 dev eth0 nud permanent',
      'nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3',
    ],
  },
  {
    ...{ base: DOCKER, id: 'docker-veth-down', about: 'the port of the other container goes down' },
    prepare: ['nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3'],
    commands: ['host: ip link set veth24ae452 down', 'nginx-1: ping -n -e 2 -c 1 -W 1 172.17.0.3'],
  },
  {
    ...{ base: DOCKER, id: 'docker-detached', about: 'the port leaves the bridge' },
    commands: [
      'host: ip link set veth24ae452 nomaster',
      'nginx-1: ping -n -e 1 -c 1 -W 1 172.17.0.3',
      'nginx-1: sleep 0.3',
      'host: ip link set veth24ae452 master docker0',
      'nginx-1: ping -n -e 2 -c 1 -W 1 172.17.0.3',
    ],
  },
  {
    ...{
      base: BRIDGE,
      id: 'bridge-flood-then-switch',
      about: 'the third hears the request and nothing else',
    },
    commands: ['ns1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.0.0.12', 'ns1: ping -n -e 2 -c 1 -W 1 10.0.0.13'],
  },
  {
    ...{
      base: BRIDGE,
      id: 'bridge-unknown-unicast',
      about: 'a frame for an address nobody has been heard with',
    },
    commands: [
      'ns1: ip neigh replace 10.0.0.12 lladdr 02:00:00:00:00:99 dev eth0 nud permanent',
      'ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12',
    ],
  },
  {
    ...{ base: BRIDGE, id: 'bridge-isolated', about: 'isolated ports reach the host but not each other' },
    commands: [
      'host: bridge link set dev veth1 isolated on',
      'host: bridge link set dev veth2 isolated on',
      'ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12',
      'ns1: sleep 0.3',
      'ns1: ping -n -e 2 -c 1 -W 1 10.0.0.13',
      'ns1: ping -n -e 3 -c 1 -W 1 10.0.0.1',
    ],
  },
  {
    ...{ base: BRIDGE, id: 'bridge-no-learning', about: 'a port that does not learn: always flooded to it' },
    commands: [
      'host: bridge link set dev veth2 learning off',
      'ns1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.0.0.12',
    ],
  },
  {
    ...{ base: BRIDGE, id: 'bridge-moved-mac', about: 'an address heard on another port moves at once' },
    prepare: ['ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12'],
    commands: [
      'ns2: ip link set eth0 down',
      'ns2: ip link set eth0 address 02:00:00:00:00:52',
      'ns3: ip link set eth0 address 02:00:00:00:00:53',
      'ns3: ping -n -e 2 -c 1 -W 1 10.0.0.11',
    ],
  },
  {
    ...{
      base: BRIDGE,
      id: 'bridge-duplicate-address',
      about: 'two own one address: the first answer is believed',
    },
    commands: ['ns3: ip addr add 10.0.0.12/24 dev eth0', 'ns1: ping -n -e 1 -c 1 -W 1 10.0.0.12'],
  },
  {
    ...{ base: BRIDGE, id: 'bridge-broadcast-ping', about: 'nobody answers a broadcast echo by default' },
    commands: ['ns1: ping -n -e 1 -c 1 -W 1 10.0.0.255', 'ns1: ping -b -n -e 2 -c 1 -W 1 10.0.0.255'],
  },
];

export const VARIATIONS: readonly Variation[] = [...OVERLAY, ...ROUTED, ...SWITCHED];
