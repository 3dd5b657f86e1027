/** Names of route types, protocols, scopes and tables (lib/rt_names.c, /etc/iproute2). */
import type { RouteScope, RouteType } from '../../kernel/netlink';
import { parseUnsigned } from '../program';

const TYPES: readonly RouteType[] = [
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
];
const TYPE_NUMBERS: readonly (RouteType | undefined)[] = [
  undefined,
  'unicast',
  'local',
  'broadcast',
  undefined,
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
];

/** `rtnl_rtntype_a2n`. */
export function routeType(word: string): RouteType | undefined {
  return TYPES.find((type) => type === word) ?? TYPE_NUMBERS[parseUnsigned(word)];
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  keepalived: 18,
  babel: 42,
  openr: 99,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
};

/** The name of a protocol given by name or number; undefined when it is neither. */
export function protocolName(word: string): string | undefined {
  if (Object.hasOwn(PROTOCOLS, word)) return word;
  const number = parseUnsigned(word);
  if (!(number <= 255)) return undefined;
  return Object.keys(PROTOCOLS).find((name) => PROTOCOLS[name] === number) ?? String(number);
}

const TABLES: Readonly<Record<string, number>> = { unspec: 0, default: 253, main: 254, local: 255 };

export function tableName(word: string): string | undefined {
  if (Object.hasOwn(TABLES, word)) return word;
  const number = parseUnsigned(word);
  if (!(number <= 0xffffffff)) return undefined;
  return Object.keys(TABLES).find((name) => TABLES[name] === number) ?? String(number);
}

const SCOPE_NUMBERS: Readonly<Record<string, number>> = {
  global: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
};

export function routeScope(word: string): RouteScope | undefined {
  const wanted =
    word === 'universe' ? 0 : Object.hasOwn(SCOPE_NUMBERS, word) ? SCOPE_NUMBERS[word] : parseUnsigned(word);
  return Object.keys(SCOPE_NUMBERS).find((name) => SCOPE_NUMBERS[name] === wanted) as RouteScope | undefined;
}

/** `-N` prints numbers instead of names. */
export function typeText(type: RouteType, numeric: boolean): string {
  return numeric ? String(TYPE_NUMBERS.indexOf(type)) : type;
}
export function protocolText(name: string, numeric: boolean): string {
  return numeric ? String(PROTOCOLS[name] ?? name) : name;
}
export function scopeText(name: string, numeric: boolean): string {
  return numeric ? String(SCOPE_NUMBERS[name] ?? name) : name;
}
export function tableText(name: string, numeric: boolean): string {
  return numeric ? String(TABLES[name] ?? name) : name;
}
