/** Tables of one namespace as their tools print them, and what of them is compared. */
import { comparedConntrack } from './outputs';
import { LINE_TABLES, type LineTable, type Row, type TableName } from './types';

export const TABLE_COMMANDS: Readonly<Record<TableName, string>> = {
  link: 'ip -j -d link',
  addr: 'ip -j addr',
  route: 'ip -j route',
  local: 'ip -j route show table local',
  rule: 'ip -j rule',
  neigh: 'ip -j neigh',
  fdb: 'bridge -j fdb',
  iptables: 'iptables-save -c',
  conntrack: 'conntrack -L',
  ipset: 'ipset save',
  qdisc: 'tc qdisc',
};

/** Tables whose order is the kernel's own and says something; the others are sets of rows. */
const ORDERED: ReadonlySet<TableName> = new Set(['route', 'local', 'rule']);

/** Keys that are numbered or measured (see `exceptions.ts`). */
const OPEN_KEYS = new Set([
  'ifindex',
  'link_index',
  'link_netnsid',
  'valid_life_time',
  'preferred_life_time',
  'expires',
  'used',
]);
/** Of `ip -d link`, what the model speaks of. */
const LINK_KEYS = [
  ...['ifname', 'link', 'flags', 'mtu', 'qdisc', 'master', 'operstate', 'group', 'txqlen'],
  ...['link_type', 'address', 'broadcast', 'link_netns'],
];
const INFO_DATA_KEYS = [
  ...['id', 'local', 'remote', 'link', 'port', 'learning', 'ttl', 'ageing', 'udp_csum'],
  ...['ageing_time', 'stp_state', 'mcast_snooping'],
];
const PORT_KEYS = ['learning', 'flood', 'hairpin', 'isolated', 'neigh_suppress', 'state', 'priority', 'cost'];
/** A namespace that never had an address has no table local. */
const NO_TABLE = 'Error: ipv4: FIB table does not exist.';
/** Devices a kernel with such modules puts into every new namespace. */
const FALLBACK_DEVICES = /^(tunl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|sit0|ip6tnl0|ip6gre0)$/;

function isFallback(name: unknown): boolean {
  return typeof name === 'string' && FALLBACK_DEVICES.test(name);
}

const isLines = (table: TableName): table is LineTable => (LINE_TABLES as readonly string[]).includes(table);

/** Lines of a table that is printed as text, with what is open blanked; sets sorted. */
const LINES: Readonly<Record<LineTable, (lines: readonly string[], given: ReadonlySet<number>) => string[]>> =
  {
    // Comments hold the date.
    iptables: (lines) => lines.filter((line) => !line.startsWith('#')),
    conntrack: (lines, given) =>
      lines
        .filter((line) => !/ have been shown\.$/.test(line))
        .map((line) => comparedConntrack(line, given))
        .sort(),
    ipset: (lines) => sortedMembers(lines.map((line) => line.replace(/ initval 0x[0-9a-f]+/, ''))),
    // Without a handle: the device's own, which the kernel put there.
    qdisc: (lines) => lines.filter((line) => !/^qdisc \w+ 0: /.test(line)).map((line) => line.trimEnd()),
  };

/** Members of a set follow their set; their order is a hash's. */
function sortedMembers(lines: readonly string[]): string[] {
  const sets = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.split(' ')[1] ?? '';
    sets.set(name, [...(sets.get(name) ?? []), line]);
  }
  return [...sets.values()].flatMap(([create = '', ...members]) => [create, ...members.sort()]);
}

/**
 * `given` are the ports and ids that the commands themselves name.
 *
 * @throws when the text is no JSON list; `what` names it
 */
export function parseRows(
  table: TableName,
  printed: string,
  what: string,
  given: ReadonlySet<number> = new Set(),
): Row[] {
  const text = printed.trim();
  if (isLines(table)) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return LINES[table](lines, given).map((line) => ({ line }));
  }
  if (text === '') return [];
  if (text.includes(NO_TABLE)) return [{ error: NO_TABLE }];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${what} prints no JSON: ${text.split('\n')[0] ?? ''}`);
  }
  if (!Array.isArray(value)) throw new Error(`${what} prints no list`);
  return (value as Row[]).flatMap((row) => compared(table, row));
}

function pick(row: unknown, keys: readonly string[]): Row {
  const from = (row ?? {}) as Row;
  return Object.fromEntries(keys.flatMap((key) => (key in from ? [[key, from[key]]] : [])));
}

/** What is compared of a row; nothing of rows that are not. */
function compared(table: TableName, row: Row): Row[] {
  // iproute2 prints an empty object for what a filter has left out.
  if (Object.keys(row).length === 0 || isFallback(row.ifname) || isFallback(row.dev)) return [];
  if (table === 'link') return [linkRow(row)];
  if (table === 'addr') {
    const addresses = (row.addr_info ?? []) as Row[];
    return addresses
      .filter(({ family }) => family === 'inet')
      .map((each) => ({ ifname: row.ifname, ...open(each) }));
  }
  return [open(row)];
}

function open(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !OPEN_KEYS.has(key)));
}

function linkRow(row: Row): Row {
  const info = (row.linkinfo ?? {}) as Row;
  const data = pick(info.info_data, INFO_DATA_KEYS);
  const port = pick(info.info_slave_data, PORT_KEYS);
  return {
    ...pick(row, LINK_KEYS),
    ...(info.info_kind === undefined ? {} : { kind: info.info_kind }),
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(Object.keys(port).length > 0 ? { port } : {}),
  };
}

/** Rows as lines to compare: keys sorted; sets sorted. */
export function tableLines(table: TableName, rows: readonly Row[]): string[] {
  if (isLines(table)) return rows.map(({ line }) => String(line));
  const lines = rows.map((row) => JSON.stringify(sortedKeys(row)));
  return ORDERED.has(table) ? lines : lines.sort();
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortedKeys(each)]));
}

const IDENTITY = ['ifname', 'dev', 'dst', 'mac', 'local', 'priority', 'metric', 'type'];

/** `  [qdisc: "noop" in Linux, "noqueue" simulated]` when both lines are about the same thing, else nothing. */
export function changedKeys(table: TableName, linux: string, sim: string): string {
  if (isLines(table)) return '';
  const [a, b] = [JSON.parse(linux), JSON.parse(sim)] as [Row, Row];
  const same = (key: string) => JSON.stringify(a[key]) === JSON.stringify(b[key]);
  if (!IDENTITY.every(same)) return '';
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !same(key));
  const told = (value: unknown) => (value === undefined ? 'absent' : JSON.stringify(value));
  return keys.map((key) => `  [${key}: ${told(a[key])} in Linux, ${told(b[key])} simulated]`).join('');
}
