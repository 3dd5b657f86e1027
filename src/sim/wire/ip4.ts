import { IPv4, IPv4CidrRange, IPv4Prefix, Validator } from 'ip-num';
import { err, ok, type Result } from '../../base/result';
import { quoteWord } from './quote';

/**
 * An IPv4 address as an unsigned 32-bit number: 10.0.0.1 is 0x0a000001. JavaScript's bit operators give signed
 * results, so every result that is an address ends in `>>> 0`.
 *
 * ip-num reads and explains what people type; the forwarding path never meets it (one containment test costs it some
 * thousand times what `(ip & mask) === net` costs).
 */
export type Ip4 = number;

/** An address with a prefix length. Host bits are kept: `10.0.0.5/8` is what an interface has, `10.0.0.0/8` a route. */
export interface Prefix {
  addr: Ip4;
  /** 0 … 32 */
  len: number;
}

export const IP4_LIMITED_BROADCAST: Ip4 = 0xffffffff;

const DOTTED_QUAD = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const PREFIX_LENGTH = /^(?:0|[1-9]\d?)$/;

/** Reads a dotted quad, nothing else: no `10.1`, no hex, no leading zeros (which some readers take for octal). */
export function parseIp4(text: string): Result<Ip4> {
  const quick = dottedQuad(text);
  if (quick !== undefined) return ok(quick);
  // The pattern bounds the length before ip-num looks closer, and keeps out forms that only some tools accept.
  if (!DOTTED_QUAD.test(text) || !Validator.isValidIPv4String(text)[0]) {
    return err(
      `${quoteWord(text)} is not an IPv4 address: expected four numbers from 0 to 255, such as 10.0.0.1.`,
    );
  }
  return ok(Number(new IPv4(text).getValue()));
}

const POINT = 46;
const ZERO = 48;
/** Four numbers without leading zeros; undefined for anything else, which ip-num then looks at. */
function dottedQuad(text: string): Ip4 | undefined {
  let ip = 0;
  let part = -1;
  let points = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === POINT) {
      if (part < 0 || ++points > 3) return undefined;
      ip = ip * 256 + part;
      part = -1;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || part === 0) return undefined;
    part = part < 0 ? digit : part * 10 + digit;
    if (part > 255) return undefined;
  }
  return points === 3 && part >= 0 ? ip * 256 + part : undefined;
}

export function formatIp4(ip: Ip4): string {
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}

/** Reads `10.0.0.0/8`; a bare address means /32. */
export function parsePrefix(text: string): Result<Prefix> {
  const slash = text.indexOf('/');
  const addr = parseIp4(slash < 0 ? text : text.slice(0, slash));
  if (!addr.ok) {
    return err(
      `${quoteWord(text)} is not an IPv4 prefix: expected an address and a length, such as 10.0.0.0/8.`,
    );
  }
  if (slash < 0) return ok({ addr: addr.value, len: 32 });
  const len = text.slice(slash + 1);
  if (!PREFIX_LENGTH.test(len) || Number(len) > 32) {
    return err(
      `${quoteWord(text)} is not an IPv4 prefix: the length after the slash must be a number from 0 to 32.`,
    );
  }
  return ok({ addr: addr.value, len: Number(len) });
}

/** `10.0.0.0/8`; a /32 keeps its length too (`ip route` leaves it out, which is the shell's business). */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp4(prefix.addr)}/${prefix.len}`;
}

/** The netmask of a length: 24 gives 0xffffff00. Length 0 is apart because a shift by 32 shifts by 0. */
export function maskOf(len: number): Ip4 {
  return len === 0 ? 0 : (-1 << (32 - len)) >>> 0;
}

/** The address with its host bits cleared. */
export function networkOf(addr: Ip4, len: number): Ip4 {
  return (addr & maskOf(len)) >>> 0;
}

/** The address with its host bits set, the subnet's directed broadcast address. */
export function broadcastOf(addr: Ip4, len: number): Ip4 {
  return (addr | ~maskOf(len)) >>> 0;
}

/** Whether `ip` is in `net/len`; host bits of `net` do not matter. */
export function prefixContains(net: Ip4, len: number, ip: Ip4): boolean {
  return ((net ^ ip) & maskOf(len)) === 0;
}

/** 224.0.0.0/4 (RFC 5771, Linux `ipv4_is_multicast`). */
export function isMulticast(ip: Ip4): boolean {
  return ip >>> 28 === 0xe;
}

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3, Linux `ipv4_is_loopback`). */
export function isLoopback(ip: Ip4): boolean {
  return ip >>> 24 === 127;
}

/** 255.255.255.255 (RFC 919, Linux `ipv4_is_lbcast`). */
export function isLimitedBroadcast(ip: Ip4): boolean {
  return ip === IP4_LIMITED_BROADCAST;
}

/** What a prefix covers, for people. */
interface PrefixExplanation {
  first: Ip4;
  last: Ip4;
  /** number of addresses, 1 … 2^32 */
  size: number;
  mask: Ip4;
}

/** What a prefix covers, by ip-num. For help texts and panels, not for the forwarding path. */
export function explainPrefix(prefix: Prefix): PrefixExplanation {
  const range = new IPv4CidrRange(new IPv4(BigInt(prefix.addr)), IPv4Prefix.fromNumber(BigInt(prefix.len)));
  return {
    first: Number(range.getFirst().getValue()),
    last: Number(range.getLast().getValue()),
    size: Number(range.getSize()),
    mask: Number(range.getPrefix().toMask().getValue()),
  };
}
