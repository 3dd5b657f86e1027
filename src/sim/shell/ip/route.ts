/** `ip route` (iproute.c): dispatch, and add, del, replace, change, append, prepend. */
import type { NexthopSpec, RouteMode, RouteSpec, RouteType } from '../../kernel/netlink';
import { Exit } from '../program';
import {
  garbage,
  isPrefixOf,
  noDevice,
  notModelled,
  readAddress,
  readPrefix,
  takeAddress,
  takeNumber,
  wrongArgument,
  type Args,
  type Family,
} from './args';
import { finish } from './link';
import type { Ip } from './options';
import { getRoute } from './route-get';
import { protocolName, routeScope, routeType, tableName } from './route-names';
import { flushRoutes, listRoutes } from './route-show';
import { ROUTE_USAGE } from './usage';

const U32 = 0xffffffff;
const FAMILY_WORDS = ['inet', 'inet6', 'mpls', 'bridge', 'link'];

export function runRoute(ip: Ip): number {
  const { args } = ip;
  if (args.done) return listRoutes(ip);
  const word = args.take();
  if (['list', 'show', 'lst'].some((name) => isPrefixOf(word, name))) return listRoutes(ip);
  if (isPrefixOf(word, 'get')) return getRoute(ip);
  const mode = modeOf(word);
  if (mode !== undefined) return modify(ip, mode);
  if (isPrefixOf(word, 'flush')) return flushRoutes(ip);
  for (const name of ['test', 'save', 'restore', 'showdump'])
    if (isPrefixOf(word, name)) notModelled(`ip route ${name}`);
  if (isPrefixOf(word, 'help')) usage();
  throw new Exit(255, `Command "${word}" is unknown, try "ip route help".\n`);
}

function usage(): never {
  throw new Exit(255, ROUTE_USAGE);
}

function modeOf(word: string): RouteMode | 'del' | undefined {
  if (word === 'chg') return 'change';
  const modes: readonly (readonly [string, RouteMode | 'del'])[] = [
    ['add', 'add'],
    ['change', 'change'],
    ['replace', 'replace'],
    ['prepend', 'prepend'],
    ['append', 'append'],
    ['delete', 'del'],
  ];
  return modes.find(([name]) => isPrefixOf(word, name))?.[1];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Words {
  route: Partial<Mutable<RouteSpec>>;
  dev?: string;
  /** The family the addresses are read in: known once the destination is. */
  family: Family;
}

type Reader = (words: Words, args: Args, keyword: string) => void;

const refuse: Reader = (_, __, keyword) => notModelled(`ip route ${keyword}`);
const readDev: Reader = (words, args) => (words.dev = args.take());
const readMetric: Reader = (words, args) =>
  (words.route.metric = takeNumber(args, U32, () => '"metric" value is invalid\n'));

/** A keyword, whether a beginning of it is enough, and what it does; in the order in which iproute2 tries them. */
const READERS: readonly (readonly [string, 'exact' | 'prefix', Reader])[] = [
  ['src', 'exact', (words, args) => (words.route.prefsrc = takeAddress(args, words.family))],
  ['as', 'exact', refuse],
  ['via', 'exact', readVia],
  ['from', 'exact', refuse],
  ['tos', 'exact', refuse],
  ['dsfield', 'prefix', refuse],
  ['expires', 'exact', refuse],
  ['metric', 'prefix', readMetric],
  ['priority', 'prefix', readMetric],
  ['preference', 'exact', readMetric],
  ['scope', 'exact', readScope],
  ['mtu', 'exact', readMtu],
  ['hoplimit', 'exact', refuse],
  ['advmss', 'exact', refuse],
  ['reordering', 'prefix', refuse],
  ['rtt', 'exact', refuse],
  ['rto_min', 'exact', refuse],
  ['window', 'prefix', refuse],
  ['cwnd', 'prefix', refuse],
  ['initcwnd', 'exact', refuse],
  ['initrwnd', 'exact', refuse],
  ['features', 'exact', refuse],
  ['quickack', 'exact', refuse],
  ['congctl', 'exact', refuse],
  ['rttvar', 'prefix', refuse],
  ['ssthresh', 'prefix', refuse],
  ['realms', 'prefix', refuse],
  ['onlink', 'exact', (words) => (words.route.onlink = true)],
  ['protocol', 'prefix', readProtocol],
  ['table', 'prefix', readTable],
  ['vrf', 'exact', (_, args) => void wrongArgument(args.take(), 'Invalid VRF\n')],
  ['dev', 'exact', readDev],
  ['oif', 'exact', readDev],
  ['pref', 'exact', refuse],
  ['encap', 'exact', refuse],
  ['ttl-propagate', 'exact', refuse],
  ['fastopen_no_cookie', 'exact', refuse],
  ['nhid', 'exact', refuse],
];

function readVia(words: Words, args: Args): void {
  if (words.route.gateway !== undefined) wrongArgument('via', 'use nexthop syntax to specify multiple via\n');
  words.route.gateway = takeGateway(args, words.family);
}
function takeGateway(args: Args, family: Family): number {
  const word = args.take();
  if (!FAMILY_WORDS.includes(word)) return readAddress(word, family);
  if (word !== 'inet') notModelled(`A gateway of family ${word}`);
  return takeAddress(args, 'inet');
}
function readScope(words: Words, args: Args): void {
  const word = args.take();
  words.route.scope = routeScope(word) ?? wrongArgument(word, 'invalid "scope" value\n');
}
function readMtu(words: Words, args: Args): void {
  if (args.word === 'lock') notModelled('mtu lock');
  words.route.mtu = takeNumber(args, U32, () => '"mtu" value is invalid\n');
}
function readProtocol(words: Words, args: Args): void {
  const word = args.take();
  words.route.protocol = protocolName(word) ?? wrongArgument(word, '"protocol" value is invalid\n');
}
function readTable(words: Words, args: Args): void {
  const word = args.take();
  words.route.table = tableName(word) ?? wrongArgument(word, '"table" value is invalid\n');
}

/** `[to] [TYPE] PREFIX`. */
function readDestination(words: Words, args: Args, first: string): void {
  let word = first === 'to' ? args.take() : first;
  const type: RouteType | undefined = /^\d/.test(word) ? undefined : routeType(word);
  if (type !== undefined) {
    words.route.type = type;
    word = args.take();
  }
  if (isPrefixOf(word, 'help')) usage();
  if (words.route.dst !== undefined) garbage('to', word);
  words.route.dst = readPrefix(word, words.family);
  words.family = 'inet';
}

function readNexthops(ip: Ip, family: Family): NexthopSpec[] {
  const { args } = ip;
  const nexthops: NexthopSpec[] = [];
  while (!args.done) {
    if (args.word !== 'nexthop') {
      throw new Exit(255, `Error: "nexthop" or end of line is expected instead of "${args.word ?? ''}"\n`);
    }
    args.take();
    if (args.done) throw new Exit(255, 'Error: unexpected end of line after "nexthop"\n');
    nexthops.push(readNexthop(ip, family));
  }
  return nexthops;
}

function readNexthop(ip: Ip, family: Family): NexthopSpec {
  const { args } = ip;
  const nexthop: Mutable<NexthopSpec> = {};
  for (;;) {
    if (args.accept('via')) nexthop.gateway = takeGateway(args, family);
    else if (args.accept('dev')) {
      const name = args.take();
      if (!ip.netlink.getLink(name)) {
        throw new Exit(255, `Cannot find device "${name}"\nError: cannot parse nexthop\n`);
      }
      nexthop.dev = name;
    } else if (args.accept('weight')) {
      const word = args.take();
      const weight = /^\d+$/.test(word) ? Number(word) : 0;
      if (weight < 1 || weight > 256) wrongArgument(word, '"weight" is invalid\n');
      nexthop.weight = weight;
    } else if (args.accept('onlink')) nexthop.onlink = true;
    else return nexthop;
  }
}

function readWords(ip: Ip): Words {
  const { args, options } = ip;
  const words: Words = { route: {}, family: options.family };
  while (!args.done) {
    if (args.word === 'nexthop') {
      words.route.nexthops = readNexthops(ip, words.family);
      break;
    }
    const word = args.take();
    const found = READERS.find(
      ([name, how]) => word === name || (how === 'prefix' && isPrefixOf(word, name)),
    );
    if (found) found[2](words, args, found[0]);
    else readDestination(words, args, word);
  }
  return words;
}

function modify(ip: Ip, mode: RouteMode | 'del'): number {
  const { route, dev } = readWords(ip);
  const { dst } = route;
  if (dst === undefined) usage();
  if (dev !== undefined && !ip.netlink.getLink(dev)) return noDevice(dev);
  const given = Object.fromEntries(
    Object.entries({ ...route, dev }).filter(([, value]) => value !== undefined),
  );
  if (mode !== 'del') return finish(ip, ip.netlink.newRoute({ ...given, dst }, mode));
  const { type, table, protocol, scope, gateway, prefsrc, metric } = route;
  const match = { dst, type, table, protocol, scope, gateway, dev, prefsrc, metric };
  const wanted = Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
  return finish(ip, ip.netlink.delRoute(wanted));
}
