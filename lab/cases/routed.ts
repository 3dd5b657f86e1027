/** Variations of routed networks: host-gw, a router between two LANs, routed pods with proxy ARP. */
import type { Variation } from './variation';

const HOST_GW = 'flannel-host-gw';
const PROXY = 'script-proxy-arp';
const ROUTER = 'script-router';
const TWO_SUBNETS = 'host-gw-two-subnets';
const PING_HOST_GW = 'infra-container-1: ping -n -e 1 -c 1 -W 1 10.244.1.3';
const TRACE = 'traceroute -n -q 1 -N 1 -w 1 --sport=40001';

export const ROUTED: readonly Variation[] = [
  {
    base: 'flannel-host-gw',
    id: 'hostgw-flanneld-stopped',
    about: 'both flanneld are stopped: routes stay',
    after: ['node1: systemctl stop flanneld', 'node2: systemctl stop flanneld'],
    commands: ['infra-container-1: ping -n -e 1 -c 1 -W 1 10.244.1.3'],
  },
  {
    base: HOST_GW,
    id: 'hostgw-traceroute',
    about: 'node, node, pod',
    commands: [`infra-container-1: ${TRACE} 10.244.1.3`],
  },
  {
    base: HOST_GW,
    id: 'hostgw-ttl',
    about: 'TTL 1 and 2 end on the nodes',
    commands: [
      'infra-container-1: ping -n -e 1 -c 1 -W 1 -t 1 10.244.1.3',
      'infra-container-1: ping -n -e 2 -c 1 -W 1 -t 2 10.244.1.3',
      'infra-container-1: ping -n -e 3 -c 1 -W 1 -t 3 10.244.1.3',
    ],
  },
  ...(['blackhole', 'unreachable', 'prohibit', 'throw'] as const).map((type) => ({
    base: HOST_GW,
    id: `hostgw-${type}`,
    about: `a ${type} route, for the pod's packet and the node's own`,
    commands: [
      `node1: ip route replace ${type} 10.244.1.0/24`,
      PING_HOST_GW,
      'node1: ping -n -e 2 -c 1 -W 1 10.244.1.3',
      'node1: ip route get 10.244.1.3',
      'node1: ip route get 10.244.1.3 from 10.244.0.2 iif cni0',
    ],
  })),
  {
    base: HOST_GW,
    id: 'hostgw-forwarding-off',
    about: 'on the far node',
    commands: ['node2: sysctl -w net.ipv4.ip_forward=0', PING_HOST_GW],
  },
  {
    base: HOST_GW,
    id: 'hostgw-mtu',
    about: 'a narrow link on the way back and forth',
    prepare: ['node2: ip link set cni0 mtu 1300', 'node2: ip link set vethinfra2 mtu 1300'],
    commands: [
      'infra-container-1: ping -n -e 1 -c 2 -i 0.5 -W 1 -M do -s 1400 10.244.1.3',
      'infra-container-1: ip route get 10.244.1.3',
      'infra-container-1: ping -n -e 2 -c 1 -W 1 -M dont -s 1400 10.244.1.3',
    ],
  },
  {
    base: HOST_GW,
    id: 'hostgw-metrics',
    about: 'the lower metric wins, a longer prefix beats both',
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
    base: HOST_GW,
    id: 'hostgw-redirect',
    about: 'the gateway is not the way: node2 sends a redirect',
    commands: [
      'node1: ip route add 10.9.9.0/24 via 10.168.0.3',
      'node2: ip route add 10.9.9.0/24 via 10.168.0.2',
      'node1: ping -n -e 1 -c 1 -W 1 10.9.9.9',
    ],
  },
  {
    base: ROUTER,
    id: 'router-no-route',
    about: 'net unreachable from the router; no way for the host itself',
    commands: [
      'h1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.9.9.9',
      'h1: ip route del default',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
      'h1: ip route get 10.2.2.2',
    ],
  },
  {
    base: ROUTER,
    id: 'router-flap',
    about: 'an interface goes down and comes back: connected routes return',
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
    base: ROUTER,
    id: 'router-rp-filter',
    about: 'strict reverse path: a source that would be routed elsewhere',
    commands: [
      'router: sysctl -w net.ipv4.conf.eth0.rp_filter=1',
      'h1: ip addr add 10.3.3.3/32 dev eth0',
      'h1: ping -n -e 1 -c 1 -W 1 -I 10.3.3.3 10.2.2.2',
      'h1: sleep 0.3',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.2',
    ],
  },
  {
    base: ROUTER,
    id: 'router-routers-addresses',
    about: 'the near and the far address of the router',
    commands: [
      'h1: ping -n -e 1 -c 1 -W 1 10.1.1.1',
      'h1: ping -n -e 2 -c 1 -W 1 10.2.2.1',
      'h1: ping -n -e 3 -c 1 -W 1 -t 1 10.2.2.1',
    ],
  },
  {
    base: PROXY,
    id: 'proxy-arp-no-default',
    about: 'without a route to the gateway the node does not answer for it',
    commands: ['node: ip route del default', 'pod1: ping -n -e 1 -c 1 -W 4 10.233.1.3'],
  },
  {
    base: PROXY,
    id: 'proxy-arp-host-to-pod',
    about: 'the node pings a pod; the pod learns the node',
    commands: ['node: ping -n -e 1 -c 1 -W 1 10.233.1.2', 'pod1: ip neigh'],
  },
  {
    base: PROXY,
    id: 'proxy-arp-unassigned',
    about: 'an address of the block that no pod has',
    commands: ['node: ip route add blackhole 10.233.1.0/26', 'pod1: ping -n -e 1 -c 1 -W 1 10.233.1.9'],
  },
  {
    base: TWO_SUBNETS,
    id: 'router-between-nodes',
    about: 'a gateway that is not on the link: refused, forced by onlink, and unknown to the router',
    commands: [
      'node1: ip route add 10.244.1.0/24 via 192.168.2.2',
      'node1: ip route add 10.244.1.0/24 via 192.168.2.2 dev eth0',
      'node1: ping -n -e 1 -c 1 -W 1 10.244.1.2',
      'pod-1: ping -n -e 2 -c 1 -W 1 10.244.1.2',
      'node1: ip route add 10.244.1.0/24 via 192.168.2.2 dev eth0 onlink',
      'pod-1: ping -n -e 3 -c 1 -W 4 10.244.1.2',
      'router: ip route add 10.244.1.0/24 via 192.168.2.2',
      'router: ip route add 10.244.0.0/24 via 192.168.1.2',
      'node1: ip route replace 10.244.1.0/24 via 192.168.1.1',
      'node2: ip route replace 10.244.0.0/24 via 192.168.2.1',
      'pod-1: ping -n -e 4 -c 1 -W 1 10.244.1.2',
    ],
  },
];
