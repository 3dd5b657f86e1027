import { readU16 } from '../bytes';
import { internetChecksum } from '../checksum';
import { formatIp4 } from '../ip4';
import {
  IPPROTO_ICMP,
  IPPROTO_IPIP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV4_LENGTH,
  parseQuotedIpv4,
  type Ipv4Header,
} from '../ipv4';
import { isMalformed } from '../malformed';
import { cutShort, field, hex, type Next, type Part, type Place, type Read } from './context';
import type { Field } from './types';

const PROTOCOL_NAMES = new Map([
  [IPPROTO_ICMP, 'ICMP'],
  [2, 'IGMP'],
  [IPPROTO_IPIP, 'IP-in-IP'],
  [IPPROTO_TCP, 'TCP'],
  [IPPROTO_UDP, 'UDP'],
  [41, 'IPv6'],
  [47, 'GRE'],
  [50, 'ESP'],
  [89, 'OSPF'],
]);

const NEXT = new Map<number, Next>([
  [IPPROTO_ICMP, 'icmp'],
  [IPPROTO_IPIP, 'ipv4'],
  [IPPROTO_TCP, 'tcp'],
  [IPPROTO_UDP, 'udp'],
]);

export function readIpv4Layer(bytes: Uint8Array, at: number, end: number, place: Place): Read {
  const header = parseQuotedIpv4(bytes.subarray(0, end), at);
  if (isMalformed(header)) return cutShort('ip', at, end, header.malformed);
  const checksumRight = internetChecksum(bytes, at, at + header.headerLength) === 0;
  const wrong = wrongWith(header, end - at, place, checksumRight);
  const isTunnel = header.protocol === IPPROTO_IPIP && header.fragmentOffset === 0;
  const protocolName = PROTOCOL_NAMES.get(header.protocol) ?? `protocol ${header.protocol}`;
  return {
    layer: {
      protocol: isTunnel ? 'ipip' : 'ip',
      offset: at,
      length: header.headerLength,
      summary: `${formatIp4(header.src)} > ${formatIp4(header.dst)}, ${protocolName}, ttl ${header.ttl}`,
      fields: fieldsOf(bytes, at, header, checksumRight),
      ...(wrong === undefined ? {} : { malformed: wrong }),
    },
    parts: partsOf(header, at, end, isTunnel),
  };
}

function wrongWith(
  header: Ipv4Header,
  available: number,
  place: Place,
  checksumRight: boolean,
): string | undefined {
  // A quote shows the header as the router had it in hand and only the beginning of the packet.
  if (place.quoted) return undefined;
  if (!checksumRight) return 'bad IP header checksum';
  if (header.totalLength > available && !place.fragment) return 'truncated IP packet';
  if (header.totalLength < header.headerLength) return 'IP total length below header length';
  return undefined;
}

function partsOf(header: Ipv4Header, at: number, end: number, isTunnel: boolean): Part[] {
  const body = at + header.headerLength;
  const bodyEnd = Math.min(end, Math.max(body, at + header.totalLength));
  const whole = !header.moreFragments && header.fragmentOffset === 0 && at + header.totalLength <= end;
  const payload: Part = { next: 'data', at: body, end: bodyEnd };
  if (header.fragmentOffset > 0) payload.hint = { data: 'Fragment' };
  else payload.next = NEXT.get(header.protocol) ?? 'data';
  if (payload.next !== 'data' && whole) payload.hint = { pseudo: { src: header.src, dst: header.dst } };
  if (isTunnel) payload.inside = 'tunnel';
  if (header.moreFragments) payload.fragment = true;
  return [payload, { next: 'data', at: bodyEnd, end, hint: { data: 'Padding' } }];
}

function fieldsOf(bytes: Uint8Array, at: number, header: Ipv4Header, checksumRight: boolean): Field[] {
  const fragmentWord = readU16(bytes, at + 6);
  const flag = (set: boolean, yes: string, no: string) => (set ? yes : no);
  const fields = [
    field('ip.version', 'Version', at, 1, 4, { bits: [0, 3] }),
    field('ip.ihl', 'Header length', at, 1, header.headerLength / 4, {
      bits: [4, 7],
      note: `${header.headerLength} bytes`,
    }),
    field('ip.tos', 'Type of service', at + 1, 1, hex(header.tos, 2), { note: tosNote(header.tos) }),
    field('ip.len', 'Total length', at + 2, 2, header.totalLength),
    field('ip.id', 'Identification', at + 4, 2, header.id, { note: hex(header.id, 4) }),
    field('ip.flags.rb', 'Reserved bit', at + 6, 2, fragmentWord >>> 15, { bits: [0, 0] }),
    field('ip.flags.df', "Don't fragment", at + 6, 2, Number(header.dontFragment), {
      bits: [1, 1],
      note: flag(header.dontFragment, "Don't fragment", 'May be fragmented'),
    }),
    field('ip.flags.mf', 'More fragments', at + 6, 2, Number(header.moreFragments), {
      bits: [2, 2],
      note: flag(header.moreFragments, 'More fragments follow', 'Last or only fragment'),
    }),
    field('ip.frag_offset', 'Fragment offset', at + 6, 2, header.fragmentOffset / 8, {
      bits: [3, 15],
      note: `${header.fragmentOffset} bytes`,
    }),
    field('ip.ttl', 'Time to live', at + 8, 1, header.ttl),
    field('ip.proto', 'Protocol', at + 9, 1, header.protocol, { note: PROTOCOL_NAMES.get(header.protocol) }),
    field('ip.checksum', 'Header checksum', at + 10, 2, hex(header.checksum, 4), {
      note: checksumRight ? 'correct' : 'wrong',
    }),
    field('ip.src', 'Source', at + 12, 4, formatIp4(header.src)),
    field('ip.dst', 'Destination', at + 16, 4, formatIp4(header.dst)),
  ];
  const optionBytes = header.headerLength - IPV4_LENGTH;
  if (optionBytes > 0) {
    fields.push(field('ip.options', 'Options', at + IPV4_LENGTH, optionBytes, `${optionBytes} bytes`));
  }
  return fields;
}

/** DSCP names worth knowing here: CS6 is what routing daemons and the kernel's ICMP errors carry (RFC 2474, RFC 4594). */
function tosNote(tos: number): string {
  const dscp = tos >>> 2;
  const ecn = tos & 3;
  const name = dscp === 48 ? 'CS6' : dscp === 46 ? 'EF' : String(dscp);
  return ecn === 0 ? `DSCP ${name}` : `DSCP ${name}, ECN ${ecn}`;
}
