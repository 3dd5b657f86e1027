import { describe, expect, it } from 'vitest';
import { readScript } from './script';

function read(...lines: string[]) {
  const result = readScript(lines.join('\n'), 'test');
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  const { scenario, journal } = result.value;
  return { setup: scenario.setup, journal, root: scenario.machines[0]?.name };
}
function refused(...lines: string[]): string[] {
  const result = readScript(lines.join('\n'), 'test');
  return result.ok ? [] : result.error.map(({ place, message }) => `${place}: ${message.en}`);
}
const commands = (...lines: string[]) => read(...lines).setup.map(({ command }) => command);

describe('a script', () => {
  it('is read without its comments, shebang, options and sudo', () => {
    expect(
      commands(
        '#!/bin/bash',
        'set -euo pipefail',
        '',
        '  # a comment',
        'sudo ip netns add a # why',
        '/sbin/ip netns add b',
      ),
    ).toEqual(['ip netns add a', 'ip netns add b']);
  });

  it('keeps a # that is part of a word or quoted', () => {
    expect(
      commands(
        'ip link add "a #1" type dummy',
        "ip link add 'b # 2' type dummy",
        'ip link add c#3 type dummy',
      ),
    ).toEqual([
      'ip link add "a #1" type dummy',
      "ip link add 'b # 2' type dummy",
      'ip link add c#3 type dummy',
    ]);
  });

  it('puts variables in, but not into single quotes', () => {
    expect(
      commands(
        'NS=red',
        'export IP="10.0.0.1"',
        "LEN='24'",
        'ip -n $NS addr add ${IP}/$LEN dev "$NS-0"',
        "ip netns add '$NS'",
      ),
    ).toEqual(['ip -n red addr add 10.0.0.1/24 dev "red-0"', "ip netns add '$NS'"]);
  });

  it('lets a variable be made of others', () => {
    expect(commands('A=10.0', 'B=$A.0.1', 'ip netns add $B')).toEqual(['ip netns add 10.0.0.1']);
  });

  it('joins continued lines under the number of the first', () => {
    const { setup } = read(
      'ip netns add a',
      'ip link add \\',
      '  veth0 type veth \\',
      '  peer name veth1',
      'ip netns add b',
    );
    expect(setup.map(({ place, command }) => `${place}: ${command.replace(/\s+/g, ' ')}`)).toEqual([
      'line 1: ip netns add a',
      'line 2: ip link add veth0 type veth peer name veth1',
      'line 5: ip netns add b',
    ]);
  });

  it.each([
    ['for i in 1 2; do', 'control flow'],
    ['if true; then', 'control flow'],
    ['done', 'control flow'],
    ['setup() {', 'functions'],
    ['source ./lib.sh', 'other scripts'],
    ['ip netns add $(hostname)', 'command substitution'],
    ['ip netns add `hostname`', 'command substitution'],
    ['ip netns add $X', 'the variable X has not been set'],
    ['ip netns add ${X:-a}', 'is not understood'],
    ['ip netns add $1', 'the variable 1 has not been set'],
    ['A=1 ip netns add x', 'a line of its own'],
    ['ip netns add x &', 'background'],
  ])('refuses `%s` by its line', (line, why) => {
    const problems = refused('ip netns add a', line);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^line 2: /);
    expect(problems[0]).toContain(why);
  });

  it('names every line it does not understand', () => {
    expect(refused('while true', 'ip netns add a', 'done').map((text) => text.slice(0, 6))).toEqual([
      'line 1',
      'line 3',
    ]);
  });

  it('takes the rest from the first ping on as the journal', () => {
    const { setup, journal, root } = read(
      'ip netns add a',
      'sleep 1',
      'ip netns exec a ping -c 1 10.0.0.2',
      'sleep 2',
      'sudo ip netns exec a sudo ip link set eth0 down',
      'tcpdump -ni br0 &',
    );
    expect(setup.map(({ command }) => command)).toEqual(['ip netns add a']);
    expect(root).toBe('host');
    expect(journal).toEqual([
      { netns: 'a', command: 'ping -c 1 10.0.0.2' },
      { netns: 'host', command: 'sleep 2' },
      { netns: 'a', command: 'ip link set eth0 down' },
      { netns: 'host', command: 'tcpdump -ni br0 &' },
    ]);
  });

  it('takes the rest from a comment on as the journal, as exported scripts have it', () => {
    const { setup, journal } = read(
      'ip netns add a',
      '# The network is up. And now:',
      'ip netns exec a ip route add 10.0.0.0/8 dev lo',
      'ip netns exec a nc -l 80 &',
    );
    expect(setup).toHaveLength(1);
    expect(journal.map(({ command }) => command)).toEqual(['ip route add 10.0.0.0/8 dev lo', 'nc -l 80 &']);
  });

  it('gives the machine another name when the script has its own host', () => {
    expect(read('ip netns add host', 'ip netns add machine-1').root).toBe('machine');
  });

  it('takes what is thrown away, and settings written into /proc', () => {
    const { setup } = read(
      'ip netns del a 2>/dev/null || true',
      'ip netns add a >/dev/null 2>&1',
      'ip netns exec a sh -c "echo 1 > /proc/sys/net/ipv4/ip_forward"',
      'echo 1 > /proc/sys/net/ipv4/conf/all/proxy_arp',
    );
    expect(setup.map(({ command, mayFail }) => [command, mayFail ?? false])).toEqual([
      ['ip netns del a', true],
      ['ip netns add a', false],
      ['ip netns exec a sysctl -w net/ipv4/ip_forward=1', false],
      ['sysctl -w net/ipv4/conf/all/proxy_arp=1', false],
    ]);
  });

  it('ends at exit', () => {
    expect(commands('ip netns add a', 'exit 0', 'ip netns add b')).toEqual(['ip netns add a']);
  });

  it('is refused when it holds nothing, or too much', () => {
    expect(refused('# nothing')).toEqual(['line 1: there is no command in this script']);
    expect(refused(...Array.from({ length: 5_001 }, (_, i) => `ip netns add n${i}`))[0]).toContain(
      'at most 5000',
    );
    expect(refused('x'.repeat(1_000_001))[0]).toContain('at most 1000000');
  });
});
