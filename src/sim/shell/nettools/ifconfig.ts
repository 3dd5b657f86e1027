/** ifconfig (net-tools 2.10): one paragraph per interface; sets address, netmask, mtu, up and down. */
import { broadcastOf, formatIp4, maskOf, parseIp4, parseMac, parsePrefix } from '../../wire/index';
import type { AddrRow, LinkRow, LinkStats, Netlink } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { IFCONFIG_USAGE } from './usage';

/** IFF_* bits, in the order in which ifconfig prints the names it knows. */
const BITS: readonly (readonly [string, number, (link: LinkRow) => boolean])[] = [
  ['UP', 0x1, (link) => link.flags.includes('UP')],
  ['BROADCAST', 0x2, (link) => link.flags.includes('BROADCAST')],
  ['LOOPBACK', 0x8, (link) => link.flags.includes('LOOPBACK')],
  ['POINTOPOINT', 0x10, (link) => link.flags.includes('POINTOPOINT')],
  ['RUNNING', 0x40, (link) => link.flags.includes('LOWER_UP')],
  ['NOARP', 0x80, (link) => link.flags.includes('NOARP')],
  ['PROMISC', 0x100, (link) => link.flags.includes('PROMISC')],
  ['MULTICAST', 0x1000, (link) => link.flags.includes('MULTICAST')],
];

function flagText(link: LinkRow): string {
  const set = BITS.filter(([, , has]) => has(link));
  return `flags=${set.reduce((sum, [, bit]) => sum | bit, 0)}<${set.map(([name]) => name).join(',')}>`;
}

/** 1082 → `1.0 KiB` (ifconfig's print_bytes_scaled: binary units, one decimal, cut). */
function scaled(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let divisor = 1;
  while (at < units.length - 1 && bytes >= divisor * 1024) {
    divisor *= 1024;
    at++;
  }
  return `${(Math.floor((bytes / divisor) * 10) / 10).toFixed(1)} ${units[at]}`;
}

function paragraph(link: LinkRow, address: AddrRow | undefined, stats: LinkStats): string {
  const lines = [`${link.ifname}: ${flagText(link)}  mtu ${link.mtu}`];
  if (address) {
    const mask = `netmask ${formatIp4(maskOf(address.prefixlen))}`;
    const peer = address.address === undefined ? '' : `  destination ${address.address}`;
    const broadcast = link.flags.includes('BROADCAST') ? `  broadcast ${address.broadcast ?? '0.0.0.0'}` : '';
    lines.push(`inet ${address.local}  ${mask}${broadcast}${peer}`);
  }
  if (link.link_type === 'loopback') lines.push(`loop  txqueuelen ${link.txqlen}  (Local Loopback)`);
  else if (link.link_type === 'ether')
    lines.push(`ether ${link.address}  txqueuelen ${link.txqlen}  (Ethernet)`);
  else
    lines.push(`unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  txqueuelen ${link.txqlen}  (UNSPEC)`);
  lines.push(`RX packets ${stats.rxPackets}  bytes ${stats.rxBytes} (${scaled(stats.rxBytes)})`);
  lines.push(`RX errors 0  dropped ${stats.rxDropped}  overruns 0  frame 0`);
  lines.push(`TX packets ${stats.txPackets}  bytes ${stats.txBytes} (${scaled(stats.txBytes)})`);
  lines.push(`TX errors ${stats.txErrors}  dropped ${stats.txDropped} overruns 0  carrier 0  collisions 0`);
  return `${lines.join('\n        ')}\n\n`;
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

function show(netlink: Netlink, wanted: string | undefined, all: boolean): string {
  const addresses = netlink.getAddrs();
  const links = netlink
    .getLinks()
    .filter((link) => (wanted === undefined ? all || link.flags.includes('UP') : link.ifname === wanted))
    .sort((a, b) => (a.ifname < b.ifname ? -1 : 1));
  return links
    .map((link) =>
      paragraph(
        link,
        addresses.find((row) => row.dev === link.ifname && row.secondary !== true),
        netlink.getStats(link.ifname) ?? NO_STATS,
      ),
    )
    .join('');
}

/** `ifconfig DEV ADDRESS` replaces the first address; `/len` or `netmask` tells its prefix. */
function setAddress(netlink: Netlink, dev: string, word: string, rest: string[]): void {
  const parsed = word.includes('/') ? parsePrefix(word) : parseIp4(word);
  if (!parsed.ok)
    throw new Exit(1, `${word}: Host name lookup failure\nifconfig: \`--help' gives usage information.\n`);
  const local = typeof parsed.value === 'number' ? parsed.value : parsed.value.addr;
  let prefixlen =
    typeof parsed.value === 'number'
      ? local >>> 24 < 128
        ? 8
        : local >>> 24 < 192
          ? 16
          : 24
      : parsed.value.len;
  const at = rest.indexOf('netmask');
  if (at >= 0) {
    const mask = parseIp4(rest[at + 1] ?? '');
    for (let len = 0; mask.ok && len <= 32; len++) if (maskOf(len) === mask.value) prefixlen = len;
    rest.splice(at, 2);
  }
  const old = netlink.getAddrs().find((row) => row.dev === dev);
  const oldLocal = old && parseIp4(old.local);
  if (old && oldLocal?.ok) netlink.delAddr({ dev, local: oldLocal.value, prefixlen: old.prefixlen });
  const broadcast = prefixlen <= 30 ? broadcastOf(local, prefixlen) : undefined;
  netlink.newAddr({ dev, local, prefixlen, broadcast });
  netlink.setLink(dev, { up: true });
}

function configure(netlink: Netlink, dev: string, words: readonly string[]): void {
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === 'up' || word === 'down') netlink.setLink(dev, { up: word === 'up' });
    else if (word === 'mtu') {
      const reply = netlink.setLink(dev, { mtu: Number(rest.shift()) });
      if (!reply.ok) throw new Exit(1, `SIOCSIFMTU: ${strerror[reply.error.errno]}\n`);
    } else if (word === 'hw' && rest[0] === 'ether') {
      const mac = parseMac(rest[1] ?? '');
      if (!mac.ok) throw new Exit(1, `${rest[1] ?? ''}: invalid ether address.\n`);
      const reply = netlink.setLink(dev, { mac: mac.value });
      if (!reply.ok) throw new Exit(1, `SIOCSIFHWADDR: ${strerror[reply.error.errno]}\n`);
      rest.splice(0, 2);
    } else if (word === 'promisc' || word === '-promisc')
      netlink.setLink(dev, { promisc: word === 'promisc' });
    else if (word === 'arp' || word === '-arp') netlink.setLink(dev, { arp: word === 'arp' });
    else setAddress(netlink, dev, word, rest);
  }
}

export const ifconfig: Program = {
  name: 'ifconfig',
  group: 'net-tools',
  about: 'show or set interfaces (-a)',
  run(ctx, args) {
    const { netlink } = ctx;
    if (args.includes('--help') || args.includes('-h')) throw new Exit(0, IFCONFIG_USAGE);
    const [dev, ...rest] = args.filter((word) => !/^-[a-z]$/.test(word));
    const bad = args.find((word) => /^-[a-z]$/.test(word) && word !== '-a' && word !== '-v');
    if (bad !== undefined)
      throw new Exit(
        1,
        `ifconfig: option \`${bad}' not recognised.\nifconfig: \`--help' gives usage information.\n`,
      );
    if (dev !== undefined && !netlink.getLink(dev)) {
      const text =
        rest.length === 0
          ? 'error fetching interface information: Device not found'
          : 'ERROR while getting interface flags: No such device';
      throw new Exit(1, `${dev}: ${text}\n`);
    }
    if (dev !== undefined && rest.length > 0) configure(netlink, dev, rest);
    else ctx.print(show(netlink, dev, args.includes('-a')));
    return 0;
  },
};
