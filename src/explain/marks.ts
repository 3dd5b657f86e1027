import type { ChangeEvent, FibEvent, RouteRow, TableName, TableRows, TraceEvent } from '../sim/kernel/trace';
import { routeText } from './rows';
import type { Story } from './steps';
import type { Step, UsedRows } from './types';
import { eventsOf } from './why/parts';

function used<T extends TableName>(netns: string, table: T, match: (row: TableRows[T]) => boolean): UsedRows {
  // The caller looks only at rows of the table named.
  return { netns, table, match: (row) => match(row as TableRows[T]) };
}

function sameRoute(a: RouteRow, b: RouteRow): boolean {
  return (a.table ?? 'main') === (b.table ?? 'main') && routeText(a) === routeText(b);
}

function routesUsed(e: FibEvent): UsedRows[] {
  return e.decision.tables.flatMap((walk) => {
    const winner = walk.winner === undefined ? undefined : walk.candidates[walk.winner];
    if (!winner) return [];
    const route = { ...winner.route, table: winner.route.table ?? walk.table };
    return [
      used(e.netns, 'route', (row) => sameRoute(row, route)),
      used(e.netns, 'rule', (row) => row.priority === walk.rule.priority && row.table === walk.rule.table),
    ];
  });
}

const forwardingOf = (dev: string): ReadonlySet<string> =>
  new Set(['net.ipv4.ip_forward', `net.ipv4.conf.${dev}.forwarding`]);

function rowsOf(e: TraceEvent): UsedRows[] {
  const { netns } = e;
  switch (e.kind) {
    case 'fib':
      return routesUsed(e);
    case 'neigh':
      return [used(netns, 'neigh', (row) => row.dst === e.dst && row.dev === e.dev)];
    case 'arp':
      if (e.verdict === 'answered') return [used(netns, 'addr', (row) => row.local === e.target)];
      if (e.verdict === 'ignored') return [];
      return [used(netns, 'neigh', (row) => row.dst === e.sender && row.dev === e.dev)];
    case 'fdb': {
      const { row: found } = e;
      if (!found) return [];
      return [
        used(
          netns,
          'fdb',
          (row) => row.mac === found.mac && row.ifname === found.ifname && row.master === found.master,
        ),
      ];
    }
    case 'vtep':
      return e.rows.map((found) =>
        used(
          netns,
          'fdb',
          (row) => row.mac === found.mac && row.ifname === found.ifname && row.dst === found.dst,
        ),
      );
    case 'forward':
      return [used(netns, 'sysctl', (row) => forwardingOf(e.iif).has(row.name))];
    case 'tx':
    case 'rx':
    case 'hook':
    case 'encap':
    case 'decap':
    case 'fragment':
    case 'reassemble':
    case 'deliver':
    case 'origin':
    case 'icmp-error':
    case 'copy':
    case 'drop':
    case 'change':
    case 'netlink':
    case 'control':
    case 'command':
    case 'output':
    case 'exit':
    case 'bound':
      return [];
  }
}

/** The rows that the step's decisions used, to be marked in the tables. */
export function usedRows(step: Step, trace: Story): UsedRows[] {
  return eventsOf(step, trace).flatMap(rowsOf);
}

/** The rows that the step changed, in order. */
export function changedRows(step: Step, trace: Story): ChangeEvent[] {
  return eventsOf(step, trace).filter((e): e is ChangeEvent => e.kind === 'change');
}
