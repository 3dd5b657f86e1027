import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  around,
  curve,
  distance,
  joined,
  overlaps,
  pointAt,
  polyline,
  reversed,
  type Point,
} from './geometry';

const point = fc.record({ x: fc.integer({ min: -500, max: 500 }), y: fc.integer({ min: -500, max: 500 }) });
const points = fc.array(point, { minLength: 2, maxLength: 8 });

describe('polyline', () => {
  it('is the straight line between two points', () => {
    const path = polyline([
      { x: 0, y: 0 },
      { x: 30, y: 40 },
    ]);
    expect(path.d).toBe('M0 0L30 40');
    expect(path.length).toBe(50);
    expect(pointAt(path, 0.5)).toEqual({ x: 15, y: 20 });
  });

  it('cuts corners, and so is shorter than its corners', () => {
    const path = polyline(
      [
        { x: 0, y: 0 },
        { x: 0, y: 100 },
        { x: 100, y: 100 },
      ],
      20,
    );
    expect(path.d).toBe('M0 0L0 80Q0 100 20 100L100 100');
    expect(path.length).toBeGreaterThan(distance({ x: 0, y: 0 }, { x: 100, y: 100 }));
    expect(path.length).toBeLessThan(200);
  });

  it('leaves out points that turn nothing', () => {
    const straight = [0, 10, 10, 40, 90].map((x) => ({ x, y: 7 }));
    expect(polyline(straight).d).toBe('M0 7L90 7');
  });

  it('starts and ends where it should and is walked without jumps', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 0, max: 40 }), (through, radius) => {
        const path = polyline(through, radius);
        expect(distance(pointAt(path, 0), through[0] as Point)).toBeLessThan(0.51);
        expect(distance(pointAt(path, 1), through.at(-1) as Point)).toBeLessThan(0.51);
        let before = pointAt(path, 0);
        for (let step = 1; step <= 50; step++) {
          const here = pointAt(path, step / 50);
          expect(distance(before, here)).toBeLessThanOrEqual(path.length / 50 + 1e-6);
          before = here;
        }
      }),
    );
  });
});

describe('curve', () => {
  it('starts and ends at its ends and leaves towards its handle', () => {
    const path = curve({ x: 0, y: 0 }, { x: 0, y: 100 }, { x: 200, y: 100 }, { x: 200, y: 0 });
    expect(pointAt(path, 0)).toEqual({ x: 0, y: 0 });
    expect(pointAt(path, 1)).toEqual({ x: 200, y: 0 });
    expect(pointAt(path, 0.5).x).toBeCloseTo(100);
    expect(pointAt(path, 0.5).y).toBeCloseTo(75);
  });
});

describe('walking', () => {
  it('backwards is the mirror of forwards', () => {
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), (through, t) => {
        const path = polyline(through);
        expect(distance(pointAt(path, t), pointAt(reversed(path), 1 - t))).toBeLessThan(0.01);
      }),
    );
  });

  it('over two lines is as long as both and the gap', () => {
    const a = polyline([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ]);
    const b = polyline([
      { x: 10, y: 5 },
      { x: 30, y: 5 },
    ]);
    expect(joined([a, b]).length).toBe(35);
  });
});

describe('boxes', () => {
  it('touching is not overlapping', () => {
    const a = { x: 0, y: 0, w: 10, h: 10 };
    expect(overlaps(a, { x: 10, y: 0, w: 5, h: 5 })).toBe(false);
    expect(overlaps(a, { x: 9, y: 9, w: 5, h: 5 })).toBe(true);
    expect(around([a, { x: -5, y: 4, w: 1, h: 20 }])).toEqual({ x: -5, y: 0, w: 15, h: 24 });
    expect(around([])).toBeUndefined();
  });
});
