import type { Netlink, NetnsHandle, ProcessContext } from '../../kernel/netlink';
import { Exit } from '../program';
import { writeJson, type Json } from '../json';
import { isPrefixOf, wrongArgument, type Args, type Family } from './args';
import { IP_USAGE } from './usage';

export interface IpOptions {
  json: boolean;
  pretty: boolean;
  details: number;
  stats: number;
  brief: boolean;
  oneline: boolean;
  numeric: boolean;
  family: Family;
  /** Namespace to work in (`-n`). */
  netns?: string;
}

/** What every `ip` object works with. */
export interface Ip {
  readonly ctx: ProcessContext;
  readonly netlink: Netlink;
  /** The namespace worked in: the process's own, or that of `-n`. */
  readonly netns: NetnsHandle;
  readonly options: IpOptions;
  readonly args: Args;
}

export function printJson(ip: { ctx: ProcessContext; options: { pretty: boolean } }, value: Json): void {
  ip.ctx.print(writeJson(value, ip.options.pretty) + '\n');
}

/** Line separator inside one record: `-o` prints a backslash instead of a line break. */
export function separator(options: IpOptions): string {
  return options.oneline ? '\\' : '\n';
}

type Setter = (options: IpOptions, args: Args) => void;
const FAMILIES: Readonly<Record<string, Family>> = { inet: 'inet', inet6: 'inet6', link: 'link' };

/** In the order in which ip.c tries them; a beginning is enough, except for the one-letter families. */
const OPTIONS: readonly (readonly [string, Setter])[] = [
  ['loops', (_, args) => void args.take()],
  ['family', setFamily],
  ['human-readable', () => {}],
  ['iec', () => {}],
  ['statistics', (options) => (options.stats += 1)],
  ['stats', (options) => (options.stats += 1)],
  ['details', (options) => (options.details += 1)],
  ['resolve', () => {}],
  ['oneline', (options) => (options.oneline = true)],
  ['timestamp', () => {}],
  ['tshort', () => {}],
  ['Version', version],
  ['force', () => {}],
  ['batch', refuseBatch],
  ['brief', (options) => (options.brief = true)],
  ['json', (options) => (options.json = true)],
  ['rcvbuf', (_, args) => void args.take()],
  ['color', () => {}],
  ['help', () => usage()],
  ['netns', (options, args) => (options.netns = args.done ? '(null)' : args.take())],
  ['Numeric', (options) => (options.numeric = true)],
  ['all', () => {}],
  ['pretty', (options) => (options.pretty = true)],
];
const EXACT: Readonly<Record<string, Family>> = { '4': 'inet', '6': 'inet6', '0': 'link' };

function setFamily(options: IpOptions, args: Args): void {
  if (args.done) usage();
  const word = args.take();
  if (word === 'help') usage();
  options.family = FAMILIES[word] ?? wrongArgument(word, 'invalid protocol family');
}
function refuseBatch(): never {
  throw new Exit(1, 'ip -batch is not supported here: give one command at a time.\n');
}

export const IP_VERSION = '6.1.0';
function version(): never {
  throw new Exit(0, `ip utility, iproute2-${IP_VERSION}, libbpf 1.1.2\n`, 'stdout');
}
export function usage(): never {
  throw new Exit(255, IP_USAGE);
}

/** Reads the options before the object (ip.c main). */
export function readOptions(args: Args): IpOptions {
  const options: IpOptions = {
    json: false,
    pretty: false,
    details: 0,
    stats: 0,
    brief: false,
    oneline: false,
    numeric: false,
    family: 'any',
  };
  while (args.word?.startsWith('-')) {
    const given = args.take();
    if (given === '--') break;
    const name = given.replace(/^--?/, '');
    const exact = EXACT[name];
    if (exact !== undefined) options.family = exact;
    else if (!/^color=(always|auto|never)$/.test(name)) {
      const found = OPTIONS.find(([keyword]) => isPrefixOf(name, keyword));
      if (!found) throw new Exit(255, `Option "${given.replace(/^--/, '-')}" is unknown, try "ip -help".\n`);
      found[1](options, args);
    }
  }
  return options;
}
