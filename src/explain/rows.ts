import type {
  AddrRow,
  ChangeEvent,
  FdbRow,
  IptablesRow,
  LinkRow,
  NeighRow,
  RouteRow,
  RuleRow,
  TableName,
  TableRows,
} from '../sim/kernel/trace';

/** Joins words, leaving out what is absent. */
function words(...parts: (string | false | undefined)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
}
const named = (name: string, value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : `${name} ${value}`;

/** One line of `ip route` (iproute2 `print_route`), without the blank it ends with. */
export function routeText(row: RouteRow): string {
  const hops = row.nexthops?.map((hop) =>
    words('nexthop', named('via', hop.gateway), named('dev', hop.dev), `weight ${hop.weight}`, ...hop.flags),
  );
  return words(
    row.type !== undefined && row.type !== 'unicast' && row.type,
    row.dst,
    named('via', row.gateway),
    named('dev', row.dev),
    named('proto', row.protocol),
    named('scope', row.scope),
    named('src', row.prefsrc),
    named('metric', row.metric),
    ...row.flags,
    named('mtu', row.mtu),
    ...(hops ?? []),
  );
}

/** One line of `ip rule` without the priority. */
function ruleText(row: RuleRow): string {
  const prefix = (address: string | undefined, length: number | undefined): string | undefined =>
    address === undefined || length === undefined ? address : `${address}/${length}`;
  return words(
    `from ${prefix(row.src, row.srclen) ?? 'all'}`,
    named('to', prefix(row.dst, row.dstlen)),
    named('fwmark', row.fwmark),
    named('iif', row.iif),
    named('oif', row.oif),
    `lookup ${row.table}`,
  );
}

/** One line of `ip neigh`. */
export function neighText(row: NeighRow): string {
  return words(row.dst, `dev ${row.dev}`, named('lladdr', row.lladdr), row.proxy && 'proxy', ...row.state);
}

/** One line of `bridge fdb show`. */
export function fdbText(row: FdbRow): string {
  return words(
    row.mac,
    named('dev', row.ifname),
    named('dst', row.dst),
    named('port', row.port),
    named('vni', row.vni),
    named('via', row.viaIf),
    ...row.flags,
    named('master', row.master),
    row.state,
  );
}

/** The first line of `ip link` for a device, without the index. */
export function linkText(row: LinkRow): string {
  return words(
    row.ifname,
    `<${row.flags.join(',')}>`,
    `mtu ${row.mtu}`,
    named('master', row.master),
    `state ${row.operstate}`,
    row.address,
  );
}

function addrText(row: AddrRow): string {
  return words(
    `inet ${row.local}/${row.prefixlen}`,
    named('brd', row.broadcast),
    `scope ${row.scope}`,
    row.secondary === true && 'secondary',
    named('dev', row.dev),
  );
}

/** One line of `iptables -S` with its table. */
function iptablesText({ table, chain, policy, text }: IptablesRow): string {
  if (text !== undefined) return words(`-t ${table} -A ${chain}`, text);
  return policy === undefined ? `-t ${table} -N ${chain}` : `-t ${table} -P ${chain} ${policy}`;
}

type Change = { readonly [T in TableName]: { readonly table: T; readonly row: TableRows[T] } }[TableName];

/** A row of any table as Linux shows it. */
export function rowText(table: TableName, row: TableRows[TableName]): string {
  const change = { table, row } as Change;
  switch (change.table) {
    case 'route':
      return routeText(change.row);
    case 'rule':
      return `${change.row.priority}: ${ruleText(change.row)}`;
    case 'neigh':
      return neighText(change.row);
    case 'fdb':
      return fdbText(change.row);
    case 'link':
      return linkText(change.row);
    case 'addr':
      return addrText(change.row);
    case 'sysctl':
      return `${change.row.name} = ${change.row.value}`;
    case 'etcd':
      return `${change.row.key} ${change.row.value}`;
    case 'process':
      return words(change.row.name, `pid ${change.row.pid}`, change.row.state, change.row.note);
    case 'iptables':
      return iptablesText(change.row);
    case 'conntrack':
      return words(
        change.row.protocol,
        change.row.state,
        change.row.orig,
        ...change.row.flags.filter((flag) => flag === 'UNREPLIED').map((flag) => `[${flag}]`),
        change.row.reply,
        ...change.row.flags.filter((flag) => flag !== 'UNREPLIED').map((flag) => `[${flag}]`),
      );
    case 'ipset':
      return words(
        change.row.member === undefined ? 'create' : 'add',
        change.row.set,
        change.row.member ?? change.row.type,
      );
    case 'qdisc':
      return words(
        'qdisc',
        change.row.kind,
        change.row.handle,
        'dev',
        change.row.dev,
        'root',
        change.row.options,
      );
    case 'socket':
      return words(
        change.row.protocol,
        change.row.state,
        change.row.local,
        change.row.peer ?? '0.0.0.0:*',
        change.row.process,
      );
    case 'kube':
      return words(
        change.row.kind.toLowerCase(),
        change.row.name,
        change.row.status,
        change.row.ip,
        named('on', change.row.node),
        change.row.podCidr,
      );
    case 'netns':
      return words(change.row.id, change.row.role, named('on', change.row.machine));
  }
}

/** The change's row as it is now, or as it was when it is gone. */
export function changeText(e: ChangeEvent): string {
  const row = e.after ?? e.before;
  return row === undefined ? e.key : rowText(e.table, row);
}
