/**
 * Large tables stay usable: 10,000 rules, 100,000 connections. Bounds are many times what a quiet machine takes; they fail
 * on what grows with the square. FRAMEWALK_SCALE=1 prints what was measured.
 */
import { expect, test } from 'vitest';
import { buildIpv4, buildUdp, type Ip4 } from '../../wire/index';
import { NetfilterTerminal } from '../../shell/iptables/testing/terminal';
import { IpPacket } from '../ip/packet';
import { TestNet, ip } from '../testing/net';
import type { FilterRule, TableEdit } from './door';

const RULES = 10_000;
const CONNECTIONS = 100_000;
const PATIENCE_MS = 120_000;

function timed<T>(what: string, boundMs: number, action: () => T): T {
  // The processor's time: how many others share it does not matter.
  const start = process.cpuUsage();
  const result = action();
  const ms = process.cpuUsage(start).user / 1000;
  if (process.env['FRAMEWALK_SCALE'] === '1') process.stdout.write(`${what}: ${ms.toFixed(1)} ms\n`);
  expect(ms, what).toBeLessThan(boundMs);
  return result;
}
const notFrom = (n: number): FilterRule => ({
  src: { addr: ip('10.200.0.0') + n, mask: 0xffffffff, invert: false },
  protocol: 0,
  matches: [],
  target: { kind: 'verdict', verdict: 'DROP' },
});

test(
  'a chain of 10,000 rules: handed over at once, one by one, walked, looked through, emptied',
  () => {
    const net = new TestNet();
    for (const id of ['a', 'b']) net.netns(id);
    net.veth('a:eth0', 'b:eth0');
    net.addr('a', 'eth0', '10.0.0.1/24');
    net.addr('b', 'eth0', '10.0.0.2/24');
    const door = net.netlink('a').netfilter;
    const edits = Array.from({ length: RULES }, (_, n): TableEdit => ({
      op: 'append',
      chain: 'OUTPUT',
      rule: notFrom(n),
    }));
    timed('10,000 rules in one commit', 2000, () => expect(door.commit('filter', edits).ok).toBe(true));
    expect(net.ping('a', '10.0.0.2')).toHaveLength(1);
    timed('100 pings past 10,000 rules', 2000, () => {
      for (let n = 0; n < 100; n++) expect(net.ping('a', '10.0.0.2', { seconds: 0.01 })).toHaveLength(1);
    });
    const hook = net.events('hook').findLast((event) => event.hook === 'OUTPUT');
    expect(hook?.tried.reduce((sum, { skipped = 1 }) => sum + skipped, 0)).toBe(RULES + 1);
    const terminal = new NetfilterTerminal(net, 'a');
    timed('1,000 times -C of the last rule', 2000, () => {
      for (let n = 0; n < 1000; n++)
        expect(terminal.run('iptables -C OUTPUT -s 10.200.39.15 -j DROP').exit).toBe(0);
    });
    timed('iptables -S', 1000, () =>
      expect(terminal.run('iptables -S OUTPUT').stdout.length).toBeGreaterThan(300_000),
    );
    timed('iptables -F', 1000, () => terminal.run('iptables -F OUTPUT'));
    timed('iptables -A 10,000 times', 5000, () => {
      for (let n = 0; n < RULES; n++)
        terminal.run(`iptables -A OUTPUT -s 10.201.${n >>> 8}.${n & 255} -j DROP`);
    });
    timed('iptables -I 10,000 times', 5000, () => {
      for (let n = 0; n < RULES; n++)
        terminal.run(`iptables -I INPUT -s 10.201.${n >>> 8}.${n & 255} -j DROP`);
    });
  },
  PATIENCE_MS,
);

test(
  '100,000 connections: begun, found, listed, counted, ended',
  () => {
    const net = new TestNet();
    const netns = net.netns('a');
    const { conntracks } = netns.netfilter;
    const terminal = new NetfilterTerminal(net, 'a');
    terminal.run('iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT');
    const packet = (src: Ip4, srcPort: number): IpPacket => {
      const ends = { src, dst: ip('10.0.0.1') };
      const bytes = buildIpv4(
        { id: 1, ttl: 64, protocol: 17, ...ends },
        buildUdp({ srcPort, dstPort: 53 }, new Uint8Array(8), ends),
      );
      return new IpPacket(bytes, 0, -1);
    };
    const seen = (n: number): boolean => {
      const each = packet(ip('10.1.0.0') + (n >>> 4), 1024 + (n & 15));
      return conntracks.track(each, false) && conntracks.confirm(each);
    };
    timed('100,000 begun', 20_000, () => {
      for (let n = 0; n < CONNECTIONS; n++) seen(n);
    });
    expect(conntracks.count).toBe(CONNECTIONS);
    timed('100,000 found again', 10_000, () => {
      for (let n = 0; n < CONNECTIONS; n++) seen(n);
    });
    expect(conntracks.count).toBe(CONNECTIONS);
    timed('conntrack -L', 3000, () =>
      expect(terminal.run('conntrack -L').stderr).toContain(': 100000 flow entries'),
    );
    timed('conntrack -C, 1,000 times', 1000, () => {
      for (let n = 0; n < 1000; n++) terminal.run('conntrack -C');
    });
    timed('conntrack -D of one', 1000, () =>
      expect(terminal.run('conntrack -D -s 10.1.0.7 --sport 1025').stderr).toContain(': 1 flow entries'),
    );
    timed('all expired', 10_000, () => net.engine.runUntil(net.engine.now + 40_000_000_000));
    expect(conntracks.count).toBe(0);
  },
  PATIENCE_MS,
);
