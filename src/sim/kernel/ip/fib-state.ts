/**
 * The rows of all tables and the one place where they change, so that every change is told and forgets cached answers.
 * Above it: requests (fib.ts) and what the kernel does by itself (fib-devices.ts).
 */
import { ok } from '../../../base/result';
import type { Ip4 } from '../../wire/ip4';
import type { Reply, RouteMode } from '../netlink';
import type { RouteType } from '../trace';
import { FibEntry, FIRST_RANK, isReject, sameInfo, type FibInfo } from './fib-entry';
import { fixedAddressType, refuse, type FibContext } from './fib-newroute';
import { ruleMatches, type FibRule, type FibRules } from './fib-rules';
import { tableLookup, type FibDemand, type FibHit } from './fib-select';
import { FibTable, TABLE_LOCAL, TABLE_MAIN } from './fib-table';
import type { FibChange, FibFlow, FibHost } from './fib-types';

/** Rows of one namespace, over all tables. */
const MAX_ROUTES = 1_000_000;

/** One table a lookup was sent to and what it said. `foreign`: the hit lies in another table whose prefix is longer. */
export interface FibWalk {
  readonly rule: FibRule;
  readonly table: FibTable | undefined;
  readonly hit: FibHit | undefined;
  readonly foreign: boolean;
}

export class FibState implements FibContext {
  readonly tables = new Map<number, FibTable>();
  private routes = 0;
  private sorted: readonly FibTable[] | undefined;

  constructor(
    readonly host: FibHost,
    readonly rules: FibRules,
    private readonly onChange: (change: FibChange) => void,
  ) {}

  /** fib_new_table: tables come to be by the first attempt to put something in; main comes with local. */
  obtain(id: number): FibTable {
    if (id === TABLE_LOCAL && !this.rules.custom && !this.tables.has(TABLE_MAIN)) this.obtain(TABLE_MAIN);
    let table = this.tables.get(id);
    if (!table) {
      table = new FibTable(id, this.tables.size);
      this.tables.set(id, table);
      this.sorted = undefined;
    }
    return table;
  }

  /** Tables in the order of a dump of all. */
  sortedTables(): readonly FibTable[] {
    this.sorted ??= [...this.tables.values()].sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
    return this.sorted;
  }

  /** fib_table_insert, from where the row itself is known to be good. */
  insert(table: FibTable, info: FibInfo, mode: RouteMode): Reply {
    const twins = table.aliases(info.address, info.bits).filter((entry) => entry.info.metric === info.metric);
    const [first] = twins;
    if (!first) {
      if (mode === 'change') return refuse('ENOENT');
      return this.place(table, info, FIRST_RANK);
    }
    const same = twins.find((entry) => sameInfo(entry.info, info));
    switch (mode) {
      case 'add':
        return refuse('EEXIST');
      case 'replace':
      case 'change':
        if (same) return same === first ? ok(undefined) : refuse('EEXIST');
        return this.substitute(table, first, info);
      case 'append':
        return same ? refuse('EEXIST') : this.place(table, info, (twins.at(-1) ?? first).rank + 1);
      case 'prepend':
        return same ? refuse('EEXIST') : this.place(table, info, first.rank - 1);
    }
  }

  private place(table: FibTable, info: FibInfo, rank: number): Reply {
    if (this.routes >= MAX_ROUTES) return refuse('ENOBUFS');
    const entry = new FibEntry(info, table.name, table.sortKey, rank, this.host);
    this.routes++;
    table.insert(entry);
    this.onChange({ table: 'route', key: entry.key, after: entry.row });
    return ok(undefined);
  }

  private substitute(table: FibTable, old: FibEntry, info: FibInfo): Reply {
    const entry = new FibEntry(info, table.name, table.sortKey, old.rank, this.host);
    table.remove(old);
    table.insert(entry);
    this.onChange({ table: 'route', key: entry.key, before: old.row, after: entry.row });
    return ok(undefined);
  }

  remove(table: FibTable, entry: FibEntry): void {
    this.routes--;
    table.remove(entry);
    this.onChange({ table: 'route', key: entry.key, before: entry.row });
  }

  /** Prints a row anew whose nexthops changed. */
  refresh(entry: FibEntry): void {
    const before = entry.refresh(this.host);
    if (before) this.onChange({ table: 'route', key: entry.key, before, after: entry.row });
  }

  /** Over a copy, so that rows may be removed on the way. */
  forEachEntry(visit: (entry: FibEntry, table: FibTable) => void): void {
    for (const table of this.sortedTables()) {
      for (const entry of [...table.entries]) visit(entry, table);
    }
  }

  lookupIn(table: number, dst: Ip4, demand: FibDemand): FibHit | undefined {
    const found = this.tables.get(table);
    return found && tableLookup(found, dst, demand, this.host);
  }

  lookupAll(flow: FibFlow, demand: FibDemand): FibHit | undefined {
    return this.walk(flow, demand);
  }

  /** fib_lookup: the tables the rules send the flow to, until one answers; `throw` leaves its table without an answer. */
  walk(flow: FibFlow, demand: FibDemand, onTable?: (walk: FibWalk) => void): FibHit | undefined {
    for (const rule of this.rules.list) {
      if (!ruleMatches(rule, flow)) continue;
      const table = this.tables.get(rule.tableId);
      const hit = table && tableLookup(table, flow.dst, demand, this.host);
      const longer = hit && this.longerInMain(rule, hit, flow.dst, demand);
      onTable?.({ rule, table, hit: longer ?? hit, foreign: longer !== undefined });
      if (longer) continue;
      if (hit && hit.entry.info.type !== 'throw') return hit;
    }
    return undefined;
  }

  /** While local and main share a trie (no rules of one's own), the longest prefix of both together wins. */
  private longerInMain(rule: FibRule, hit: FibHit, dst: Ip4, demand: FibDemand): FibHit | undefined {
    if (this.rules.custom || rule.tableId !== TABLE_LOCAL || hit.entry.info.bits === 32) return undefined;
    const other = this.lookupIn(TABLE_MAIN, dst, demand);
    return other && other.entry.info.bits > hit.entry.info.bits ? other : undefined;
  }

  addressType(ip: Ip4, dev?: string): RouteType {
    const fixed = fixedAddressType(ip);
    if (fixed) return fixed;
    const hit = this.lookupIn(TABLE_LOCAL, ip, { scope: 'global' });
    if (!hit || (dev !== undefined && hit.entry.info.nexthops[0]?.dev !== dev)) return 'unicast';
    const { type } = hit.entry.info;
    return isReject(type) ? 'unicast' : type;
  }
}
