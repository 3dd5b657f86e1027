/** Why a row won and the others lost: the candidates of one table for one flow. */
import type { Ip4 } from '../../wire/ip4';
import type { FibTableWalk, RouteCandidate, RouteReason, RuleRow } from '../trace';
import { compareEntries, isReject, scopeNumber, type FibEntry } from './fib-entry';
import { isAlive, type FibDemand, type FibHit } from './fib-select';
import { TABLE_LOCAL, type FibTable } from './fib-table';
import type { FibHost } from './fib-types';

/** A table up to this size is shown whole. */
const SHOWN_ROWS = 24;
/** Table local, when nothing in it matched: up to this size it is worth showing that none of them is the destination. */
const SHOWN_LOCAL_ROWS = 8;

interface FibQuestion {
  readonly dst: Ip4;
  readonly demand: FibDemand;
  readonly host: FibHost;
}

/**
 * @param hit the row that answered; it may lie in another table, when that one's longer prefix beat this table's
 * (local and main share a trie until there are rules of one's own).
 */
export function explainFibCandidates(
  table: FibTable,
  rule: RuleRow,
  question: FibQuestion,
  hit: FibHit | undefined,
): FibTableWalk {
  const shown = shownEntries(table, question.dst);
  const candidates = shown.map((entry) => candidate(table, entry, question, hit));
  const winner = candidates.findIndex((each) => each.won);
  return {
    rule,
    table: table.name,
    candidates,
    omitted: table.entries.length - candidates.length,
    ...(winner >= 0 && { winner }),
  };
}

/** In dump order, all rows that contain the destination among them. */
function shownEntries(table: FibTable, dst: Ip4): readonly FibEntry[] {
  const matching: FibEntry[] = [];
  for (const bits of table.lengths) matching.push(...(table.covering(dst, bits) ?? []));
  if (table.id === TABLE_LOCAL) {
    if (matching.length === 0) return table.entries.length <= SHOWN_LOCAL_ROWS ? table.entries : [];
    return matching.sort(compareEntries);
  }
  if (table.entries.length <= SHOWN_ROWS) return table.entries;
  const nearest = nearestEntries(table, dst, SHOWN_ROWS - matching.length);
  const [first] = nearest;
  // What contains the destination begins at or before it: rows not among the nearest all come before them.
  const before = matching.filter((entry) => !first || compareEntries(entry, first) < 0);
  return [...before.sort(compareEntries), ...nearest];
}

/**
 * An unbroken run of rows around the destination, `count` of them not containing it: the ones a reader would suspect.
 */
function nearestEntries(table: FibTable, dst: Ip4, count: number): readonly FibEntry[] {
  let above = table.firstAbove(dst);
  let below = above - 1;
  for (let left = count; left > 0;) {
    const lower = table.entries[below];
    const upper = table.entries[above];
    if (!lower && !upper) break;
    if (lower && (!upper || dst - lower.info.address <= upper.info.address - dst)) {
      below--;
      if (!lower.contains(dst)) left--;
    } else {
      above++;
      left--;
    }
  }
  return table.entries.slice(below + 1, above);
}

function candidate(
  table: FibTable,
  entry: FibEntry,
  question: FibQuestion,
  hit: FibHit | undefined,
): RouteCandidate {
  if (!entry.contains(question.dst)) return entry.outside();
  if (hit?.entry === entry) {
    if (entry.info.type === 'throw') return lost(entry, { why: 'throw' });
    return { route: entry.row, won: true, reason: whyWon(table, entry) };
  }
  return lost(entry, whyLost(entry, question, hit));
}

function lost(entry: FibEntry, reason: RouteReason): RouteCandidate {
  return { route: entry.row, won: false, reason };
}

/** What decided is what set the winner apart from the next row of the same prefix. */
function whyWon(table: FibTable, entry: FibEntry): RouteReason {
  const { address, bits, metric } = entry.info;
  const aliases = table.aliases(address, bits);
  const next = aliases[aliases.indexOf(entry) + 1];
  if (!next) return { why: 'longest-prefix', bits };
  return next.info.metric === metric ? { why: 'first-listed', bits } : { why: 'lowest-metric', bits, metric };
}

function whyLost(entry: FibEntry, question: FibQuestion, hit: FibHit | undefined): RouteReason {
  const winner = hit?.entry.info;
  const { bits, metric } = entry.info;
  // The lookup goes from the longest prefix down and ends at the winner: what comes after it was never looked at.
  if (winner && bits < winner.bits) return { why: 'shorter-prefix', bits, winnerBits: winner.bits };
  if (
    winner &&
    hit.entry.tableName === entry.tableName &&
    bits === winner.bits &&
    compareEntries(entry, hit.entry) > 0
  ) {
    if (metric > winner.metric) return { why: 'higher-metric', metric, winnerMetric: winner.metric };
    return { why: 'listed-later' };
  }
  return whyUnusable(entry, question);
}

function whyUnusable(entry: FibEntry, { demand, host }: FibQuestion): RouteReason {
  if (scopeNumber(entry.info.scope) < scopeNumber(demand.scope)) return { why: 'scope-too-wide' };
  const alive = entry.info.nexthops.some((nexthop) => isAlive(nexthop, demand, host));
  if (alive && demand.oif !== undefined && !isReject(entry.info.type)) {
    return { why: 'wrong-device', wanted: demand.oif };
  }
  return { why: 'nexthop-dead' };
}
