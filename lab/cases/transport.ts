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
    about: 'the server asks for itself by the published port: MASQUERADE brings the answer back',
    prepare: [
      'router: iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2:80',
      'router: iptables -t nat -A POSTROUTING -s 10.1.1.2 -d 10.1.1.2 -p tcp --dport 80 -j MASQUERADE',
    ],
    commands: ['h1: nginx &', 'h1: curl http://10.2.2.1:8080/', TRACKED],
  },
  {
    base: VXLAN,
    id: 'tcp-through-vxlan',
    about: 'the segment size is that of the tunnel: nothing is fragmented',
    commands: ['container-1: curl http://10.1.16.3/'],
  },
];

export const TRANSPORT: readonly Variation[] = [...TCP, ...TRANSLATED];
