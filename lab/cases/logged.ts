/** Variations that write to the kernel log: LOG and TRACE. */
import type { Variation } from './variation';

const ROUTER = 'script-router';
const PING = 'h1: ping -n -e 1 -c 1 -W 1 10.2.2.2';
const PROBE = 'traceroute -n -q 1 -N 1 -w 1 --sport=40001 -f 2 -m 2';
const MASQUERADE = 'router: iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE';

export const LOGGED: readonly Variation[] = [
  {
    base: ROUTER,
    id: 'log-forward',
    about: 'LOG with a prefix, at every hook it passes',
    prepare: [
      'router: iptables -t mangle -A PREROUTING -p icmp -j LOG --log-prefix "pre: "',
      'router: iptables -A FORWARD -j LOG --log-prefix "fwd: " --log-ip-options --log-uid',
      'router: iptables -t mangle -A POSTROUTING -j LOG',
    ],
    commands: [PING, `h1: ${PROBE} 10.2.2.2`],
  },
  {
    base: ROUTER,
    id: 'trace-forward',
    about: 'every table and chain the packet and its answer pass',
    prepare: [
      MASQUERADE,
      'router: iptables -N inner',
      'router: iptables -A FORWARD -j inner',
      'router: iptables -A inner -p tcp -j DROP',
      'router: iptables -t raw -A PREROUTING -p icmp -j TRACE',
    ],
    commands: ['h1: ping -n -e 1 -c 2 -i 0.2 -W 1 10.2.2.2'],
  },
  {
    base: ROUTER,
    id: 'trace-own',
    about: "the own packet's way out and the answer's way in",
    prepare: [
      'h1: iptables -t raw -A OUTPUT -p icmp -j TRACE',
      'h1: iptables -t raw -A PREROUTING -p icmp -j TRACE',
    ],
    commands: [PING, 'h1: iptables -t nat -A OUTPUT -p icmp', 'h1: ping -n -e 2 -c 2 -i 0.2 -W 1 10.2.2.2'],
  },
];
