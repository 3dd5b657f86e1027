/**
 * What a bridge switches, seen by iptables. The TRACE lines are those that Linux 6.18 wrote for the same network, rules
 * and pings (recorded with nf_log_all_netns; numbers of packets replaced by N).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NetfilterTerminal } from '../../shell/iptables/testing/terminal';
import { isMalformed, parseIpv4 } from '../../wire/index';
import { TestNet, mac, must, ip } from '../testing/net';

const recorded = JSON.parse(
  readFileSync(new URL('testdata/bridge-trace.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>;

function bridged(rules: readonly string[]): { net: TestNet; terminal: NetfilterTerminal } {
  const net = new TestNet();
  for (const id of ['sw', 'a', 'b']) net.netns(id);
  must(net.netlink('sw').newLink({ name: 'br0', kind: 'bridge', mac: mac('02:42:00:00:00:01') }));
  net.addr('sw', 'br0', '172.17.0.1/16');
  must(net.netlink('sw').setLink('br0', { up: true }));
  for (const [id, n] of [
    ['a', 2],
    ['b', 3],
  ] as const) {
    net.veth(`sw:veth${id} 02:00:00:00:01:0${n}`, `${id}:eth0 02:42:ac:11:00:0${n}`);
    must(net.netlink('sw').setLink(`veth${id}`, { master: 'br0' }));
    net.addr(id, 'eth0', `172.17.0.${n}/16`);
  }
  const terminal = new NetfilterTerminal(net, 'sw');
  for (const rule of rules)
    expect(terminal.run(`iptables ${rule}`)).toEqual({ stdout: '', stderr: '', exit: 0 });
  return { net, terminal };
}
const TRACED = [
  '-t raw -A PREROUTING -p icmp -j TRACE',
  '-t raw -A OUTPUT -p icmp -j TRACE',
  '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o br0 -j MASQUERADE',
  '-A FORWARD -i br0 -o br0 -j ACCEPT',
  '-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT',
];
const DNAT = '-t nat -A PREROUTING -d 172.17.0.9 -j DNAT --to-destination 172.17.0.3';

function lines(net: TestNet, from: number): string[] {
  return net
    .get('sw')
    .kernel.log.lines.slice(from)
    .map(({ text }) => text.replace(/ (ID|SEQ)=\d+/g, ' $1=N'));
}
function traced(net: TestNet, action: () => void): string[] {
  const from = net.get('sw').kernel.log.lines.length;
  action();
  return lines(net, from);
}

describe('TRACE as Linux writes it', () => {
  test.each([
    [
      'bridged',
      (net: TestNet) => [1, 2].forEach(() => net.ping('a', '172.17.0.3', { icmpId: 5, seconds: 0.3 })),
    ],
    ['host-to-a', (net: TestNet) => net.ping('sw', '172.17.0.2')],
    ['a-to-host', (net: TestNet) => net.ping('a', '172.17.0.1')],
    ['broadcast', (net: TestNet) => net.ping('a', '172.17.255.255')],
    ['fragments', (net: TestNet) => net.ping('a', '172.17.0.3', { size: 2000, df: false })],
  ] as const)('%s', (name, ping) => {
    const { net } = bridged(TRACED);
    expect(traced(net, () => void ping(net))).toEqual(recorded[name]);
  });

  test('DNAT of bridged packets: to the host when it does not forward, else over the bridge with the new MAC', () => {
    const { net, terminal } = bridged([...TRACED, DNAT]);
    const neighbour = (lladdr: string): void =>
      must(
        net
          .netlink('a')
          .newNeigh(
            { dev: 'eth0', dst: ip('172.17.0.9'), lladdr: mac(lladdr), state: 'PERMANENT' },
            'replace',
          ),
      );
    neighbour('02:42:00:00:00:01');
    expect(traced(net, () => void net.ping('a', '172.17.0.9'))).toEqual(recorded['dnat']);
    net.netlink('sw').setSysctl('net.ipv4.ip_forward', '1');
    const heard: string[] = [];
    expect(traced(net, () => void heard.push(...net.ping('a', '172.17.0.9')))).toEqual(recorded['dnat-fwd']);
    neighbour('02:42:ac:11:00:03');
    const twice = (): void =>
      [1, 2].forEach(() => void heard.push(...net.ping('a', '172.17.0.9', { icmpId: 9, seconds: 0.3 })));
    expect(traced(net, twice)).toEqual(recorded['dnat-bridged']);
    expect(heard).toEqual(Array.from({ length: 3 }, () => 'reply ttl=64 length=64'));
    expect(terminal.run('conntrack -L').stdout).toContain('dst=172.17.0.9 type=8 code=0 id=9 src=172.17.0.3');
  });
});

describe('bridge-nf-call-iptables', () => {
  test('at 0 iptables never sees what is switched, and what comes up is asked on the way up', () => {
    const { net, terminal } = bridged(['-P FORWARD DROP']);
    expect(net.ping('a', '172.17.0.3')).toEqual([]);
    expect(net.drops()).toContain('sw NETFILTER_DROP nf_hook_slow');
    net.netlink('sw').setSysctl('net.bridge.bridge-nf-call-iptables', '0');
    expect(net.ping('a', '172.17.0.3')).toHaveLength(1);
    expect(net.ping('a', '172.17.0.1')).toHaveLength(1);
    expect(terminal.run('iptables -S FORWARD -v').stdout).toBe('-P FORWARD DROP -c 1 84\n');
  });

  test('hook events name the ports', () => {
    const { net } = bridged(['-P FORWARD ACCEPT']);
    net.ping('a', '172.17.0.3');
    expect(net.events('hook')[0]).toMatchObject({
      hook: 'FORWARD',
      iif: 'br0',
      oif: 'br0',
      physIn: 'vetha',
      physOut: 'vethb',
    });
  });

  test('without tables nothing is asked and no event is told', () => {
    const { net } = bridged([]);
    expect(net.ping('a', '172.17.0.3')).toHaveLength(1);
    expect(net.events('hook')).toEqual([]);
  });

  test('fragments leave as they came: put together for conntrack, taken apart at the port', () => {
    const { net } = bridged([
      '-A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT',
      '-P FORWARD DROP',
    ]);
    const sizes = (netns: string): number[] =>
      net.events('rx').flatMap((event) => {
        const bytes = net.tracer.frames[event.frame]?.bytes ?? new Uint8Array(0);
        return event.netns === netns && event.dev === 'eth0' && bytes[13] === 0 ? [bytes.length] : [];
      });
    expect(net.ping('a', '172.17.0.3', { size: 4000, df: false })).toEqual(['reply ttl=64 length=4008']);
    expect(sizes('b')).toEqual([1514, 1514, 1082]);
    expect(sizes('a')).toEqual([1514, 1514, 1082]);
    const header = parseIpv4(
      net.tracer.frames[net.events('fragment').at(-1)?.pieces[0] ?? 0]?.bytes ?? new Uint8Array(),
    );
    expect(isMalformed(header) || header.ttl).toBe(64);
  });

  test.each([
    ['--physdev-in vetha', 1],
    ['--physdev-in vethb', 0],
    ['--physdev-out vethb --physdev-is-bridged', 1],
    ['! --physdev-in vethb', 1],
    ['--physdev-in veth+ --physdev-out veth+', 1],
    ['! --physdev-is-bridged', 0],
  ])('-m physdev %s', (words, replies) => {
    const { net } = bridged([
      `-A FORWARD -m physdev ${words} -j ACCEPT`,
      '-A FORWARD -p icmp --icmp-type echo-reply -j ACCEPT',
      '-P FORWARD DROP',
    ]);
    expect(net.ping('a', '172.17.0.3')).toHaveLength(replies);
  });

  test('a neighbour not yet known is asked for, then the redirected frame goes on', () => {
    const { net } = bridged([DNAT]);
    net.netlink('sw').setSysctl('net.ipv4.ip_forward', '1');
    must(
      net.netlink('a').newNeigh({
        dev: 'eth0',
        dst: ip('172.17.0.9'),
        lladdr: mac('02:42:00:00:00:01'),
        state: 'PERMANENT',
      }),
    );
    expect(net.netlink('sw').getNeighs()).toEqual([]);
    expect(net.ping('a', '172.17.0.9')).toEqual(['reply ttl=64 length=64']);
    expect(net.netlink('sw').getNeighs()).toHaveLength(1);
    // Switched, not routed: b sees the sender's own MAC and an untouched TTL.
    const echo = net.events('rx').find(({ netns, frame }) => {
      const bytes = net.tracer.frames[frame]?.bytes;
      return netns === 'b' && bytes?.[13] === 0;
    });
    expect([...(net.tracer.frames[echo?.frame ?? 0]?.bytes ?? []).slice(6, 12)]).toEqual([
      2, 0x42, 0xac, 0x11, 0, 2,
    ]);
    expect(net.events('forward')).toEqual([]);
  });
});
