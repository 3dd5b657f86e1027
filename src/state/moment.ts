/**
 * A moment: every table of every namespace as it is just after one event. The trace's change events are kept as a
 * history of each row, so any moment is equally near: going there costs nothing, and looking at a table costs one
 * search for each of its rows, or less when it was looked at a few changes ago.
 */
import { HitCounts, type Counters } from './counters';
import { upperBound } from './search';
import type { ChangeEvent, EventSeq, Frame, KeyedRow, TableName, TableRows, TraceEvent } from './types';

/** One row through time: from event `seqs[i]` on it is `entries[i]`; undefined while it does not exist. */
interface RowHistory {
  readonly key: string;
  readonly seqs: EventSeq[];
  readonly entries: (KeyedRow | undefined)[];
}
/** One table of one namespace through time: what changed with each of its changes, in order. */
interface TableHistory {
  readonly seqs: EventSeq[];
  readonly changed: RowHistory[];
  readonly byKey: Map<string, RowHistory>;
  /** All rows there have ever been, in key order; undefined when rows have been added or cut since. */
  sorted: readonly RowHistory[] | undefined;
  /** The rows after the first `changes` changes. */
  shown: { readonly changes: number; readonly rows: readonly KeyedRow[] };
}
interface Namespace {
  readonly since: EventSeq;
  readonly tables: Map<TableName, TableHistory>;
}

const EMPTY: readonly KeyedRow[] = [];
const byKey = (a: { readonly key: string }, b: { readonly key: string }) =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

const entryAt = (row: RowHistory, seq: EventSeq): KeyedRow | undefined =>
  row.entries[upperBound(row.seqs, seq) - 1];

/** Every row looked up anew. */
function rowsFromHistory(table: TableHistory, seq: EventSeq): KeyedRow[] {
  table.sorted ??= [...table.byKey.values()].sort(byKey);
  const rows: KeyedRow[] = [];
  for (const row of table.sorted) {
    const entry = entryAt(row, seq);
    if (entry !== undefined) rows.push(entry);
  }
  return rows;
}

/** The rows shown before, without those that changed since, merged with what has become of these. */
function rowsFromShown(
  shown: readonly KeyedRow[],
  changed: readonly RowHistory[],
  seq: EventSeq,
): KeyedRow[] {
  const touched = new Set<string>();
  const fresh: KeyedRow[] = [];
  for (const row of changed) {
    if (touched.has(row.key)) continue;
    touched.add(row.key);
    const entry = entryAt(row, seq);
    if (entry !== undefined) fresh.push(entry);
  }
  fresh.sort(byKey);
  const rows: KeyedRow[] = [];
  let next = 0;
  for (const entry of shown) {
    if (touched.has(entry.key)) continue;
    for (let other = fresh[next]; other !== undefined && other.key < entry.key; other = fresh[next]) {
      rows.push(other);
      next++;
    }
    rows.push(entry);
  }
  for (; next < fresh.length; next++) rows.push(fresh[next] as KeyedRow);
  return rows;
}

const emptyHistory = (): TableHistory => ({
  seqs: [],
  changed: [],
  byKey: new Map(),
  sorted: undefined,
  shown: { changes: 0, rows: EMPTY },
});

function cutTable(table: TableHistory, keep: EventSeq): void {
  const left = upperBound(table.seqs, keep - 1);
  if (left === table.seqs.length) return;
  for (const row of table.changed.splice(left)) {
    row.seqs.pop();
    row.entries.pop();
    if (row.seqs.length === 0) table.byKey.delete(row.key);
  }
  table.seqs.length = left;
  table.sorted = undefined;
  if (table.shown.changes > left) table.shown = { changes: 0, rows: EMPTY };
}

/** The part of a trace that a moment needs. The array may grow; whoever grows or cuts it calls `appended` or `cut`. */
interface ChangeSource {
  readonly events: readonly TraceEvent[];
  /** Read for the lengths of counted packets. */
  readonly frames?: readonly Frame[];
}

export class Moment {
  /** By namespace, in the order in which they first appear in the trace. */
  private readonly tables = new Map<string, Namespace>();
  /** Changes of namespaces themselves. */
  private readonly netnsSeqs: EventSeq[] = [];
  private netnsShown: { readonly changes: number; readonly rows: readonly KeyedRow<'netns'>[] } | undefined;
  private readonly hits = new HitCounts();
  private seq: EventSeq = -1;

  constructor(private readonly source: ChangeSource) {
    this.appended(0);
  }

  /** Events from `from` to the end of the source are new. */
  appended(from: EventSeq): void {
    const { events, frames } = this.source;
    for (let seq = from; seq < events.length; seq++) {
      const event = events[seq] as TraceEvent;
      if (event.kind === 'change') this.learn(event, seq);
      else if (event.kind === 'hook') this.hits.learn(event, seq, frames?.[event.frame]);
    }
  }

  /** Events from `keep` on are gone. */
  cut(keep: EventSeq): void {
    for (const [netns, { since, tables }] of this.tables) {
      if (since >= keep) this.tables.delete(netns);
      else for (const table of tables.values()) cutTable(table, keep);
    }
    this.netnsSeqs.length = upperBound(this.netnsSeqs, keep - 1);
    this.netnsShown = undefined;
    this.hits.cut(keep);
  }

  /** Looks at the moment just after event `seq`; anything below 0 is before everything. */
  seek(seq: EventSeq): void {
    this.seq = seq;
  }

  /** Rows in key order, which is the kernel's dump order. The same array until the table changes. */
  rows<T extends TableName>(netns: string, table: T): readonly KeyedRow<T>[] {
    const history = this.history(netns, table);
    return (history === undefined ? EMPTY : this.shownRows(history)) as readonly KeyedRow<T>[];
  }

  row<T extends TableName>(netns: string, table: T, key: string): KeyedRow<T>['row'] | undefined {
    const history = this.history(netns, table)?.byKey.get(key);
    return (history && entryAt(history, this.seq)?.row) as KeyedRow<T>['row'] | undefined;
  }

  /**
   * Counters of a rule or a chain's policy: what its row says, and what hooks have counted since that row was written.
   * Undefined when there is no such row.
   */
  counters(netns: string, key: string): Counters | undefined {
    const history = this.history(netns, 'iptables')?.byKey.get(key);
    if (history === undefined) return undefined;
    const at = upperBound(history.seqs, this.seq) - 1;
    const row = history.entries[at]?.row as TableRows['iptables'] | undefined;
    if (row === undefined) return undefined;
    const since = this.hits.between(netns, key, history.seqs[at] ?? -1, this.seq);
    return { packets: row.packets + since.packets, bytes: row.bytes + since.bytes };
  }

  /** How many changes of this table have happened: the same number, the same rows. */
  version(netns: string, table: TableName): number {
    return upperBound(this.history(netns, table)?.seqs ?? [], this.seq);
  }

  /** Every namespace there is at this moment, in the order in which they first appear in the trace. */
  namespaces(): readonly KeyedRow<'netns'>[] {
    const changes = upperBound(this.netnsSeqs, this.seq);
    if (this.netnsShown?.changes !== changes) {
      const rows = [...this.tables.keys()].flatMap((netns) => this.rows(netns, 'netns'));
      this.netnsShown = { changes, rows };
    }
    return this.netnsShown.rows;
  }

  private history(netns: string, table: TableName): TableHistory | undefined {
    return this.tables.get(netns)?.tables.get(table);
  }

  private learn({ netns, table, key, after }: ChangeEvent, seq: EventSeq): void {
    let namespace = this.tables.get(netns);
    if (namespace === undefined) {
      namespace = { since: seq, tables: new Map() };
      this.tables.set(netns, namespace);
    }
    let history = namespace.tables.get(table);
    if (history === undefined) {
      history = emptyHistory();
      namespace.tables.set(table, history);
    }
    let row = history.byKey.get(key);
    if (row === undefined) {
      row = { key, seqs: [], entries: [] };
      history.byKey.set(key, row);
      history.sorted = undefined;
    }
    row.seqs.push(seq);
    row.entries.push(after === undefined ? undefined : { key, row: after });
    history.seqs.push(seq);
    history.changed.push(row);
    if (table === 'netns') this.netnsSeqs.push(seq);
  }

  private shownRows(table: TableHistory): readonly KeyedRow[] {
    const { shown, changed } = table;
    const changes = upperBound(table.seqs, this.seq);
    if (changes === shown.changes) return shown.rows;
    const between =
      changes > shown.changes ? changed.slice(shown.changes, changes) : changed.slice(changes, shown.changes);
    const rows =
      between.length < table.byKey.size / 4
        ? rowsFromShown(shown.rows, between, this.seq)
        : rowsFromHistory(table, this.seq);
    table.shown = { changes, rows };
    return rows;
  }
}
