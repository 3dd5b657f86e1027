/** The kernel log as dmesg, journalctl and rsyslog's files show it; martians; whose rules may write to it. */
import { describe, expect, test } from 'vitest';
import { ip, must, TestNet } from '../../kernel/testing/net';
import { NetfilterTerminal } from '../iptables/testing/terminal';
import { run } from './testing/run';

/** `a` with a TRACE rule, after one ping of it 4.975085 s into the run. */
function traced(): TestNet {
  const net = new TestNet();
  for (const id of ['a', 'b']) net.netns(id);
  net.veth('a:eth0 02:00:00:00:00:01', 'b:eth0 02:00:00:00:00:02');
  net.addr('a', 'eth0', '10.0.0.1/24');
  net.addr('b', 'eth0', '10.0.0.2/24');
  new NetfilterTerminal(net, 'a').run('iptables -t raw -A PREROUTING -p icmp -j TRACE');
  net.ping('b', '10.0.0.1', { icmpId: 5, seconds: 0.5 });
  net.engine.runUntil(4_975_000_000);
  net.ping('b', '10.0.0.1', { icmpId: 5 });
  return net;
}
const TRACE =
  'TRACE: raw:PREROUTING:policy:2 IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=10.0.0.2 DST=10.0.0.1';

describe('the kernel log', () => {
  const net = traced();
  const shown = (line: string): string[] => run(line, { net }).output.split('\n').slice(0, -1);

  test('dmesg prints it with stamps, dates or neither', () => {
    const lines = shown('dmesg');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^\[ {4}4\.9750\d\d\] TRACE: raw:PREROUTING:policy:2 IN=eth0 OUT= MAC=.* $/);
    expect(shown('dmesg -t')[1]?.startsWith(TRACE)).toBe(true);
    expect(shown('dmesg -T')[1]?.startsWith(`[Thu Jan  1 00:00:04 1970] ${TRACE}`)).toBe(true);
  });
  test('rsyslog files carry date, machine and stamp', () => {
    for (const file of ['/var/log/syslog', '/var/log/kern.log']) {
      expect(shown(`cat ${file}`)).toHaveLength(2);
      const last = shown(`tail -n 1 ${file}`);
      expect(last).toHaveLength(1);
      expect(last[0]).toMatch(/^Jan {2}1 00:00:04 m kernel: \[ {4}4\.9750\d\d\] TRACE: raw:PREROUTING/);
    }
    expect(shown('tail -1 /var/log/syslog')).toEqual(shown('tail -n 1 /var/log/syslog'));
    expect(shown('journalctl -k -n 1')[0]?.startsWith(`Jan  1 00:00:04 m kernel: ${TRACE}`)).toBe(true);
  });
  test.each([
    ['tail -n x /var/log/syslog', 'tail: invalid number of lines: ‘x’\n'],
    ['tail /nope', "tail: cannot open '/nope' for reading: No such file or directory\n"],
    ['dmesg -z', "dmesg: invalid option -- 'z'\nTry 'dmesg --help' for more information.\n"],
    ['dmesg extra', "dmesg: bad usage\nTry 'dmesg --help' for more information.\n"],
    ['journalctl -z', "journalctl: invalid option -- 'z'\n"],
    ['modprobe nosuch', 'modprobe: FATAL: Module nosuch not found in directory /lib/modules/6.18.0\n'],
    ['modprobe', 'modprobe: ERROR: missing parameters. See -h.\n'],
  ])('%s', (line, output) => {
    expect(run(line, { net })).toMatchObject({ output, exit: 1 });
  });
  test('modules of the model are there', () => {
    expect(run('modprobe br_netfilter', { net })).toMatchObject({ output: '', exit: 0 });
    expect(run('modprobe br-netfilter', { net })).toMatchObject({ output: '', exit: 0 });
  });
});

test('rules of an inner namespace write only when the machine lets all of them', () => {
  const net = new TestNet();
  net.netns('host');
  const inner = net.kernel.createNetns('inner', { role: 'container', parent: 'host' }, -1);
  must(net.netlink('inner').setLink('lo', { up: true }));
  new NetfilterTerminal(net, 'inner').run('iptables -A OUTPUT -p icmp -j LOG --log-prefix "in: "');
  net.ping('inner', '127.0.0.1');
  expect(inner.kernel.log.lines).toEqual([]);
  net.netlink('host').setSysctl('net.netfilter.nf_log_all_netns', '1');
  net.ping('inner', '127.0.0.1');
  expect(inner.kernel.log.lines.map(({ text }) => text.slice(0, 16))).toEqual(
    Array.from({ length: 2 }, () => 'in: IN= OUT=lo S'),
  );
});

test('martians are told with the destination first and the Ethernet header they came with', () => {
  const net = new TestNet();
  for (const id of ['a', 'b']) net.netns(id);
  net.veth('a:eth0 02:00:00:00:00:01', 'b:eth0 02:00:00:00:00:02');
  net.addr('a', 'eth0', '10.0.0.1/24');
  net.addr('b', 'eth0', '10.9.9.9/24');
  must(net.netlink('b').newRoute({ dst: { addr: ip('10.0.0.0'), len: 24 }, dev: 'eth0' }));
  for (const name of ['rp_filter', 'log_martians'])
    net.netlink('a').setSysctl(`net.ipv4.conf.eth0.${name}`, '1');
  must(
    net
      .netlink('b')
      .newNeigh({ dev: 'eth0', dst: ip('10.0.0.1'), lladdr: 0x020000000001, state: 'PERMANENT' }),
  );
  expect(net.ping('b', '10.0.0.1')).toEqual([]);
  expect(net.get('a').kernel.log.lines.map(({ text }) => text)).toEqual([
    'IPv4: martian source 10.0.0.1 from 10.9.9.9, on dev eth0',
    'll header: 00000000: 02 00 00 00 00 01 02 00 00 00 00 02 08 00',
  ]);
});
