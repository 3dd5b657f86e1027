/** `ip route show` and `flush`: selecting rows (filter_nlmsg) and printing them (print_route). */
import { parsePrefix, prefixContains, type Prefix } from '../../wire/index';
import type { RouteMatch, RouteRow } from '../../kernel/netlink';
import { Exit } from '../program';
import type { Json } from '../json';
import { isPrefixOf, noDevice, takeNumber, takePrefix, wrongArgument, type Args } from './args';
import { printJson, separator, type Ip, type IpOptions } from './options';
import {
  protocolName,
  protocolText,
  routeScope,
  routeType,
  scopeText,
  tableName,
  tableText,
  typeText,
} from './route-names';
import { inPrefix } from './selector';
import { ROUTE_USAGE } from './usage';

interface RouteFilter {
  /** undefined: every table. */
  table?: string;
  dev?: string;
  protocol?: string;
  scope?: string;
  type?: string;
  metric?: number;
  via?: Prefix;
  src?: Prefix;
  /** At least this specific and inside. */
  root?: Prefix;
  /** At most this specific and around. */
  match?: Prefix;
  /** Something nothing here has (a mark, a type of service): no row is selected. */
  nothing?: boolean;
}

type Reader = (filter: RouteFilter, ip: Ip) => void;
const nothing: Reader = (filter, { args }) => {
  args.take();
  filter.nothing = true;
};
const readDev: Reader = (filter, { args }) => (filter.dev = args.take());
const readMetric: Reader = (filter, { args }) =>
  (filter.metric = takeNumber(args, 0xffffffff, () => '"metric" value is invalid\n'));

const READERS: readonly (readonly [string, 'exact' | 'prefix', Reader])[] = [
  ['table', 'prefix', readTable],
  ['vrf', 'exact', (_, { args }) => void wrongArgument(args.take(), 'Invalid VRF\n')],
  ['cached', 'prefix', (filter) => (filter.nothing = true)],
  ['cloned', 'prefix', (filter) => (filter.nothing = true)],
  ['tos', 'exact', nothing],
  ['dsfield', 'prefix', nothing],
  ['protocol', 'prefix', readProtocol],
  ['scope', 'prefix', readScope],
  ['type', 'prefix', readType],
  ['dev', 'exact', readDev],
  ['oif', 'exact', readDev],
  ['iif', 'exact', nothing],
  ['mark', 'exact', nothing],
  ['metric', 'prefix', readMetric],
  ['priority', 'prefix', readMetric],
  ['preference', 'exact', readMetric],
  ['via', 'exact', readVia],
  ['src', 'exact', (filter, ip) => (filter.src = takePrefix(ip.args, ip.options.family))],
  ['realms', 'prefix', nothing],
  ['from', 'exact', nothing],
];

function readTable(filter: RouteFilter, { args }: Ip): void {
  const word = args.take();
  if (word === 'cache') filter.nothing = true;
  else if (word === 'all' || word === '0') filter.table = undefined;
  else if (isPrefixOf(word, 'help')) throw new Exit(255, ROUTE_USAGE);
  else filter.table = tableName(word) ?? wrongArgument(word, 'table id value is invalid\n');
}
function readProtocol(filter: RouteFilter, { args }: Ip): void {
  const word = args.take();
  if (word === 'all') return;
  filter.protocol = protocolName(word) ?? wrongArgument(word, 'invalid "protocol"\n');
}
function readScope(filter: RouteFilter, { args }: Ip): void {
  const word = args.take();
  if (word === 'all') return;
  filter.scope = routeScope(word) ?? wrongArgument(word, 'invalid "scope"\n');
}
function readType(filter: RouteFilter, { args }: Ip): void {
  const word = args.take();
  filter.type = routeType(word) ?? wrongArgument(word, 'node type value is invalid\n');
}
function readVia(filter: RouteFilter, { args, options }: Ip): void {
  if (args.word === 'inet') args.take();
  filter.via = takePrefix(args, options.family);
}

function readDestination(filter: RouteFilter, ip: Ip, args: Args, word: string): void {
  const { family } = ip.options;
  if (word === 'to') args.take();
  if (isPrefixOf(args.word ?? '', 'root')) {
    args.take();
    filter.root = takePrefix(args, family);
  } else if (isPrefixOf(args.word ?? '', 'match')) {
    args.take();
    filter.match = takePrefix(args, family);
  } else {
    if (isPrefixOf(args.word ?? '', 'exact')) args.take();
    filter.root = filter.match = takePrefix(args, family);
  }
}

function readFilter(ip: Ip): RouteFilter {
  const { args } = ip;
  const filter: RouteFilter = { table: 'main' };
  while (!args.done) {
    const word = args.word ?? '';
    const found = READERS.find(
      ([name, how]) => word === name || (how === 'prefix' && isPrefixOf(word, name)),
    );
    if (found) {
      args.take();
      found[2](filter, ip);
    } else readDestination(filter, ip, args, word);
  }
  if (filter.dev !== undefined && !ip.netlink.getLink(filter.dev)) noDevice(filter.dev);
  return filter;
}

/** A row's destination as numbers. */
export function destinationOf(row: RouteRow): Prefix {
  if (row.dst === 'default') return { addr: 0, len: 0 };
  const parsed = parsePrefix(row.dst);
  return parsed.ok ? parsed.value : { addr: 0, len: 0 };
}

function selects(filter: RouteFilter, row: RouteRow): boolean {
  if (filter.nothing) return false;
  if (filter.dev !== undefined && row.dev !== filter.dev) return false;
  if (filter.protocol !== undefined && (row.protocol ?? 'boot') !== filter.protocol) return false;
  if (filter.scope !== undefined && (row.scope ?? 'global') !== filter.scope) return false;
  if (filter.type !== undefined && (row.type ?? 'unicast') !== filter.type) return false;
  if (filter.metric !== undefined && (row.metric ?? 0) !== filter.metric) return false;
  if (filter.via && !(row.gateway !== undefined && inPrefix(row.gateway, filter.via))) return false;
  if (filter.src && !(row.prefsrc !== undefined && inPrefix(row.prefsrc, filter.src))) return false;
  const dst = destinationOf(row);
  const { root, match } = filter;
  if (root && !(root.len <= dst.len && prefixContains(root.addr, root.len, dst.addr))) return false;
  return !match || (dst.len <= match.len && prefixContains(dst.addr, dst.len, match.addr));
}

function selectRoutes(ip: Ip, filter: RouteFilter): RouteRow[] {
  if (ip.options.family === 'inet6' || ip.options.family === 'link') return [];
  const table = filter.table ?? 'all';
  const rows = ip.netlink.getRoutes({ table });
  // For main iproute2 asks without naming a table, and an empty answer is an answer.
  if (table !== 'all' && table !== 'main' && !ip.netlink.hasTable(table)) {
    if (ip.options.json) ip.ctx.print('[');
    throw new Exit(2, 'Error: ipv4: FIB table does not exist.\nDump terminated\n');
  }
  return rows.filter((row) => selects(filter, row));
}

export function listRoutes(ip: Ip): number {
  const filter = readFilter(ip);
  const rows = selectRoutes(ip, filter);
  if (ip.options.json)
    printJson(
      ip,
      rows.map((row) => routeJson(row, filter, ip.options)),
    );
  else ip.ctx.print(rows.map((row) => routeText(row, filter, ip.options)).join(''));
  return 0;
}

const isHost = (prefix: Prefix | undefined) => prefix?.len === 32;

/** What is printed of a row: what the filter has fixed, and what is as usual, is left out. */
function visible(row: RouteRow, filter: RouteFilter, options: IpOptions) {
  const details = options.details > 0;
  const type = row.type ?? 'unicast';
  const protocol = row.protocol ?? 'boot';
  const scope = row.scope ?? 'global';
  const table = row.table ?? 'main';
  return {
    type: type !== 'unicast' || details ? type : undefined,
    gateway: isHost(filter.via) ? undefined : row.gateway,
    dev: filter.dev === undefined ? row.dev : undefined,
    table: filter.table === undefined && (table !== 'main' || details) ? table : undefined,
    protocol: (protocol !== 'boot' || details) && filter.protocol === undefined ? protocol : undefined,
    scope: (scope !== 'global' || details) && filter.scope === undefined ? scope : undefined,
    prefsrc: isHost(filter.src) ? undefined : row.prefsrc,
    metric: row.metric && filter.metric === undefined ? row.metric : undefined,
  };
}

export function routeText(row: RouteRow, filter: RouteFilter, options: IpOptions): string {
  const shown = visible(row, filter, options);
  const parts: string[] = [];
  if (shown.type !== undefined) parts.push(typeText(shown.type, options.numeric));
  parts.push(row.dst);
  if (shown.gateway !== undefined) parts.push(`via ${shown.gateway}`);
  if (shown.dev !== undefined) parts.push(`dev ${shown.dev}`);
  if (shown.table !== undefined) parts.push(`table ${tableText(shown.table, options.numeric)}`);
  if (shown.protocol !== undefined) parts.push(`proto ${protocolText(shown.protocol, options.numeric)}`);
  if (shown.scope !== undefined) parts.push(`scope ${scopeText(shown.scope, options.numeric)}`);
  if (shown.prefsrc !== undefined) parts.push(`src ${shown.prefsrc}`);
  if (shown.metric !== undefined) parts.push(`metric ${shown.metric}`);
  parts.push(...row.flags);
  if (row.mtu !== undefined) parts.push(`mtu ${row.mtu}`);
  let text = parts.join(' ') + ' ';
  for (const hop of row.nexthops ?? []) {
    const via = hop.gateway === undefined ? '' : `via ${hop.gateway} `;
    const flags = hop.flags.map((flag) => `${flag} `).join('');
    text += `${separator(options)}\tnexthop ${via}dev ${hop.dev} weight ${hop.weight} ${flags}`;
  }
  return text + '\n';
}

export function routeJson(row: RouteRow, filter: RouteFilter, options: IpOptions): Json {
  const shown = visible(row, filter, options);
  return {
    type: shown.type,
    dst: row.dst,
    gateway: shown.gateway,
    dev: shown.dev,
    table: shown.table,
    protocol: shown.protocol,
    scope: shown.scope,
    prefsrc: shown.prefsrc,
    metric: shown.metric,
    flags: row.flags,
    metrics: row.mtu === undefined ? undefined : [{ mtu: row.mtu }],
    nexthops: row.nexthops?.map(({ gateway, dev, weight, flags }) => ({ gateway, dev, weight, flags })),
  };
}

/** iproute_flush_cache: there has been no route cache since Linux 3.6, but what ICMP taught about paths is forgotten. */
function flushCache({ netlink }: Ip): number {
  netlink.setSysctl('net.ipv4.route.flush', '-1');
  return 0;
}

export function flushRoutes(ip: Ip): number {
  const { args, netlink, ctx, options } = ip;
  if (args.done) throw new Exit(1, '"ip route flush" requires arguments.\n');
  if (args.word !== undefined && isPrefixOf(args.word, 'cache')) return flushCache(ip);
  const filter = readFilter(ip);
  const doomed = selectRoutes(ip, filter);
  for (const row of doomed) {
    const gateway = row.gateway === undefined ? undefined : parsePrefix(row.gateway);
    const match: RouteMatch = {
      dst: destinationOf(row),
      type: row.type ?? 'unicast',
      table: row.table ?? 'main',
      ...(gateway?.ok ? { gateway: gateway.value.addr } : {}),
      ...(row.dev !== undefined ? { dev: row.dev } : {}),
      ...(row.metric ? { metric: row.metric } : {}),
    };
    netlink.delRoute(match);
  }
  if (options.stats > 0) {
    ctx.print(
      doomed.length === 0
        ? 'Nothing to flush.\n'
        : `\n*** Round 1, deleting ${doomed.length} entries ***\n*** Flush is complete after 1 round ***\n`,
    );
  }
  return 0;
}
