import type {
  ChangeEvent,
  DeliverEvent,
  FibEvent,
  HookEvent,
  OriginEvent,
  RouteRow,
  TableName,
  TableRows,
  TraceEvent,
} from '../sim/kernel/trace';
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../sim/wire';
import { endpointsOf, protocolName, type Endpoints } from './endpoints';
import { factsOf } from './facts';
import { isPacketless } from './frames';
import { conntrackOf, decisions, endpointsAt } from './hooks';
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

function rulesUsed({ netns, tried }: HookEvent): UsedRows[] {
  const matched = tried.filter((rule) => rule.matched);
  if (matched.length === 0) return [];
  const rules = new Set(
    matched.map(({ table, chain, rule, text }) => `${table} ${chain} ${rule > 0 ? text : ''}`),
  );
  return [used(netns, 'iptables', ({ table, chain, text }) => rules.has(`${table} ${chain} ${text ?? ''}`))];
}

/** How `conntrack -L` writes the two ends, as they are in the packet and the other way round. */
function tupleTexts({ protocol, src, dst, srcPort, dstPort, type, code }: Endpoints): string[] {
  const both = (a: string, b: string): string => `src=${a} dst=${b}`;
  if (protocol === IPPROTO_ICMP) {
    if (type === undefined || srcPort === undefined) return [];
    const answer = type === 8 ? 0 : 8;
    const rest = (of: number): string => `type=${of} code=${code ?? 0} id=${srcPort}`;
    return [`${both(src, dst)} ${rest(type)}`, `${both(dst, src)} ${rest(answer)}`];
  }
  if (srcPort === undefined || dstPort === undefined) return [both(src, dst), both(dst, src)];
  const ports = (a: number, b: number): string => `sport=${a} dport=${b}`;
  return [`${both(src, dst)} ${ports(srcPort, dstPort)}`, `${both(dst, src)} ${ports(dstPort, srcPort)}`];
}

function hookUsed(e: HookEvent, { events, frames }: Story): UsedRows[] {
  const ends = ['raw', 'filter'].flatMap((table) => endpointsAt(e, table, events, frames) ?? []);
  const tuples = new Set(ends.flatMap(tupleTexts));
  const tracked = conntrackOf(e, events) !== undefined && tuples.size > 0;
  const connection = used(e.netns, 'conntrack', (row) => tuples.has(row.orig) || tuples.has(row.reply));
  return [...rulesUsed(e), ...(tracked ? [connection] : [])];
}

/** The socket that sends or takes a packet: the connection's own, or the one that listens. */
function socketsUsed(e: DeliverEvent | OriginEvent, { frames }: Story): UsedRows[] {
  const frame = frames[e.frame];
  const ends = frame && endpointsOf(frame);
  if (!ends || ends.srcPort === undefined || ends.dstPort === undefined) return [];
  if (ends.protocol !== IPPROTO_TCP && ends.protocol !== IPPROTO_UDP) return [];
  const [from, to] = [`${ends.src}:${ends.srcPort}`, `${ends.dst}:${ends.dstPort}`];
  const [local, peer] = e.kind === 'deliver' ? [to, from] : [from, to];
  const port = local.slice(local.lastIndexOf(':'));
  const opens = ends.protocol === IPPROTO_UDP || factsOf(frame).term === 'pkt.tcpSyn';
  const protocol = protocolName(ends.protocol);
  return [
    used(
      e.netns,
      'socket',
      (row) =>
        row.protocol === protocol &&
        (row.peer === undefined
          ? opens && row.local.endsWith(port)
          : row.local === local && row.peer === peer),
    ),
  ];
}

/** What became of a rule in a step: `decided` had the last word, `matched` led on, `tried` did not match. */
export interface RuleMark {
  readonly netns: string;
  readonly table: string;
  readonly chain: string;
  /** 1-based; 0 for the chain's policy. */
  readonly rule: number;
  /** How many rules from `rule` on this holds for. */
  readonly count: number;
  readonly how: 'decided' | 'matched' | 'tried';
}

/** The rules that the step's hooks walked through, in order. */
export function rulesTried(step: Step, trace: Story): RuleMark[] {
  return eventsOf(step, trace).flatMap((e): RuleMark[] => {
    if (e.kind !== 'hook') return [];
    const last = new Set(decisions(e));
    return e.tried.map((tried) => ({
      netns: e.netns,
      table: tried.table,
      chain: tried.chain,
      rule: tried.rule,
      count: tried.skipped ?? 1,
      how: last.has(tried) ? 'decided' : tried.matched ? 'matched' : 'tried',
    }));
  });
}

function rowsOf(e: TraceEvent, trace: Story): UsedRows[] {
  if (isPacketless(e)) return [];
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
    case 'hook':
      return hookUsed(e, trace);
    case 'deliver':
    case 'origin':
      return socketsUsed(e, trace);
    case 'drop':
      return e.reason === 'CABLE_LOSS' || e.reason.startsWith('QDISC_')
        ? [used(netns, 'qdisc', (row) => row.dev === e.dev)]
        : [];
    case 'tx':
    case 'rx':
    case 'encap':
    case 'decap':
    case 'fragment':
    case 'reassemble':
    case 'icmp-error':
    case 'copy':
      return [];
  }
}

/** The rows that the step's decisions used, to be marked in the tables. */
export function usedRows(step: Step, trace: Story): UsedRows[] {
  return eventsOf(step, trace).flatMap((e) => rowsOf(e, trace));
}

/** The rows that the step changed, in order. */
export function changedRows(step: Step, trace: Story): ChangeEvent[] {
  return eventsOf(step, trace).filter((e): e is ChangeEvent => e.kind === 'change');
}
