/** Whatever is typed: no exception, and an end. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandNames, complete, runCommand, splitWords } from './index';
import { Terminal } from './testing/terminal';

/** Words that mean something somewhere, so that parsers are entered deeply. */
const VOCABULARY = (
  'ip link addr route neigh rule netns bridge fdb show add del set replace change append get flush dev br0 eth0 lo nope ' +
  'type veth vxlan bridge_slave dummy peer name id local remote dstport via src metric mtu table main local all proto ' +
  'kernel scope onlink nexthop weight blackhole default 10.0.0.1 10.0.0.0/24 10.0.0.2/33 1.2.3 0 1 -1 99999999999 0x10 ' +
  'up down master nomaster netns a b exec ping -c -i -s -t -W -w -n -e -M do dont -I traceroute -q -m -f -N --sport=5 ' +
  'tcpdump -e -v host port icmp and or not ( ) -j -p -d -br -o -4 -6 -n lladdr nud permanent 02:00:00:00:00:01 foo ' +
  'brctl addbr showmacs stp on off arp -a -s -d ifconfig netmask 255.255.255.0 sysctl -w net.ipv4.ip_forward=1 echo > ' +
  '/proc/sys/net/ipv4/ip_forward cat etcdctl put --prefix docker help sh -c = : / to dst self dynamic learning 224.0.0.1 ::1'
).split(' ');

const word = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...VOCABULARY) },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);
const line = fc.tuple(fc.constantFrom(...commandNames), fc.array(word, { maxLength: 9 }));

function lab(): Terminal {
  const terminal = new Terminal(['a', 'b']);
  for (const setup of [
    'ip link add br0 up type bridge',
    'ip link add v0 up master br0 type veth peer name eth0 netns b',
    'ip addr add 10.0.0.1/24 dev br0',
  ]) {
    expect(terminal.run('a', setup).exit).toBe(0);
  }
  return terminal;
}

test('any words end with an exit code and well-formed lines', () => {
  let terminal = lab();
  let age = 0;
  fc.assert(
    fc.property(line, ([name, args]) => {
      // What one command breaks shall not make the next ones easy.
      if (++age % 50 === 0) terminal = lab();
      const shown = terminal.runWords('a', [name, ...args]);
      expect(shown.exit).toBeTypeOf('number');
      expect(shown.stdout + shown.stderr).not.toMatch(/undefined|NaN|\[object/);
    }),
    { seed: 7, numRuns: 3000 },
  );
}, 60_000);

test('any line can be split and completed', () => {
  const env = { devices: ['eth0'], addresses: [], namespaces: ['a'], containers: [] };
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      splitWords(text);
      const { from } = complete(text, env);
      expect(from).toBeLessThanOrEqual(text.length);
    }),
    { seed: 7 },
  );
});

test('an unknown name is bash’s business', () => {
  const terminal = new Terminal(['a']);
  expect(terminal.run('a', 'iproute')).toEqual({
    stdout: '',
    stderr: 'bash: iproute: command not found\n',
    exit: 127,
  });
  expect(terminal.run('a', './run.sh')).toEqual({
    stdout: '',
    stderr: 'bash: ./run.sh: No such file or directory\n',
    exit: 127,
  });
  expect(terminal.run('a', 'A=1 B=2')).toEqual({ stdout: '', stderr: '', exit: 0 });
  expect(runCommand).toBeTypeOf('function');
});
