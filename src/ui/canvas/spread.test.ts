import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPSULE_H } from './capsule';
import { spread } from './spread';
import type { Berth, Sprite } from './sprites';

/** `frame` is the width. */
const sprite = (frame: number, ...berths: Berth[]): Sprite => ({
  frame,
  at: { x: 0, y: 0 },
  changed: 1,
  fallen: 0,
  moving: false,
  place: { netns: 'n', what: 'ip' },
  berths,
});
const berth = (since: number, share = 1, key = 'ip n'): Berth => ({ key, share, since });
const widthOf = ({ frame }: Sprite) => frame;

describe('frames at one place', () => {
  it('alone stand where they are', () => {
    expect(spread([sprite(90, berth(1)), sprite(60, berth(2, 1, 'ip m'))], widthOf)).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ]);
  });

  it('stand side by side, whoever came first on the left', () => {
    const [late, early] = spread([sprite(64, berth(9)), sprite(200, berth(3))], widthOf);
    expect(early?.y).toBe(0);
    expect(late?.y).toBe(0);
    expect((late?.x ?? 0) - 32 - ((early?.x ?? 0) + 100)).toBe(10);
  });

  it('never lie on each other, however many and wide they are', () => {
    const widths = fc.array(fc.integer({ min: 40, max: 400 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(widths, (all) => {
        const at = spread(
          all.map((width, i) => sprite(width, berth(i))),
          widthOf,
        );
        all.forEach((width, i) =>
          all.slice(0, i).forEach((other, j) => {
            const [a, b] = [at[i], at[j]];
            const apart =
              Math.abs((a?.x ?? 0) - (b?.x ?? 0)) >= (width + other) / 2 ||
              Math.abs((a?.y ?? 0) - (b?.y ?? 0)) >= CAPSULE_H;
            expect(apart).toBe(true);
          }),
        );
      }),
    );
  });

  it('are moved into view together', () => {
    const [one, two] = spread([sprite(90, berth(1)), sprite(60, berth(2))], widthOf, (at, width) => {
      expect(at).toEqual({ x: 0, y: 0 });
      return width;
    });
    expect((two?.x ?? 0) - (one?.x ?? 0)).toBe(45 + 10 + 30);
    expect(one?.x).toBe(170 - 85 + 50);
    expect(spread([sprite(90, berth(1))], widthOf, () => 7)).toEqual([{ x: 7, y: 0 }]);
  });

  it('make room by and by for one that comes', () => {
    const xs = [0, 0.01, 0.5, 0.99, 1].map((share) => {
      const [stays, comes] = spread([sprite(100, berth(1)), sprite(60, berth(2, share))], widthOf);
      return [stays?.x ?? NaN, comes?.x ?? NaN] as const;
    });
    expect(xs[0]?.[0]).toBeCloseTo(0);
    for (const x of xs[1] ?? []) expect(Math.abs(x)).toBeLessThan(1);
    const [half, nearly, there] = [xs[2], xs[3], xs[4]];
    expect(half?.[0]).toBeGreaterThan(there?.[0] ?? 0);
    expect(Math.abs((nearly?.[0] ?? 0) - (there?.[0] ?? 0))).toBeLessThan(1);
    expect(Math.abs((nearly?.[1] ?? 0) - (there?.[1] ?? 0))).toBeLessThan(2);
  });
});
