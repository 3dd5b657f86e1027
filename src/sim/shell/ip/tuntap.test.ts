/**
 * Command lines about TUN devices, typed into a real network namespace (Linux 6.18, iproute2 6.1.0), and here. What
 * `-d` says on stderr of processes it may not look at is left out.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Terminal } from '../testing/terminal';

interface Entry {
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}
const entries = JSON.parse(
  readFileSync(new URL('tuntap.golden.json', import.meta.url), 'utf8'),
) as readonly Entry[];

describe('ip tuntap', () => {
  const terminal = new Terminal(['n']);
  const shown = entries.map(({ command }) => terminal.run('n', command));
  test.each(entries.map((entry, at) => ({ ...entry, at })))('$command', ({ at, stdout, stderr, exit }) => {
    expect(shown[at]).toEqual({ stdout, stderr, exit });
  });

  test.each([
    ['mode tap', 'ip tuntap mode tap is not modelled here.\n'],
    ['mode tun user root', 'ip tuntap user is not modelled here.\n'],
    ['mode tun multi_queue', 'ip tuntap multi_queue is not modelled here.\n'],
  ])('refuses %s plainly', (words, stderr) => {
    expect(terminal.run('n', `ip tuntap add dev q ${words}`)).toEqual({ stdout: '', stderr, exit: 1 });
    expect(terminal.run('n', 'ip link show q').exit).toBe(1);
  });

  test('works in another namespace', () => {
    const two = new Terminal(['a', 'b']);
    expect(two.run('a', 'ip -n b tuntap add dev t0 mode tun').exit).toBe(0);
    expect(two.run('a', 'ip tuntap').stdout).toBe('');
    expect(two.run('b', 'ip tuntap').stdout).toBe('t0: tun persist\n');
  });
});
