/** net-tools 2.10's words; expected texts were printed by the real tools on the same network. */
import { describe, expect, test } from 'vitest';
import { TestNet, ip, mac, must, prefix } from '../../kernel/testing/net';
import { runProgram } from '../testing/process';
import { arp } from './arp';
import { ifconfig } from './ifconfig';
import { route } from './route';

function net(): TestNet {
  const made = new TestNet();
  made.netns('a');
  made.veth('a:e0 e6:e8:a8:3f:fe:2d', 'a:e1');
  must(
    made
      .netlink('a')
      .newAddr({ dev: 'e0', local: ip('10.0.0.1'), prefixlen: 24, broadcast: ip('10.0.0.255') }),
  );
  const netlink = made.netlink('a');
  must(netlink.newRoute({ dst: prefix('default'), gateway: ip('10.0.0.2') }));
  must(netlink.newRoute({ dst: prefix('10.5.0.0/16'), gateway: ip('10.0.0.3'), metric: 100 }));
  must(netlink.newRoute({ dst: prefix('10.6.0.1'), gateway: ip('10.0.0.3') }));
  must(netlink.newRoute({ dst: prefix('10.7.0.0/16'), type: 'unreachable' }));
  must(netlink.newRoute({ dst: prefix('10.8.0.0/16'), type: 'blackhole' }));
  must(netlink.newNeigh({ dev: 'e0', dst: ip('10.0.0.2'), lladdr: mac('02:00:00:00:00:02') }));
  must(netlink.newNeigh({ dev: 'e0', dst: ip('10.0.0.9'), state: 'INCOMPLETE' }));
  must(
    netlink.newNeigh({
      dev: 'e0',
      dst: ip('10.0.0.3'),
      lladdr: mac('02:00:00:00:00:03'),
      state: 'REACHABLE',
    }),
  );
  return made;
}

describe('show', () => {
  test('route -n', () => {
    expect(runProgram(net(), 'a', route, '-n').output).toBe(`Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.0.0.2        0.0.0.0         UG    0      0        0 e0
10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 e0
10.5.0.0        10.0.0.3        255.255.0.0     UG    100    0        0 e0
10.6.0.1        10.0.0.3        255.255.255.255 UGH   0      0        0 e0
10.7.0.0        -               255.255.0.0     !     0      -        0 -
10.8.0.0        0.0.0.0         255.255.0.0     U     0      0        0 *
`);
  });
  test('arp -n', () => {
    expect(runProgram(net(), 'a', arp, '-n').output)
      .toBe(`Address                  HWtype  HWaddress           Flags Mask            Iface
10.0.0.2                 ether   02:00:00:00:00:02   CM                    e0
10.0.0.9                         (incomplete)                              e0
10.0.0.3                 ether   02:00:00:00:00:03   C                     e0
`);
  });
  test('arp -a', () => {
    expect(runProgram(net(), 'a', arp, '-a').output)
      .toBe(`? (10.0.0.2) at 02:00:00:00:00:02 [ether] PERM on e0
? (10.0.0.9) at <incomplete> on e0
? (10.0.0.3) at 02:00:00:00:00:03 [ether] on e0
`);
  });
  test('ifconfig e0', () => {
    expect(runProgram(net(), 'a', ifconfig, 'e0').output)
      .toBe(`e0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.0.0.1  netmask 255.255.255.0  broadcast 10.0.0.255
        ether e6:e8:a8:3f:fe:2d  txqueuelen 1000  (Ethernet)
        RX packets 0  bytes 0 (0.0 B)
        RX errors 0  dropped 0  overruns 0  frame 0
        TX packets 0  bytes 0 (0.0 B)
        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0

`);
  });
});

test.each([
  [arp, '-n 10.0.0.77', '10.0.0.77 (10.0.0.77) -- no entry\n', 0],
  [arp, '-d 10.0.0.99', 'No ARP entry for 10.0.0.99\n', 255],
  [arp, '-d 10.0.0.3', '', 0],
  [arp, '-s 10.0.0.20 02:00:00:00:00:20', '', 0],
  [route, 'add -net 10.9.0.0 netmask 255.255.0.0 gw 10.0.0.2', '', 0],
  [route, 'add -net 10.5.0.0/16 gw 10.0.0.3 metric 100', 'SIOCADDRT: File exists\n', 7],
  [route, 'del default', '', 0],
  [route, 'del -net 10.99.0.0/16', 'SIOCDELRT: No such process\n', 7],
  [route, 'add -net 10.12.0.0/16 dev nope', 'SIOCADDRT: No such device\n', 7],
  [ifconfig, 'nope', 'nope: error fetching interface information: Device not found\n', 1],
  [ifconfig, 'e0 foo', "foo: Host name lookup failure\nifconfig: `--help' gives usage information.\n", 1],
  [ifconfig, 'e1 10.1.1.1 netmask 255.255.255.0', '', 0],
])('%o %s', (program, args, output, exit) => {
  expect(runProgram(net(), 'a', program, args)).toMatchObject({ output, exit });
});

test('a gateway out of reach is refused in the old words', () => {
  const made = net();
  runProgram(made, 'a', route, 'del default');
  expect(runProgram(made, 'a', route, 'add -net 10.11.0.0/16 gw 99.9.9.9')).toMatchObject({
    output: 'SIOCADDRT: Network is unreachable\n',
    exit: 7,
  });
});
