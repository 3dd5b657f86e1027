/**
 * Every scenario's trace as text is kept beside it (`<id>/trace.txt`). When the model changes, the test writes what it is
 * now to `<id>/trace-changed.txt`; read the difference, and rename the file if it is what was meant.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../sim/index';
import { catalogue, traceText } from './index';

const NETWORKS = catalogue.filter((entry) => entry.kind === 'network');

describe.each(NETWORKS.map((entry) => [entry.id, entry] as const))('the trace of %s', (id, entry) => {
  const path = (name: string) => new URL(`./${id}/${name}`, import.meta.url);

  it('is the one that was reviewed', () => {
    const now = traceText(run(entry.load(), entry.journal));
    const kept = existsSync(path('trace.txt')) ? readFileSync(path('trace.txt'), 'utf8') : '';
    if (now === kept) rmSync(path('trace-changed.txt'), { force: true });
    else writeFileSync(path('trace-changed.txt'), now);
    const [lines, keptLines] = [now.split('\n'), kept.split('\n')];
    const first = lines.findIndex((line, i) => line !== keptLines[i]);
    expect({ length: lines.length, first: lines[first] }).toEqual({
      length: keptLines.length,
      first: keptLines[first],
    });
    expect(now === kept).toBe(true);
  });

  it('is the same every time', () => {
    const [one, two] = [run(entry.load(), entry.journal), run(entry.load(), entry.journal)];
    expect(traceText(two)).toBe(traceText(one));
    expect(two).toEqual(one);
  });

  it('has causes that come before, and times that never decrease', () => {
    const { events, frames } = run(entry.load(), entry.journal);
    events.forEach((event, i) => {
      expect(event.seq).toBe(i);
      expect(event.cause).toBeLessThan(i);
      expect(event.at).toBeGreaterThanOrEqual(events[i - 1]?.at ?? -Infinity);
      if ('frame' in event && event.frame !== undefined) expect(event.frame).toBeLessThan(frames.length);
    });
  });
});
