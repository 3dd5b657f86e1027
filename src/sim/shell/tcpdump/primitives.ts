/** The single tests that capture filters are made of, and how libpcap complains about their operands. */
import {
  ETH_P_ARP,
  ETH_P_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  maskOf,
  parseIp4,
  parseMac,
  type Ip4,
} from '../../wire/index';
import type { Qualifiers, Test } from './filter';
import type { View } from './view';

/** libpcap's words, thrown from deep inside the parser. */
export class FilterProblem extends Error {}

/** Ports of /etc/services that people name. */
const SERVICE_PORTS: Readonly<Record<string, number>> = {
  ssh: 22,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  http: 80,
  ntp: 123,
  bgp: 179,
  https: 443,
};

/** Decimal, octal or hexadecimal. */
export function numberOf(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return parseInt(text, 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function sided<T>(
  direction: Qualifiers['direction'],
  src: (view: View) => T,
  dst: (view: View) => T,
  holds: (value: T) => boolean,
): Test {
  if (direction === 'src') return (view) => holds(src(view));
  if (direction === 'dst') return (view) => holds(dst(view));
  if (direction === 'both') return (view) => holds(src(view)) && holds(dst(view));
  return (view) => holds(src(view)) || holds(dst(view));
}

/** An address test sees IP and ARP unless it is told which. */
function addressTest(qualifiers: Qualifiers, net: Ip4, mask: Ip4): Test {
  const { protocol, direction, kind } = qualifiers;
  if (protocol === 'ether') {
    throw new FilterProblem(
      kind === 'net' ? 'link-layer modifier applied to net' : 'illegal link layer address',
    );
  }
  if (protocol !== undefined && protocol !== 'ip' && protocol !== 'arp' && protocol !== 'rarp') {
    throw new FilterProblem(`'${protocol}' modifier applied to ${kind}`);
  }
  const inside = sided(
    direction,
    (view) => view.src,
    (view) => view.dst,
    (address) => address !== undefined && (address & mask) >>> 0 === net,
  );
  if (protocol === 'rarp') return () => false;
  const type = protocol === 'ip' ? ETH_P_IP : protocol === 'arp' ? ETH_P_ARP : undefined;
  return type === undefined ? inside : (view) => view.etherType === type && inside(view);
}

/** One to four parts of a dotted address; the mask covers the parts given. */
function partial(text: string): { net: Ip4; len: number } | undefined {
  const parts = text.split('.');
  if (!/^\d+(\.\d+){0,3}$/.test(text) || parts.some((part) => Number(part) > 255)) return undefined;
  const net = parts.reduce((sum, part, at) => sum + Number(part) * 2 ** (24 - 8 * at), 0);
  return { net, len: 8 * parts.length };
}

function numeric(text: string): { net: Ip4; len: number } | undefined {
  const address = partial(text);
  if (!address && /^[\d.]+$/.test(text)) throw new FilterProblem(`invalid IPv4 address '${text}'`);
  return address;
}

export function hostTest(qualifiers: Qualifiers, id: string): Test {
  if (id.includes('/')) return netTest(qualifiers, id, undefined);
  const whole = parseIp4(id);
  if (whole.ok) return addressTest(qualifiers, whole.value, 0xffffffff);
  const address = numeric(id);
  if (address) return addressTest(qualifiers, address.net, maskOf(address.len));
  throw new FilterProblem(`unknown ${qualifiers.protocol === 'ether' ? 'ether ' : ''}host '${id}'`);
}

export function netTest(qualifiers: Qualifiers, id: string, maskText: string | undefined): Test {
  const [text = '', lengthText] = id.split('/');
  const address = numeric(text);
  if (!address) throw new FilterProblem(`unknown network '${text}'`);
  let mask = maskOf(address.len);
  let shown = id;
  if (lengthText !== undefined) {
    const length = numberOf(lengthText);
    if (length === undefined) throw new FilterProblem("can't parse filter expression: syntax error");
    if (length > 32) throw new FilterProblem('mask length must be <= 32');
    mask = maskOf(length);
  } else if (maskText !== undefined) {
    const given = parseIp4(maskText);
    if (!given.ok) throw new FilterProblem("can't parse filter expression: syntax error");
    mask = given.value;
    shown = `${text} mask ${maskText}`;
  }
  if ((address.net & mask) >>> 0 !== address.net)
    throw new FilterProblem(`non-network bits set in "${shown}"`);
  return addressTest(qualifiers, address.net, mask);
}

export function macTest(qualifiers: Qualifiers, id: string): Test {
  const mac = parseMac(id.replaceAll('-', ':'));
  if (!mac.ok) throw new FilterProblem('illegal link layer address');
  return sided(
    qualifiers.direction,
    (view) => view.etherSrc,
    (view) => view.etherDst,
    (address) => address === mac.value,
  );
}

function portNumber(text: string, word: string): number {
  const value = numberOf(text) ?? SERVICE_PORTS[text];
  if (value === undefined) throw new FilterProblem(`unknown ${word} '${text}'`);
  if (value > 65_535) throw new FilterProblem(`illegal port number ${value} > 65535`);
  return value;
}

export function portTest(qualifiers: Qualifiers, id: string): Test {
  const { protocol, direction, kind } = qualifiers;
  if (protocol !== undefined && !['tcp', 'udp', 'sctp', 'ip', 'ip6'].includes(protocol))
    throw new FilterProblem("illegal qualifier of 'port'");
  const range = kind === 'portrange' ? /^(.+)-(.+)$/.exec(id) : null;
  const first = portNumber(range?.[1] ?? id, kind);
  const last = portNumber(range?.[2] ?? id, kind);
  const [low, high] = first <= last ? [first, last] : [last, first];
  const inside = sided(
    direction,
    (view) => view.srcPort,
    (view) => view.dstPort,
    (port) => port !== undefined && port >= low && port <= high,
  );
  const wanted = protocol === 'tcp' ? IPPROTO_TCP : protocol === 'udp' ? IPPROTO_UDP : undefined;
  if (protocol === 'sctp' || protocol === 'ip6') return () => false;
  return wanted === undefined ? inside : (view) => view.protocol === wanted && inside(view);
}
