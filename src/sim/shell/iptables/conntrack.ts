/** conntrack 1.4.7: list, delete, flush and count tracked connections. */
import { parseIp4, formatIp4, type Ip4 } from '../../wire/index';
import { Exit, type Program } from '../program';
import { netfilterOf, type ConntrackEntry, type ConntrackFilter, type ConntrackTuple } from './door';
import { PROTOCOLS } from './names';
import { CONNTRACK_USAGE } from './usage';

const VERSION = 'conntrack v1.4.7 (conntrack-tools)';
function fail(message: string): never {
  throw new Exit(
    2,
    `${VERSION}: ${message}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
  );
}

function tuple({ src, dst, sport, dport }: ConntrackTuple, protocol: number): string {
  const ends = `src=${formatIp4(src)} dst=${formatIp4(dst)}`;
  if (protocol === 1) return `${ends} type=${dport >>> 8} code=${dport & 0xff} id=${sport}`;
  return protocol === 6 || protocol === 17 ? `${ends} sport=${sport} dport=${dport}` : ends;
}
/** One line of -L, as libnetfilter_conntrack's default output writes it. */
export function entryLine(entry: ConntrackEntry): string {
  const { protocol } = entry;
  const known = [1, 6, 17, 132, 47].includes(protocol);
  const name = known
    ? (Object.keys(PROTOCOLS).find((each) => PROTOCOLS[each] === protocol) ?? 'unknown')
    : 'unknown';
  let text = `${name.padEnd(8)} ${protocol} ${entry.timeoutSec} `;
  if (entry.tcpState !== undefined) text += `${entry.tcpState} `;
  text += `${tuple(entry.orig, protocol)} `;
  if (!entry.seenReply) text += '[UNREPLIED] ';
  text += `${tuple(entry.reply, protocol)} `;
  if (entry.assured) text += '[ASSURED] ';
  return `${text}mark=${entry.mark} use=1`;
}

const COMMANDS: Readonly<Record<string, string>> = {
  '-L': 'L',
  '--dump': 'L',
  '-D': 'D',
  '--delete': 'D',
  '-F': 'F',
  '--flush': 'F',
  '-C': 'C',
  '--count': 'C',
  '-V': 'V',
  '--version': 'V',
};
const NOT_MODELLED: readonly string[] = [
  '-G',
  '-I',
  '-U',
  '-A',
  '-E',
  '-S',
  '--get',
  '--create',
  '--update',
  '--event',
  '--stats',
];
type AddressField = 'origSrc' | 'origDst' | 'replySrc' | 'replyDst';
const ADDRESSES: Readonly<Record<string, AddressField>> = {
  '-s': 'origSrc',
  '--src': 'origSrc',
  '--orig-src': 'origSrc',
  '-d': 'origDst',
  '--dst': 'origDst',
  '--orig-dst': 'origDst',
  '-r': 'replySrc',
  '--reply-src': 'replySrc',
  '-q': 'replyDst',
  '--reply-dst': 'replyDst',
};
const PORTS: Readonly<Record<string, 'sport' | 'dport'>> = {
  '--sport': 'sport',
  '--orig-port-src': 'sport',
  '--dport': 'dport',
  '--orig-port-dst': 'dport',
};
const TABLES: readonly string[] = ['conntrack', 'expect', 'dying', 'unconfirmed'];

function address(word: string): Ip4 {
  const parsed = parseIp4(word);
  return parsed.ok ? parsed.value : fail(`Invalid IP address \`${word}'`);
}

interface Wanted {
  command: string | undefined;
  table: string;
  filter: { -readonly [K in keyof ConntrackFilter]: ConntrackFilter[K] };
}
function parse(args: readonly string[]): Wanted {
  const wanted: Wanted = { command: undefined, table: 'conntrack', filter: {} };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
    const next = (): string => rest.shift() ?? fail(`option \`${String(word)}' requires an argument`);
    if (command !== undefined) {
      if (wanted.command !== undefined) fail('Invalid commands combination');
      wanted.command = command;
      const table = rest[0];
      if (table !== undefined && !table.startsWith('-')) {
        if (!TABLES.includes(table)) fail(`unknown type \`${table}'`);
        wanted.table = rest.shift() ?? '';
      }
    } else if (NOT_MODELLED.includes(word)) throw new Exit(1, `conntrack ${word} is not modelled here.\n`);
    else readOption(word, next, wanted.filter);
  }
  return wanted;
}
function readOption(word: string, next: () => string, filter: Wanted['filter']): void {
  if (Object.hasOwn(ADDRESSES, word)) filter[ADDRESSES[word] as AddressField] = address(next());
  else if (Object.hasOwn(PORTS, word)) filter[PORTS[word] as 'sport'] = Number(next());
  else if (word === '-p' || word === '--proto' || word === '--protonum') {
    const name = next();
    const number = ['icmp', 'tcp', 'udp', 'gre', 'sctp'].includes(name) ? PROTOCOLS[name] : undefined;
    filter.protocol = number ?? fail(`\`${name}' unsupported protocol`);
  } else if (word === '-n' || word === '--src-nat') filter.srcNat = true;
  else if (word === '-g' || word === '--dst-nat') filter.dstNat = true;
  else if (word === '-o' || word === '--output' || word === '-f' || word === '--family') {
    const value = next();
    if (value !== 'extended' && value !== 'ipv4')
      throw new Exit(1, `conntrack ${word} ${value} is not modelled here.\n`);
  } else if (word.startsWith('--')) fail(`unknown option \`${word}'`);
  else if (word !== '-z') fail(`unknown option \`${word}'`);
}

export const conntrack: Program = {
  name: 'conntrack',
  group: 'probes',
  about: 'tracked connections: -L [-p tcp] [-s ADDRESS], -D, -F, -C',
  slots: (words) => ({
    words: words.at(-1) === '-p' ? ['icmp', 'tcp', 'udp'] : ['-L', '-D', '-F', '-C', '-p', '-s', '-d'],
    ...(['-s', '-d'].includes(words.at(-1) ?? '') ? { kinds: ['address'] as const } : {}),
  }),
  run(ctx, args) {
    const { command, table, filter } = parse(args);
    const netfilter = netfilterOf(ctx);
    const expectations = table === 'expect';
    if (command === undefined) throw new Exit(args.length === 0 ? 0 : 2, CONNTRACK_USAGE, 'stdout');
    if (command === 'V') ctx.print(`${VERSION}\n`);
    else if (command === 'C') ctx.print(`${expectations ? 0 : netfilter.conntrackCount()}\n`);
    else if (command === 'L') {
      const entries = expectations ? [] : netfilter.conntrack(filter);
      for (const entry of entries) ctx.print(`${entryLine(entry)}\n`);
      ctx.printError(
        `${VERSION}: ${entries.length} ${expectations ? 'expectations' : 'flow entries'} have been shown.\n`,
      );
    } else if (command === 'F') {
      netfilter.deleteConntrack();
      ctx.printError(`${VERSION}: connection tracking table has been emptied.\n`);
    } else {
      const entries = netfilter.deleteConntrack(filter);
      for (const entry of entries) ctx.print(`${entryLine(entry)}\n`);
      ctx.printError(`${VERSION}: ${entries.length} flow entries have been deleted.\n`);
      return entries.length > 0 ? 0 : 1;
    }
    return 0;
  },
};
