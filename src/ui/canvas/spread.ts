/**
 * Frames at one place stand side by side, in the order in which they came, and in a second row above when a row is full.
 * A function of the sprites alone: who comes or goes makes others move by its share, so nothing jumps.
 */
import { CAPSULE_H } from './capsule';
import type { Point } from './geometry';
import type { Sprite } from './sprites';

const GAP = { x: 10, y: 9 };
/** Width of a row, px at scale 1: about two machine's devices. */
const ROW = 340;

interface Stay {
  readonly index: number;
  readonly share: number;
  readonly since: number;
  readonly width: number;
}

function staysByPlace(sprites: readonly Sprite[], widthOf: (sprite: Sprite) => number): Iterable<Stay[]> {
  const places = new Map<string, Stay[]>();
  sprites.forEach((sprite, index) => {
    for (const { key, share, since } of sprite.berths) {
      const stay = { index, share, since, width: widthOf(sprite) };
      const others = places.get(key);
      if (others) others.push(stay);
      else places.set(key, [stay]);
    }
  });
  return places.values();
}

function rowsOf(stays: readonly Stay[]): Stay[][] {
  const rows: Stay[][] = [];
  let used = Infinity;
  for (const stay of stays) {
    used += GAP.x + stay.width;
    if (used <= ROW) {
      rows.at(-1)?.push(stay);
      continue;
    }
    rows.push([stay]);
    used = stay.width;
  }
  return rows;
}

/**
 * How far each sprite stands from its point, px at scale 1. `inView` says by how much a row of that width around a point
 * has to be moved sideways to be seen as a whole.
 */
export function spread(
  sprites: readonly Sprite[],
  widthOf: (sprite: Sprite) => number,
  inView: (at: Point, width: number) => number = () => 0,
): Point[] {
  const offsets = sprites.map((): Point => ({ x: 0, y: 0 }));
  for (const stays of staysByPlace(sprites, widthOf)) {
    stays.sort((a, b) => a.since - b.since || a.index - b.index);
    rowsOf(stays).forEach((row, above) => {
      const whole = row.reduce((sum, { width, share }) => sum + (width + GAP.x) * share, 0);
      const nearest = row.reduce((best, stay) => (stay.share > best.share ? stay : best));
      let x = inView((sprites[nearest.index] as Sprite).at, whole) - whole / 2;
      for (const { index, width, share } of row) {
        const half = ((width + GAP.x) * share) / 2;
        const { x: dx, y: dy } = offsets[index] as Point;
        offsets[index] = { x: dx + (x + half) * share, y: dy - above * (CAPSULE_H + GAP.y) * share };
        x += 2 * half;
      }
    });
  }
  return offsets;
}
