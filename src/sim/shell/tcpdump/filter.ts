/**
 * Capture filters (pcap-filter(7), libpcap 1.10): protocols, hosts, nets, ports, Ethernet addresses and lengths, joined by
 * and, or, not and parentheses; `and` and `or` bind alike and from left to right, as libpcap's do.
 *
 * Left out: arithmetic on bytes (`icmp[0] = 8`), VLAN, MPLS, IPv6 addresses, names of hosts, and finding out that two
 * protocols exclude each other.
 */
import { err, ok, type Result } from '../../../base/result';
import { MAC_BROADCAST, isMulticastMac } from '../../wire/index';
import { FilterProblem, hostTest, macTest, netTest, numberOf, portTest } from './primitives';
import type { View } from './view';

export type Test = (view: View) => boolean;

/** What the capture's link type can answer. */
interface LinkTraits {
  /** Filters on Ethernet addresses work: an Ethernet device, not `any`, not a tunnel without link level. */
  readonly ethernet: boolean;
  /** ARP can be seen at all. */
  readonly arp: boolean;
}

const SYNTAX = "can't parse filter expression: syntax error";
const NO_ETHER =
  'ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel';
const NO_BROADCAST = 'not a broadcast link';
const NO_MULTICAST =
  'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel';

/** Protocol words: EtherType, or IP protocol number. */
const ETHER_TYPES: Readonly<Record<string, number>> = { ip: 0x0800, arp: 0x0806, rarp: 0x8035, ip6: 0x86dd };
const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  ah: 51,
  esp: 50,
  sctp: 132,
};
const KINDS = ['host', 'net', 'port', 'portrange', 'proto'] as const;
type Kind = (typeof KINDS)[number];
const DIRECTIONS = ['src', 'dst'];
const RESERVED = new Set([
  ...Object.keys(ETHER_TYPES),
  ...Object.keys(IP_PROTOCOLS),
  ...KINDS,
  ...DIRECTIONS,
  'ether',
  'and',
  'or',
  'not',
  'mask',
  'less',
  'greater',
  'broadcast',
  'multicast',
  'len',
  'gateway',
]);
const MAX_NESTING = 50;

export interface Qualifiers {
  readonly protocol: string | undefined;
  readonly direction: 'src' | 'dst' | 'either' | 'both';
  readonly kind: Kind;
}

class Parser {
  #at = 0;
  #depth = 0;
  /** Of the last primitive; `host A or B` means `host A or host B`. */
  #last: Qualifiers | undefined;

  constructor(
    private readonly tokens: readonly string[],
    private readonly link: LinkTraits,
  ) {}

  parse(): Test {
    const test = this.#expression();
    if (this.#at < this.tokens.length) throw new FilterProblem(SYNTAX);
    return test;
  }

  get #next(): string | undefined {
    return this.tokens[this.#at];
  }
  #accept(...words: string[]): string | undefined {
    const next = this.#next;
    if (next === undefined || !words.includes(next)) return undefined;
    this.#at++;
    return next;
  }
  #take(): string {
    const next = this.#next;
    if (next === undefined) throw new FilterProblem(SYNTAX);
    this.#at++;
    return next;
  }

  #expression(): Test {
    let left = this.#term();
    for (;;) {
      if (this.#accept('and', '&&')) {
        const [a, b] = [left, this.#term()];
        left = (view) => a(view) && b(view);
      } else if (this.#accept('or', '||')) {
        const [a, b] = [left, this.#term()];
        left = (view) => a(view) || b(view);
      } else return left;
    }
  }

  #term(): Test {
    if (++this.#depth > MAX_NESTING) throw new FilterProblem('the filter is nested too deeply');
    const test = this.#factor();
    this.#depth--;
    return test;
  }

  #factor(): Test {
    if (this.#accept('not', '!')) {
      const inner = this.#term();
      return (view) => !inner(view);
    }
    if (this.#accept('(')) {
      const inner = this.#expression();
      if (!this.#accept(')')) throw new FilterProblem(SYNTAX);
      return inner;
    }
    return this.#primitive();
  }

  #primitive(): Test {
    if (this.#accept('gateway')) throw new FilterProblem("'gateway' not supported in this configuration");
    const bound = this.#accept('less', 'greater');
    if (bound) {
      const value = numberOf(this.#take());
      if (value === undefined) throw new FilterProblem(SYNTAX);
      return bound === 'less' ? (view) => view.length <= value : (view) => view.length >= value;
    }
    const cast = this.#accept('broadcast', 'multicast');
    if (cast) return this.#linkCast(cast);
    const next = this.#next ?? '';
    if (this.#last && next !== '' && !RESERVED.has(next) && /^[\w\\]/.test(next)) {
      return this.#identified(this.#last);
    }
    return this.#qualified();
  }

  /** `[protocol] [direction] [kind] id`, or a protocol alone. */
  #qualified(): Test {
    const protocol = this.#accept(...Object.keys(ETHER_TYPES), ...Object.keys(IP_PROTOCOLS), 'ether');
    if (protocol === 'ether') {
      const cast = this.#accept('broadcast', 'multicast');
      if (cast) return this.#linkCast(cast);
    }
    const direction = this.#direction();
    const kind = this.#accept(...KINDS) as Kind | undefined;
    if (direction === undefined && kind === undefined) {
      if (protocol === undefined || protocol === 'ether') throw new FilterProblem(SYNTAX);
      if (this.#next === '[') throw new FilterProblem('tests of single bytes are not modelled here');
      this.#last = { protocol, direction: 'either', kind: 'host' };
      return this.#protocolTest(protocol);
    }
    const qualifiers: Qualifiers = { protocol, direction: direction ?? 'either', kind: kind ?? 'host' };
    this.#last = qualifiers;
    return this.#identified(qualifiers);
  }

  #direction(): Qualifiers['direction'] | undefined {
    const first = this.#accept(...DIRECTIONS) as 'src' | 'dst' | undefined;
    if (first === undefined) return undefined;
    const other = first === 'src' ? 'dst' : 'src';
    const follows = this.tokens[this.#at + 1] === other;
    if (follows && this.#accept('or')) {
      this.#at++;
      return 'either';
    }
    if (follows && this.#accept('and')) {
      this.#at++;
      return 'both';
    }
    return first;
  }

  #protocolTest(name: string): Test {
    const type = ETHER_TYPES[name];
    if (type === undefined) {
      const number = IP_PROTOCOLS[name];
      return (view) => view.protocol === number;
    }
    return (view) => view.etherType === type;
  }

  #identified(qualifiers: Qualifiers): Test {
    const id = this.#take();
    if (RESERVED.has(id) || !/^[\w\\]/.test(id)) throw new FilterProblem(SYNTAX);
    const { kind } = qualifiers;
    if (kind === 'port' || kind === 'portrange') return portTest(qualifiers, id);
    if (kind === 'proto') return this.#numbered(qualifiers, id);
    if (/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(id)) {
      if (qualifiers.protocol !== 'ether' || kind !== 'host')
        throw new FilterProblem('ethernet address used in non-ether expression');
      if (!this.link.ethernet) throw new FilterProblem(NO_ETHER);
      return macTest(qualifiers, id);
    }
    if (kind === 'net') return netTest(qualifiers, id, this.#accept('mask') ? this.#take() : undefined);
    return hostTest(qualifiers, id);
  }

  /** `ip proto 1`, `ether proto 0x0806`; names need a backslash because they are words of the language. */
  #numbered(qualifiers: Qualifiers, id: string): Test {
    const name = id.startsWith('\\') ? id.slice(1) : id;
    const ether = qualifiers.protocol === 'ether';
    const number = numberOf(id) ?? (ether ? ETHER_TYPES[name] : IP_PROTOCOLS[name]);
    if (number === undefined) throw new FilterProblem(`unknown ${ether ? 'ether' : 'ip'} proto '${name}'`);
    return ether ? (view) => view.etherType === number : (view) => view.protocol === number;
  }

  #linkCast(cast: string): Test {
    if (!this.link.ethernet) throw new FilterProblem(cast === 'broadcast' ? NO_BROADCAST : NO_MULTICAST);
    if (cast === 'broadcast') return (view) => view.etherDst === MAC_BROADCAST;
    return (view) => view.etherDst !== undefined && isMulticastMac(view.etherDst);
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const pattern = /\s*(&&|\|\||[()[\]!]|[<>=]=?|[^\s()[\]!<>=&|]+|\S)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) break;
    tokens.push(match[1] ?? '');
  }
  return tokens;
}

/** The test a frame must pass, or libpcap's complaint (without `tcpdump: `). An empty filter lets everything through. */
export function compileFilter(text: string, link: LinkTraits): Result<Test> {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return ok(() => true);
  if (!link.arp && tokens.length === 1 && tokens[0] === 'arp') return err('expression rejects all packets');
  try {
    return ok(new Parser(tokens, link).parse());
  } catch (problem) {
    if (problem instanceof FilterProblem) return err(problem.message);
    throw problem;
  }
}
