import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broughtIntoView, fitTo } from './camera';
import { giveSlots } from './census';
import { nearest } from './moveFocus';

const size = fc.record({
  x: fc.integer({ min: -300, max: 300 }),
  y: fc.integer({ min: -300, max: 300 }),
  w: fc.integer({ min: 200, max: 20_000 }),
  h: fc.integer({ min: 200, max: 20_000 }),
});
const screen = fc.record({
  width: fc.integer({ min: 320, max: 3000 }),
  height: fc.integer({ min: 240, max: 2000 }),
});

describe('fitting', () => {
  it('shows everything of many machines, whatever the window', () => {
    fc.assert(
      fc.property(size, screen, (box, window) => {
        const { x, y, zoom } = fitTo(box, window, 50);
        if (zoom <= 0.03) return;
        expect(box.x * zoom + x).toBeGreaterThanOrEqual(0);
        expect(box.y * zoom + y).toBeGreaterThanOrEqual(0);
        expect((box.x + box.w) * zoom + x).toBeLessThanOrEqual(window.width + 1e-6);
        expect((box.y + box.h) * zoom + y).toBeLessThanOrEqual(window.height + 1e-6);
      }),
    );
  });

  it('of two machines on a phone shows what can be read, around what happens', () => {
    const phone = { width: 390, height: 380 };
    const { x, y, zoom } = fitTo({ x: 0, y: 0, w: 360, h: 1100 }, phone, 3, { x: 100, y: 900 });
    expect(zoom).toBeGreaterThanOrEqual(0.85);
    const at = { x: 100 * zoom + x, y: 900 * zoom + y };
    expect(at.x).toBeGreaterThan(0);
    expect(at.x).toBeLessThan(phone.width);
    expect(at.y).toBeGreaterThan(0);
    expect(at.y).toBeLessThan(phone.height);
  });
});

describe('bringing into view', () => {
  const window = { width: 800, height: 600 };
  it('leaves a view alone in which everything can be seen', () => {
    expect(broughtIntoView([{ x: 100, y: 100 }], { x: 0, y: 0, zoom: 1 }, window)).toBeUndefined();
    expect(broughtIntoView([], { x: 0, y: 0, zoom: 1 }, window)).toBeUndefined();
  });

  it('moves no further than needed and never changes the zoom', () => {
    const view = broughtIntoView([{ x: 1000, y: 300 }], { x: 0, y: 0, zoom: 1 }, window);
    expect(view).toEqual({ x: -270, y: 0, zoom: 1 });
  });

  it('of more than fits shows the end, and as much before it as there is room for', () => {
    const points = [0, 2000, 2100].map((x) => ({ x, y: 100 }));
    const view = broughtIntoView(points, { x: 0, y: 0, zoom: 1 }, window);
    expect(view).toEqual({ x: 730 - 2100, y: 0, zoom: 1 });
    const last = { x: 2000, y: 3000 };
    const high = broughtIntoView([{ x: 2000, y: 0 }, last], { x: 0, y: 0, zoom: 1 }, window);
    expect(last.y + (high?.y ?? 0)).toBe(600 - 56);
  });

  it('afterwards there is nothing left to move', () => {
    const point = fc.record({
      x: fc.integer({ min: -2000, max: 2000 }),
      y: fc.integer({ min: -2000, max: 2000 }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 5 }), (points) => {
        const view = broughtIntoView(points, { x: 0, y: 0, zoom: 0.7 }, window);
        if (view) expect(broughtIntoView(points, view, window)).toBeUndefined();
      }),
    );
  });
});

describe('slots', () => {
  const life = (key: string, first: number, last = Infinity) => ({ key, first, last });
  it('are the lowest free ones, in order of appearance', () => {
    const slots = giveSlots([life('b', 5), life('a', 1, 10), life('c', 12), life('d', 11, 13)]);
    expect(Object.fromEntries(slots)).toEqual({ a: 0, b: 1, d: 0, c: 2 });
  });

  it('never hold two at a time, and are no more than live at a time', () => {
    const lives = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 20 })), { maxLength: 30 });
    fc.assert(
      fc.property(lives, (spans) => {
        const all = spans.map(([first, length], i) => life(String(i), first, first + length));
        const slots = giveSlots(all);
        let most = 0;
        for (let now = 0; now <= 70; now++) {
          const here = all
            .filter(({ first, last }) => first <= now && now < last)
            .map(({ key }) => slots.get(key));
          expect(new Set(here).size).toBe(here.length);
          most = Math.max(most, here.length);
        }
        expect(Math.max(-1, ...slots.values())).toBeLessThan(Math.max(1, most));
      }),
    );
  });
});

describe('walking with the arrow keys', () => {
  const box = (x: number, y: number) => ({ x, y, w: 10, h: 10 });
  const places = new Map([
    ['a', box(0, 0)],
    ['right', box(50, 4)],
    ['far', box(90, 0)],
    ['below', box(6, 60)],
  ]);
  it.each([
    ['right', { x: 1, y: 0 }],
    ['below', { x: 0, y: 1 }],
    [undefined, { x: -1, y: 0 }],
    [undefined, { x: 0, y: -1 }],
  ])('goes to %s', (to, direction) => {
    expect(nearest(places, 'a', direction)).toBe(to);
  });
  it('from nowhere goes nowhere', () => {
    expect(nearest(places, 'gone', { x: 1, y: 0 })).toBeUndefined();
  });
});
