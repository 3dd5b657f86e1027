import { readU16, readU8 } from '../bytes';
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
import { cut, type Carrier, type Context } from './context';
import { printIcmp } from './icmp';
import { printTcp } from './tcp';
import { printUdp } from './udp';

/** Names of `ipproto_values` in tcpdump's ipproto.c. */
const PROTOCOL_NAMES = new Map([
  [0, 'Options'],
  [IPPROTO_ICMP, 'ICMP'],
  [2, 'IGMP'],
  [IPPROTO_IPIP, 'IPIP'],
  [IPPROTO_TCP, 'TCP'],
  [8, 'EGP'],
  [9, 'IGRP'],
  [IPPROTO_UDP, 'UDP'],
  [33, 'DCCP'],
  [41, 'IPv6'],
  [46, 'RSVP'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [58, 'ICMPv6'],
  [88, 'EIGRP'],
  [89, 'OSPF'],
  [103, 'PIM'],
  [108, 'Compressed IP'],
  [112, 'VRRP'],
  [132, 'SCTP'],
]);

/** `ip_print`. `length` is what the link level says is there; a shorter one than the header claims is reported. */
export function printIp(context: Context, at: number, end: number, length: number): string {
  const prefix = context.ethernet ? '' : 'IP ';
  const available = context.bytes.subarray(0, end);
  const header = parseQuotedIpv4(available, at);
  if (isMalformed(header)) return unreadable(context.bytes, at, end, prefix);
  let text = prefix;
  if (header.totalLength > length) text += `truncated-ip - ${header.totalLength - length} bytes missing! `;
  if (header.totalLength < header.headerLength) return `${text}bad-len ${header.totalLength}`;
  if (context.verbose) text += verboseHeader(context.bytes, at, header);
  const addresses = `${formatIp4(header.src)} > ${formatIp4(header.dst)}:`;
  if (header.fragmentOffset > 0) return `${text}${addresses} ${protocolOf(header.protocol)}`;
  return text + printPayload(context, header, at, end, addresses);
}

/** Too short, another version, or a header length that cannot be. */
function unreadable(bytes: Uint8Array, at: number, end: number, prefix: string): string {
  if (end - at < IPV4_LENGTH) return prefix + cut('ip');
  const version = readU8(bytes, at) >>> 4;
  // tcpdump puts the version where the blank of "IP " would be.
  if (version !== 4) return `IP${version} (invalid)`;
  const headerLength = (readU8(bytes, at) & 15) * 4;
  return headerLength < IPV4_LENGTH ? `${prefix}bad-hlen ${headerLength}` : prefix + cut('ip');
}

function protocolOf(protocol: number): string {
  return `ip-proto-${protocol}`;
}

function printPayload(
  context: Context,
  header: Ipv4Header,
  at: number,
  end: number,
  addresses: string,
): string {
  const body = at + header.headerLength;
  const bodyEnd = Math.min(end, at + header.totalLength);
  const length = header.totalLength - header.headerLength;
  const carrier: Carrier = { src: header.src, dst: header.dst, moreFragments: header.moreFragments };
  switch (header.protocol) {
    case IPPROTO_ICMP:
      return `${addresses} ${printIcmp(context, body, bodyEnd, length, carrier)}`;
    case IPPROTO_IPIP:
      return `${addresses} ${context.printIp(body, bodyEnd, length)}`;
    case IPPROTO_TCP:
      return printTcp(context, body, bodyEnd, length, carrier);
    case IPPROTO_UDP:
      return printUdp(context, body, bodyEnd, length, carrier);
    default:
      return `${addresses}  ${protocolOf(header.protocol)} ${length}`;
  }
}

function verboseHeader(bytes: Uint8Array, at: number, header: Ipv4Header): string {
  const ecn = ['', ',ECT(1)', ',ECT(0)', ',CE'][header.tos & 3] ?? '';
  const ttl = header.ttl >= 1 ? `, ttl ${header.ttl}` : '';
  const flags = [
    readU8(bytes, at + 6) & 0x80 ? 'rsvd' : '',
    header.dontFragment ? 'DF' : '',
    header.moreFragments ? '+' : '',
  ].filter((flag) => flag !== '');
  const protocol = `${PROTOCOL_NAMES.get(header.protocol) ?? 'unknown'} (${header.protocol})`;
  const text =
    `(tos 0x${header.tos.toString(16)}${ecn}${ttl}, id ${header.id}, offset ${header.fragmentOffset}, ` +
    `flags [${flags.length === 0 ? 'none' : flags.join(', ')}], proto ${protocol}, length ${header.totalLength}`;
  return `${text}${optionsOf(header)}${checksumOf(bytes, at, header)})\n    `;
}

function optionsOf(header: Ipv4Header): string {
  if (header.options.length === 0) return '';
  const names: string[] = [];
  for (let at = 0; at < header.options.length;) {
    const type = readU8(header.options, at);
    names.push(OPTION_NAMES.get(type) ?? `unknown ${type}`);
    if (type === 0) break;
    const length = type === 1 ? 1 : readU8(header.options, at + 1);
    if (length < 1) break;
    at += length;
  }
  return `, options (${names.join(',')})`;
}

const OPTION_NAMES = new Map([
  [0, 'EOL'],
  [1, 'NOP'],
  [7, 'RR'],
  [68, 'timestamp'],
  [130, 'security'],
  [131, 'LSRR'],
  [137, 'SSRR'],
  [148, 'RA'],
]);

function checksumOf(bytes: Uint8Array, at: number, header: Ipv4Header): string {
  if (internetChecksum(bytes, at, at + header.headerLength) === 0) return '';
  const copy = bytes.slice(at, at + header.headerLength);
  copy.fill(0, 10, 12);
  const right = internetChecksum(copy, 0, copy.length);
  return `, bad cksum ${readU16(bytes, at + 10).toString(16)} (->${right.toString(16)})!`;
}
