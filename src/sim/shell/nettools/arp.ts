/** `arp` of net-tools 2.10: shows /proc/net/arp, adds and deletes entries. */
import { parseIp4, prefixContains, type Ip4 } from '../../wire/index';
import type { NeighDumpRow, ProcessContext } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { macOf } from '../ip/args';
import { Exit, type Program } from '../program';
import type { Place } from '../completion';
import { resolveHost } from './resolve';
import { ARP_USAGE } from './usage';

interface Options {
  /** BSD style. */
  all: boolean;
  verbose: boolean;
  dev?: string;
  action?: 'set' | 'delete' | 'set from device';
}

function slots(given: readonly string[]): Place {
  const last = given.at(-1);
  if (last === '-i') return { kinds: ['device'] };
  return last === '-d' || last === '-s'
    ? { kinds: ['address'] }
    : { words: ['-n', '-a', '-d', '-s', '-i'], kinds: ['address'] };
}

export const arp: Program = {
  name: 'arp',
  group: 'net-tools',
  about: 'show, add and delete neighbour entries',
  slots,
  run(ctx, words) {
    const options: Options = { all: false, verbose: false };
    const args = [...words];
    while (args[0]?.startsWith('-') && args[0].length > 1) {
      const done = readOption(ctx, args.shift() ?? '', args, options);
      if (done !== undefined) return done;
    }
    if (options.action === 'delete') return remove(ctx, args, options);
    if (options.action !== undefined) return set(ctx, args, options);
    return show(ctx, args[0], options);
  },
};

const LONG: Readonly<Record<string, string>> = {
  '--all': 'a',
  '--verbose': 'v',
  '--numeric': 'n',
  '--set': 's',
  '--delete': 'd',
  '--device': 'i',
  '--help': 'h',
  '--version': 'V',
  '--use-device': 'D',
};

function readOption(ctx: ProcessContext, word: string, args: string[], options: Options): number | undefined {
  const letters = word.startsWith('--') ? (LONG[word] ?? '?') : word.slice(1);
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? '';
    if (letter === 'a') options.all = true;
    else if (letter === 'v') options.verbose = true;
    else if (letter === 'n' || letter === 'e' || letter === 'N') continue;
    else if (letter === 's')
      options.action = options.action === 'set from device' ? 'set from device' : 'set';
    else if (letter === 'D') options.action = 'set from device';
    else if (letter === 'd') options.action = 'delete';
    else if (letter === 'i') {
      const attached = letters.slice(at + 1);
      const name = attached === '' ? args.shift() : attached;
      if (name === undefined) throw new Exit(3, `arp: option requires an argument -- 'i'\n${ARP_USAGE}`);
      options.dev = name;
      return undefined;
    } else if (letter === 'h' || letter === 'V') {
      ctx.print(letter === 'h' ? ARP_USAGE : 'net-tools 2.10\n');
      return 0;
    } else if ('HtAp'.includes(letter)) {
      const type = args.shift() ?? '';
      if ('Ht'.includes(letter) && type !== 'ether')
        throw new Exit(255, `arp: ${type}: unknown hardware type.\n`);
      return undefined;
    } else if (letter === 'f') throw new Exit(255, 'arp: cannot open etherfile /etc/ethers !\n');
    else throw new Exit(3, `arp: invalid option -- '${letter}'\n${ARP_USAGE}`);
  }
  return undefined;
}

// --- showing -----------------------------------------------------------------------------------------------------------

/** /proc/net/arp: every entry but those of devices without ARP and those just made; proxy entries last. */
function entries(ctx: ProcessContext): NeighDumpRow[] {
  const own = ctx.netlink
    .getNeighs()
    .filter((row) => !row.state.includes('NOARP') && !row.state.includes('NONE'));
  return [...own, ...ctx.netlink.getNeighs({ proxy: true })];
}

function show(ctx: ProcessContext, host: string | undefined, options: Options): number {
  const wanted = host === undefined ? undefined : resolveHost(host, 255, 'Host name lookup failure');
  const all = entries(ctx);
  const rows = all.filter((row) => {
    if (options.dev !== undefined && row.dev !== options.dev) return false;
    const dst = parseIp4(row.dst);
    return wanted === undefined || (dst.ok && dst.value === wanted);
  });
  let text = '';
  if (rows.length === 0) {
    if (host !== undefined) text = `${host} (${host}) -- no entry\n`;
    else if (options.dev !== undefined) text = `arp: in ${all.length} entries no match found.\n`;
  } else {
    if (!options.all)
      text = 'Address                  HWtype  HWaddress           Flags Mask            Iface\n';
    text += rows.map((row) => (options.all ? bsdLine(row) : linuxLine(row))).join('');
  }
  if (options.verbose) {
    text += `Entries: ${all.length}\tSkipped: ${all.length - rows.length}\tFound: ${rows.length}\n`;
  }
  ctx.print(text);
  return 0;
}

const isPermanent = (row: NeighDumpRow) => row.state.includes('PERMANENT');
/** ATF_COM: the address is known. */
const isComplete = (row: NeighDumpRow) =>
  row.lladdr !== undefined && !row.state.includes('INCOMPLETE') && !row.state.includes('FAILED');

function linuxLine(row: NeighDumpRow): string {
  const name = row.dst.padEnd(23);
  if (row.proxy)
    return `${name}  ${'*'.padEnd(8)}${'<from_interface>'.padEnd(20)}${'MP'.padEnd(6)}${''.padEnd(16)}${row.dev}\n`;
  const flags = isComplete(row) ? `C${isPermanent(row) ? 'M' : ''}` : '';
  const hardware = isComplete(row)
    ? `${'ether'.padEnd(8)}${(row.lladdr ?? '').padEnd(20)}`
    : `${''.padEnd(8)}${'(incomplete)'.padEnd(20)}`;
  return `${name}  ${hardware}${flags.padEnd(6)}${''.padEnd(16)}${row.dev}\n`;
}

function bsdLine(row: NeighDumpRow): string {
  const head = `? (${row.dst}) at `;
  if (row.proxy) return `${head}<from_interface> PERM PUB on ${row.dev}\n`;
  if (!isComplete(row)) return `${head}<incomplete> on ${row.dev}\n`;
  return `${head}${row.lladdr} [ether] ${isPermanent(row) ? 'PERM ' : ''}on ${row.dev}\n`;
}

// --- changing ----------------------------------------------------------------------------------------------------------

/** The device whose network holds the address (arp_req_set asks the routing table). */
function deviceTowards(ctx: ProcessContext, dst: Ip4): string | undefined {
  const reply = ctx.netlink.lookupRoute({ dst });
  if (!reply.ok) return undefined;
  const onLink = ctx.netlink.getAddrs().some((row) => {
    const local = parseIp4(row.local);
    return local.ok && row.dev === reply.value.dev && prefixContains(local.value, row.prefixlen, dst);
  });
  return onLink || reply.value.gateway === undefined ? reply.value.dev : undefined;
}

function takeHost(args: string[]): Ip4 {
  const host = args.shift();
  if (host === undefined) throw new Exit(255, 'arp: need host name\n');
  return resolveHost(host, 255, 'Host name lookup failure');
}

function set(ctx: ProcessContext, args: string[], options: Options): number {
  const dst = takeHost(args);
  const hardware = args.shift();
  if (hardware === undefined) throw new Exit(255, 'arp: need hardware address\n');
  const fromDevice =
    options.action === 'set from device' ? ctx.netlink.getLink(hardware)?.address : undefined;
  const lladdr = macOf(fromDevice ?? hardware);
  if (lladdr === undefined) throw new Exit(255, 'arp: invalid hardware address\n');
  const proxy = args.includes('pub');
  if (proxy && options.dev === undefined && options.action === 'set')
    throw new Exit(255, 'SIOCSARP: No such device\n');
  const dev = options.dev ?? (proxy ? hardware : deviceTowards(ctx, dst));
  if (dev === undefined) throw new Exit(255, 'SIOCSARP: Network is unreachable\n');
  const spec = proxy
    ? { dev, dst, proxy }
    : { dev, dst, lladdr, state: args.includes('temp') ? ('REACHABLE' as const) : ('PERMANENT' as const) };
  const done = ctx.netlink.newNeigh(spec, 'replace');
  if (!done.ok) throw new Exit(255, `SIOCSARP: ${strerror[done.error.errno]}\n`);
  return 0;
}

function remove(ctx: ProcessContext, args: string[], options: Options): number {
  const host = args[0] ?? '';
  const dst = takeHost(args);
  const proxy = args.includes('pub');
  const row = ctx.netlink
    .getNeighs({ proxy })
    .find((entry) => entry.dst === host && (options.dev === undefined || entry.dev === options.dev));
  const dev = row?.dev;
  const done =
    dev === undefined ? undefined : ctx.netlink.delNeigh({ dev, dst, ...(proxy ? { proxy } : {}) });
  if (done?.ok) return 0;
  ctx.print(`No ARP entry for ${host}\n`);
  return 255;
}
