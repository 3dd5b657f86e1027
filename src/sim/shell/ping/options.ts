/** Command line of ping (iputils 20221126): getopt's rules and iputils' own complaints. */
import { parseIp4, type Ip4 } from '../../wire/index';
import { Exit } from '../program';
import { PING_USAGE } from './usage';

const FLAGS = 'aABbCdDfhLnOqrRUvV46';
const WITH_ARGUMENT = 'ceFiIlmMNpQsSTtwW';
const SECOND = 1_000_000_000;
/** Shorter intervals would flood; iputils allows root 2 ms and less. */
const MIN_INTERVAL = 2_000_000;
const MAX_INT = 2_147_483_647;

export interface PingOptions {
  readonly host: string;
  readonly dst: Ip4;
  readonly numeric: boolean;
  readonly quiet: boolean;
  readonly broadcast: boolean;
  readonly timestamps: boolean;
  readonly outstanding: boolean;
  /** 0: until interrupted. */
  readonly count: number;
  readonly id: number | undefined;
  readonly intervalNs: number;
  readonly size: number;
  readonly ttl: number | undefined;
  readonly tos: number;
  readonly mark: number | undefined;
  readonly pmtudisc: 'do' | 'want' | 'dont';
  readonly lingerNs: number;
  /** 0: none. */
  readonly deadlineNs: number;
  readonly pattern: Uint8Array | undefined;
  readonly device: string | undefined;
  readonly source: Ip4 | undefined;
  /** Printed before anything else, on stderr. */
  readonly warnings: readonly string[];
}

function fail(code: number, message: string): never {
  throw new Exit(code, `ping: ${message}\n`);
}

/** strtol_or_err. */
function integer(text: string, min: number, max: number): number {
  if (!/^[+-]?(0x[0-9a-f]+|\d+)$/i.test(text)) fail(1, `invalid argument: '${text}'`);
  const value = Number(text);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    fail(1, `invalid argument: '${text}': Numerical result out of range`);
  if (value < min || value > max) {
    // Where C's long is the limit, its name for the largest is printed.
    const largest = max === Number.MAX_SAFE_INTEGER ? '9223372036854775807' : max;
    fail(1, `invalid argument: '${text}': out of range: ${min} <= value <= ${largest}`);
  }
  return value;
}

/** ping_strtod: garbage after (or instead of) the number is only complained about. */
function seconds(text: string, warnings: string[]): number {
  const match = /^[+-]?(\d+\.?\d*|\.\d+)/.exec(text);
  if (match?.[0] !== text) {
    warnings.push(`ping: option argument contains garbage: ${text.slice(match?.[0].length ?? 0)}\n`);
    warnings.push('ping: this will become fatal error in the future\n');
  }
  return match ? Number(match[0]) : 0;
}

/** getopt(3) with iputils' option string: options may stand after the destination and share one dash. */
function getopt(args: readonly string[]): { options: [string, string][]; rest: string[] } {
  const options: [string, string][] = [];
  const rest: string[] = [];
  const words = [...args];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      rest.push(...words.splice(0));
    } else if (!/^-./.test(word)) rest.push(word);
    else cluster(word.slice(1), words, options);
  }
  return { options, rest };
}

function cluster(letters: string, words: string[], options: [string, string][]): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? '';
    if (FLAGS.includes(letter)) options.push([letter, '']);
    else if (WITH_ARGUMENT.includes(letter)) {
      const argument = letters.slice(at + 1) || words.shift();
      if (argument === undefined)
        throw new Exit(2, `ping: option requires an argument -- '${letter}'\n${PING_USAGE}`);
      options.push([letter, argument]);
      return;
    } else throw new Exit(2, `ping: invalid option -- '${letter}'\n${PING_USAGE}`);
  }
}

function pattern(text: string): Uint8Array {
  if (!/^[0-9a-f]+$/i.test(text)) fail(2, `patterns must be specified as hex digits: ${text}`);
  const digits = text.length % 2 === 0 ? text : `0${text}`;
  return Uint8Array.from({ length: Math.min(digits.length / 2, 16) }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

type Draft = { -readonly [K in keyof PingOptions]: PingOptions[K] };

function apply(draft: Draft, letter: string, text: string, warnings: string[]): void {
  if (letter === 'n') draft.numeric = true;
  else if (letter === 'q') draft.quiet = true;
  else if (letter === 'b') draft.broadcast = true;
  else if (letter === 'D') draft.timestamps = true;
  else if (letter === 'O') draft.outstanding = true;
  else if (letter === 'c') draft.count = integer(text, 1, Number.MAX_SAFE_INTEGER);
  else if (letter === 'e') draft.id = integer(text, 0, 65_535);
  else if (letter === 's') draft.size = integer(text, 0, MAX_INT);
  else if (letter === 'm') draft.mark = integer(text, 0, 0xffff_ffff);
  else if (letter === 't') {
    draft.ttl = integer(text, 0, 255);
    if (draft.ttl === 0) fail(2, 'cannot set unicast time-to-live: Invalid argument');
  } else if (letter === 'Q') {
    draft.tos = Number(text);
    if (!(draft.tos >= 0 && draft.tos <= 255)) {
      fail(2, `the decimal value of TOS bits must be in range 0-255: ${text}`);
    }
  } else if (letter === 'M') {
    if (text !== 'do' && text !== 'want' && text !== 'dont') fail(2, `invalid -M argument: ${text}`);
    draft.pmtudisc = text;
  } else if (letter === 'i') {
    draft.intervalNs = Math.max(MIN_INTERVAL, Math.round(seconds(text, warnings) * SECOND));
  } else if (letter === 'W') {
    const linger = seconds(text, warnings);
    if (linger > 0) draft.lingerNs = Math.round(linger * SECOND);
  } else if (letter === 'w') draft.deadlineNs = integer(text, 0, MAX_INT) * SECOND;
  else if (letter === 'p') draft.pattern = pattern(text);
  else if (letter === 'I') {
    const address = parseIp4(text);
    if (address.ok) draft.source = address.value;
    else draft.device = text;
  } else if (letter === 'f' || letter === 'A' || letter === 'l') {
    fail(2, `-${letter}: flooding is not simulated here; use -i`);
  } else if ('RTNF'.includes(letter)) fail(2, `-${letter}: not simulated here`);
}

/** Throws `Exit` with what ping prints when it will not start. */
export function parsePing(args: readonly string[]): PingOptions {
  const { options, rest } = getopt(args);
  if (options.some(([letter]) => letter === 'h')) throw new Exit(2, PING_USAGE);
  if (options.some(([letter]) => letter === 'V')) throw new Exit(0, 'ping from iputils 20221126\n', 'stdout');
  const warnings: string[] = [];
  const draft: Draft = {
    host: '',
    dst: 0,
    numeric: false,
    quiet: false,
    broadcast: false,
    timestamps: false,
    outstanding: false,
    count: 0,
    id: undefined,
    intervalNs: SECOND,
    size: 56,
    ttl: undefined,
    tos: 0,
    mark: undefined,
    pmtudisc: 'want',
    lingerNs: 10 * SECOND,
    deadlineNs: 0,
    pattern: undefined,
    device: undefined,
    source: undefined,
    warnings,
  };
  for (const [letter, text] of options) apply(draft, letter, text, warnings);
  const host = rest.at(-1);
  if (host === undefined) fail(1, 'usage error: Destination address required');
  const address = parseIp4(host === 'localhost' ? '127.0.0.1' : host);
  if (options.some(([letter]) => letter === '6'))
    fail(2, `${host}: Address family for hostname not supported`);
  // There is no name service in these networks, which is what the resolver says then.
  if (!address.ok || rest.length > 1) fail(2, `${host}: Temporary failure in name resolution`);
  return { ...draft, host, dst: address.value };
}
