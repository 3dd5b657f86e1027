/** What the documents ask and the scenarios answer: which source address a packet has, and what needs a daemon. */
import { describe, expect, it } from 'vitest';
import { formatIp4, IPPROTO_ICMP } from '../sim/wire/index';
import { Terminal } from './testing/terminal';

const received = (lines: readonly string[]) => lines.some((line) => line.includes(' 1 received'));

describe('the source address of what leaves host1', () => {
  const TO_CONTAINER3 = '192.168.1.2';
  /** Sources of the echo requests on host1's eth0 that one command caused. */
  function sources(terminal: Terminal, netns: string, id: number): string[] {
    const from = terminal.world.trace.events.length;
    expect(received(terminal.lines(netns, `ping -n -e ${id} -c 1 -W 1 ${TO_CONTAINER3}`))).toBe(true);
    return terminal
      .packets('tx', 'host1', 'eth0', from)
      .filter(({ protocol, dst }) => protocol === IPPROTO_ICMP && formatIp4(dst) === TO_CONTAINER3)
      .map(({ src }) => formatIp4(src));
  }
  const terminal = new Terminal('cni0-two-hosts', 0);

  it('is the container’s, whatever src the route has; src is for host1 itself', () => {
    expect(sources(terminal, 'container1', 1)).toEqual(['192.168.0.2']);
    expect(sources(terminal, 'host1', 2)).toEqual(['10.168.0.1']);
    terminal.type('host1', `ip route replace 192.168.1.0/24 via 10.168.0.2 dev eth0 src 192.168.0.1`);
    expect(sources(terminal, 'container1', 3)).toEqual(['192.168.0.2']);
    expect(sources(terminal, 'host1', 4)).toEqual(['192.168.0.1']);
  });

  it('is changed by MASQUERADE, and by that only while the rule stands', () => {
    const rule = 'POSTROUTING -s 192.168.0.0/24 ! -o cni0 -j MASQUERADE';
    terminal.type('host1', `iptables -t nat -A ${rule}`);
    expect(sources(terminal, 'container1', 5)).toEqual(['10.168.0.1']);
    terminal.type('host1', `iptables -t nat -D ${rule}`);
    expect(sources(terminal, 'container1', 6)).toEqual(['192.168.0.2']);
  });
});

describe.each([
  ['flannel-udp', 'container-1', '100.96.2.3', 60, false],
  ['flannel-vxlan', 'container-1', '10.1.16.3', 62, true],
  ['flannel-host-gw', 'infra-container-1', '10.244.1.3', 62, true],
] as const)('%s', (id, netns, target, ttl, survives) => {
  const ping = `ping -n -c 1 -W 4 ${target}`;

  it(`answers with ttl=${ttl}`, () => {
    expect(new Terminal(id, 0).type(netns, ping)).toContain(
      `64 bytes from ${target}: icmp_seq=1 ttl=${ttl} `,
    );
  });

  it('needs no etcd to carry packets', () => {
    const terminal = new Terminal(id, 0);
    terminal.type('node1', 'systemctl stop etcd');
    expect(received(terminal.lines(netns, ping))).toBe(true);
  });

  it(survives ? 'goes on without flanneld and etcd' : 'ends with flanneld, and comes back with it', () => {
    const terminal = new Terminal(id, 0);
    for (const node of ['node1', 'node2']) terminal.type(node, 'systemctl stop flanneld');
    if (survives) terminal.type('node1', 'systemctl stop etcd');
    expect(received(terminal.lines(netns, ping))).toBe(survives);
    if (survives) return;
    for (const node of ['node1', 'node2']) terminal.type(node, 'systemctl start flanneld');
    terminal.type('node1', 'sleep 1');
    expect(received(terminal.lines(netns, ping))).toBe(true);
  });
});

it('counts three copies and one context switch until a packet of the UDP backend leaves node1', () => {
  const { events } = new Terminal('flannel-udp', 1).world.trace;
  const out = events.findLastIndex(
    (event) =>
      event.kind === 'copy' && event.netns === 'node1' && event.via.startsWith('sendto') && event.at >= 0,
  );
  const copies = events
    .slice(0, out + 1)
    .flatMap((event) => (event.kind === 'copy' && event.at >= 0 ? [event] : []));
  expect(copies.map(({ netns, direction, switches }) => [netns, direction, switches])).toEqual([
    ['container-1', 'to-kernel', 0],
    ['node1', 'to-user', 1],
    ['node1', 'to-kernel', 0],
  ]);
});
