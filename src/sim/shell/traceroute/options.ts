/** traceroute's command line (2.1.2, CLIF), with its checks and texts. */
import { parseIp4, type Ip4 } from '../../wire/index';
import { Exit } from '../program';
import { TRACEROUTE_USAGE } from './usage';

export interface TracerouteOptions {
  host: string;
  dst: Ip4;
  method: 'default' | 'udp' | 'icmp';
  firstHop: number;
  maxHops: number;
  queries: number;
  simultaneous: number;
  /** s, and the factors by which answers of the same hop and of later hops shorten it (0: not at all). */
  wait: number;
  here: number;
  near: number;
  /** s between probes. */
  sendWait: number;
  port?: number;
  sourcePort?: number;
  source?: Ip4;
  device?: string;
  dontFragment: boolean;
  numeric: boolean;
  tos: number;
  mark?: number;
  /** Of a whole probe, from its IP header. */
  packetLength: number;
  /** Of what a probe carries after the UDP or ICMP header. */
  dataLength: number;
}

const MAX_PACKET = 65_000;
const MAX_QUERIES = 10;
const IP_AND_UDP = 28;

interface OptionSpec {
  readonly short?: string;
  readonly long?: string;
  readonly argument?: string;
  read(options: TracerouteOptions, value: string): boolean | void;
}

const whole = (value: string) => (/^[+-]?(?:0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : Number.NaN);
/** An unsigned number into a field; false when it is none. */
function number(
  field: 'queries' | 'simultaneous' | 'maxHops' | 'firstHop' | 'port' | 'sourcePort' | 'tos' | 'mark',
) {
  return (options: TracerouteOptions, value: string): boolean => {
    const read = whole(value);
    if (Number.isNaN(read)) return false;
    options[field] = read;
    return true;
  };
}
function refuse(what: string) {
  return (): never => {
    throw new Exit(2, `traceroute ${what} is not modelled here.\n`);
  };
}

function readWait(options: TracerouteOptions, value: string): boolean {
  const parts = value.split(',').map(Number);
  const [wait = Number.NaN, here = 0, near = 0] = parts;
  if (value === '' || parts.length > 3 || parts.some((part) => Number.isNaN(part)) || wait < 0) return false;
  Object.assign(options, { wait, here, near });
  return true;
}
function readSendWait(options: TracerouteOptions, value: string): boolean {
  const wait = value === '' ? Number.NaN : Number(value);
  if (!(wait >= 0)) return false;
  options.sendWait = wait >= 10 ? wait / 1000 : wait;
  return true;
}
function readSource(options: TracerouteOptions, value: string): boolean {
  const parsed = parseIp4(value);
  if (!parsed.ok) return false;
  options.source = parsed.value;
  return true;
}
function readModule(options: TracerouteOptions, value: string): void {
  if (value === 'icmp' || value === 'udp' || value === 'default') options.method = value;
  else if (['tcp', 'tcpconn', 'raw', 'dccp', 'udplite'].includes(value)) refuse(`-M ${value}`)();
  else throw new Exit(2, `Unknown traceroute module ${value}\n`);
}
function readSourcePort(options: TracerouteOptions, value: string): boolean {
  const good = number('sourcePort')(options, value);
  // "Implies -N 1": one socket cannot wait for two answers from the same port.
  if (good) options.simultaneous = 1;
  return good;
}

const OPTIONS: readonly OptionSpec[] = [
  { short: '4', read: () => {} },
  { short: '6', read: refuse('-6') },
  { short: 'd', long: 'debug', read: () => {} },
  { short: 'F', long: 'dont-fragment', read: (options) => void (options.dontFragment = true) },
  { short: 'f', long: 'first', argument: 'first_ttl', read: number('firstHop') },
  { short: 'g', long: 'gateway', argument: 'gate,...', read: refuse('-g') },
  { short: 'I', long: 'icmp', read: (options) => void (options.method = 'icmp') },
  { short: 'T', long: 'tcp', read: refuse('-T') },
  {
    short: 'i',
    long: 'interface',
    argument: 'device',
    read: (options, value) => void (options.device = value),
  },
  { short: 'm', long: 'max-hops', argument: 'max_ttl', read: number('maxHops') },
  { short: 'N', long: 'sim-queries', argument: 'squeries', read: number('simultaneous') },
  { short: 'n', read: (options) => void (options.numeric = true) },
  { short: 'p', long: 'port', argument: 'port', read: number('port') },
  { short: 't', long: 'tos', argument: 'tos', read: number('tos') },
  { short: 'l', long: 'flowlabel', argument: 'flow_label', read: refuse('-l') },
  { short: 'w', long: 'wait', argument: 'MAX,HERE,NEAR', read: readWait },
  { short: 'q', long: 'queries', argument: 'nqueries', read: number('queries') },
  { short: 'r', read: refuse('-r') },
  { short: 's', long: 'source', argument: 'src_addr', read: readSource },
  { short: 'z', long: 'sendwait', argument: 'sendwait', read: readSendWait },
  { short: 'e', long: 'extensions', read: () => {} },
  { short: 'A', long: 'as-path-lookups', read: refuse('-A') },
  { short: 'M', long: 'module', argument: 'name', read: readModule },
  { short: 'O', long: 'options', argument: 'OPTS,...', read: refuse('-O') },
  { long: 'sport', argument: 'num', read: readSourcePort },
  { long: 'fwmark', argument: 'num', read: number('mark') },
  { short: 'U', long: 'udp', read: (options) => void (options.method = 'udp') },
  { short: 'D', long: 'dccp', read: refuse('-D') },
  { short: 'P', long: 'protocol', argument: 'prot', read: refuse('-P') },
  { long: 'mtu', read: refuse('--mtu') },
  { long: 'back', read: refuse('--back') },
];

export const VERSION_TEXT =
  'Modern traceroute for Linux, version 2.1.2\nCopyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later\n';

function fail(text: string): never {
  throw new Exit(2, text + '\n');
}

/** Reads one option word; answers with how many words it took. Positions are counted from 1, as the errors tell them. */
function readOption(options: TracerouteOptions, args: readonly string[], at: number): number {
  const word = args[at] ?? '';
  if (word === '--help') throw new Exit(0, TRACEROUTE_USAGE);
  if (word === '-V' || word === '--version') throw new Exit(0, VERSION_TEXT);
  const [name = '', attached] = splitOption(word);
  const long = word.startsWith('--');
  const spec = OPTIONS.find((option) => (long ? `--${option.long}` === name : `-${option.short}` === name));
  // Letters without values may stand together; the last of them may take the next word.
  if (!spec && !long && word.length > 2) return readLetters(options, args, at);
  if (!spec) fail(`Bad option \`${name}' (argc ${at + 1})`);
  return apply(options, spec, name, attached, args, at);
}

function splitOption(word: string): [string, string | undefined] {
  if (!word.startsWith('--')) {
    const spec = OPTIONS.find((option) => option.short !== undefined && word.startsWith(`-${option.short}`));
    return spec?.argument !== undefined && word.length > 2
      ? [word.slice(0, 2), word.slice(2)]
      : [word, undefined];
  }
  const equals = word.indexOf('=');
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

function readLetters(options: TracerouteOptions, args: readonly string[], at: number): number {
  const letters = [...(args[at] ?? '').slice(1)];
  for (const [place, letter] of letters.entries()) {
    const spec = OPTIONS.find((option) => option.short === letter);
    if (!spec) fail(`Bad option \`-${letter}' (argc ${at + 1})`);
    if (spec.argument === undefined) spec.read(options, '');
    else if (place < letters.length - 1) {
      fail(`Option \`-${letter}' (argc ${at + 1}) requires an argument: \`-${letter} ${spec.argument}'`);
    } else return apply(options, spec, `-${letter}`, undefined, args, at);
  }
  return 1;
}

function apply(
  options: TracerouteOptions,
  spec: OptionSpec,
  name: string,
  attached: string | undefined,
  args: readonly string[],
  at: number,
): number {
  if (spec.argument === undefined) {
    spec.read(options, '');
    return 1;
  }
  const value = attached ?? args[at + 1];
  if (value === undefined) {
    const form = name.startsWith('--') ? `${name}=${spec.argument}` : `${name} ${spec.argument}`;
    fail(`Option \`${name}' (argc ${at + 1}) requires an argument: \`${form}'`);
  }
  const took = attached === undefined ? 2 : 1;
  if (spec.read(options, value) === false) {
    fail(`Cannot handle \`${name}' option with arg \`${value}' (argc ${at + took})`);
  }
  return took;
}

function readOperand(options: TracerouteOptions, word: string, position: number, argc: number): void {
  if (position === 1) {
    const parsed = parseIp4(word);
    if (word !== 'localhost' && !parsed.ok) {
      const where = `Cannot handle "host" cmdline arg \`${word}' on position 1 (argc ${argc})`;
      fail(`${word}: Name or service not known\n${where}`);
    }
    options.host = word;
    options.dst = parsed.ok ? parsed.value : 0x7f000001;
  } else if (position === 2) {
    const length = whole(word);
    if (Number.isNaN(length))
      fail(`Cannot handle "packetlen" cmdline arg \`${word}' on position 2 (argc ${argc})`);
    options.packetLength = length;
  } else fail(`Extra arg \`${word}' (position ${position}, argc ${argc})`);
}

export function readTracerouteOptions(args: readonly string[]): TracerouteOptions {
  const options: TracerouteOptions = {
    host: '',
    dst: 0,
    method: 'default',
    firstHop: 1,
    maxHops: 30,
    queries: 3,
    simultaneous: 16,
    wait: 5,
    here: 3,
    near: 10,
    sendWait: 0,
    dontFragment: false,
    numeric: false,
    tos: 0,
    packetLength: 60,
    dataLength: 60 - IP_AND_UDP,
  };
  if (args.length === 0) throw new Exit(0, TRACEROUTE_USAGE);
  let positions = 0;
  for (let at = 0; at < args.length;) {
    const word = args[at] ?? '';
    if (word.startsWith('-') && word.length > 1) at += readOption(options, args, at);
    else {
      positions += 1;
      at += 1;
      readOperand(options, word, positions, at);
    }
  }
  if (positions === 0) fail('Specify "host" missing argument.');
  check(options);
  return options;
}

function check(options: TracerouteOptions): void {
  const { firstHop, maxHops, queries, packetLength } = options;
  if (firstHop < 1 || firstHop > maxHops) fail('first hop out of range');
  if (maxHops > 255) fail('max hops cannot be more than 255');
  if (queries < 1 || queries > MAX_QUERIES) fail(`no more than ${MAX_QUERIES} probes per hop`);
  if (packetLength > MAX_PACKET) fail(`too big packetlen ${packetLength} specified`);
  options.packetLength = Math.max(packetLength, IP_AND_UDP);
  options.dataLength = options.packetLength - IP_AND_UDP;
  options.simultaneous = Math.max(options.simultaneous, 1);
  options.sourcePort = options.sourcePort === undefined ? undefined : options.sourcePort & 0xffff;
}
