/** The small commands. Expected texts were printed by procps 4.0.2, coreutils 9.1 and bash 5.2. */
import { describe, expect, test } from 'vitest';
import { tools } from './index';
import { machine, run } from './testing/run';

describe('sysctl', () => {
  test.each([
    ['sysctl net.ipv4.ip_forward', 'net.ipv4.ip_forward = 0\n', 0],
    ['sysctl net/ipv4/ip_forward', 'net.ipv4.ip_forward = 0\n', 0],
    ['sysctl -n net.ipv4.ip_forward net.ipv4.ip_default_ttl', '0\n64\n', 0],
    ['sysctl -N net.ipv4.ip_forward', 'net.ipv4.ip_forward\n', 0],
    ['sysctl -b net.ipv4.ip_forward', '0', 0],
    ['sysctl -w net.ipv4.ip_forward=1', 'net.ipv4.ip_forward = 1\n', 0],
    ['sysctl net.ipv4.ip_forward=1', 'net.ipv4.ip_forward = 1\n', 0],
    ['sysctl -w "net.ipv4.ip_forward = 1"', 'net.ipv4.ip_forward = 1\n', 0],
    ['sysctl -qw net.ipv4.ip_forward=1', '', 0],
    ['sysctl -n -w net.ipv4.ip_forward=1', '1\n', 0],
    [
      'sysctl -w net.ipv4.ip_local_port_range="10000 20000"',
      'net.ipv4.ip_local_port_range = 10000 20000\n',
      0,
    ],
    ['sysctl net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_port_range = 32768\t60999\n', 0],
    ['sysctl net.ipv4.conf.fl/1.forwarding', 'net.ipv4.conf.fl/1.forwarding = 0\n', 0],
    ['sysctl net/ipv4/conf/fl.1/forwarding', 'net.ipv4.conf.fl/1.forwarding = 0\n', 0],
    ['sysctl -w net/ipv4/conf/fl.1/forwarding=1', 'net.ipv4.conf.fl/1.forwarding = 1\n', 0],
    [
      'sysctl net.ipv4.conf.fl.1.forwarding',
      'sysctl: cannot stat /proc/sys/net/ipv4/conf/fl/1/forwarding: No such file or directory\n',
      1,
    ],
    ['sysctl -n -a -r ip_forward$', '0\n', 0],
    ['sysctl net.ipv4.route', 'net.ipv4.route.min_pmtu = 552\nnet.ipv4.route.mtu_expires = 600\n', 0],
    ['sysctl net.ipv4.foo', 'sysctl: cannot stat /proc/sys/net/ipv4/foo: No such file or directory\n', 1],
    ['sysctl -e net.ipv4.foo', '', 0],
    [
      'sysctl -w net.ipv4.foo=1',
      'sysctl: cannot stat /proc/sys/net/ipv4/foo: No such file or directory\n',
      1,
    ],
    ['sysctl -w -e net.ipv4.foo=1 net.ipv4.ip_forward=1', 'net.ipv4.ip_forward = 1\n', 0],
    ['sysctl -w net.ipv4.ip_forward=abc', 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n', 1],
    ['sysctl -w net.ipv4.ip_forward=', 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n', 1],
    [
      'sysctl -w net.ipv4.ip_default_ttl=300',
      'sysctl: setting key "net.ipv4.ip_default_ttl": Invalid argument\n',
      1,
    ],
    ['sysctl -w net.ipv4.ip_forward', 'sysctl: command line(0): invalid syntax, continuing...\n', 1],
    ['sysctl -w net.ipv4.ip_forward = 1', 'sysctl: command line(0): invalid syntax, continuing...\n', 1],
    ['sysctl -w =1', 'sysctl: Path is not under /proc/sys/: /proc/sys/\n', 1],
    ['sysctl -w', "sysctl: no variables specified\nTry `sysctl --help' for more information.\n", 1],
    ['sysctl -p /nonexistent', 'sysctl: cannot open "/nonexistent": No such file or directory\n', 1],
    ["sysctl -a -r '(a+)+$'", 'sysctl: unrecognised pattern "(a+)+$"\n', 1],
  ])('%s', (line, output, exit) => {
    expect(run(line)).toMatchObject({ output, exit });
  });
  test('what is set is read back', () => {
    const net = machine();
    run('sysctl -w net.ipv4.conf.fl/1.forwarding=1', { net });
    expect(run('sysctl -n net.ipv4.conf.fl/1.forwarding', { net }).output).toBe('1\n');
  });
});

describe('cat and echo', () => {
  const F = '/proc/sys/net/ipv4/ip_forward';
  test.each([
    [`cat ${F}`, '0\n', 0],
    [`cat -n ${F}`, '     1\t0\n', 0],
    ['cat /proc/sys/net/ipv4/foo', 'cat: /proc/sys/net/ipv4/foo: No such file or directory\n', 1],
    ['cat /proc/sys/net/ipv4', 'cat: /proc/sys/net/ipv4: Is a directory\n', 1],
    ['cat /nonexistent', 'cat: /nonexistent: No such file or directory\n', 1],
    ['cat -q', "cat: invalid option -- 'q'\nTry 'cat --help' for more information.\n", 1],
    ['cat /proc/sys/net/ipv4/conf/fl.1/forwarding', '0\n', 0],
    ['echo a  b "c  d"', 'a b c  d\n', 0],
    ['echo -e "a\\tb" -n', 'a\tb -n\n', 0],
    ['echo -ne "a\\nb\\\\x41\\c dd"', 'a\nbA', 0],
    ['echo -E "a\\tb"', 'a\\tb\n', 0],
    ['echo -nx', '-nx\n', 0],
    ['echo --', '--\n', 0],
    ['echo -e "\\0101\\q"', 'A\\q\n', 0],
    [`echo abc > ${F}`, 'bash: echo: write error: Invalid argument\n', 1],
    [`echo > ${F}`, 'bash: echo: write error: Invalid argument\n', 1],
    ['echo 1 > /proc/sys/net/ipv4/foo', 'bash: /proc/sys/net/ipv4/foo: No such file or directory\n', 1],
    ['echo 1 > /proc/sys/net/ipv4', 'bash: /proc/sys/net/ipv4: Is a directory\n', 1],
    [`echo 1 > ${F}`, '', 0],
    [`echo -n 1 >${F}`, '', 0],
  ])('%s', (line, output, exit) => {
    expect(run(line)).toMatchObject({ output, exit });
  });
  test('what is written is there', () => {
    const net = machine();
    run(`echo 1 > ${F}`, { net });
    expect(run(`cat ${F}`, { net }).output).toBe('1\n');
  });
});

describe('sleep and the rest', () => {
  test.each([
    ['sleep 1.5', 1.5],
    ['sleep .1', 0.1],
    ['sleep 1e-1', 0.1],
    ['sleep 0.1s', 0.1],
    ['sleep 2m', 120],
    ['sleep 1 2', 3],
    ['sleep 0', 0],
  ])('%s', (line, seconds) => {
    expect(run(line)).toMatchObject({ output: '', exit: 0, seconds });
  });
  test.each([
    ['sleep', "sleep: missing operand\nTry 'sleep --help' for more information.\n", 1],
    ['sleep x', "sleep: invalid time interval ‘x’\nTry 'sleep --help' for more information.\n", 1],
    [
      'sleep 0.1 x y',
      "sleep: invalid time interval ‘x’\nsleep: invalid time interval ‘y’\nTry 'sleep --help' for more information.\n",
      1,
    ],
    ['sleep -1', "sleep: invalid option -- '1'\nTry 'sleep --help' for more information.\n", 1],
    ['hostname', 'm\n', 0],
    ['hostname -I', '10.1.0.2 \n', 0],
    ['true foo', '', 0],
    ['false', '', 1],
    ['clear', '', 0],
  ])('%s', (line, output, exit) => {
    expect(run(line)).toMatchObject({ output, exit });
  });
  test('help lists every program under its heading, itself too', () => {
    const { output } = run('help');
    const width = Math.max(...tools.map((program) => program.name.length));
    for (const program of tools)
      expect(output).toContain(`  ${program.name.padEnd(width)}  ${program.about}\n`);
    expect(output).toMatch(/^containers and etcd\n {2}etcdctl /);
    expect(output).toMatch(/\n\nshell\n[^]* {2}help /);
    expect(run('help nope').exit).toBe(1);
  });
});
