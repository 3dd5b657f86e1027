/** Command line of traceroute 2.1.2: its own option reader (clif.c) with its complaints. */
import { parseIp4, type Ip4 } from '../../wire/index';
import { Exit, parseUnsigned } from '../program';
import { TRACEROUTE_USAGE } from './usage';

const SECOND = 1_000_000_000;
const MAX_HOPS = 255;
const MAX_PROBES = 10;
const MAX_PACKET_LENGTH = 65_000;
/** IPv4 header and UDP or ICMP header. */
const HEADERS = 28;
const DEFAULT_DATA = 40 - 8;
const VERSION =
  'Modern traceroute for Linux, version 2.1.2\nCopyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later\n';

export interface TracerouteOptions {
  /** As typed. */
  readonly host: string;
  readonly dst: Ip4;
  /** default: UDP to a port that counts up; udp: to one port; icmp: echo requests. */
  readonly method: 'default' | 'udp' | 'icmp';
  readonly numeric: boolean;
  readonly firstHop: number;
  readonly maxHops: number;
  readonly queries: number;
  readonly simultaneous: number;
  readonly waitNs: number;
  /** Factors of -w's second and third number; 0: not used. */
  readonly here: number;
  readonly near: number;
  readonly sendWaitNs: number;
  /** First UDP port or ICMP sequence number; 0: the method's own. */
  readonly port: number;
  /** 0: chosen by the kernel. */
  readonly sourcePort: number;
  readonly tos: number;
  readonly mark: number | undefined;
  readonly dontFragment: boolean;
  readonly device: string | undefined;
  readonly source: Ip4 | undefined;
  /** Bytes after the UDP or ICMP header. */
  readonly dataLength: number;
  /** IP datagram, as the header line tells it. */
  readonly packetLength: number;
}

type Draft = { -readonly [K in keyof TracerouteOptions]: TracerouteOptions[K] } & {
  wait: readonly [number, number, number];
  sendWait: number;
  wantedLength: number | undefined;
};
/** Takes the argument; false when it makes no sense. */
type Setter = (draft: Draft, text: string) => boolean;

interface Option {
  readonly short?: string;
  readonly long?: string;
  /** Name of its argument, for complaints; absent: takes none. */
  readonly argument?: string;
  /** Its argument is looked up as a host. */
  readonly host?: boolean;
  readonly set: Setter;
}

function whole(set: (draft: Draft, value: number) => void): Setter {
  return (draft, text) => {
    const value = parseUnsigned(text);
    if (!Number.isNaN(value)) set(draft, value);
    return !Number.isNaN(value);
  };
}
function flag(set: (draft: Draft) => void): Setter {
  return (draft) => {
    set(draft);
    return true;
  };
}
/** strtod of a whole word. */
function decimal(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
function notModelled(what: string): Setter {
  return () => {
    throw new Exit(2, `traceroute: ${what} is not modelled here: use UDP (the default, or -U) or -I\n`);
  };
}

/** Of /etc/services. */
const SERVICES: Readonly<Record<string, number>> = {
  ssh: 22,
  domain: 53,
  http: 80,
  ntp: 123,
  bgp: 179,
  https: 443,
};
/** set_port: what follows the number is not looked at. */
function port(set: (draft: Draft, value: number) => void): Setter {
  return (draft, text) => {
    const digits = /^(?:0x[0-9a-f]+|\d+)/i.exec(text)?.[0];
    const value = digits === undefined ? SERVICES[text] : parseUnsigned(digits);
    if (value === undefined || Number.isNaN(value)) return false;
    set(draft, value & 0xffff);
    return true;
  };
}

const OPTIONS: readonly Option[] = [
  { short: '4', set: flag(() => undefined) },
  { short: 'd', long: 'debug', set: flag(() => undefined) },
  { short: 'e', long: 'extensions', set: flag(() => undefined) },
  { short: 'n', set: flag((draft) => (draft.numeric = true)) },
  { short: 'F', long: 'dont-fragment', set: flag((draft) => (draft.dontFragment = true)) },
  { short: 'I', long: 'icmp', set: flag((draft) => (draft.method = 'icmp')) },
  { short: 'U', long: 'udp', set: flag((draft) => (draft.method = 'udp')) },
  { short: 'f', long: 'first', argument: 'first_ttl', set: whole((draft, n) => (draft.firstHop = n)) },
  { short: 'm', long: 'max-hops', argument: 'max_ttl', set: whole((draft, n) => (draft.maxHops = n)) },
  {
    short: 'N',
    long: 'sim-queries',
    argument: 'squeries',
    set: whole((draft, n) => (draft.simultaneous = n)),
  },
  { short: 'q', long: 'queries', argument: 'nqueries', set: whole((draft, n) => (draft.queries = n)) },
  { short: 't', long: 'tos', argument: 'tos', set: whole((draft, n) => (draft.tos = n & 0xff)) },
  { short: 'p', long: 'port', argument: 'port', set: port((draft, n) => (draft.port = n)) },
  { long: 'sport', argument: 'num', set: port((draft, n) => (draft.sourcePort = n)) },
  { long: 'fwmark', argument: 'num', set: whole((draft, n) => (draft.mark = n)) },
  { short: 'w', long: 'wait', argument: 'MAX,HERE,NEAR', set: setWait },
  { short: 'z', long: 'sendwait', argument: 'sendwait', set: setSendWait },
  { short: 'i', long: 'interface', argument: 'device', set: setDevice },
  { short: 's', long: 'source', argument: 'src_addr', host: true, set: setSource },
  { short: 'M', long: 'module', argument: 'name', set: setModule },
  { short: 'l', long: 'flowlabel', argument: 'flow_label', set: whole(() => undefined) },
  { short: '6', set: notModelled('IPv6') },
  { short: 'T', long: 'tcp', set: notModelled('-T (TCP)') },
  { short: 'D', long: 'dccp', set: notModelled('-D (DCCP)') },
  { short: 'P', long: 'protocol', argument: 'prot', set: notModelled('-P (other protocols)') },
  { short: 'g', long: 'gateway', argument: 'gate', set: notModelled('-g (source routing)') },
  { short: 'r', set: notModelled('-r (bypassing routing)') },
  { short: 'A', long: 'as-path-lookups', set: notModelled('-A (AS lookups)') },
  { short: 'O', long: 'options', argument: 'OPTS', set: notModelled('-O (module options)') },
  { long: 'mtu', set: notModelled('--mtu') },
  { long: 'back', set: notModelled('--back') },
  { short: 'V', long: 'version', set: ends(VERSION) },
  { long: 'help', set: ends(TRACEROUTE_USAGE) },
];

function ends(text: string): Setter {
  return () => {
    throw new Exit(0, text);
  };
}

/** -w MAX,HERE,NEAR: giving MAX alone turns the other two off. */
function setWait(draft: Draft, text: string): boolean {
  const numbers = text.split(',').map(decimal);
  if (numbers.length > 3 || numbers.some(Number.isNaN)) return false;
  draft.wait = [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
  return true;
}
function setSendWait(draft: Draft, text: string): boolean {
  draft.sendWait = decimal(text);
  return !Number.isNaN(draft.sendWait);
}
function setDevice(draft: Draft, text: string): boolean {
  draft.device = text;
  return true;
}
function setSource(draft: Draft, text: string): boolean {
  draft.source = address(text);
  return draft.source !== undefined;
}
function setModule(draft: Draft, text: string): boolean {
  if (text === 'default' || text === 'udp' || text === 'icmp') draft.method = text;
  else if (['tcp', 'tcpconn', 'dccp', 'raw', 'udplite'].includes(text))
    notModelled(`-M ${text}`)(draft, text);
  else throw new Exit(2, `Unknown traceroute module ${text}\n`);
  return true;
}

/** getaddrinfo without a name server: addresses in inet_aton's forms, and localhost of /etc/hosts. */
function address(text: string): Ip4 | undefined {
  if (text === 'localhost') return 0x7f000001;
  const dotted = parseIp4(text);
  if (dotted.ok) return dotted.value;
  const parts = text.split('.').map(parseUnsigned);
  if (parts.length > 4 || parts.some(Number.isNaN)) return undefined;
  const last = parts.pop() ?? 0;
  if (parts.some((part) => part > 255) || last >= 2 ** (8 * (4 - parts.length))) return undefined;
  return parts.reduce((sum, part, at) => sum + part * 2 ** (24 - 8 * at), 0) + last;
}

function bad(text: string): never {
  throw new Exit(2, `${text}\n`);
}
function lookupFailed(host: string): string {
  return `${host}: Temporary failure in name resolution\n`;
}

/**
 * One dash: one option with its argument joined or in the next word, or several letters, of which the last may take the
 * next word. Answers with the place of the next word to read.
 */
function readShort(words: readonly string[], at: number, draft: Draft): number {
  const word = words[at] ?? '';
  for (let index = 1; index < word.length; index++) {
    const letter = word[index] ?? '';
    const option = OPTIONS.find((candidate) => candidate.short === letter);
    if (!option) bad(`Bad option \`-${letter}' (argc ${at + 1})`);
    if (option.argument === undefined) {
      option.set(draft, '');
      continue;
    }
    const joined = word.slice(index + 1);
    const next = joined === '' ? at + 2 : at + 1;
    const text = joined === '' ? words[at + 1] : index === 1 ? joined : undefined;
    if (text === undefined) {
      bad(`Option \`-${letter}' (argc ${at + 1}) requires an argument: \`-${letter} ${option.argument}'`);
    }
    if (!option.set(draft, text)) {
      const lookup = option.host ? lookupFailed(text) : '';
      bad(`${lookup}Cannot handle \`-${letter}' option with arg \`${text}' (argc ${next})`);
    }
    return next;
  }
  return at + 1;
}

function readLong(word: string, at: number, draft: Draft): void {
  const sign = word.indexOf('=');
  const name = sign < 0 ? word.slice(2) : word.slice(2, sign);
  const text = sign < 0 ? undefined : word.slice(sign + 1);
  const option = OPTIONS.find((candidate) => candidate.long === name);
  if (!option || (text !== undefined && option.argument === undefined)) {
    bad(`Bad option \`${word}'${text === undefined ? '' : ` (with arg \`${text}')`} (argc ${at + 1})`);
  }
  if (option.argument !== undefined && text === undefined) {
    bad(`Option \`--${name}' (argc ${at + 1}) requires an argument: \`--${name}=${option.argument}'`);
  }
  if (!option.set(draft, text ?? '')) {
    const lookup = option.host ? lookupFailed(text ?? '') : '';
    bad(`${lookup}Cannot handle \`--${name}' option with arg \`${text ?? ''}' (argc ${at + 1})`);
  }
}

/** Host and length, each with its place in the line. */
function takeArguments(draft: Draft, words: readonly (readonly [string, number])[]): void {
  const [host, length, extra] = words;
  if (!host) bad('Specify "host" missing argument.');
  const dst = address(host[0]);
  if (dst === undefined) {
    bad(
      `${lookupFailed(host[0])}Cannot handle "host" cmdline arg \`${host[0]}' on position 1 (argc ${host[1]})`,
    );
  }
  draft.host = host[0];
  draft.dst = dst;
  if (length) {
    draft.wantedLength = parseUnsigned(length[0]);
    if (Number.isNaN(draft.wantedLength)) {
      bad(`Cannot handle "packetlen" cmdline arg \`${length[0]}' on position 2 (argc ${length[1]})`);
    }
  }
  if (extra) bad(`Extra arg \`${extra[0]}' (position 3, argc ${extra[1]})`);
}

function check(draft: Draft): void {
  const { firstHop, maxHops, queries, wait, wantedLength, sendWait } = draft;
  if (firstHop === 0 || firstHop > maxHops) bad('first hop out of range');
  if (maxHops > MAX_HOPS) bad(`max hops cannot be more than ${MAX_HOPS}`);
  if (queries === 0 || queries > MAX_PROBES) bad(`no more than ${MAX_PROBES} probes per hop`);
  if (wait.some((value) => value < 0)) bad(`bad wait specifications \`${wait.join(',')}' used`);
  if (wantedLength !== undefined && wantedLength > MAX_PACKET_LENGTH)
    bad(`too big packetlen ${wantedLength} specified`);
  if (sendWait < 0) bad(`bad sendtime \`${sendWait}' specified`);
}

function settle(draft: Draft): TracerouteOptions {
  const [wait, here, near] = draft.wait;
  draft.waitNs = Math.round(wait * SECOND);
  draft.here = here;
  draft.near = near;
  // Ten and more are milliseconds.
  draft.sendWaitNs = Math.round((draft.sendWait >= 10 ? draft.sendWait / 1000 : draft.sendWait) * SECOND);
  if (draft.sourcePort !== 0) {
    draft.simultaneous = 1;
    draft.here = 0;
    draft.near = 0;
  }
  if (draft.wantedLength !== undefined) draft.dataLength = Math.max(0, draft.wantedLength - HEADERS);
  draft.packetLength = HEADERS + draft.dataLength;
  return draft;
}

function defaults(): Draft {
  return {
    host: '',
    dst: 0,
    method: 'default',
    numeric: false,
    firstHop: 1,
    maxHops: 30,
    queries: 3,
    simultaneous: 16,
    waitNs: 0,
    here: 0,
    near: 0,
    sendWaitNs: 0,
    port: 0,
    sourcePort: 0,
    tos: 0,
    mark: undefined,
    dontFragment: false,
    device: undefined,
    source: undefined,
    dataLength: DEFAULT_DATA,
    packetLength: 0,
    wait: [5, 3, 10],
    sendWait: 0,
    wantedLength: undefined,
  };
}

/** Ends with traceroute's own words when the line makes no sense. */
export function parseTraceroute(words: readonly string[]): TracerouteOptions {
  if (words.length === 0) throw new Exit(0, TRACEROUTE_USAGE);
  const draft = defaults();
  const plain: [string, number][] = [];
  let options = true;
  for (let at = 0; at < words.length;) {
    const word = words[at] ?? '';
    if (options && word.length > 1 && word.startsWith('-') && !word.startsWith('--')) {
      at = readShort(words, at, draft);
      continue;
    }
    if (options && word === '--') options = false;
    else if (options && word.startsWith('--')) readLong(word, at, draft);
    else plain.push([word, at + 1]);
    at++;
  }
  takeArguments(draft, plain);
  check(draft);
  return settle(draft);
}
