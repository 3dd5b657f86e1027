import type { Trace, TraceEvent } from '../sim/index';
import { toHex } from '../sim/wire/index';

/** Frames an event speaks of. */
function framesOf(event: TraceEvent): number[] {
  const ids: number[] = [];
  const one = (id: unknown) => {
    if (typeof id === 'number') ids.push(id);
  };
  const { frame, inner, outer, before, pieces } = event as unknown as Readonly<Record<string, unknown>>;
  one(frame);
  one(inner);
  one(outer);
  // Of a table change, `before` is a row.
  one(before);
  if (Array.isArray(pieces)) pieces.forEach(one);
  return ids;
}

/**
 * trace.jsonl: one JSON object a line. A line with `seq` is an event as in `sim/kernel/trace.ts`. A line with `bytes` is a
 * frame `{frame, link, from?, bytes}` (hex), which stands before the first event that speaks of it.
 */
export function* traceLines(trace: Trace): Generator<string> {
  const written = new Set<number>();
  for (const event of trace.events) {
    for (const id of framesOf(event)) {
      const frame = trace.frames[id];
      if (!frame || written.has(id)) continue;
      written.add(id);
      const { link, from } = frame;
      yield JSON.stringify({
        frame: id,
        link,
        ...(from === undefined ? {} : { from }),
        bytes: toHex(frame.bytes),
      });
    }
    yield JSON.stringify(event);
  }
}
