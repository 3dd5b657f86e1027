/** What stands behind `add NAME` (lib/parse.c): addresses, networks, ranges and ports, every mistake in ipset's words. */
import type { SetMember, SetType } from '../../kernel/netlink';
import { parseIp4, type Ip4 } from '../../wire/index';
import { ICMP_TYPES, portOfService, PROTOCOLS } from '../iptables/names';
import { Exit } from '../program';

export const VERSION = 'v7.17';
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const WITH_PORTS: readonly number[] = [6, 17, 132, 136];
const ANY_ICMP = 255;
/** A range takes as many requests as it has addresses; the real tool stops at the set's size too. */
const LONGEST_RANGE = 131_072;

export function fail(message: string): never {
  throw new Exit(1, `ipset ${VERSION}: ${message}\n`);
}
export function syntax(message: string): never {
  return fail(`Syntax error: ${message}`);
}
export function usageError(message: string): never {
  throw new Exit(2, `ipset ${VERSION}: ${message}\nTry \`ipset help' for more information.\n`);
}

export function number(text: string, low = 0, high = 0xffffffff): number {
  const value = /^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) syntax(`'${text}' is invalid as number`);
  if (value < low || value > high) syntax(`'${text}' is out of range ${low}-${high}`);
  return value;
}
function address(text: string): Ip4 {
  const parsed = parseIp4(text);
  return parsed.ok ? parsed.value : syntax(`cannot parse ${text}: resolving to IPv4 address failed`);
}

interface Span {
  readonly first: Ip4;
  readonly last: Ip4;
  /** Of a network given by its prefix. */
  readonly len: number;
}
function span(text: string): Span {
  const [from = '', to] = text.split('-', 2);
  if (to !== undefined) {
    const ends = [address(from), address(to)];
    return { first: Math.min(...ends), last: Math.max(...ends), len: 32 };
  }
  const [plain = '', prefix] = text.split('/', 2);
  const len = prefix === undefined ? 32 : number(prefix, 0, 32);
  const mask = len === 0 ? 0 : (0xffffffff << (32 - len)) >>> 0;
  const first = address(plain);
  return prefix === undefined
    ? { first, last: first, len }
    : { first: (first & mask) >>> 0, last: (first | ~mask) >>> 0, len };
}
/** Networks that together are a range, as the kernel cuts it (ip_set_range_to_cidr). */
function networks({ first, last }: Span): { readonly ip: Ip4; readonly len: number }[] {
  const found: { ip: Ip4; len: number }[] = [];
  for (let ip = first; ip <= last;) {
    let len = 32;
    while (len > 0 && ip % 2 ** (33 - len) === 0 && ip + 2 ** (33 - len) - 1 <= last) len--;
    found.push({ ip, len });
    ip += 2 ** (32 - len);
  }
  return found;
}

function icmpPort(word: string): number {
  const named = ICMP_TYPES.find(([name, type]) => name === word && type !== ANY_ICMP);
  if (named) return named[1] * 256 + named[2];
  const numbers = /^(\d+)\/(\d+)$/.exec(word);
  if (!numbers) syntax(`cannot parse ${word} as an ICMP type`);
  return number(numbers?.[1] ?? '', 0, 255) * 256 + number(numbers?.[2] ?? '', 0, 255);
}
function ports(text: string): { readonly protocol: number; readonly low: number; readonly high: number } {
  const colon = text.indexOf(':');
  const name = colon < 0 ? 'tcp' : text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  const protocol = /^\d+$/.test(name) ? number(name, 0, 255) : PROTOCOLS[name];
  if (protocol === undefined) return syntax(`cannot parse '${name}' as a protocol name`);
  if (protocol === IPPROTO_ICMP) return { protocol, low: icmpPort(rest), high: icmpPort(rest) };
  if (!WITH_PORTS.includes(protocol)) return { protocol, low: 0, high: 0 };
  const one = (word: string): number => {
    const service = protocol === IPPROTO_TCP || colon >= 0 ? portOfService(word) : undefined;
    if (service !== undefined) return service;
    if (!/^\d+$/.test(word)) return syntax(`cannot parse '${word}' as a ${name.toUpperCase()} port`);
    return number(word, 0, 65_535);
  };
  const [low = '', high] = rest.split('-', 2);
  return { protocol, low: one(low), high: one(high ?? low) };
}

/** `single`: what is tested is one member, a network as it stands. */
export function element(type: SetType, text: string, nomatch: boolean, single: boolean): SetMember[] {
  const [where = '', second] = text.split(',', 2);
  const withPorts = type.endsWith(',port');
  if (withPorts && second === undefined) syntax(`Second element is missing from ${text}.`);
  if (!withPorts && second !== undefined)
    syntax(`Elem separator in ${text}, but settype ${type} supports none.`);
  const { protocol, low, high } = withPorts ? ports(second ?? '') : { protocol: 0, low: 0, high: 0 };
  const range = span(where);
  const nets = type.startsWith('hash:net');
  const size = (range.last - range.first + 1) * (high - low + 1);
  if (!nets && !single && size > LONGEST_RANGE) fail('Hash is full, cannot add more elements');
  const places =
    single || (nets && !where.includes('-'))
      ? [{ ip: range.first, len: range.len }]
      : nets
        ? networks(range)
        : Array.from({ length: range.last - range.first + 1 }, (_, at) => ({
            ip: range.first + at,
            len: 32,
          }));
  return places.flatMap((place) =>
    Array.from({ length: Math.max(1, single ? 1 : high - low + 1) }, (_, at) => ({
      ...place,
      protocol,
      port: low + at,
      nomatch,
    })),
  );
}
