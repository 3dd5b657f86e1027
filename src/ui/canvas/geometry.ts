/** Lines on the stage: drawn as SVG path data, walked by length. Pixels of the stage, y downwards. */

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A line that can be drawn (`d`) and walked (`points` with the length reached at each). */
export interface Path {
  readonly d: string;
  readonly points: readonly Point[];
  /** `lengths[i]`: how far `points[i]` is from the start along the line. */
  readonly lengths: readonly number[];
  readonly length: number;
}

const ARC_STEPS = 6;
const CURVE_STEPS = 32;

const round = (value: number) => Math.round(value * 10) / 10;
const at = (p: Point) => `${round(p.x)} ${round(p.y)}`;
export const distance = (a: Point, b: Point) => Math.hypot(b.x - a.x, b.y - a.y);
const between = (a: Point, b: Point, t: number): Point => ({
  x: a.x + (b.x - a.x) * t,
  y: a.y + (b.y - a.y) * t,
});
export const centre = (box: Box): Point => ({ x: box.x + box.w / 2, y: box.y + box.h / 2 });
export const contains = (outer: Box, inner: Box) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.w <= outer.x + outer.w &&
  inner.y + inner.h <= outer.y + outer.h;
export const overlaps = (a: Box, b: Box) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** The smallest box around all; undefined for none. */
export function around(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, w, h } of boxes) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + w);
    bottom = Math.max(bottom, y + h);
  }
  return { x: left, y: top, w: right - left, h: bottom - top };
}

function measured(d: string, points: readonly Point[]): Path {
  const lengths: number[] = [];
  let length = 0;
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (before !== undefined) length += distance(before, point);
    lengths.push(length);
  });
  return { d, points, lengths, length };
}

/** Consecutive points that coincide are one; a point on the straight line between its neighbours is none. */
function corners(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (last !== undefined && distance(last, point) < 0.5) continue;
    const before = kept.at(-2);
    if (before !== undefined && last !== undefined) {
      const cross = (last.x - before.x) * (point.y - last.y) - (last.y - before.y) * (point.x - last.x);
      const ahead = (last.x - before.x) * (point.x - last.x) + (last.y - before.y) * (point.y - last.y);
      if (Math.abs(cross) < 0.01 && ahead > 0) kept.pop();
    }
    kept.push(point);
  }
  return kept;
}

/** A polyline whose corners are rounded, each by at most half of its shorter side. */
export function polyline(through: readonly Point[], radius = 12): Path {
  const points = corners(through);
  const first = points[0] ?? { x: 0, y: 0 };
  const walked: Point[] = [first];
  let d = `M${at(first)}`;
  for (let i = 1; i < points.length; i++) {
    const corner = points[i] as Point;
    const before = points[i - 1] as Point;
    const after = points[i + 1];
    if (after === undefined) {
      d += `L${at(corner)}`;
      walked.push(corner);
      continue;
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const enter = between(corner, before, r / (distance(before, corner) || 1));
    const leave = between(corner, after, r / (distance(corner, after) || 1));
    d += `L${at(enter)}Q${at(corner)} ${at(leave)}`;
    for (let step = 0; step <= ARC_STEPS; step++) {
      const t = step / ARC_STEPS;
      walked.push(between(between(enter, corner, t), between(corner, leave, t), t));
    }
  }
  return measured(d, walked);
}

/** A cubic Bézier curve. */
export function curve(from: Point, c1: Point, c2: Point, to: Point): Path {
  const walked: Point[] = [];
  for (let step = 0; step <= CURVE_STEPS; step++) {
    const t = step / CURVE_STEPS;
    const a = between(from, c1, t);
    const b = between(c1, c2, t);
    const c = between(c2, to, t);
    walked.push(between(between(a, b, t), between(b, c, t), t));
  }
  return measured(`M${at(from)}C${at(c1)} ${at(c2)} ${at(to)}`, walked);
}

export function reversed(path: Path): Path {
  const points = [...path.points].reverse();
  return measured(`M${points.map(at).join('L')}`, points);
}

/** One line after the other; gaps are bridged by straight pieces. */
export function joined(paths: readonly Path[]): Path {
  const points: Point[] = [];
  for (const path of paths) {
    for (const point of path.points) {
      const last = points.at(-1);
      if (last === undefined || distance(last, point) > 0.01) points.push(point);
    }
  }
  return measured(`M${points.map(at).join('L')}`, points);
}

/** Where one is after `t` (0…1) of the line's length. */
export function pointAt(path: Path, t: number): Point {
  const { points, lengths, length } = path;
  const first = points[0] ?? { x: 0, y: 0 };
  const last = points.at(-1) ?? first;
  if (t <= 0 || length === 0) return first;
  if (t >= 1) return last;
  const wanted = t * length;
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lengths[middle] as number) <= wanted) low = middle;
    else high = middle;
  }
  const start = lengths[low] as number;
  const piece = (lengths[high] as number) - start;
  return between(points[low] as Point, points[high] as Point, piece === 0 ? 0 : (wanted - start) / piece);
}

/** The same line elsewhere: `move` must keep lengths (shift, mirror). */
export function mapped(path: Path, move: (point: Point) => Point): Path {
  const d = path.d.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, x: string, y: string) =>
    at(move({ x: Number(x), y: Number(y) })),
  );
  return { ...path, d, points: path.points.map(move) };
}
