/** `route` of net-tools 2.10: the routing table of /proc/net/route, and add and del through the old ioctls. */
import { formatIp4, maskOf, networkOf, type Ip4, type Prefix } from '../../wire/index';
import type { Errno, ProcessContext, RouteMatch, RouteRow } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import type { Place } from '../completion';
import { destinationOf } from '../ip/route-show';
import { resolveHost } from './resolve';
import { INET_ROUTE_USAGE, ROUTE_USAGE } from './usage';

interface Options {
  numeric: boolean;
  /** `-e` once: netstat's columns; twice: all. */
  extended: number;
  cache: boolean;
}

const FAMILY_OPTIONS = new Set(['-4', '--inet', '-v', '--verbose', '-F', '--fib', '-N', '--symbolic']);

function slots(given: readonly string[]): Place {
  const [first, ...rest] = given.filter((word) => !word.startsWith('-n'));
  if (first === undefined) return { words: ['-n', 'add', 'del'] };
  if (first !== 'add' && first !== 'del') return {};
  const last = rest.at(-1);
  if (last === 'dev') return { kinds: ['device'] };
  if (last === 'gw' || last === '-host') return { kinds: ['address'] };
  return {
    words: ['-net', '-host', 'default', 'gw', 'netmask', 'metric', 'dev', 'reject'],
    kinds: ['device'],
  };
}

export const route: Program = {
  name: 'route',
  group: 'net-tools',
  about: 'show, add and delete IPv4 routes',
  slots,
  run(ctx, words) {
    const options: Options = { numeric: false, extended: 0, cache: false };
    const args = [...words];
    while (args[0]?.startsWith('-')) {
      const word = args.shift() ?? '';
      const done = readOption(ctx, word, args, options);
      if (done !== undefined) return done;
    }
    const [verb, ...rest] = args;
    if (verb === undefined) return show(ctx, options);
    if (verb === 'add' || verb === 'del' || verb === 'delete') return modify(ctx, verb === 'add', rest);
    if (verb === 'flush')
      throw new Exit(3, `Flushing \`inet' routing table not supported\n${INET_ROUTE_USAGE}`);
    throw new Exit(3, ROUTE_USAGE);
  },
};

/** One option word, which may hold several letters (`-ne`). The exit code when it ends the program. */
function readOption(ctx: ProcessContext, word: string, args: string[], options: Options): number | undefined {
  if (word === '-h' || word === '--help') {
    ctx.print(ROUTE_USAGE);
    return 0;
  }
  if (word === '-V' || word === '--version') {
    ctx.print('net-tools 2.10\n');
    return 0;
  }
  if (word === '-A' || word === '--family') {
    args.shift();
    return undefined;
  }
  if (word === '-6' || word === '--inet6') throw new Exit(1, 'route -6: IPv6 is not modelled here.\n');
  if (FAMILY_OPTIONS.has(word)) return undefined;
  if (word === '--numeric') options.numeric = true;
  else if (word === '--extend') options.extended += 1;
  else if (word === '--cache') options.cache = true;
  else {
    for (const letter of word.slice(1)) {
      if (letter === 'n') options.numeric = true;
      else if (letter === 'e') options.extended += 1;
      else if (letter === 'C') options.cache = true;
      else if (!'vFN4'.includes(letter))
        throw new Exit(3, `route: invalid option -- '${letter}'\n${ROUTE_USAGE}`);
    }
  }
  return undefined;
}

// --- showing -----------------------------------------------------------------------------------------------------------

function show(ctx: ProcessContext, options: Options): number {
  if (options.cache) {
    ctx.print(
      'Kernel IP routing cache\nSource          Destination     Gateway         Flags Metric Ref    Use Iface\n',
    );
    return 0;
  }
  const heads = [
    'Flags Metric Ref    Use Iface',
    'Flags   MSS Window  irtt Iface',
    'Flags Metric Ref    Use Iface    MSS   Window irtt',
  ];
  const head = heads[Math.min(options.extended, 2)] ?? '';
  let text = `Kernel IP routing table\nDestination     Gateway         Genmask         ${head}\n`;
  for (const row of ctx.netlink.getRoutes({ table: 'main' })) text += rowText(row, options);
  ctx.print(text);
  // Where no table main has come to be, /proc/net/route ends before it begins.
  return ctx.netlink.hasTable('main') ? 0 : 1;
}

/** As /proc/net/route tells it: one line a route (the first path of several), unreachable and prohibit as rejected. */
function rowText(row: RouteRow, options: Options): string {
  const dst = destinationOf(row);
  const hop = row.nexthops?.[0] ?? row;
  const rejected = row.type === 'unreachable' || row.type === 'prohibit';
  const name = dst.len === 0 && !options.numeric ? 'default' : formatIp4(dst.addr);
  const gateway = rejected ? '-' : (hop.gateway ?? '0.0.0.0');
  const flags = (rejected ? '!' : 'U') + (hop.gateway === undefined ? '' : 'G') + (dst.len === 32 ? 'H' : '');
  const dev = rejected ? '-' : (hop.dev ?? '*');
  const metric = row.metric ?? 0;
  const start = `${name.padEnd(15)} ${gateway.padEnd(15)} ${formatIp4(maskOf(dst.len)).padEnd(15)} `;
  if (options.extended === 1) {
    const [mss, window, irtt] = rejected ? ['-', '-', '-'] : ['0', '0', '0'];
    return `${start}${flags.padEnd(5)} ${mss.padStart(5)} ${window.padEnd(6)} ${irtt.padStart(5)} ${dev}\n`;
  }
  const ref = rejected ? '-' : '0';
  const basic = `${start}${flags.padEnd(5)} ${String(metric).padEnd(6)} ${ref.padEnd(2)} ${'0'.padStart(7)} `;
  if (options.extended === 0) return `${basic}${dev}\n`;
  const last = rejected ? '-' : '0';
  return `${basic}${dev.padEnd(8)} ${last.padEnd(5)} ${last.padEnd(6)} ${last}\n`;
}

// --- changing ----------------------------------------------------------------------------------------------------------

interface Words {
  dst: Prefix;
  gateway?: Ip4;
  metric?: number;
  dev?: string;
  reject?: boolean;
}

function usage(message = ''): never {
  throw new Exit(3, message + INET_ROUTE_USAGE);
}
/** The message of a rejected ioctl; perror() and exit code 7 are the tool's. */
function refused(call: 'SIOCADDRT' | 'SIOCDELRT', errno: Errno): never {
  throw new Exit(7, `${call}: ${strerror[errno]}\n`);
}

function modify(ctx: ProcessContext, adding: boolean, args: readonly string[]): number {
  if (args.length === 0) {
    ctx.print(INET_ROUTE_USAGE);
    return 0;
  }
  const words = readWords(args, adding);
  const call = adding ? 'SIOCADDRT' : 'SIOCDELRT';
  const { dst, gateway, metric, dev, reject } = words;
  if (networkOf(dst.addr, dst.len) !== dst.addr) refused(call, 'EINVAL');
  if (dev !== undefined && !ctx.netlink.getLink(dev)) refused(call, 'ENODEV');
  const optional = {
    ...(gateway !== undefined ? { gateway } : {}),
    ...(metric !== undefined ? { metric } : {}),
    ...(dev !== undefined ? { dev } : {}),
  };
  if (!adding) {
    const match: RouteMatch = { dst, ...optional };
    const done = ctx.netlink.delRoute(match);
    return done.ok ? 0 : refused(call, done.error.errno);
  }
  if (!reject && gateway === undefined && dev === undefined) refused(call, 'ENODEV');
  const spec = reject ? { dst, type: 'unreachable' as const, scope: 'host' as const } : { dst, ...optional };
  const done = ctx.netlink.newRoute(spec);
  if (done.ok) return 0;
  // The old call has no texts of its own: an unreachable gateway is ENETUNREACH.
  return refused(
    call,
    done.error.extack === 'Nexthop has invalid gateway' ? 'ENETUNREACH' : done.error.errno,
  );
}

/** `-net`, `-host` or neither, the target, then key words (lib/inet_sr.c INET_setroute). */
function readWords(args: readonly string[], adding: boolean): Words {
  const rest = [...args];
  let kind: 'net' | 'host' | 'guess' = 'guess';
  if (rest[0] === '-net' || rest[0] === '-host') kind = rest.shift() === '-net' ? 'net' : 'host';
  const target = rest.shift();
  if (target === undefined) usage();
  const [name = '', length] = target === 'default' ? ['0.0.0.0', '0'] : target.split('/', 2);
  const addr = resolveHost(name, 6, 'Host name lookup failure');
  const words: Words = { dst: { addr, len: 32 } };
  let mask = length === undefined ? undefined : readLength(length);
  while (rest.length > 0) mask = readKeyword(rest, words, mask, adding);
  const isNet = target === 'default' || kind === 'net';
  if (!isNet && mask !== undefined && mask !== 32) {
    // It prints the mask as the machine stores it, lowest byte first.
    const swapped = [24, 16, 8, 0].map((shift) =>
      ((maskOf(mask) >>> (24 - shift)) & 255).toString(16).padStart(2, '0'),
    );
    usage(`route: netmask ${swapped.join('')} doesn't make sense with host route\n`);
  }
  const len = isNet ? (mask ?? classLength(addr)) : 32;
  if (isNet && networkOf(addr, len) !== addr && mask !== undefined)
    usage("route: netmask doesn't match route address\n");
  words.dst = { addr, len };
  return words;
}

function readLength(text: string): number {
  const len = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(len <= 32)) usage("route: netmask doesn't match route address\n");
  return len;
}

/** Without a mask a network is as long as its octets are not 0, as classes were: 10.0.0.0 is /8. */
function classLength(addr: Ip4): number {
  if (addr === 0) return 0;
  if (addr >>> 31 === 0) return 8;
  return addr >>> 30 === 2 ? 16 : 24;
}

/** Takes one key word and its value; answers with the mask length known so far. */
function readKeyword(
  rest: string[],
  words: Words,
  mask: number | undefined,
  adding: boolean,
): number | undefined {
  const word = rest.shift() ?? '';
  const value = () => rest.shift() ?? usage();
  if (word === 'gw' || word === 'gateway') words.gateway = resolveHost(value(), 6, 'Unknown host');
  else if (word === 'netmask' || word === 'genmask') return readMask(value());
  else if (word === 'metric') words.metric = readNumber(value());
  else if (word === 'dev' || word === 'device') words.dev = value();
  else if (word === 'reject' && adding) words.reject = true;
  else if (['mss', 'window', 'irtt', 'mod', 'dyn', 'reinstate'].includes(word)) {
    throw new Exit(1, `route ${word} is not modelled here.\n`);
  } else if (rest.length === 0) words.dev = word;
  else usage();
  return mask;
}

function readMask(text: string): number {
  const mask = resolveHost(text, 6, 'Unknown host');
  const host = ~mask >>> 0;
  if ((host & (host + 1)) !== 0) usage(`route: bogus netmask ${text}\n`);
  return Math.clz32(host);
}
function readNumber(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : usage();
}
