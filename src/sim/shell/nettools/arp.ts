/** arp (net-tools 2.10): the neighbour table in /proc/net/arp's words. */
import { formatIp4, parseIp4, parseMac, type Ip4 } from '../../wire/index';
import type { NeighDumpRow, Netlink } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { ARP_USAGE } from './usage';

interface Options {
  bsd: boolean;
  action: 'show' | 'set' | 'delete';
  dev: string | undefined;
  words: string[];
}

function parse(args: readonly string[]): Options {
  const options: Options = { bsd: false, action: 'show', dev: undefined, words: [] };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!/^-./.test(word)) {
      options.words.push(word);
      continue;
    }
    if (word.startsWith('--')) {
      const long: Record<string, string> = {
        '--set': 's',
        '--delete': 'd',
        '--numeric': 'n',
        '--device': 'i',
        '--verbose': 'v',
      };
      apply(options, long[word] ?? '?', rest);
    } else for (const letter of word.slice(1)) apply(options, letter, rest);
  }
  return options;
}

function apply(options: Options, letter: string, rest: string[]): void {
  if (letter === 'a') options.bsd = true;
  else if (letter === 's') options.action = 'set';
  else if (letter === 'd') options.action = 'delete';
  else if (letter === 'i') options.dev = rest.shift();
  else if (!'nve'.includes(letter)) throw new Exit(3, `arp: invalid option -- '${letter}'\n${ARP_USAGE}`);
}

function flags(row: NeighDumpRow): string {
  return `${row.lladdr === undefined ? '' : 'C'}${row.state.includes('PERMANENT') ? 'M' : ''}`;
}

function tableLine(row: NeighDumpRow): string {
  const name = row.dst.padEnd(24);
  if (row.lladdr === undefined) return `${name}         ${'(incomplete)'.padEnd(42)}${row.dev}\n`;
  return `${name} ${'ether'.padEnd(7)} ${row.lladdr.padEnd(19)} ${flags(row).padEnd(5)} ${''.padEnd(15)} ${row.dev}\n`;
}

function bsdLine(row: NeighDumpRow): string {
  const at = row.lladdr === undefined ? '<incomplete>' : `${row.lladdr} [ether]`;
  const permanent = row.state.includes('PERMANENT') ? ' PERM' : '';
  return `? (${row.dst}) at ${at}${permanent} on ${row.dev}\n`;
}

function show(netlink: Netlink, options: Options): string {
  const wanted = options.words[0];
  // /proc/net/arp leaves NOARP entries out.
  const rows = netlink
    .getNeighs({ dev: options.dev })
    .filter((row) => !row.state.includes('NOARP') && (wanted === undefined || row.dst === wanted));
  if (rows.length === 0) {
    if (wanted !== undefined) return `${wanted} (${wanted}) -- no entry\n`;
    return options.dev === undefined ? '' : `arp: in 0 entries no match found.\n`;
  }
  if (options.bsd) return rows.map(bsdLine).join('');
  return `Address                  HWtype  HWaddress           Flags Mask            Iface\n${rows.map(tableLine).join('')}`;
}

function host(word: string | undefined): Ip4 {
  if (word === undefined) throw new Exit(255, 'arp: need host name\n');
  const parsed = parseIp4(word);
  if (!parsed.ok) throw new Exit(255, `${word}: Temporary failure in name resolution\n`);
  return parsed.value;
}

function remove(netlink: Netlink, options: Options): number {
  const dst = host(options.words[0]);
  const text = formatIp4(dst);
  const row = netlink.getNeighs({ dev: options.dev }).find((each) => each.dst === text);
  if (!row) throw new Exit(255, `No ARP entry for ${text}\n`);
  netlink.delNeigh({ dev: row.dev, dst });
  return 0;
}

function set(netlink: Netlink, options: Options): number {
  const dst = host(options.words[0]);
  const word = options.words[1];
  if (word === undefined) throw new Exit(255, 'arp: need hardware address\n');
  const lladdr = parseMac(word);
  if (!lladdr.ok) throw new Exit(255, 'arp: invalid hardware address\n');
  const answer = netlink.lookupRoute({ dst });
  const dev = options.dev ?? (answer.ok ? answer.value.dev : undefined);
  if (dev === undefined) throw new Exit(255, 'SIOCSARP: Network is unreachable\n');
  netlink.newNeigh(
    { dev, dst, lladdr: lladdr.value, state: options.words.includes('temp') ? 'STALE' : 'PERMANENT' },
    'replace',
  );
  return 0;
}

export const arp: Program = {
  name: 'arp',
  group: 'net-tools',
  about: 'show or change the neighbour table (-n -a -d -s)',
  run(ctx, args) {
    const options = parse(args);
    if (options.action === 'delete') return remove(ctx.netlink, options);
    if (options.action === 'set') return set(ctx.netlink, options);
    ctx.print(show(ctx.netlink, options));
    return 0;
  },
};
