import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from './random';

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.u32());

it('draws these numbers, in every engine and for ever: links and recorded traces depend on them', () => {
  expect(draw(new Random('framewalk'), 4)).toMatchInlineSnapshot(`
    [
      959690343,
      1252623917,
      3318159996,
      341153819,
    ]
  `);
  expect(draw(new Random(1), 4)).toMatchInlineSnapshot(`
    [
      2251129171,
      1106120726,
      2025062155,
      1222446779,
    ]
  `);
});

it('takes a number and its text for different seeds', () => {
  expect(draw(new Random(1), 2)).not.toEqual(draw(new Random('1'), 2));
});

it('continues from a restored state', () => {
  const random = new Random('a');
  draw(random, 10);
  const state = random.state;
  const expected = draw(random, 10);
  random.restore(state);
  expect(draw(random, 10)).toEqual(expected);
});

it('forks streams that differ by label and leave the parent alone', () => {
  const random = new Random('a');
  const before = random.state;
  const kernel = draw(random.fork('kernel'), 4);
  expect(draw(random.fork('kernel'), 4)).toEqual(kernel);
  expect(draw(random.fork('daemon'), 4)).not.toEqual(kernel);
  expect(random.state).toEqual(before);
});

it('stays in range and covers it', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
      const random = new Random(seed);
      const values = [random.below(n), random.float(), random.u16()] as const;
      expect(values[0]).toBeGreaterThanOrEqual(0);
      expect(values[0]).toBeLessThan(n);
      expect(values[1]).toBeLessThan(1);
      expect(values[2]).toBeLessThan(65536);
    }),
    { seed: 1, numRuns: 300 },
  );
  const counts = new Array<number>(10).fill(0);
  const random = new Random('coverage');
  for (let i = 0; i < 10_000; i++) counts[random.below(10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

it('refuses an empty or uneven range', () => {
  for (const n of [0, -1, 1.5, 2 ** 32 + 1]) expect(() => new Random(1).below(n)).toThrow('below(n)');
});
