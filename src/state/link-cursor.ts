/** The cursor as links write it: counted from where a command begins. */
import type { EventSeq } from './types';
import type { LinkCursor } from './url';

/** undefined: the network is just up, where links open by themselves. */
export function cursorToLink(
  cursor: EventSeq,
  starts: readonly EventSeq[],
  upSeq: EventSeq,
): LinkCursor | undefined {
  const justUp = upSeq - 1;
  if (cursor === justUp) return undefined;
  if (cursor < justUp) return { boot: cursor + 1 };
  let entry = 0;
  let from = justUp;
  starts.forEach((start, i) => {
    if (start <= cursor && start > from) [entry, from] = [i + 1, start];
  });
  return { entry, offset: cursor - from };
}

/** Where the link's cursor is in this trace; `clamped` when it lies beyond. */
export function cursorFromLink(
  cursor: LinkCursor,
  starts: readonly EventSeq[],
  upSeq: EventSeq,
  last: EventSeq,
): { readonly seq: EventSeq; readonly clamped: boolean } {
  let seq = 'boot' in cursor ? cursor.boot - 1 : Infinity;
  if ('entry' in cursor) {
    const from = cursor.entry === 0 ? upSeq - 1 : starts[cursor.entry - 1];
    if (from !== undefined) seq = from + cursor.offset;
  }
  return seq > last ? { seq: last, clamped: true } : { seq, clamped: false };
}
