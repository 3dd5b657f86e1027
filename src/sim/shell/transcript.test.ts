/**
 * Command lines typed into three real network namespaces (Linux 6.18, iproute2 6.1.0, net-tools 2.10, bridge-utils 1.7)
 * and what was printed, byte for byte; and the same lines typed here. Names of namespaces begin with `ns-`, bridge
 * timers read 0, IPv6 is off.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Terminal } from './testing/terminal';

interface Entry {
  readonly netns: string;
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}
const blocks = JSON.parse(readFileSync(new URL('golden/transcripts.json', import.meta.url), 'utf8')) as {
  readonly title: string;
  readonly entries: readonly Entry[];
}[];

/** Entries of a block follow one another in the same namespaces, so they are typed once and judged one by one. */
describe.each(blocks)('$title', ({ entries }) => {
  const terminal = new Terminal(['ns-a', 'ns-b', 'ns-c']);
  const shown = entries.map(({ netns, command }) => terminal.run(netns, command));
  test.each(entries.map((entry, at) => ({ ...entry, at })))(
    '$netns: $command',
    ({ at, stdout, stderr, exit }) => {
      expect(shown[at]).toEqual({ stdout, stderr, exit });
    },
  );
});

test('the transcripts are all there', () => {
  expect(blocks.map(({ title }) => title)).toEqual([
    'links',
    'addresses',
    'routes',
    'neighbours',
    'rules',
    'bridge',
    'namespaces',
    'interfaces',
    'statistics',
  ]);
  expect(blocks.reduce((sum, { entries }) => sum + entries.length, 0)).toBeGreaterThan(590);
});
