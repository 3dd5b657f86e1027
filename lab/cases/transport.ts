/** Variations with sockets: TCP between two hosts, through a router, through NAT, through tunnels. */
import type { Variation } from './variation';

const ROUTER = 'script-router';
const VXLAN = 'flannel-vxlan';
const HTTP = 'h2: nginx &';
const CURL = 'h1: curl http://10.2.2.2/';
const TRACKED = 'router: conntrack -L';
const STATEFUL = 'router: iptables -A FORWARD -m conntrack --ctstate INVALID';

const TCP: readonly Variation[] = [
  {
    base: ROUTER,
    id: 'tcp-refused',
    about: 'no listener: the SYN is answered by a reset',
    prepare: [STATEFUL],
    commands: ['h1: nc -z -v -n -w 1 10.2.2.2 81', TRACKED],
  },
  {
    base: ROUTER,
    id: 'tcp-handshake-close',
    about: 'a handshake and an end, nothing in between',
    prepare: [STATEFUL],
    commands: ['h2: nc -l -n 18080 &', 'h1: nc -z -v -n -w 1 10.2.2.2 18080', 'h1: ss -tan', TRACKED],
  },
  {
    base: ROUTER,
    id: 'tcp-request',
    about: 'a page from a web server, and the states of both ends',
    prepare: [STATEFUL],
    commands: [HTTP, CURL, 'h1: ss -tan', 'h2: ss -tan', TRACKED],
  },
  {
    base: ROUTER,
    id: 'tcp-requests',
    about: 'three connections one after another: a path, the header alone, the page thrown away',
    commands: [
      HTTP,
      'h1: curl http://10.2.2.2/none',
      'h1: curl -I http://10.2.2.2/',
      'h1: curl -s -o /dev/null http://10.2.2.2/',
    ],
  },
  {
    base: ROUTER,
    id: 'tcp-silence',
    about: 'the SYN is dropped: sent again after a second, then given up',
    prepare: ['router: iptables -A FORWARD -p tcp -j DROP'],
    commands: ['h1: curl --connect-timeout 2 http://10.2.2.2/', 'router: iptables -L FORWARD -v -n'],
  },
  {
    base: ROUTER,
    id: 'tcp-rejected',
    about: 'REJECT: by an ICMP error, and by a reset',
    commands: [
      HTTP,
      'router: iptables -A FORWARD -p tcp --dport 80 -j REJECT',
      CURL,
      'router: iptables -R FORWARD 1 -p tcp --dport 80 -j REJECT --reject-with tcp-reset',
      CURL,
    ],
  },
  {
    base: ROUTER,
    id: 'tcp-no-route',
    about: 'net unreachable ends the attempt',
    commands: ['h1: curl http://10.9.9.9/', 'h1: ip route del default', 'h1: curl http://10.2.2.2/'],
  },
];

const BROKEN: readonly Variation[] = [
  {
    base: ROUTER,
    id: 'tcp-reset-midway',
    about:
      'a standing connection; then the router resets what goes through: one end is gone, the other knows nothing',
    commands: [
      'h2: nc -l -n 18080 &',
      'h1: nc -n -w 2 10.2.2.2 18080 &',
      'router: iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
      'h1: ss -tan',
      'router: sleep 2.5',
      'h1: ss -tan',
      'h2: ss -tan',
      'router: iptables -L FORWARD -v -n',
    ],
  },
  {
    base: ROUTER,
    id: 'udp-refused',
    about: 'a datagram to a port where nobody listens: port unreachable, and nc hears of it',
    prepare: [STATEFUL],
    commands: [
      'h1: echo hello | nc -u -n -w 1 10.2.2.2 9',
      'h1: nc -z -u -n 10.2.2.2 9',
      'h1: nc -u -v -n -w 1 10.9.9.9 9',
      TRACKED,
    ],
  },
  {
    base: ROUTER,
    id: 'udp-answered',
    about: 'nc -u and a listener: datagrams that test, then the input',
    prepare: [STATEFUL],
    commands: ['h2: nc -l -u -v -n 18081 &', 'h1: echo there | nc -u -v -n -w 1 10.2.2.2 18081', TRACKED],
  },
];

const TRANSLATED: readonly Variation[] = [
  {
    base: ROUTER,
    id: 'tcp-masqueraded',
    about: 'a page through MASQUERADE, every segment changed and changed back',
    prepare: ['h2: ip route del default', 'router: iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE'],
    commands: [HTTP, CURL, TRACKED, 'router: iptables -t nat -L -v -n'],
  },
  {
    base: ROUTER,
    id: 'tcp-published',
    about: 'a published port: from outside, from the router itself',
    prepare: [
      'router: iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80',
      'router: iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80',
    ],
    commands: [
      'h1: nginx &',
      'h2: curl http://10.2.2.1:8080/',
      'router: curl http://10.2.2.1:8080/',
      TRACKED,
      'router: iptables -t nat -L -v -n',
    ],
  },
  {
    base: ROUTER,
    id: 'tcp-hairpin',
    about: 'a host calls itself by its published port: MASQUERADE brings the answer back',
    prepare: [
      'router: iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80',
      'router: iptables -t nat -A POSTROUTING -s 10.1.1.2 -d 10.1.1.2 -p tcp --dport 80 -j MASQUERADE',
    ],
    commands: ['h1: nc -l -n 80 &', 'h1: nc -n -w 1 10.2.2.1 8080', TRACKED],
  },
  {
    base: ROUTER,
    id: 'tcp-translated-rejected',
    about: 'DNAT, then REJECT by a reset: it comes from the address that was called',
    prepare: [
      'router: iptables -t nat -A PREROUTING -d 10.9.9.9 -p tcp -j DNAT --to-destination 10.2.2.2',
      'router: iptables -A FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset',
    ],
    commands: ['h1: curl http://10.9.9.9/', TRACKED, 'router: iptables -t nat -L -v -n'],
  },
  {
    base: 'docker-published-port',
    id: 'published-from-host',
    about: 'the published port, called on the host itself: DNAT at OUTPUT',
    commands: [
      'host: curl http://192.168.44.128:8080/',
      'host: conntrack -L',
      'host: iptables -t nat -L -v -n',
    ],
  },
  {
    base: 'script-bridge',
    id: 'bridge-hairpin',
    about:
      'a container calls its own published port: the bridge sends back out of the same port only with hairpin on',
    prepare: [
      'host: iptables -t nat -A PREROUTING -d 10.0.0.1 -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.11:80',
      'host: iptables -t nat -A POSTROUTING -s 10.0.0.11 -d 10.0.0.11 -p tcp --dport 80 -j MASQUERADE',
      'host: sysctl -w net.ipv4.ip_forward=1',
      'host: ping -n -e 9 -c 1 -W 1 10.0.0.11',
    ],
    commands: [
      'ns1: nc -l -n 80 &',
      'ns1: nc -z -n -w 1 10.0.0.1 8080',
      'host: bridge link set dev veth1 hairpin on',
      'ns1: nc -n -w 1 10.0.0.1 8080',
      'host: conntrack -L',
    ],
  },
  {
    base: VXLAN,
    id: 'tcp-through-vxlan',
    about: 'the segment size is that of the tunnel: nothing is fragmented',
    commands: ['container-1: curl http://10.1.16.3/'],
  },
];

export const TRANSPORT: readonly Variation[] = [...TCP, ...BROKEN, ...TRANSLATED];
