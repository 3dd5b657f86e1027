/** Tables at the cursor, and which of their rows the current step used or changed. */
import { usedRows } from '../explain/index';
import type { Counters } from './counters';
import { Moment } from './moment';
import { currentStep } from './steps';
import { getTrace, observeTrace } from './trace';
import type {
  AppState,
  ChangeEvent,
  EventSeq,
  KeyedRow,
  RowMarks,
  Step,
  TableName,
  TableRows,
  TraceEvent,
} from './types';

const moment = new Moment(getTrace());
/** Goes up when events were cut: the same numbers may then mean other events. */
let generation = 0;

observeTrace({
  appended: (from) => moment.appended(from),
  cut(keep) {
    moment.cut(keep);
    generation++;
  },
});

const rowsOf = new WeakMap<readonly KeyedRow[], readonly unknown[]>();

function withoutKeys<T extends TableName>(keyed: readonly KeyedRow<T>[]): readonly TableRows[T][] {
  let rows = rowsOf.get(keyed) as readonly TableRows[T][] | undefined;
  if (rows === undefined) {
    rows = keyed.map((entry) => entry.row);
    rowsOf.set(keyed, rows);
  }
  return rows;
}

export function keyedRowsAt<T extends TableName>(
  cursor: EventSeq,
  netns: string,
  table: T,
): readonly KeyedRow<T>[] {
  moment.seek(cursor);
  return moment.rows(netns, table);
}

type CountersOf = (key: string) => Counters | undefined;
/** By namespace, for one cursor; emptied when it moves or the trace changes before it. */
let counters:
  { cursor: EventSeq; generation: number; known: number; of: Map<string, CountersOf> } | undefined;

/**
 * Answers with the counters of an iptables rule or of a chain's policy, undefined when there is no such row. The same
 * function while the counters are the same.
 */
export function countersAt(cursor: EventSeq, netns: string): CountersOf {
  const known = Math.min(cursor, getTrace().events.length - 1);
  if (counters?.cursor !== cursor || counters.generation !== generation || counters.known !== known)
    counters = { cursor, generation, known, of: new Map() };
  let find = counters.of.get(netns);
  if (find === undefined) {
    find = (key) => {
      moment.seek(cursor);
      return moment.counters(netns, key);
    };
    counters.of.set(netns, find);
  }
  return find;
}

/** Rows in the order of the kernel's dump; the same array until the table changes. */
export function rowsAt<T extends TableName>(
  cursor: EventSeq,
  netns: string,
  table: T,
): readonly TableRows[T][] {
  return withoutKeys(keyedRowsAt(cursor, netns, table));
}

export function namespacesAt(cursor: EventSeq): readonly TableRows['netns'][] {
  moment.seek(cursor);
  return withoutKeys(moment.namespaces());
}

const NO_MARKS: RowMarks = { used: new Set(), changed: new Map(), removed: [] };

/** The net effect of several changes of one row; undefined when they cancel out. */
function effect(first: ChangeEvent, last: ChangeEvent): 'added' | 'changed' | 'removed' | undefined {
  if (first.before === undefined) return last.after === undefined ? undefined : 'added';
  return last.after === undefined ? 'removed' : 'changed';
}

function computeMarks(step: Step, cursor: EventSeq, netns: string, table: TableName): RowMarks {
  const { events } = getTrace();
  const touched = new Map<string, { first: ChangeEvent; last: ChangeEvent }>();
  for (const seq of step.seqs) {
    const event: TraceEvent | undefined = events[seq];
    if (event === undefined || seq > cursor) break;
    if (event.kind !== 'change' || event.netns !== netns || event.table !== table) continue;
    const known = touched.get(event.key);
    if (known === undefined) touched.set(event.key, { first: event, last: event });
    else known.last = event;
  }
  const changed = new Map<string, 'added' | 'changed' | 'removed'>();
  const removed: KeyedRow[] = [];
  for (const [key, { first, last }] of touched) {
    const what = effect(first, last);
    if (what === undefined) continue;
    changed.set(key, what);
    if (what === 'removed' && first.before !== undefined) removed.push({ key, row: first.before });
  }
  const wanted = usedRows(step, getTrace()).filter((rows) => rows.netns === netns && rows.table === table);
  const used = new Set<string>();
  if (wanted.length > 0) {
    const candidates = [...keyedRowsAt(cursor, netns, table), ...removed];
    for (const { key, row } of candidates) if (wanted.some((rows) => rows.match(row))) used.add(key);
  }
  return used.size === 0 && changed.size === 0 ? NO_MARKS : { used, changed, removed };
}

/** Marks of the current step only, so the memory is small; emptied when the step or the cursor moves. */
let marks: { step: Step; cursor: EventSeq; generation: number; tables: Map<string, RowMarks> } | undefined;

export function marksAt(state: AppState, netns: string, table: TableName): RowMarks {
  const step = currentStep(state);
  if (step === undefined || state.cursor > step.last) return NO_MARKS;
  if (marks?.step !== step || marks.cursor !== state.cursor || marks.generation !== generation) {
    marks = { step, cursor: state.cursor, generation, tables: new Map() };
  }
  const id = `${table} ${netns}`;
  let found = marks.tables.get(id);
  if (found === undefined) {
    found = computeMarks(step, state.cursor, netns, table);
    marks.tables.set(id, found);
  }
  return found;
}
