/** Recorded transcripts: lines typed into a real network namespace, and what was printed. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Terminal } from './terminal';

interface Entry {
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

/** The entries of a JSON file, in the order in which they were typed. */
export function entriesOf(file: URL): readonly Entry[] {
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Entry[];
}

/** Types the lines into one namespace, one after another, and compares what each of them shows. */
export function describeTranscript(title: string, file: URL): void {
  const entries = entriesOf(file);
  describe(title, () => {
    const terminal = new Terminal(['n']);
    const shown = entries.map(({ command }) => terminal.run('n', command));
    test.each(entries.map((entry, at) => ({ ...entry, at })))('$command', ({ at, stdout, stderr, exit }) => {
      expect(shown[at]).toEqual({ stdout, stderr, exit });
    });
  });
}
