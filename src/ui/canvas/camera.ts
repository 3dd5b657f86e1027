/** What is in view: everything at first, and always what the current step is about. */
import type { Viewport } from '@xyflow/react';
import { around, type Box, type Point } from './geometry';

export const MIN_ZOOM = 0.03;
/** Below this a machine is its name and what it holds. */
export const FAR = 0.36;
export const MAX_ZOOM = 2.5;
/** No larger than this by itself: two machines should not fill a wall. */
const FIT_MOST = 1.35;
/** Smaller, a few machines cannot be read: then not everything is shown. On a phone that is soon the case. */
const READABLE = 0.4;
const READABLE_ON_PHONE = 0.85;
const PHONE_WIDTH = 560;
const FEW_ROOMS = 5;
/** Legend above, controls below. */
const MARGIN = { top: 44, side: 20, bottom: 52 };

interface Window {
  readonly width: number;
  readonly height: number;
}

/** Everything, as large as it fits; of a few machines in a small window, what is around `focus`. */
export function fitTo(size: Box, { width, height }: Window, rooms: number, focus?: Point): Viewport {
  const [w, h] = [width - 2 * MARGIN.side, height - MARGIN.top - MARGIN.bottom];
  const whole = Math.min(w / size.w, h / size.h, FIT_MOST);
  const least = width < PHONE_WIDTH ? READABLE_ON_PHONE : READABLE;
  const isCut = rooms <= FEW_ROOMS && whole < least;
  const zoom = Math.max(MIN_ZOOM, isCut ? Math.min(1, Math.max(least, w / size.w)) : whole);
  const middle = { x: size.x + size.w / 2, y: size.y + size.h / 2 };
  const target = isCut ? (focus ?? { x: middle.x, y: size.y + h / 2 / zoom }) : middle;
  return { x: width / 2 - target.x * zoom, y: MARGIN.top + h / 2 - target.y * zoom, zoom };
}

/**
 * The viewport from which the points can be seen, moved as little as possible; undefined when they can be already. Where
 * they do not fit into the window, the first are left out: what is told ends at the last.
 */
export function broughtIntoView(
  points: readonly Point[],
  view: Viewport,
  { width, height }: Window,
): Viewport | undefined {
  const edge = { x: Math.min(70, width / 5), y: Math.min(56, height / 5) };
  const most = { w: (width - 2 * edge.x) / view.zoom, h: (height - 2 * edge.y) / view.zoom };
  let box: Box | undefined;
  for (const { x, y } of points.toReversed()) {
    const point = { x, y, w: 0, h: 0 };
    const wider = around(box === undefined ? [point] : [box, point]) ?? point;
    if (wider.w > most.w || wider.h > most.h) break;
    box = wider;
  }
  if (box === undefined) return undefined;
  const [left, top] = [box.x * view.zoom + view.x, box.y * view.zoom + view.y];
  const [right, bottom] = [left + box.w * view.zoom, top + box.h * view.zoom];
  const shift = (low: number, high: number, room: number, margin: number) => {
    if (low >= margin - 0.5 && high <= room - margin + 0.5) return 0;
    return low < margin ? margin - low : room - margin - high;
  };
  const dx = shift(left, right, width, edge.x);
  const dy = shift(top, bottom, height, edge.y);
  return dx === 0 && dy === 0 ? undefined : { x: view.x + dx, y: view.y + dy, zoom: view.zoom };
}
