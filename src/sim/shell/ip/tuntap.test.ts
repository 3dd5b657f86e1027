/**
 * Command lines about TUN devices, typed into a real network namespace (Linux 6.18, iproute2 6.1.0), and here. What
 * `-d` says on stderr of processes it may not look at is left out.
 */
import { describe, expect, test } from 'vitest';
import { Terminal } from '../testing/terminal';
import { describeTranscript } from '../testing/transcripts';

describeTranscript('ip tuntap', new URL('tuntap.golden.json', import.meta.url));

describe('beyond the transcript', () => {
  test.each([
    ['mode tap', 'ip tuntap mode tap is not modelled here.\n'],
    ['mode tun user root', 'ip tuntap user is not modelled here.\n'],
    ['mode tun multi_queue', 'ip tuntap multi_queue is not modelled here.\n'],
  ])('refuses %s plainly', (words, stderr) => {
    const terminal = new Terminal(['n']);
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
