/** A run of bytes: [offset, length]. */
export type ByteRange = [offset: number, length: number];

/**
 * Which bytes of `after` a hop changed, as disjoint ranges in rising order; offsets count in `after`.
 *
 * Frames of one length are compared byte by byte. Otherwise they are laid over each other at their ends or at their
 * beginnings, whichever leaves fewer bytes changed:
 * - encapsulation (`after` ends with `before`): the added front is the change, also when the hop lowered the inner TTL;
 * - decapsulation (`before` ends with `after`): nothing that remains changed; `removedLength` says how much went away;
 * - a fragment: the changed header fields, as the beginnings agree.
 * Bytes without a counterpart count as changed.
 */
export function changedRanges(before: Uint8Array, after: Uint8Array): ByteRange[] {
  const atEnd = compareShifted(before, after, after.length - before.length);
  if (before.length === after.length) return atEnd;
  const atFront = compareShifted(before, after, 0);
  return changedBytes(atFront) < changedBytes(atEnd) ? atFront : atEnd;
}

/** How many bytes the hop took off: 0 unless `before` is the longer one. */
export function removedLength(before: Uint8Array, after: Uint8Array): number {
  return Math.max(0, before.length - after.length);
}

/** Compares `after[i]` with `before[i - shift]`. */
function compareShifted(before: Uint8Array, after: Uint8Array, shift: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  let start = -1;
  for (let i = 0; i < after.length; i++) {
    const same = i >= shift && after[i] === before[i - shift];
    if (!same && start < 0) start = i;
    if (same && start >= 0) {
      ranges.push([start, i - start]);
      start = -1;
    }
  }
  if (start >= 0) ranges.push([start, after.length - start]);
  return ranges;
}

function changedBytes(ranges: readonly ByteRange[]): number {
  let count = 0;
  for (const [, length] of ranges) count += length;
  return count;
}
