/** Words of an iproute2 command line, read one after another, with the errors of lib/utils.c. */
import { parseMac, type Ip4, type Mac, type Prefix } from '../../wire/index';
import { Exit, parseUnsigned } from '../program';

/** Address family asked for on the command line; without one iproute2 says "any valid". */
export type Family = 'any' | 'inet' | 'inet6' | 'link';

export class Args {
  #at = 0;
  constructor(private readonly words: readonly string[]) {}

  get done(): boolean {
    return this.#at >= this.words.length;
  }
  /** The word in hand, undefined at the end. */
  get word(): string | undefined {
    return this.words[this.#at];
  }
  /** Looks ahead without moving. */
  peek(distance = 1): string | undefined {
    return this.words[this.#at + distance];
  }
  /** Takes the word in hand and moves on. */
  take(): string {
    const word = this.word;
    if (word === undefined) return incomplete();
    this.#at += 1;
    return word;
  }
  /** Takes the word in hand if it is exactly one of these. */
  accept(...words: readonly string[]): boolean {
    if (this.word === undefined || !words.includes(this.word)) return false;
    this.#at += 1;
    return true;
  }
  rest(): string[] {
    return this.words.slice(this.#at);
  }
}

/** `matches()`: the word is a beginning of the keyword. */
export function isPrefixOf(word: string, keyword: string): boolean {
  return word.length > 0 && keyword.startsWith(word);
}

export function incomplete(): never {
  throw new Exit(255, 'Command line is not complete. Try option "help"\n');
}
/** `invarg`. `message` ends in a newline where the caller in iproute2 gives one, which then prints an empty line. */
export function wrongArgument(word: string, message: string): never {
  throw new Exit(255, `Error: argument "${word}" is wrong: ${message}\n`);
}
export function duplicate(keyword: string, word: string): never {
  throw new Exit(255, `Error: duplicate "${keyword}": "${word}" is the second value.\n`);
}
export function garbage(keyword: string, word: string): never {
  throw new Exit(255, `Error: either "${keyword}" is duplicate, or "${word}" is a garbage.\n`);
}
export function notModelled(what: string): never {
  throw new Exit(1, `${what} is not modelled here.\n`);
}
export function noDevice(name: string, code = 1): never {
  throw new Exit(code, `Cannot find device "${name}"\n`);
}

function familyName(family: Family): string {
  return family === 'any' ? 'any valid' : family;
}

/** `get_addr_ipv4`: up to four numbers, missing ones are 0 at the end (10.1 is 10.1.0.0). */
function dotted(text: string): Ip4 | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  let addr = 0;
  for (let i = 0; i < 4; i++) {
    const octet = i < parts.length ? parseUnsigned(parts[i] ?? '') : 0;
    if (!(octet <= 255)) return undefined;
    addr = addr * 256 + octet;
  }
  return addr;
}

/** An IPv4 address as `get_addr` reads it. */
export function takeAddress(args: Args, family: Family): Ip4 {
  return readAddress(args.take(), family);
}
export function readAddress(word: string, family: Family): Ip4 {
  if (word === 'any' || word === 'all' || word === 'default') return 0;
  if (family !== 'inet' && looksLikeIp6(word)) return notModelled('IPv6');
  const addr = family === 'inet6' ? undefined : dotted(word);
  if (addr === undefined)
    throw new Exit(1, `Error: ${familyName(family)} address is expected rather than "${word}".\n`);
  return addr;
}

/** A prefix as `get_prefix` reads it: `default`, `10.1/16`, `10.0.0.0/255.0.0.0`, a bare address for /32. */
export function takePrefix(args: Args, family: Family): Prefix {
  return readPrefix(args.take(), family);
}
export function readPrefix(word: string, family: Family): Prefix {
  if (word === 'default' || word === 'any' || word === 'all') return { addr: 0, len: 0 };
  if (family !== 'inet' && looksLikeIp6(word)) return notModelled('IPv6');
  const slash = word.indexOf('/');
  const addr = family === 'inet6' ? undefined : dotted(slash < 0 ? word : word.slice(0, slash));
  const len = slash < 0 ? 32 : maskLength(word.slice(slash + 1));
  if (addr === undefined || len === undefined) {
    throw new Exit(1, `Error: ${familyName(family)} prefix is expected rather than "${word}".\n`);
  }
  return { addr, len };
}

/** `24` or `255.255.255.0`. */
function maskLength(text: string): number | undefined {
  const len = parseUnsigned(text);
  if (len <= 32) return len;
  const mask = text.includes('.') ? dotted(text) : undefined;
  if (mask === undefined) return undefined;
  const host = ~mask >>> 0;
  // A netmask's host part is one less than a power of two.
  return (host & (host + 1)) === 0 ? Math.clz32(host) : undefined;
}

function looksLikeIp6(word: string): boolean {
  return /^[0-9a-f]*:[0-9a-f:]+(?:\/\d+)?$/i.test(word);
}

/** An unsigned number up to `max`, or `invarg` with the caller's words. */
export function takeNumber(args: Args, max: number, message: (word: string) => string): number {
  const word = args.take();
  const value = parseUnsigned(word);
  if (!(value <= max)) return wrongArgument(word, message(word));
  return value;
}

export function macOf(word: string): Mac | undefined {
  const parsed = parseMac(word);
  return parsed.ok ? parsed.value : undefined;
}

/** `parse_on_off`. */
export function takeOnOff(args: Args, keyword: string, code = 1): boolean {
  const word = args.take();
  if (word === 'on') return true;
  if (word === 'off') return false;
  throw new Exit(code, `Error: argument of "${keyword}" must be one of "off", "on", not "${word}"\n`);
}
