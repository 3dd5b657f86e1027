/** What the lessons tell their readers to try does what they say. */
import { describe, expect, it } from 'vitest';
import { catalogue } from './index';
import { Terminal } from './testing/terminal';

/** At which terminal, what is typed, and what must (or, with a leading `!`, must not) be printed. */
type Step = readonly [netns: string, command: string, ...printed: string[]];
interface Exercise {
  readonly scenario: string;
  readonly what: string;
  readonly steps: readonly Step[];
}

const LOST = ' 0 received';
const HOST = 'Destination Host Unreachable';
const NET = 'Destination Net Unreachable';

const DOCKER: readonly Exercise[] = [
  {
    scenario: 'docker-bridge',
    what: 'an address that nobody has, and a port taken down',
    steps: [
      ['nginx-2', 'ip neigh', '172.17.0.2 dev eth0 lladdr 02:42:ac:11:00:02 DELAY'],
      ['host', 'iptables -L FORWARD -v -n', '    1    84 ACCEPT     0    --  docker0 docker0 '],
      ['nginx-1', 'ping -c 1 172.17.0.99', `From 172.17.0.2 icmp_seq=1 ${HOST}`],
      ['nginx-2', 'sleep 5'],
      ['nginx-2', 'ip neigh', '172.17.0.2 dev eth0 lladdr 02:42:ac:11:00:02 REACHABLE'],
      ['host', 'bridge fdb show br docker0', '02:42:ac:11:00:03 dev veth24ae452 master docker0 \n'],
      ['host', 'ip link set veth24ae452 down'],
      ['host', 'bridge fdb show br docker0', '!02:42:ac:11:00:03'],
      ['nginx-1', 'ping -c 1 -W 1 172.17.0.3', LOST],
    ],
  },
  {
    scenario: 'docker-three',
    what: 'the learned entry deleted',
    steps: [
      ['nginx-3', 'ip neigh', '!172.17'],
      ['host', 'bridge fdb del 02:42:ac:11:00:03 dev veth24ae452 master', '!E'],
      ['nginx-1', 'ping -c 1 172.17.0.3', 'ttl=64'],
      ['host', 'ip link set veth24ae452 down'],
      ['host', 'brctl showmacs docker0', '!02:42:ac:11:00:03', '02:42:ac:11:00:02'],
    ],
  },
  {
    scenario: 'docker-host-to-container',
    what: 'a second connection, and a bridge that iptables does not see',
    steps: [
      ['host', 'dmesg', 'TRACE: nat:OUTPUT:policy:2 IN= OUT=docker0 ', '!TRACE: mangle'],
      ['nginx-1', 'ping -c 1 172.17.0.3', 'ttl=64'],
      [
        'host',
        'dmesg',
        'filter:FORWARD:rule:6 IN=docker0 OUT=docker0 PHYSIN=vethadd362c PHYSOUT=veth24ae452',
      ],
      ['host', 'sysctl net.bridge.bridge-nf-call-iptables', '= 1'],
    ],
  },
  {
    scenario: 'docker-host-network',
    what: 'one dash, and the port set free',
    steps: [
      ['host', 'docker ps -a', 'Exited (1)'],
      ['host', 'docker logs nginx-host-2', '(98: Address already in use)', 'still could not bind()'],
      ['host', 'docker run -d -net=host nginx', "unknown shorthand flag: 'n' in -net=host"],
      ['host', 'docker rm -f nginx-host', 'nginx-host'],
      ['host', 'docker start nginx-host-2', 'nginx-host-2'],
      ['host', 'sleep 3'],
      ['host', 'docker ps', 'nginx-host-2'],
      ['client', 'curl http://192.168.44.128/', 'Remote address: 192.168.44.1\n'],
    ],
  },
  {
    scenario: 'docker-published-port',
    what: 'from the host, by docker-proxy, and past the port',
    steps: [
      ['host', 'curl http://192.168.44.128:8080/', 'Server name: nginx-1'],
      ['host', 'curl http://127.0.0.1:8080/', 'Remote address: 172.17.0.1\n'],
      ['client', 'ip route add 172.17.0.0/16 via 192.168.44.128'],
      ['client', 'curl http://172.17.0.2/', 'Server name: nginx-1'],
      ['client', 'curl -m 3 http://172.17.0.2:81/', 'curl: (28)'],
    ],
  },
  {
    scenario: 'docker-internet',
    what: 'without MASQUERADE',
    steps: [
      ['host', 'iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'],
      ['nginx-1', 'ping -e 9 -c 1 203.0.113.10', LOST],
      ['server', 'ip neigh', '172.17.0.2 dev docker0'],
      ['nginx-1', 'ping -e 1 -c 1 203.0.113.10', 'ttl=62'],
    ],
  },
];

const FLANNEL: readonly Exercise[] = [
  {
    scenario: 'flannel-udp',
    what: 'a subnet that nobody has, and flanneld stopped',
    steps: [
      ['container-1', 'ping -c 1 -W 5 100.96.9.9', LOST, '!From'],
      ['node1', 'systemctl stop flanneld'],
      ['node1', 'ip route', '!flannel0'],
      ['container-1', 'ping -c 1 -W 5 100.96.2.3', `From 100.96.1.1 icmp_seq=1 ${HOST}`],
    ],
  },
  {
    scenario: 'flannel-vxlan',
    what: 'three tables, three failures',
    steps: [
      ['node1', 'bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1'],
      ['container-1', 'ping -c 1 -W 5 10.1.16.3', LOST, '!From'],
      ['node1', 'bridge fdb append 5e:f8:4f:00:e3:37 dev flannel.1 dst 10.168.0.3'],
      ['node1', 'ip neigh del 10.1.16.0 dev flannel.1'],
      ['container-1', 'ping -c 1 -W 5 10.1.16.3', `From 10.1.15.1 icmp_seq=1 ${HOST}`],
      ['node1', 'ip route del 10.1.16.0/24'],
      ['container-1', 'ping -c 1 -W 5 10.1.16.3', `From 10.1.15.1 icmp_seq=1 ${NET}`],
    ],
  },
  {
    scenario: 'flannel-host-gw',
    what: 'the other node’s subnet on the own bridge, and a route that comes back',
    steps: [
      ['node1', 'ip route add 10.233.2.0/24 via 192.168.2.2 dev eth0', 'Error: Nexthop has invalid gateway.'],
      ['node1', 'ip route replace 10.244.1.0/24 dev cni0'],
      ['infra-container-1', 'ping -c 1 -W 5 10.244.1.3', `From 10.244.0.1 icmp_seq=1 ${HOST}`],
      ['node1', 'ip route del 10.244.1.0/24'],
      ['node1', 'sleep 10'],
      ['node1', 'ip route', '10.244.1.0/24 via 10.168.0.3 dev eth0'],
    ],
  },
  {
    scenario: 'flannel-vxlan-join',
    what: 'flanneld stopped again, and its key deleted',
    steps: [
      [
        'node2',
        'cat /run/flannel/subnet.env',
        'FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.16.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n',
      ],
      ['container-2', 'cat /run/flannel/subnet.env', 'No such file or directory'],
      ['node2', 'systemctl stop flanneld'],
      ['container-1', 'ping -c 1 10.1.16.3', 'ttl=62'],
      ['node1', 'ETCDCTL_API=3 etcdctl del /coreos.com/network/subnets/10.1.16.0-24', '1\n'],
      ['node1', 'sleep 1'],
      ['node1', 'ip route', '!10.1.16.0'],
      ['node1', 'ip neigh show dev flannel.1', '!10.1.16.0'],
      ['node1', 'bridge fdb show dev flannel.1', '!5e:f8:4f:00:e3:37'],
    ],
  },
  {
    scenario: 'flannel-mtu',
    what: 'the one ICMP message blocked',
    steps: [
      ['container-1', 'ip route get 10.1.16.3', 'mtu 1450'],
      ['node1', 'iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP'],
      ['container-1', 'ip route flush cache'],
      ['container-1', 'ip route get 10.1.16.3', '!mtu'],
      ['container-1', 'ping -c 1 -M do -s 1472 10.1.16.3', LOST, '!mtu'],
      ['container-1', 'ping -c 1 -M do -s 1472 10.1.16.3', LOST, '!mtu'],
    ],
  },
  {
    scenario: 'flannel-masquerade',
    what: 'flanneld’s chain cut off, and put back by it',
    steps: [
      [
        'node1',
        'iptables -t nat -D POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
        '!iptables',
      ],
      ['pod-1', 'ping -e 9 -c 1 203.0.113.10', LOST],
      ['pod-1', 'ping -e 1 -c 1 203.0.113.10', 'ttl=62'],
      ['node1', 'sleep 5'],
      ['pod-1', 'ping -e 10 -c 1 203.0.113.10', 'ttl=62'],
      ['pod-1', 'ping -e 9 -c 1 203.0.113.10', LOST],
    ],
  },
];

const ROUTES: readonly Exercise[] = [
  {
    scenario: 'cni0-two-hosts',
    what: 'host2 without its route, with and without NAT on host1',
    steps: [
      ['host2', 'ip route del 192.168.0.0/24 via 10.168.0.1'],
      ['container1', 'ping -c 1 192.168.1.2', 'ttl=62'],
      ['host1', 'iptables -t nat -D POSTROUTING -s 192.168.0.0/24 ! -o cni0 -j MASQUERADE'],
      ['container1', 'ping -c 1 192.168.1.2', LOST],
    ],
  },
  {
    scenario: 'cni0-wrong-route',
    what: 'the puzzle solved',
    steps: [
      ['container1', 'ip neigh', '192.168.1.2 dev eth0 FAILED'],
      ['host1', 'ip route del 192.168.1.0/24 dev cni0'],
      ['host1', 'ip route add 192.168.1.0/24 via 10.168.0.2 dev eth0'],
      ['container1', 'ping -c 1 192.168.1.2', 'ttl=62'],
    ],
  },
  {
    scenario: 'cni0-wrong-route',
    what: 'both routes side by side',
    steps: [
      ['host1', 'ip route add 192.168.1.0/24 via 10.168.0.2 dev eth0'],
      ['host1', 'ip route', '192.168.1.0/24 dev cni0 proto kernel scope link src 192.168.0.1 metric 200'],
      ['container1', 'ping -c 1 192.168.1.2', 'ttl=62'],
    ],
  },
  {
    scenario: 'host-gw-two-subnets',
    what: 'routes on the router',
    steps: [
      ['node1', 'journalctl -u flanneld', 'Error adding route to {Ifindex: 2 Dst: 10.244.1.0/24 '],
      ['router', 'ip route add 10.244.1.0/24 via 192.168.2.2'],
      ['router', 'ip route add 10.244.0.0/24 via 192.168.1.2'],
      ['node1', 'ip route del 10.244.1.0/24'],
      ['pod-1', 'ping -c 1 10.244.1.2', 'ttl=61'],
    ],
  },
];

describe.each([...DOCKER, ...FLANNEL, ...ROUTES])('$scenario', ({ scenario, what, steps }) => {
  it(what, () => {
    const terminal = new Terminal(scenario);
    for (const [netns, command, ...printed] of steps) {
      const text = terminal.type(netns, command);
      if (printed.length === 0) expect(text, command).toBe('');
      for (const part of printed) {
        if (part.startsWith('!')) expect(text, command).not.toContain(part.slice(1));
        else expect(text, command).toContain(part);
      }
    }
  });
});

describe.each(catalogue.map(({ id, lesson }) => ({ id, lesson })))('the lesson of $id', ({ lesson }) => {
  const blocks = (text: string) => text.match(/^```\n[^]*?^```$/gm) ?? [];
  const headings = (text: string) => (text.match(/^## /gm) ?? []).length;
  /** Inline code that is typed or printed: several words. */
  const typed = (text: string) => {
    const code = text.replace(/^```\n[^]*?^```$/gm, '').match(/`[^`\n]+`/g) ?? [];
    return [...new Set(code.filter((word) => word.includes(' ')))].sort();
  };

  it('shows the same commands and outputs in both languages, under as many headings', () => {
    expect(blocks(lesson.zh)).toEqual(blocks(lesson.en));
    expect(headings(lesson.zh)).toBe(headings(lesson.en));
    expect(typed(lesson.zh)).toEqual(typed(lesson.en));
  });
});
