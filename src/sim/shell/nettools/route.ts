/** route (net-tools 2.10): prints /proc/net/route's columns, and adds and deletes with SIOCADDRT's manners. */
import { formatIp4, maskOf, networkOf, parseIp4, parsePrefix, type Ip4, type Prefix } from '../../wire/index';
import type { Netlink, NexthopSpec, Reply, RouteMatch, RouteRow } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { INET_ROUTE_USAGE, ROUTE_USAGE } from './usage';

function prefixOf(row: RouteRow): Prefix {
  if (row.dst === 'default') return { addr: 0, len: 0 };
  const parsed = parsePrefix(row.dst);
  return parsed.ok ? parsed.value : { addr: 0, len: 0 };
}

/** fib_flag_trans, in the order in which route prints the letters. */
function flagsOf(row: RouteRow, len: number): string {
  if (row.type === 'unreachable' || row.type === 'prohibit') return len === 32 ? '!H' : '!';
  return `U${row.gateway === undefined ? '' : 'G'}${len === 32 ? 'H' : ''}`;
}

function line(row: RouteRow, numeric: boolean): string {
  const { addr, len } = prefixOf(row);
  const flags = flagsOf(row, len);
  const refused = flags.startsWith('!');
  const hop = row.nexthops?.[0];
  const dst = !numeric && len === 0 ? 'default' : formatIp4(addr);
  const gateway = refused ? '-' : (row.gateway ?? hop?.gateway ?? '0.0.0.0');
  const dev = refused ? '-' : (row.dev ?? hop?.dev ?? '*');
  const metric = String(row.metric ?? 0);
  return `${dst.padEnd(15)} ${gateway.padEnd(15)} ${formatIp4(maskOf(len)).padEnd(15)} ${flags.padEnd(5)} ${metric.padEnd(6)} ${refused ? '-' : '0'}        0 ${dev}\n`;
}

function show(netlink: Netlink, numeric: boolean): string {
  const rows = netlink.getRoutes().filter((row) => row.type !== 'throw');
  return `Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n${rows
    .map((row) => line(row, numeric))
    .join('')}`;
}

function usage(message = ''): never {
  throw new Exit(3, `${message}${INET_ROUTE_USAGE}`);
}

interface Wanted {
  dst: Prefix;
  gateway: Ip4 | undefined;
  dev: string | undefined;
  metric: number | undefined;
  reject: boolean;
}

function address(word: string): Ip4 {
  const parsed = parseIp4(word);
  if (!parsed.ok) throw new Exit(3, `${word}: Temporary failure in name resolution\n`);
  return parsed.value;
}

/** INET_setroute's words: [-net|-host] TARGET [netmask M] [gw G] [metric N] [reject] [[dev] IF]. */
function parseWanted(words: readonly string[]): Wanted {
  const rest = [...words];
  const kind = rest[0] === '-net' || rest[0] === '-host' ? rest.shift() : undefined;
  const target = rest.shift();
  if (target === undefined) usage();
  const wanted: Wanted = {
    dst: parseTarget(target, kind),
    gateway: undefined,
    dev: undefined,
    metric: undefined,
    reject: false,
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === 'reject') wanted.reject = true;
    else if (word === 'gw' || word === 'gateway') wanted.gateway = address(rest.shift() ?? usage());
    else if (word === 'metric') wanted.metric = Number(rest.shift() ?? usage());
    else if (word === 'netmask')
      wanted.dst = { addr: wanted.dst.addr, len: maskLength(rest.shift() ?? usage()) };
    else if (word === 'dev' || word === 'device') wanted.dev = rest.shift() ?? usage();
    else if (rest.length === 0) wanted.dev = word;
    else usage();
  }
  if (networkOf(wanted.dst.addr, wanted.dst.len) !== wanted.dst.addr) {
    usage("route: netmask doesn't match route address\n");
  }
  return wanted;
}

function parseTarget(target: string, kind: string | undefined): Prefix {
  if (target === 'default') return { addr: 0, len: 0 };
  if (target.includes('/')) {
    const parsed = parsePrefix(target);
    if (!parsed.ok) throw new Exit(3, `route: bogus netmask ${target.split('/')[1] ?? ''}\n`);
    return parsed.value;
  }
  const addr = address(target);
  // Without -net a target is a network when its host part by class is zero.
  return { addr, len: kind === '-host' ? 32 : kind === '-net' ? classLength(addr) : guess(addr) };
}

function classLength(addr: Ip4): number {
  const first = addr >>> 24;
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}
function guess(addr: Ip4): number {
  if (addr === 0) return 0;
  const len = classLength(addr);
  return networkOf(addr, len) === addr ? len : 32;
}

function maskLength(word: string): number {
  const mask = address(word);
  for (let len = 0; len <= 32; len++) if (maskOf(len) === mask) return len;
  throw new Exit(3, `route: bogus netmask ${word}\n`);
}

function report(call: string, reply: Reply): number {
  if (reply.ok) return 0;
  // The old ioctl knows errno only, and says of an unreachable gateway what it is.
  const { errno, extack } = reply.error;
  const shown = extack === 'Nexthop has invalid gateway' ? 'ENETUNREACH' : errno;
  throw new Exit(7, `${call}: ${strerror[shown]}\n`);
}

function add(netlink: Netlink, words: readonly string[]): number {
  const { dst, gateway, dev, metric, reject } = parseWanted(words);
  if (reject) return report('SIOCADDRT', netlink.newRoute({ dst, type: 'unreachable', metric }));
  if (gateway === undefined && dev === undefined) throw new Exit(7, 'SIOCADDRT: No such device\n');
  const hop: NexthopSpec = { gateway, dev };
  return report(
    'SIOCADDRT',
    netlink.newRoute({ dst, ...hop, metric, scope: gateway === undefined ? 'link' : undefined }),
  );
}

function del(netlink: Netlink, words: readonly string[]): number {
  const { dst, gateway, dev, metric } = parseWanted(words);
  const match: RouteMatch = { dst, gateway, dev, metric };
  return report('SIOCDELRT', netlink.delRoute(match));
}

export const route: Program = {
  name: 'route',
  group: 'net-tools',
  about: 'show or change the routing table (-n)',
  run(ctx, args) {
    const words = args.filter(
      (word) => word !== '-v' && word !== '-4' && word !== '-F' && word !== '-e' && word !== '-ee',
    );
    const bad = words.find(
      (word) => /^-/.test(word) && !/^-(n|N|net|host|nN|ne|en|h|-help|V|-version)$/.test(word),
    );
    if (bad !== undefined) throw new Exit(3, `route: invalid option -- '${bad.slice(1, 2)}'\n${ROUTE_USAGE}`);
    const verb = words.find((word) => !word.startsWith('-'));
    if (verb === undefined) {
      ctx.print(
        show(
          ctx.netlink,
          words.some((word) => word.includes('n')),
        ),
      );
      return 0;
    }
    const rest = words.slice(words.indexOf(verb) + 1);
    if (verb === 'add') return add(ctx.netlink, rest);
    if (verb === 'del' || verb === 'delete') return del(ctx.netlink, rest);
    throw new Exit(3, ROUTE_USAGE);
  },
};
