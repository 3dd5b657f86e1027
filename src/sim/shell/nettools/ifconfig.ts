/** `ifconfig` of net-tools 2.10: shows interfaces; up, down, addresses, mtu and a few more through the old ioctls. */
import { broadcastOf, formatIp4, maskOf, networkOf, parseIp4, type Ip4 } from '../../wire/index';
import type {
  AddrRow,
  LinkChange,
  LinkRow,
  LinkStats,
  NetlinkError,
  ProcessContext,
  Reply,
} from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { macOf } from '../ip/args';
import { Exit, type Program } from '../program';
import type { Place } from '../completion';
import { resolveHost } from './resolve';
import { IFCONFIG_USAGE } from './usage';

function slots(given: readonly string[]): Place {
  const names = given.filter((word) => !word.startsWith('-'));
  return names.length === 0
    ? { words: ['-a', '-s'], kinds: ['device'] }
    : {
        words: [
          'up',
          'down',
          'mtu',
          'netmask',
          'broadcast',
          'hw',
          'promisc',
          '-promisc',
          'arp',
          '-arp',
          'txqueuelen',
        ],
      };
}

export const ifconfig: Program = {
  name: 'ifconfig',
  group: 'net-tools',
  about: 'show interfaces, bring them up and down, set addresses',
  slots,
  run(ctx, words) {
    const args = [...words];
    let all = false;
    let short = false;
    while (args[0]?.startsWith('-')) {
      const word = args.shift() ?? '';
      if (word === '-a') all = true;
      else if (word === '-s') short = true;
      else if (word === '-v') continue;
      else if (['-h', '--help', '-?'].includes(word)) {
        ctx.print(IFCONFIG_USAGE);
        return 0;
      } else if (word === '-V' || word === '--version') {
        ctx.print('net-tools 2.10\n');
        return 0;
      } else {
        throw new Exit(
          1,
          `ifconfig: option \`${word}' not recognised.\nifconfig: \`--help' gives usage information.\n`,
        );
      }
    }
    const [name, ...change] = args;
    if (name === undefined) return showAll(ctx, all, short);
    return change.length === 0 ? showOne(ctx, name, short) : changeInterface(ctx, name, change);
  },
};

// --- showing -----------------------------------------------------------------------------------------------------------

/** A device, or an alias of it (`eth0:1`), with the address it shows. */
interface Interface {
  readonly name: string;
  readonly link: LinkRow;
  readonly address?: AddrRow;
  /** An alias has no counters. */
  readonly stats?: LinkStats;
}

function interfaces(ctx: ProcessContext): Interface[] {
  const addresses = ctx.netlink.getAddrs();
  const found = ctx.netlink.getLinks().flatMap((link): Interface[] => {
    const own = addresses.filter((row) => row.dev === link.ifname);
    // The old interface knows one address for each label: the first.
    const labels = [...new Set(own.map((row) => row.label))].filter((label) => label !== link.ifname);
    const device: Interface = {
      name: link.ifname,
      link,
      address: own.find((row) => row.label === link.ifname),
      stats: ctx.netlink.getStats(link.ifname) ?? NO_STATS,
    };
    return [
      device,
      ...labels.map((name) => ({ name, link, address: own.find((row) => row.label === name) })),
    ];
  });
  return found.sort((a, b) => compareNames(a.name, b.name));
}
const NO_STATS: LinkStats = {
  rxBytes: 0,
  rxPackets: 0,
  rxDropped: 0,
  txBytes: 0,
  txPackets: 0,
  txDropped: 0,
  txErrors: 0,
};

/** `nstrcmp`: letters first, then trailing digits by value, so eth2 comes before eth10. */
function compareNames(a: string, b: string): number {
  const split = (name: string) => /^(.*?)(\d*)$/.exec(name) ?? [name, name, ''];
  const [, headA = '', tailA = ''] = split(a);
  const [, headB = '', tailB = ''] = split(b);
  if (headA === headB && tailA !== '' && tailB !== '') return Number(tailA) - Number(tailB);
  return a < b ? -1 : a > b ? 1 : 0;
}

function showAll(ctx: ProcessContext, all: boolean, short: boolean): number {
  const shown = interfaces(ctx).filter(({ link }) => all || link.flags.includes('UP'));
  const head = 'Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';
  ctx.print((short ? head : '') + shown.map((one) => (short ? shortLine(one) : longText(one))).join(''));
  return 0;
}

function showOne(ctx: ProcessContext, name: string, short: boolean): number {
  const one = interfaces(ctx).find((candidate) => candidate.name === name);
  if (!one) throw new Exit(1, `${name}: error fetching interface information: Device not found\n`);
  const head = 'Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';
  ctx.print(short ? head + shortLine(one) : longText(one));
  return 0;
}

/** IFF_ bits with ifconfig's names, in the order it prints them, and the letter of `-s`. */
const FLAGS: readonly (readonly [bit: number, name: string, letter: string])[] = [
  [0x1, 'UP', 'U'],
  [0x2, 'BROADCAST', 'B'],
  [0x4, 'DEBUG', 'D'],
  [0x8, 'LOOPBACK', 'L'],
  [0x10, 'POINTOPOINT', 'P'],
  [0x20, 'NOTRAILERS', ''],
  [0x40, 'RUNNING', 'R'],
  [0x80, 'NOARP', 'O'],
  [0x100, 'PROMISC', 'P'],
  [0x200, 'ALLMULTI', 'A'],
  [0x1000, 'MULTICAST', 'M'],
];
/** `netstat -i` and `ifconfig -s` write the letters in this order. */
const LETTER_ORDER = 'ABDLMmNOPRU';

function flagNames(link: LinkRow): Set<string> {
  const names = new Set(link.flags);
  if (names.has('LOWER_UP') && !names.has('NO-CARRIER')) names.add('RUNNING');
  return names;
}

function longText({ name, link, address, stats }: Interface): string {
  const names = flagNames(link);
  const set = FLAGS.filter(([, flag]) => names.has(flag));
  const bits = set.reduce((sum, [bit]) => sum + bit, 0);
  let text = `${name}: flags=${bits}<${set.map(([, flag]) => flag).join(',')}>  mtu ${link.mtu}\n`;
  if (address) text += addressLine(link, address);
  text += hardwareLine(link);
  if (!stats) return text + '\n';
  return (
    text +
    `        RX packets ${stats.rxPackets}  bytes ${stats.rxBytes} (${humanBytes(stats.rxBytes)})\n` +
    `        RX errors 0  dropped ${stats.rxDropped}  overruns 0  frame 0\n` +
    `        TX packets ${stats.txPackets}  bytes ${stats.txBytes} (${humanBytes(stats.txBytes)})\n` +
    `        TX errors ${stats.txErrors}  dropped ${stats.txDropped} overruns 0  carrier 0  collisions 0\n\n`
  );
}

function addressLine(link: LinkRow, address: AddrRow): string {
  let line = `        inet ${address.local}  netmask ${formatIp4(maskOf(address.prefixlen))}`;
  if (link.flags.includes('BROADCAST')) line += `  broadcast ${address.broadcast ?? '0.0.0.0'}`;
  if (link.flags.includes('POINTOPOINT')) line += `  destination ${address.address ?? address.local}`;
  return line + '\n';
}

function hardwareLine(link: LinkRow): string {
  const tail = `  txqueuelen ${link.txqlen}`;
  if (link.link_type === 'loopback') return `        loop${tail}  (Local Loopback)\n`;
  if (link.link_type === 'ether') return `        ether ${link.address}${tail}  (Ethernet)\n`;
  if (link.link_type === 'ipip') return `        tunnel${tail}  (IPIP Tunnel)\n`;
  return `        unspec ${Array.from({ length: 16 }, () => '00').join('-')}${tail}  (UNSPEC)\n`;
}

/** One decimal, cut: 14126 is 13.7 KiB. */
function humanBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  let size = 1;
  while (unit < units.length - 1 && bytes >= size * 1024) {
    size *= 1024;
    unit += 1;
  }
  const tenths = Math.floor((bytes * 10) / size);
  return `${Math.floor(tenths / 10)}.${tenths % 10} ${units[unit] ?? ''}`;
}

function shortLine({ name, link, stats }: Interface): string {
  const names = flagNames(link);
  const letters = FLAGS.filter(([, flag, letter]) => letter !== '' && names.has(flag)).map(
    ([, , letter]) => letter,
  );
  const flags = letters.sort((a, b) => LETTER_ORDER.indexOf(a) - LETTER_ORDER.indexOf(b)).join('');
  const pad = (value: number, width: number) => String(value).padStart(width);
  const head = `${name.padEnd(15)} ${pad(link.mtu, 5)}`;
  if (!stats) return `${head}      - no statistics available -                        ${flags}\n`;
  return (
    `${head} ${pad(stats.rxPackets, 8)} ${pad(0, 6)} ${pad(stats.rxDropped, 6)} ${'0'.padEnd(6)} ` +
    `${pad(stats.txPackets, 8)} ${pad(stats.txErrors, 6)} ${pad(stats.txDropped, 6)} ${pad(0, 6)} ${flags}\n`
  );
}

// --- changing ----------------------------------------------------------------------------------------------------------

interface Pending {
  local?: Ip4;
  prefixlen?: number;
  broadcast?: Ip4;
}

function fail(call: string, error: NetlinkError): never {
  throw new Exit(1, `${call}: ${strerror[error.errno]}\n`);
}
function check(reply: Reply, call: string): void {
  if (!reply.ok) fail(call, reply.error);
}

/** A word, what it changes, and the ioctl that its refusal names. */
const SWITCHES: Readonly<Record<string, readonly [LinkChange, string]>> = {
  up: [{ up: true }, 'SIOCSIFFLAGS'],
  down: [{ up: false }, 'SIOCSIFFLAGS'],
  promisc: [{ promisc: true }, 'SIOCSIFFLAGS'],
  '-promisc': [{ promisc: false }, 'SIOCSIFFLAGS'],
  arp: [{ arp: true }, 'SIOCSIFFLAGS'],
  '-arp': [{ arp: false }, 'SIOCSIFFLAGS'],
};

function changeInterface(ctx: ProcessContext, name: string, words: readonly string[]): number {
  const { netlink } = ctx;
  const args = [...words];
  const pending: Pending = {};
  const dev = name.split(':')[0] ?? name;
  while (args.length > 0) {
    const word = args.shift() ?? '';
    const value = () => args.shift() ?? usage();
    const change = Object.hasOwn(SWITCHES, word) ? SWITCHES[word] : undefined;
    if (change) {
      requireDevice(ctx, dev, name);
      check(netlink.setLink(dev, change[0]), change[1]);
    } else if (word === 'mtu' || word === 'txqueuelen') {
      const number = Number(value());
      if (!Number.isSafeInteger(number))
        throw new Exit(1, `SIOCSIF${word === 'mtu' ? 'MTU' : 'TXQLEN'}: Invalid argument\n`);
      const change = word === 'mtu' ? { mtu: number } : { txqlen: number };
      check(netlink.setLink(dev, change), word === 'mtu' ? 'SIOCSIFMTU' : 'SIOCSIFTXQLEN');
    } else if (word === 'hw') changeHardware(ctx, dev, value(), value());
    else if (word === 'netmask') pending.prefixlen = maskLength(value());
    else if (word === 'broadcast') pending.broadcast = lookUp(value());
    else if (word === 'inet') continue;
    else if (
      [
        'add',
        'del',
        'pointopoint',
        'dstaddr',
        'tunnel',
        '-broadcast',
        'multicast',
        'allmulti',
        '-allmulti',
        'name',
      ].includes(word)
    )
      throw new Exit(1, `ifconfig ${word} is not modelled here.\n`);
    else readAddress(pending, word);
  }
  applyAddress(ctx, dev, name, pending);
  return 0;
}

function usage(): never {
  throw new Exit(3, IFCONFIG_USAGE);
}
function requireDevice(ctx: ProcessContext, dev: string, name: string): void {
  if (!ctx.netlink.getLink(dev))
    throw new Exit(255, `${name}: ERROR while getting interface flags: No such device\n`);
}
function lookUp(word: string): Ip4 {
  return resolveHost(word, 1, "Host name lookup failure\nifconfig: `--help' gives usage information.");
}

function changeHardware(ctx: ProcessContext, dev: string, type: string, address: string): void {
  if (type !== 'ether') throw new Exit(1, `${type}: unknown hardware class.\n`);
  const mac = macOf(address);
  if (mac === undefined) throw new Exit(1, `${address}: invalid ether address.\n`);
  check(ctx.netlink.setLink(dev, { mac }), 'SIOCSIFHWADDR');
}

function maskLength(text: string): number {
  const host = ~lookUp(text) >>> 0;
  if ((host & (host + 1)) !== 0) throw new Exit(1, 'SIOCSIFNETMASK: Invalid argument\n');
  return Math.clz32(host);
}

function readAddress(pending: Pending, word: string): void {
  const [host = '', length] = word.split('/', 2);
  pending.local = host === '0' ? 0 : lookUp(host);
  if (length === undefined) return;
  const len = /^\d{1,2}$/.test(length) ? Number(length) : Number.NaN;
  if (!(len <= 32))
    throw new Exit(1, `${word}: Host name lookup failure\nifconfig: \`--help' gives usage information.\n`);
  pending.prefixlen = len;
}

/** Setting an address replaces the one under this label and brings the interface up; 0.0.0.0 takes it away. */
function applyAddress(ctx: ProcessContext, dev: string, name: string, pending: Pending): void {
  const { netlink } = ctx;
  const { local, prefixlen, broadcast } = pending;
  if (local === undefined && prefixlen === undefined && broadcast === undefined) return;
  if (!netlink.getLink(dev)) throw new Exit(255, 'SIOCSIFADDR: No such device\n');
  const old = netlink.getAddrs().find((row) => row.dev === dev && row.label === name);
  const oldLocal = old === undefined ? undefined : parseIp4(old.local);
  const address = local ?? (oldLocal?.ok ? oldLocal.value : undefined);
  if (address === undefined) throw new Exit(1, 'SIOCSIFNETMASK: Cannot assign requested address\n');
  if (old && oldLocal?.ok) netlink.delAddr({ dev, local: oldLocal.value, prefixlen: old.prefixlen });
  if (address === 0) return;
  const len = prefixlen ?? (local === undefined && old ? old.prefixlen : classLength(address));
  const wanted = broadcast ?? (len <= 30 ? broadcastOf(networkOf(address, len), len) : undefined);
  check(
    netlink.newAddr({ dev, local: address, prefixlen: len, broadcast: wanted, label: name, scope: 'global' }),
    'SIOCSIFADDR',
  );
  if (local !== undefined) check(netlink.setLink(dev, { up: true }), 'SIOCSIFFLAGS');
}

/** inet_abc_len(): the class decides without a netmask. */
function classLength(address: Ip4): number {
  if (address >>> 31 === 0) return 8;
  return address >>> 30 === 2 ? 16 : 24;
}
