/** Comparing two traces of the same scenario, and cutting one into batches. */
import type { Frame, Trace, TraceEvent } from '../sim/index';
import type { JournalEntry } from './messages';

/** Equality of plain data. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => equal(item, b[i]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let count = 0;
  for (const key in left) {
    if (!equal(left[key], right[key])) return false;
    count++;
  }
  for (const key in right) {
    if (!(key in left)) return false;
    count--;
  }
  return count === 0;
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
const sameFrame = (a: Frame, b: Frame) =>
  a.link === b.link && a.from === b.from && sameBytes(a.bytes, b.bytes);

function common<T>(a: readonly T[], b: readonly T[], most: number, same: (a: T, b: T) => boolean): number {
  const end = Math.min(a.length, b.length, most);
  let i = 0;
  while (i < end && same(a[i] as T, b[i] as T)) i++;
  return i;
}

/** How many events two traces begin with in common, looking at `most` of them. */
export const commonEvents = (a: readonly TraceEvent[], b: readonly TraceEvent[], most: number): number =>
  common(a, b, most, equal);
export const commonFrames = (a: readonly Frame[], b: readonly Frame[], most: number): number =>
  common(a, b, most, sameFrame);

export const isPrefix = (start: readonly JournalEntry[], whole: readonly JournalEntry[]): boolean =>
  start.length <= whole.length && start.every((entry, i) => equal(entry, whole[i]));

/** Limits of one batch, so that whoever receives it is never held up for longer than a frame of the screen (16 ms). */
export const BATCH = { events: 10_000, weight: 8_000, bytes: 4_000_000 } as const;

/** How many objects an event is made of, roughly: what it costs to receive. */
function weightOf(event: TraceEvent): number {
  switch (event.kind) {
    case 'fib':
      return event.decision.tables.reduce((sum, walk) => sum + 2 + 4 * walk.candidates.length, 4);
    case 'hook':
      return 1 + event.tried.length;
    case 'vtep':
      return 2 + 2 * event.rows.length;
    case 'change':
      return (event.before === undefined ? 1 : 4) + (event.after === undefined ? 1 : 4);
    default:
      return 2;
  }
}

/** Where the batch that begins with `event` and `frame` ends (exclusive). */
export function nextBatch(
  trace: Pick<Trace, 'events' | 'frames'>,
  event: number,
  frame: number,
): { readonly event: number; readonly frame: number } {
  const { events, frames } = trace;
  let weight = 0;
  let bytes = 0;
  let nextEvent = event;
  let nextFrame = frame;
  const eventLimit = Math.min(events.length, event + BATCH.events);
  while (nextEvent < eventLimit && weight < BATCH.weight)
    weight += weightOf(events[nextEvent++] as TraceEvent);
  // Frames come first, in batches without events if need be: an event is never there before the frames it speaks of.
  const wanted = frames.length;
  const frameLimit = Math.min(wanted, frame + BATCH.events);
  while (nextFrame < frameLimit && bytes < BATCH.bytes) bytes += (frames[nextFrame++] as Frame).bytes.length;
  return { event: nextFrame < wanted ? event : nextEvent, frame: nextFrame };
}
