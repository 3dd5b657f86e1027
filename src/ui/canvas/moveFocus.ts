/** Arrow keys walk over the stage: to the nearest thing in that direction. */
import type { KeyboardEvent } from 'react';
import { centre, type Box, type Point } from './geometry';
import type { Scene } from './live';
import { roomKey } from './plan';

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** The place nearest to `from` that lies in the direction; what lies to the side counts as further. */
export function nearest(
  places: Iterable<readonly [string, Box]>,
  from: string,
  direction: Point,
): string | undefined {
  const all = new Map(places);
  const here = all.get(from);
  if (here === undefined) return undefined;
  const start = centre(here);
  let best: { key: string; cost: number } | undefined;
  for (const [key, box] of all) {
    const at = centre(box);
    const [dx, dy] = [at.x - start.x, at.y - start.y];
    const ahead = dx * direction.x + dy * direction.y;
    const aside = Math.abs(dx * direction.y) + Math.abs(dy * direction.x);
    if (key === from || ahead <= 2 || aside > ahead * 3 + 40) continue;
    const cost = ahead + aside * 2;
    if (best === undefined || cost < best.cost) best = { key, cost };
  }
  return best?.key;
}

/** The focusable thing of a place, if it is on the page. */
export const elementAt = (key: string): HTMLElement | null =>
  document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);

/** Answers whether the key was one of the arrows. */
export function moveFocus(event: KeyboardEvent, from: string, { chips, rooms }: Scene): boolean {
  const direction = DIRECTIONS[event.key];
  if (direction === undefined || event.shiftKey || event.altKey || event.metaKey || event.ctrlKey)
    return false;
  const machines = [...rooms].map(([id, box]): [string, Box] => [roomKey(id), box]);
  const there = [...chips, ...machines].filter(([key]) => key === from || elementAt(key) !== null);
  const next = nearest(there, from, direction);
  if (next !== undefined) elementAt(next)?.focus({ preventScroll: true });
  event.preventDefault();
  return true;
}
