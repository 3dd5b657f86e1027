/** Variations of flannel's UDP backend, and of cables that lose and delay. */
import type { Variation } from './variation';

const UDP = 'flannel-udp';
const PING = 'container-1: ping -n -e 1 -c 1 -W 1 100.96.2.3';
const TRACE = 'traceroute -n -q 1 -N 1 -w 1 --sport=40001';

export const USERSPACE: readonly Variation[] = [
  {
    base: UDP,
    id: 'udp-backend-traceroute',
    about: 'the two flanneld drop in silence what ends with them',
    commands: [`container-1: ${TRACE} 100.96.2.3`],
  },
  {
    base: UDP,
    id: 'udp-backend-ttl',
    about: 'TTL 1 ends on the kernel, 2 and 3 in user space, 4 on the far kernel',
    commands: [1, 2, 3, 4, 5].map((ttl) => `container-1: ping -n -e ${ttl} -c 1 -W 1 -t ${ttl} 100.96.2.3`),
  },
  {
    base: UDP,
    id: 'udp-backend-too-long',
    about: 'larger than 1472: refused with DF, fragments without',
    commands: [
      'container-1: ping -n -e 1 -c 1 -W 1 -M do -s 1445 100.96.2.3',
      'container-1: ping -n -e 2 -c 1 -W 1 -M do -s 1444 100.96.2.3',
      'container-1: ping -n -e 3 -c 1 -W 1 -M dont -s 3000 100.96.2.3',
    ],
  },
  {
    base: UDP,
    id: 'udp-backend-no-subnet',
    about: 'a subnet nobody has: silence for ping, and for a datagram as well',
    commands: [
      'container-1: ping -n -e 1 -c 1 -W 1 100.96.7.3',
      `container-1: ${TRACE} -f 3 -m 3 100.96.7.3`,
    ],
  },
  {
    base: UDP,
    id: 'udp-backend-host-to-pod',
    about: 'the node itself: source is flannel0',
    commands: ['node1: ping -n -e 1 -c 1 -W 1 100.96.2.3', 'node1: ip route get 100.96.2.3'],
  },
  {
    base: UDP,
    id: 'udp-backend-blocked',
    about: 'UDP 8285 is dropped on the way',
    prepare: ['node2: iptables -A INPUT -p udp --dport 8285 -j DROP'],
    commands: [PING, 'node2: iptables -L INPUT -v -n'],
  },
  {
    base: UDP,
    id: 'udp-backend-stopped-here',
    about: "the own flanneld is stopped: flannel0 has gone with it, and the node's kernel answers",
    after: ['node1: systemctl stop flanneld'],
    commands: [PING, 'node1: ip route', 'node1: ip link show flannel0'],
  },
  {
    base: UDP,
    id: 'udp-backend-stopped-there',
    about: 'the other flanneld is stopped: its kernel answers that nobody listens on UDP 8285',
    after: ['node2: systemctl stop flanneld'],
    commands: [PING, 'node2: ip route'],
  },
  {
    base: UDP,
    id: 'udp-backend-route-deleted',
    about: 'without the route into user space there is no way',
    commands: ['node1: ip route del 100.96.0.0/16', PING],
  },
  {
    base: UDP,
    id: 'udp-backend-nic-down',
    about: 'user space sends, the kernel has no neighbour',
    prepare: ['node2: ip link set eth0 down'],
    commands: ['container-1: ping -n -e 1 -c 1 -W 4 100.96.2.3'],
  },
  {
    base: 'script-two-namespaces',
    id: 'netem-delay',
    about: 'a cable of 100 ms',
    commands: [
      'red: tc qdisc add dev eth0 root netem delay 100ms',
      'red: tc qdisc',
      'red: ping -n -e 1 -c 2 -i 0.5 -W 1 192.168.15.2',
      'red: tc qdisc del dev eth0 root',
    ],
  },
  {
    base: 'script-two-namespaces',
    id: 'netem-loss',
    about: 'a cable that loses everything',
    commands: [
      'red: tc qdisc add dev eth0 root netem loss 100%',
      'red: ping -n -e 1 -c 1 -W 1 192.168.15.2',
      'red: tc qdisc del dev eth0 root',
      'red: ping -n -e 2 -c 1 -W 1 192.168.15.2',
    ],
  },
];
