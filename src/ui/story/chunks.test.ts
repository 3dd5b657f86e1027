import { describe, expect, it } from 'vitest';
import { chunksOf } from './StepChunk';

/** The steps that are drawn when every chunk is, and how many chunks lie side by side at most. */
function unfold(from: number, to: number): { steps: [number, number][]; widest: number } {
  const chunks = chunksOf(from, to);
  if (chunks === undefined) return { steps: [[from, to]], widest: 0 };
  const parts = chunks.map(([start, end]) => unfold(start, end));
  return {
    steps: parts.flatMap(({ steps }) => steps),
    widest: Math.max(chunks.length, ...parts.map(({ widest }) => widest)),
  };
}

describe('a long story', () => {
  it.each([0, 1, 40, 41, 301, 1_600, 1_601, 64_001, 200_000])(
    'of %i steps is drawn without a gap',
    (count) => {
      const { steps, widest } = unfold(7, 7 + count);
      expect(widest).toBeLessThanOrEqual(40);
      let at = 7;
      for (const [start, end] of steps) {
        expect(start).toBe(at);
        expect(end - start).toBeLessThanOrEqual(40);
        at = end;
      }
      expect(at).toBe(7 + count);
    },
  );
});
