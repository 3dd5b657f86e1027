/** tcpdump's words and filters. Expected texts were printed by tcpdump 4.99.3 and libpcap 1.10.3. */
import { describe, expect, test } from 'vitest';
import {
  buildArpFrame,
  buildEcho,
  buildEthernet,
  buildIpv4,
  buildUdp,
  ETH_P_IP,
  MAC_BROADCAST,
} from '../../wire/index';
import { TestNet, ip, mac } from '../../kernel/testing/net';
import { runProgram, type Outcome } from '../testing/process';
import { compileFilter } from './filter';
import { Stamps } from './stamp';
import { tcpdump } from './index';
import { viewOf } from './view';

function net(): TestNet {
  const made = new TestNet();
  made.netns('a');
  made.netns('b');
  made.veth('a:eth0 02:00:00:00:00:0a', 'b:eth0 02:00:00:00:00:0b');
  made.addr('a', 'eth0', '10.1.0.2/24');
  made.addr('b', 'eth0', '10.1.0.1/24');
  return made;
}
/** Runs tcpdump in `a` while a pings `dst` once, 10 ms after it began. */
function during(args: string, dst = '10.1.0.1', interruptAfter = 0.5): Outcome {
  const made = net();
  const socket = made.sockets('a').icmp(7, {});
  if (!socket.ok) throw new Error(socket.error);
  made.engine.after(10_000_000, () => {
    socket.value.sendEcho(ip(dst), 1, new Uint8Array(56), { pmtudisc: 'want' });
  });
  return runProgram(made, 'a', tcpdump, args, { interruptAfter });
}
const blank = (text: string): string =>
  text.replace(/\d\d:\d\d:\d\d\.\d{6}/g, 'T').replace(/id \d+, offset/g, 'id N, offset');
const HINT = 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n';
const LISTEN = 'listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n';
const ANY = 'tcpdump: data link type LINUX_SLL2\n';
const LISTEN_ANY = 'listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes\n';
const counts = (captured: number, received: number): string =>
  `${captured} packet${captured === 1 ? '' : 's'} captured\n${received} packet${received === 1 ? '' : 's'} received by filter\n0 packets dropped by kernel\n`;
const REQUEST = '10.1.0.2 > 10.1.0.1: ICMP echo request, id 7, seq 1, length 64\n';
const REPLY = '10.1.0.1 > 10.1.0.2: ICMP echo reply, id 7, seq 1, length 64\n';

describe('what tcpdump prints', () => {
  test.each([
    ['-n -i eth0 -c 2 icmp', `${HINT}${LISTEN}T IP ${REQUEST}T IP ${REPLY}${counts(2, 2)}`],
    ['-n -i eth0 -c 1 icmp', `${HINT}${LISTEN}T IP ${REQUEST}${counts(1, 1)}`],
    ['-n icmp', `${HINT}${LISTEN}T IP ${REQUEST}T IP ${REPLY}\n${counts(2, 2)}`],
    [
      '-n -i eth0 arp',
      `${HINT}${LISTEN}T ARP, Request who-has 10.1.0.1 tell 10.1.0.2, length 28\nT ARP, Reply 10.1.0.1 is-at 02:00:00:00:00:0b, length 28\n\n${counts(2, 2)}`,
    ],
    ['-nt -i eth0 -c 1 icmp', `${HINT}${LISTEN}IP ${REQUEST}${counts(1, 1)}`],
    ['-n -# -i eth0 -c 2 icmp', `${HINT}${LISTEN}    1  T IP ${REQUEST}    2  T IP ${REPLY}${counts(2, 2)}`],
    ['--count -n -i eth0 -c 2 icmp', `${HINT}${LISTEN}${counts(2, 2)}`],
    ['-n -i eth0 -Q in icmp', `${HINT}${LISTEN}T IP ${REPLY}\n${counts(1, 2)}`],
    [
      '-ne -i eth0 -c 1 icmp',
      `${HINT}${LISTEN}T 02:00:00:00:00:0a > 02:00:00:00:00:0b, ethertype IPv4 (0x0800), length 98: ${REQUEST}${counts(1, 1)}`,
    ],
    [
      '-nqe -i eth0 -c 1 icmp',
      `${HINT}${LISTEN}T 02:00:00:00:00:0a > 02:00:00:00:00:0b, IPv4, length 98: ${REQUEST}${counts(1, 1)}`,
    ],
    [
      '-nv -i eth0 -c 1 icmp',
      `tcpdump: ${LISTEN}T IP (tos 0x0, ttl 64, id N, offset 0, flags [DF], proto ICMP (1), length 84)\n    ${REQUEST}${counts(1, 1)}`,
    ],
    [
      '-n -i any icmp',
      `${ANY}${HINT}${LISTEN_ANY}T eth0  Out IP ${REQUEST}T eth0  In  IP ${REPLY}\n${counts(2, 2)}`,
    ],
    [
      '-ne -i any icmp',
      `${ANY}${HINT}${LISTEN_ANY}T eth0  Out ifindex 2 02:00:00:00:00:0a ethertype IPv4 (0x0800), length 104: ${REQUEST}` +
        `T eth0  In  ifindex 2 02:00:00:00:00:0b ethertype IPv4 (0x0800), length 104: ${REPLY}\n${counts(2, 2)}`,
    ],
    [
      '-ne -i any -c 1 arp',
      `${ANY}${HINT}${LISTEN_ANY}T eth0  Out ifindex 2 02:00:00:00:00:0a ethertype ARP (0x0806), length 48: Request who-has 10.1.0.1 tell 10.1.0.2, length 28\n${counts(1, 1)}`,
    ],
    [
      '-n -XX -i eth0 -c 1 arp',
      `${HINT}${LISTEN}T ARP, Request who-has 10.1.0.1 tell 10.1.0.2, length 28
	0x0000:  ffff ffff ffff 0200 0000 000a 0806 0001  ................
	0x0010:  0800 0604 0001 0200 0000 000a 0a01 0002  ................
	0x0020:  0000 0000 0000 0a01 0001                 ..........
${counts(1, 1)}`,
    ],
    [
      '-n -x -i eth0 -c 1 arp',
      `${HINT}${LISTEN}T ARP, Request who-has 10.1.0.1 tell 10.1.0.2, length 28
	0x0000:  0001 0800 0604 0001 0200 0000 000a 0a01
	0x0010:  0002 0000 0000 0000 0a01 0001
${counts(1, 1)}`,
    ],
  ])('%s', (args, output) => {
    const outcome = during(args);
    expect(blank(outcome.output)).toBe(output);
    expect(outcome.exit).toBe(0);
  });

  test('loopback: libpcap leaves out the copies that go out, the filter counts them', () => {
    const on = (dev: string, own: string): string =>
      blank(during(`-n -i ${dev} icmp`, '127.0.0.1').output).replaceAll(own, '');
    expect(on('lo', '')).toBe(
      `${HINT}listening on lo, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n` +
        `T IP 127.0.0.1 > 127.0.0.1: ICMP echo request, id 7, seq 1, length 64\n` +
        `T IP 127.0.0.1 > 127.0.0.1: ICMP echo reply, id 7, seq 1, length 64\n\n${counts(2, 4)}`,
    );
    expect(on('any', 'lo    In  ')).toContain('T IP 127.0.0.1 > 127.0.0.1: ICMP echo request');
  });

  test.each([
    ['-i eth9', 'tcpdump: eth9: No such device exists\n(No such device exists)\n'],
    ['-n -c foo -i eth0', 'tcpdump: invalid packet count foo\n'],
    ['-n -c 0 -i eth0', 'tcpdump: invalid packet count 0\n'],
    ['-s foo -i eth0', 'tcpdump: invalid snaplen foo (must be >= 0 and <= 262144)\n'],
    ['-Q foo -i eth0', "tcpdump: unknown capture direction `foo'\n"],
    ['-tttttt -i eth0', 'tcpdump: only -t, -tt, -ttt, -tttt and -ttttt are supported\n'],
    ['-i eth0 foo', "tcpdump: can't parse filter expression: syntax error\n"],
    [
      '-i any ether host 02:00:00:00:00:01',
      `${ANY}tcpdump: ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel\n`,
    ],
  ])('refuses %s', (args, output) => {
    const outcome = runProgram(net(), 'a', tcpdump, args);
    expect(outcome.output).toBe(output);
    expect(outcome.exit).toBe(1);
  });
  test('a device that is down', () => {
    const made = net();
    made.netlink('a').setLink('eth0', { up: false });
    expect(runProgram(made, 'a', tcpdump, '-i eth0').output).toBe('tcpdump: eth0: That device is not up\n');
  });
  test.each(['-Y', '-i'])('%s shows the usage', (args) => {
    const outcome = runProgram(net(), 'a', tcpdump, args);
    expect(outcome.output).toContain('\nUsage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#]');
    expect(outcome.exit).toBe(1);
  });
});

describe('time stamps of virtual time', () => {
  test.each([
    [0, [0, 1_500_000_999], ['00:00:00.000000 ', '00:00:01.500000 ']],
    [0, [-1_000], ['23:59:59.999999 ']],
    [0, [3_661_000_000_000], ['01:01:01.000000 ']],
    [1, [5], ['']],
    [2, [1_000_001_000], ['1.000001 ']],
    [3, [1_000_000, 1_010_000, 1_030_000], [' 00:00:00.000000 ', ' 00:00:00.000010 ', ' 00:00:00.000020 ']],
    [4, [0], ['1970-01-01 00:00:00.000000 ']],
    [5, [1_000_000, 1_010_000, 1_030_000], [' 00:00:00.000000 ', ' 00:00:00.000010 ', ' 00:00:00.000030 ']],
  ])('-t × %i', (style, times, texts) => {
    const stamps = new Stamps(style);
    expect(times.map((at) => stamps.of(at))).toEqual(texts);
  });
});

describe('filters', () => {
  const A = mac('02:00:00:00:00:0a');
  const B = mac('02:00:00:00:00:0b');
  const packet = (protocol: number, payload: Uint8Array): Uint8Array =>
    buildEthernet(
      { dst: B, src: A, type: ETH_P_IP },
      buildIpv4({ id: 1, ttl: 64, protocol, src: ip('10.1.0.2'), dst: ip('10.2.0.3') }, payload),
    );
  const frames = {
    icmp: packet(1, buildEcho(8, 1, 1, new Uint8Array(56))),
    udp: packet(17, buildUdp({ srcPort: 40000, dstPort: 53 }, new Uint8Array(4), null)),
    arp: buildArpFrame(MAC_BROADCAST, A, {
      op: 1,
      sha: A,
      spa: ip('10.1.0.2'),
      tha: 0,
      tpa: ip('10.1.0.1'),
    }),
  };
  /** Which of the three pass. */
  function passing(text: string): string {
    const test = compileFilter(text, { ethernet: true, arp: true });
    if (!test.ok) return test.error;
    return Object.entries(frames)
      .filter(([, bytes]) => test.value(viewOf(bytes, 'ethernet', 0)))
      .map(([name]) => name)
      .join(' ');
  }
  test.each([
    ['', 'icmp udp arp'],
    ['icmp', 'icmp'],
    ['ip', 'icmp udp'],
    ['arp', 'arp'],
    ['tcp', ''],
    ['not icmp', 'udp arp'],
    ['!icmp', 'udp arp'],
    ['not not icmp', 'icmp'],
    ['icmp or arp', 'icmp arp'],
    ['icmp || arp', 'icmp arp'],
    ['not (icmp or arp)', 'udp'],
    ['icmp or udp and host 10.2.0.3', 'icmp udp'],
    ['arp or icmp and udp', ''],
    ['host 10.1.0.2', 'icmp udp arp'],
    ['ip host 10.1.0.2', 'icmp udp'],
    ['arp host 10.1.0.2', 'arp'],
    ['arp src host 10.1.0.2', 'arp'],
    ['src 10.1.0.2', 'icmp udp arp'],
    ['dst 10.1.0.2', ''],
    ['src or dst host 10.2.0.3', 'icmp udp'],
    ['dst and src host 10.1.0.2', ''],
    ['host 10.2.0.3 or 10.1.0.1', 'icmp udp arp'],
    ['host 10.2.0.3 and not 10.1.0.2', ''],
    ['net 10.2', 'icmp udp'],
    ['net 10.2.0.0/16', 'icmp udp'],
    ['net 10.2.0.0 mask 255.255.0.0', 'icmp udp'],
    ['dst net 10.1.0.0/24', 'arp'],
    ['net 10.1.0.0/16 and 10.2.0.0/16', 'icmp udp'],
    ['port 53', 'udp'],
    ['port domain', 'udp'],
    ['udp port 53', 'udp'],
    ['tcp port 53', ''],
    ['src port 53', ''],
    ['dst port 1 or 53', 'udp'],
    ['portrange 50-60', 'udp'],
    ['portrange 60-50', 'udp'],
    ['ether host 02:00:00:00:00:0b', 'icmp udp'],
    ['ether src 02:00:00:00:00:0a', 'icmp udp arp'],
    ['ether dst ff:ff:ff:ff:ff:ff', 'arp'],
    ['broadcast', 'arp'],
    ['ether multicast', 'arp'],
    ['ip proto 17', 'udp'],
    ['ip proto \\icmp', 'icmp'],
    ['ether proto 0x806', 'arp'],
    ['less 50', 'udp arp'],
    ['greater 60', 'icmp'],
    ['foo', "can't parse filter expression: syntax error"],
    ['host', "can't parse filter expression: syntax error"],
    ['host 10.1.0.2 and', "can't parse filter expression: syntax error"],
    ['(icmp', "can't parse filter expression: syntax error"],
    ['icmp)', "can't parse filter expression: syntax error"],
    ['not', "can't parse filter expression: syntax error"],
    ['src', "can't parse filter expression: syntax error"],
    ['src arp', "can't parse filter expression: syntax error"],
    ['icmp host', "can't parse filter expression: syntax error"],
    ['tcp port', "can't parse filter expression: syntax error"],
    ['10.1.0.1', "can't parse filter expression: syntax error"],
    ['&& icmp', "can't parse filter expression: syntax error"],
    ['icmp @', "can't parse filter expression: syntax error"],
    ['icmp =', "can't parse filter expression: syntax error"],
    ['host 10.1.0.1 port 80', "can't parse filter expression: syntax error"],
    ['ip proto icmp', "can't parse filter expression: syntax error"],
    ['ether 02:00:00:00:00:01', "can't parse filter expression: syntax error"],
    ['greater foo', "can't parse filter expression: syntax error"],
    ['port 99999', 'illegal port number 99999 > 65535'],
    ['port foo', "unknown port 'foo'"],
    ['port 80-90', "unknown port '80-90'"],
    ['net 10.1.0.0/33', 'mask length must be <= 32'],
    ['net 10.1.0.5/24', 'non-network bits set in "10.1.0.5/24"'],
    ['host 10.1.0.1/24', 'non-network bits set in "10.1.0.1/24"'],
    ['net 10.1.0.5 mask 255.255.0.0', 'non-network bits set in "10.1.0.5 mask 255.255.0.0"'],
    ['net foo', "unknown network 'foo'"],
    ['host 300.1.1.1', "invalid IPv4 address '300.1.1.1'"],
    ['host foo', "unknown host 'foo'"],
    ['ether host zz', "unknown ether host 'zz'"],
    ['ether host 10.1.0.2', 'illegal link layer address'],
    ['host 02:00:00:00:00:01', 'ethernet address used in non-ether expression'],
    ['icmp host 10.1.0.1', "'icmp' modifier applied to host"],
    ['ether net 10.0.0.0/8', 'link-layer modifier applied to net'],
    ['icmp port 80', "illegal qualifier of 'port'"],
    ['ip proto foo', "unknown ip proto 'foo'"],
    ['gateway foo', "'gateway' not supported in this configuration"],
    [`${'('.repeat(5000)}icmp`, 'the filter is nested too deeply'],
  ])('%s', (text, names) => {
    expect(passing(text)).toBe(names);
  });

  test('a tunnel without link level', () => {
    const bare = { ethernet: false, arp: false };
    expect(compileFilter('arp', bare)).toEqual({ ok: false, error: 'expression rejects all packets' });
    expect(compileFilter('ether broadcast', bare)).toEqual({ ok: false, error: 'not a broadcast link' });
    const test = compileFilter('icmp', bare);
    expect(test.ok && test.value(viewOf(frames.icmp.subarray(14), 'ip', 0))).toBe(true);
    expect(test.ok && test.value(viewOf(frames.udp.subarray(14), 'ip', 0))).toBe(false);
  });
});
