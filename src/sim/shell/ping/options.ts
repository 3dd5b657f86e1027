/** ping's command line (iputils 20221126, ping.c main), with its checks and texts. */
import { parseIp4, type Ip4 } from '../../wire/index';
import type { SendOptions } from '../../kernel/netlink';
import { Exit } from '../program';
import { getopt } from '../options';
import { PING_USAGE } from './usage';

export interface PingOptions {
  target: string;
  count?: number;
  /** ms between probes. */
  intervalMs: number;
  /** ms to wait for a first answer after the last probe. */
  lingerMs: number;
  /** s after which it ends whatever happened. */
  deadline: number;
  size: number;
  ttl?: number;
  tos: number;
  id?: number;
  mark?: number;
  preload: number;
  pmtudisc?: SendOptions['pmtudisc'];
  source?: Ip4;
  device?: string;
  strictSource: boolean;
  broadcast: boolean;
  numeric: boolean;
  quiet: boolean;
  outstanding: boolean;
  timestamps: boolean;
  audible: boolean;
  verbose: boolean;
  /** -6, which an IPv4 address cannot satisfy. */
  ip6: boolean;
  pattern?: readonly number[];
}

/** Longest `-s` whose datagram the wire can carry; the tool takes more, which the kernel then does not send. */
export const MAX_SIZE = 65_507;
/** Probes of one command; a run is bounded in any case. */
const MAX_COUNT = 100_000;
const INT_MAX = 2_147_483_647;
const LONG_MAX = '9223372036854775807';

function fail(code: number, text: string): never {
  throw new Exit(code, `ping: ${text}\n`);
}

/** `strtol_or_err` of iputils. */
function integer(text: string, min: number, max: number, maxText = String(max)): number {
  if (!/^\s*[+-]?\d+$/.test(text)) fail(1, `invalid argument: '${text}'`);
  const value = BigInt(text.trim());
  const long = 2n ** 63n;
  if (value >= long || value < -long) fail(1, `invalid argument: '${text}': Numerical result out of range`);
  if (value < BigInt(min) || value > BigInt(maxText)) {
    fail(1, `invalid argument: '${text}': out of range: ${min} <= value <= ${maxText}`);
  }
  return Number(value > BigInt(max) ? BigInt(max) : value);
}

/** `ping_strtod`: garbage is only warned of in this version; where it would mean "flood", it is refused here. */
function seconds(text: string, what: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text))
    fail(1, `option argument contains garbage: ${text}`);
  const value = Number(text);
  if (!Number.isFinite(value)) fail(2, `${what}: ${text}`);
  return value;
}

function readInterval(text: string): number {
  const value = seconds(text, 'bad timing interval');
  if (value < 0 || value > Math.floor(INT_MAX / 1000)) fail(2, `bad timing interval: ${text}`);
  return Math.trunc(value * 1000);
}
function readLinger(text: string): number {
  const value = seconds(text, 'bad linger time');
  if (value < 0 || value > Math.floor(INT_MAX / 1000)) fail(2, `bad linger time: ${text}`);
  return Math.trunc(value * 1000);
}
function readTos(text: string): number {
  const value = /^0x[0-9a-f]+$/i.test(text) || /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) fail(2, `bad TOS value: ${text}`);
  if (value > 255) fail(2, `the decimal value of TOS bits must be in range 0-255: ${text}`);
  return value;
}
function readPattern(text: string): number[] {
  const bad = /[^0-9a-f]/i.exec(text);
  if (bad) fail(2, `patterns must be specified as hex digits: ${text.slice(bad.index)}`);
  return (text.slice(0, 32).match(/.{1,2}/g) ?? []).map((digits) => parseInt(digits, 16));
}

type Reader = (options: PingOptions, value: string) => void;
const refuse =
  (what: string): Reader =>
  () =>
    fail(1, `${what} is not modelled here`);

const READERS: Readonly<Record<string, Reader>> = {
  '4': () => {},
  '6': (options) => (options.ip6 = true),
  b: (options) => (options.broadcast = true),
  c: (options, value) => (options.count = integer(value, 1, MAX_COUNT, LONG_MAX)),
  D: (options) => (options.timestamps = true),
  e: (options, value) => (options.id = integer(value, 0, 65535)),
  f: refuse('-f (flood)'),
  i: (options, value) => (options.intervalMs = readInterval(value)),
  I: readInterface,
  l: (options, value) => (options.preload = integer(value, 1, 65536)),
  L: () => {},
  m: (options, value) => (options.mark = integer(value, 0, 4294967295)),
  M(options, value) {
    if (value !== 'do' && value !== 'dont' && value !== 'want') fail(2, `invalid -M argument: ${value}`);
    options.pmtudisc = value;
  },
  n: (options) => (options.numeric = true),
  O: (options) => (options.outstanding = true),
  p: (options, value) => (options.pattern = readPattern(value)),
  q: (options) => (options.quiet = true),
  Q: (options, value) => (options.tos = readTos(value)),
  s(options, value) {
    const size = integer(value, 0, INT_MAX);
    options.size = size;
  },
  S: (_, value) => void integer(value, 1, INT_MAX),
  t: (options, value) => (options.ttl = integer(value, 0, 255)),
  v: (options) => (options.verbose = true),
  w: (options, value) => (options.deadline = integer(value, 0, INT_MAX)),
  W: (options, value) => (options.lingerMs = readLinger(value) || 10_000),
  a: (options) => (options.audible = true),
  A: refuse('-A (adaptive)'),
  B: (options) => (options.strictSource = true),
  C: () => {},
  d: () => {},
  r: refuse('-r (no routing)'),
  R: refuse('-R (record route)'),
  T: refuse('-T (timestamps)'),
  U: () => {},
  F: refuse('-F (IPv6)'),
  N: refuse('-N (IPv6)'),
};

function readInterface(options: PingOptions, value: string): void {
  const address = parseIp4(value);
  if (address.ok) {
    options.source = address.value;
    options.strictSource = true;
  } else options.device = value;
}

const SPEC = 'h?4bRT:6F:N:aABc:CdDe:fi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:';

export function readPingOptions(args: readonly string[]): PingOptions {
  const parsed = getopt(args, SPEC);
  const options: PingOptions = {
    target: '',
    intervalMs: 1000,
    lingerMs: 10_000,
    deadline: 0,
    size: 56,
    tos: 0,
    preload: 1,
    strictSource: false,
    broadcast: false,
    numeric: false,
    quiet: false,
    outstanding: false,
    timestamps: false,
    audible: false,
    verbose: false,
    ip6: false,
  };
  for (const { letter, value } of parsed.options) {
    if (letter === 'h' || letter === '?') throw new Exit(2, PING_USAGE);
    if (letter === 'V') throw new Exit(0, 'ping from iputils 20221126\n', 'stdout');
    READERS[letter]?.(options, value);
  }
  if (parsed.problem !== undefined) throw new Exit(2, `ping: ${parsed.problem}\n${PING_USAGE}`);
  const target = parsed.operands.at(-1);
  if (target === undefined) fail(1, 'usage error: Destination address required');
  if (parsed.operands.length > 1) refuse('A source route')(options, '');
  if (options.ttl === 0) fail(2, 'cannot set unicast time-to-live: Invalid argument');
  if (options.ip6) fail(2, `${target}: Address family for hostname not supported`);
  options.target = target;
  return options;
}
