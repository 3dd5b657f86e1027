/** ping's words and manners. Expected texts were printed by iputils 20221126, times blanked. */
import { describe, expect, test } from 'vitest';
import { TestNet, ip, must } from '../../kernel/testing/net';
import { runProgram } from '../testing/process';
import { ping } from './index';
import { tripText } from './statistics';

function net(): TestNet {
  const made = new TestNet();
  made.netns('a');
  made.netns('r', { forward: true });
  made.netns('b');
  made.veth('r:left', 'a:eth0');
  made.veth('r:right', 'b:eth0');
  made.addr('r', 'left', '10.1.0.1/24');
  made.addr('a', 'eth0', '10.1.0.2/24');
  made.addr('r', 'right', '10.2.0.1/24');
  made.addr('b', 'eth0', '10.2.0.2/24');
  made.route('a', 'default', '10.1.0.1', 'eth0');
  made.route('b', 'default', '10.2.0.1', 'eth0');
  must(made.netlink('a').newRoute({ dst: { addr: ip('10.40.0.0'), len: 16 }, type: 'unreachable' }));
  must(made.netlink('a').newRoute({ dst: { addr: ip('10.41.0.0'), len: 16 }, type: 'prohibit' }));
  must(made.netlink('r').newRoute({ dst: { addr: ip('10.32.0.0'), len: 16 }, type: 'blackhole' }));
  return made;
}
function blank(text: string): string {
  return text.replace(/time=[\d.]+ ms/g, 'time=T ms').replace(/mdev = [\d./]+ ms/g, 'mdev = R ms');
}

const OK = `PING 10.2.0.2 (10.2.0.2) 56(84) bytes of data.
64 bytes from 10.2.0.2: icmp_seq=1 ttl=63 time=T ms

--- 10.2.0.2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = R ms
`;
const FAILED_IN_A = (dst: string, n: number, ms: number, pipe: string): string =>
  `PING ${dst} (${dst}) 56(84) bytes of data.
${Array.from({ length: n }, (_, at) => `From 10.1.0.2 icmp_seq=${at + 1} Destination Host Unreachable\n`).join('')}
--- ${dst} ping statistics ---
${n} packets transmitted, 0 received, +${n} errors, 100% packet loss, time ${ms}ms
${pipe}
`;

describe('what ping prints', () => {
  test.each([
    ['-c 1 10.2.0.2', OK, 0],
    ['-c1 -n 10.2.0.2', OK, 0],
    ['10.2.0.2 -c 1', OK, 0],
    ['-c 1 -q 10.2.0.2', OK.replace(/64 bytes.*\n/, ''), 0],
    ['-c 1 -s 1000 10.2.0.2', OK.replace('56(84)', '1000(1028)').replace('64 bytes', '1008 bytes'), 0],
    ['-c 1 -I eth0 10.2.0.2', OK.replace(') 56', ') from 10.1.0.2 eth0: 56'), 0],
    ['-c 1 10.1.0.78', FAILED_IN_A('10.1.0.78', 1, 0, ''), 1],
    ['-c 3 10.1.0.79', FAILED_IN_A('10.1.0.79', 3, 2000, 'pipe 3'), 1],
    ['-c 4 -i 0.5 10.1.0.80', FAILED_IN_A('10.1.0.80', 4, 1500, 'pipe 4'), 1],
    [
      '-c 1 -W 1 10.1.0.77',
      FAILED_IN_A('10.1.0.77', 0, 0, '')
        .replace(', +0 errors', '')
        .replace('0 packets', '1 packets')
        .replace('data.\n\n', 'data.\n\n'),
      1,
    ],
    ['-c 1 10.40.0.1', 'ping: connect: No route to host\n', 2],
    [
      '-c 1 10.41.0.1',
      'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n',
      2,
    ],
    [
      '-c 1 10.1.0.255',
      'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n',
      2,
    ],
    ['-c 1 foo', 'ping: foo: Name or service not known\n', 2],
    ['-c 1 300.1.1.1', 'ping: 300.1.1.1: Name or service not known\n', 2],
    ['-c 0 10.2.0.2', "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n", 1],
    ['-c foo 10.2.0.2', "ping: invalid argument: 'foo'\n", 1],
    ['-t 256 10.2.0.2', "ping: invalid argument: '256': out of range: 0 <= value <= 255\n", 1],
    ['-t 0 -c 1 10.2.0.2', 'ping: cannot set unicast time-to-live: Invalid argument\n', 2],
    ['-M foo 10.2.0.2', 'ping: invalid -M argument: foo\n', 2],
    ['-e 65536 10.2.0.2', "ping: invalid argument: '65536': out of range: 0 <= value <= 65535\n", 1],
    ['-Q 300 10.2.0.2', 'ping: the decimal value of TOS bits must be in range 0-255: 300\n', 2],
    ['-p zz 10.2.0.2', 'ping: patterns must be specified as hex digits: zz\n', 2],
    ['-6 -c 1 10.2.0.2', 'ping: 10.2.0.2: Address family for hostname not supported\n', 2],
    ['', 'ping: usage error: Destination address required\n', 1],
  ])('ping %s', (args, expected, exit) => {
    const outcome = runProgram(net(), 'a', ping, args);
    expect(blank(outcome.output)).toBe(expected);
    expect(outcome.exit).toBe(exit);
  });

  test('-M do and too big is refused at home, then counted', () => {
    const { output, exit } = runProgram(net(), 'a', ping, '-s 1473 -M do -c 1 10.1.0.1');
    expect(output).toBe(`PING 10.1.0.1 (10.1.0.1) 1473(1501) bytes of data.
ping: local error: message too long, mtu=1500

--- 10.1.0.1 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms

`);
    expect(exit).toBe(1);
  });
  test('routers report: no route, TTL, smaller MTU', () => {
    const made = net();
    expect(runProgram(made, 'a', ping, '-c 1 10.33.0.1').output).toContain(
      'From 10.1.0.1 icmp_seq=1 Destination Net Unreachable\n',
    );
    expect(runProgram(made, 'a', ping, '-c 1 -t 1 10.2.0.2').output).toContain(
      'From 10.1.0.1 icmp_seq=1 Time to live exceeded\n',
    );
    must(made.netlink('r').setLink('right', { mtu: 1400 }));
    must(made.netlink('b').setLink('eth0', { mtu: 1400 }));
    expect(runProgram(made, 'a', ping, '-c 2 -s 1450 -M do 10.2.0.2').output)
      .toBe(`PING 10.2.0.2 (10.2.0.2) 1450(1478) bytes of data.
From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)
ping: local error: message too long, mtu=1400

--- 10.2.0.2 ping statistics ---
2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1000ms

`);
  });
});

describe('how long ping waits', () => {
  test.each([
    ['-c 3 10.2.0.2', 2],
    ['-c 1 -W 1 10.1.0.77', 1],
    ['-c 1 10.32.0.1', 10],
    ['-w 3 10.32.0.1', 3],
  ])('ping %s: %d s', (args, seconds) => {
    expect(runProgram(net(), 'a', ping, args).seconds).toBeCloseTo(seconds, 2);
  });
  test('without -c it goes on until Ctrl-C and then counts up', () => {
    const { output, exit } = runProgram(net(), 'a', ping, '10.2.0.2', { interruptAfter: 4.5 });
    expect(output).toContain('5 packets transmitted, 5 received, 0% packet loss, time 4000ms\n');
    expect(exit).toBe(0);
  });
});

test.each([
  [7, '0.007'],
  [614, '0.614'],
  [1_234, '1.23'],
  [12_345, '12.3'],
  [99_949, '99.9'],
  [99_950, '100'],
  [6_007_000, '6007'],
])('%d us prints as %s ms', (us, text) => expect(tripText(us)).toBe(text));
