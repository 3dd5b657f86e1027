/** The command line of Debian's netcat-openbsd 1.219 and its complaints. */
import { Exit } from '../program';
import { getopt } from '../options';
import { portOfService, serviceName } from '../iptables/names';
import { addressOf } from './host';
import type { Ip4 } from '../../wire/index';

export interface NcOptions {
  readonly listen: boolean;
  readonly keep: boolean;
  readonly udp: boolean;
  readonly scan: boolean;
  readonly verbose: boolean;
  /** -n: no names, of services neither. */
  readonly numeric: boolean;
  /** -N, and -q with a time: FIN when the input is over. */
  readonly shutdown: boolean;
  /** -q: seconds after the input is over. */
  readonly quitAfter: number | undefined;
  /** -w: seconds. */
  readonly timeout: number | undefined;
  readonly ttl: number | undefined;
  readonly source: Ip4 | undefined;
  readonly sourcePort: number | undefined;
  readonly host: string;
  readonly ports: readonly number[];
}

const USAGE = `usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
	  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
	  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
	  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
	  [destination] [port]
`;
/** Options of the real one that change nothing here (-4, -d, -n) or are known and not modelled. */
const SPEC = '46CDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz';
const MODELLED = 'hklMNnpqsuvwz4d';

function fail(text: string): never {
  throw new Exit(1, `nc: ${text}\n`);
}

export function readNcOptions(args: readonly string[]): NcOptions {
  const { options, operands, problem } = getopt(args, SPEC);
  if (problem !== undefined) throw new Exit(1, `nc: ${problem}\n${USAGE}`);
  const last = (letter: string): string | undefined =>
    options.filter((one) => one.letter === letter).at(-1)?.value;
  const has = (letter: string): boolean => last(letter) !== undefined;
  for (const { letter } of options) {
    if (!MODELLED.includes(letter)) fail(`-${letter} is not modelled here.`);
  }
  if (has('h')) throw new Exit(0, USAGE);
  const listen = has('l');
  const { host, port } = destination(listen, last('p'), operands);
  if (listen && has('z')) fail('cannot use -z and -l');
  if (!listen && has('k')) fail('must use -l with -k');
  const source = last('s') ?? (listen ? host : undefined);
  const address = source === undefined || source === '' ? undefined : addressOf(source);
  if (source !== undefined && source !== '' && address === undefined) fail(unresolved(source, port));
  const quitAfter = number(last('q'), 'quit timer');
  return {
    listen,
    keep: has('k'),
    udp: has('u'),
    scan: has('z'),
    verbose: has('v'),
    numeric: has('n'),
    shutdown: has('N') || quitAfter !== undefined,
    quitAfter,
    timeout: number(last('w'), 'timeout'),
    ttl: number(last('M'), 'ttl'),
    source: address,
    sourcePort: listen || !has('p') ? undefined : portRange(last('p') ?? '', has('u'))[0],
    host,
    ports: portRange(port, has('u')),
  };
}

function destination(
  listen: boolean,
  own: string | undefined,
  operands: readonly string[],
): { host: string; port: string } {
  const [first, second, third] = operands;
  if (third !== undefined) throw new Exit(1, USAGE);
  if (listen) {
    if (own !== undefined) {
      if (second !== undefined) throw new Exit(1, USAGE);
      return { host: first ?? '', port: own };
    }
    if (first === undefined) fail('missing port number');
    return second === undefined ? { host: '', port: first } : { host: first, port: second };
  }
  if (first === undefined) throw new Exit(1, USAGE);
  if (second === undefined) fail('missing port number');
  return { host: first, port: second };
}

function number(word: string | undefined, what: string): number | undefined {
  if (word === undefined) return undefined;
  if (!/^-?\d+$/.test(word)) fail(`${what} invalid: ${word}`);
  return Number(word) < 0 ? undefined : Number(word);
}

/** A port, a service's name, or a range. */
function portRange(word: string, udp: boolean): number[] {
  const range = /^(\d+)-(\d+)$/.exec(word);
  if (range) {
    const [low, high] = [portOf(range[1] ?? ''), portOf(range[2] ?? '')].sort((a, b) => a - b);
    return Array.from({ length: (high ?? 0) - (low ?? 0) + 1 }, (_, at) => (low ?? 0) + at);
  }
  if (/^\d+$/.test(word)) return [portOf(word)];
  const service = portOfService(word);
  if (service === undefined) fail(udp ? `service "${word}" unknown` : `port number invalid: ${word}`);
  return [service];
}
function portOf(word: string): number {
  const port = Number(word);
  if (port > 65_535) fail(`port number too large: ${word}`);
  if (port < 1) fail(`port number too small: ${word}`);
  return port;
}

export function unresolved(host: string, port: string | number): string {
  return `getaddrinfo for host "${host}" port ${port}: Temporary failure in name resolution`;
}

/** `80 port [tcp/http]`; with -n `80 port [tcp/*]`. */
export function serviceText({ numeric }: NcOptions, port: number, protocol: 'tcp' | 'udp'): string {
  const name = numeric ? undefined : serviceName(port);
  return `${port} port [${protocol}/${name ?? '*'}]`;
}
