/**
 * Command lines given to iptables 1.8.9 (legacy) and conntrack 1.4.7 in real network namespaces (Linux 6.18), with what
 * was printed, byte for byte; and the same lines given here. Dates are left out of both.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NetfilterTerminal } from './testing/terminal';

interface Entry {
  readonly command: string;
  readonly stdin?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}
const blocks = JSON.parse(readFileSync(new URL('testdata/transcripts.json', import.meta.url), 'utf8')) as {
  readonly title: string;
  readonly entries: readonly Entry[];
}[];

describe.each(blocks)('$title', ({ entries }) => {
  const terminal = new NetfilterTerminal();
  const shown = entries.map(({ command, stdin }) => terminal.run(command, stdin));
  test.each(entries.map((entry, at) => ({ ...entry, at })))(
    '$at $command',
    ({ at, stdout, stderr, exit }) => {
      expect(shown[at]).toEqual({ stdout, stderr, exit });
    },
  );
});

test('the transcripts are all there', () => {
  expect(blocks.reduce((sum, { entries }) => sum + entries.length, 0)).toBeGreaterThan(350);
});
