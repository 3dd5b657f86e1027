/** Made-up traces of consistent table changes, for folding. */
import type { ChangeEvent, TableName, TraceEvent } from '../../sim/kernel/trace';

/** A small generator with a seed of its own: the same number, the same trace. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Shape {
  readonly netns: number;
  readonly keys: number;
  /** One event in this many is no change. */
  readonly others: number;
}

const TABLES: readonly TableName[] = ['neigh', 'fdb', 'route', 'sysctl'];

/** Continues the trace `events` in place by `count` events. */
export function grow(events: TraceEvent[], count: number, seed: number, shape: Shape): void {
  const below = numbers(seed);
  const rows = new Map<string, unknown>();
  for (const event of events) {
    if (event.kind === 'change') rows.set(`${event.netns} ${event.table} ${event.key}`, event.after);
  }
  for (let i = 0; i < count; i++) {
    const seq = events.length;
    const netns = `node${below(shape.netns)}`;
    const base = { seq, at: seq * 10, machine: netns, netns, cause: -1 };
    if (below(shape.others) === 0) {
      events.push({ ...base, kind: 'netlink', by: 'ip', request: 'RTM_NEWROUTE', text: 'ip route add' });
      continue;
    }
    const table = TABLES[below(TABLES.length)] as TableName;
    const key = `k${below(shape.keys)}`;
    const id = `${netns} ${table} ${key}`;
    const before = rows.get(id);
    const after = before !== undefined && below(3) === 0 ? undefined : { name: key, value: String(seq) };
    rows.set(id, after);
    const change = {
      ...base,
      kind: 'change',
      table,
      key,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    } as ChangeEvent;
    events.push(change);
  }
}

/** The tables just after event `seq`, the slow and certain way: `NETNS TABLE` to rows in key order. */
export function foldFromScratch(
  events: readonly TraceEvent[],
  seq: number,
): Map<string, [string, unknown][]> {
  const tables = new Map<string, Map<string, unknown>>();
  for (const event of events) {
    if (event.seq > seq) break;
    if (event.kind !== 'change') continue;
    const id = `${event.netns} ${event.table}`;
    const table = tables.get(id) ?? new Map<string, unknown>();
    tables.set(id, table);
    if (event.after === undefined) table.delete(event.key);
    else table.set(event.key, event.after);
  }
  return new Map(
    [...tables].map(([id, table]) => [id, [...table].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))]),
  );
}
