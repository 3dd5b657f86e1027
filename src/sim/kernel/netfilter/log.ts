/** Lines of the kernel log that LOG and TRACE write (net/netfilter/nf_log_syslog.c). */
import {
  ICMP_LENGTH,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  isMalformed,
  parseQuotedIpv4,
  readU16,
  readU32,
  readU8,
  toHex,
  type Ipv4Header,
} from '../../wire/index';
import type { Device } from '../device/device';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import { ipText, macText } from '../text';
import type { LogOptions } from './rules';

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** What goes before: `IN= OUT=` with the bridge's ports and the received frame's Ethernet header. */
export function logLine(
  netns: Netns,
  packet: IpPacket,
  iif: Device | undefined,
  oif: Device | undefined,
  options: LogOptions,
): string {
  const { nf } = packet;
  let text = `${options.prefix}IN=${iif?.name ?? ''} OUT=${oif?.name ?? ''} `;
  if (nf?.physIn !== undefined) text += `PHYSIN=${nf.physIn} `;
  if (nf?.physOut !== undefined) text += `PHYSOUT=${nf.physOut} `;
  if (iif) text += macField(netns, packet, options);
  text += packetText(packet.header, packet.bytes, options, packet.bytes.length);
  // A SYN-ACK's socket is no full one yet.
  if (options.uid && packet.owner === 'process') text += 'UID=0 GID=0 ';
  if (packet.mark !== 0) text += `MARK=0x${packet.mark.toString(16)} `;
  return text;
}

/** The Ethernet header the packet came with, if it came with one. */
function ethernetOf(netns: Netns, packet: IpPacket): Uint8Array | undefined {
  let frame = netns.tracer.frames[packet.frame];
  // NAT and forwarding made new frames out of the received one.
  for (let hops = 0; frame && hops < 8; hops++) {
    if (frame.link === 'ethernet') return frame.bytes.subarray(0, 14);
    if (frame.from === undefined) return undefined;
    frame = netns.tracer.frames[frame.from];
  }
  return undefined;
}
function macField(netns: Netns, packet: IpPacket, options: LogOptions): string {
  const header = packet.iif?.link === 'ip' ? undefined : ethernetOf(netns, packet);
  if (!header) return options.macdecode ? '' : 'MAC= ';
  if (options.macdecode) {
    const mac = (at: number): string => macText(parseInt(toHex(header.subarray(at, at + 6)), 16));
    return `MACSRC=${mac(6)} MACDST=${mac(0)} MACPROTO=${toHex(header.subarray(12))} `;
  }
  return `MAC=${[...header].map((byte) => byte.toString(16).padStart(2, '0')).join(':')} `;
}
function packetText(header: Ipv4Header, bytes: Uint8Array, options: LogOptions, available: number): string {
  const { tos, ttl, id } = header;
  let text = `SRC=${ipText(header.src)} DST=${ipText(header.dst)} LEN=${header.totalLength} `;
  text += `TOS=0x${hex(tos & 0x1e, 2)} PREC=0x${hex(tos & 0xe0, 2)} TTL=${ttl} ID=${id} `;
  if (header.dontFragment) text += 'DF ';
  if (header.moreFragments) text += 'MF ';
  if (header.fragmentOffset > 0) text += `FRAG:${header.fragmentOffset / 8} `;
  if (options.ipOptions && header.options.length > 0) text += `OPT (${toHex(header.options).toUpperCase()}) `;
  const at = header.headerLength;
  const rest = available - at;
  if (header.protocol === IPPROTO_TCP) return text + tcpText(header, bytes, at, rest, options);
  if (header.protocol === IPPROTO_UDP) return text + udpText(header, bytes, at, rest);
  if (header.protocol === IPPROTO_ICMP) return text + icmpText(header, bytes, at, rest, options);
  return `${text}PROTO=${header.protocol} `;
}

function tcpText(
  header: Ipv4Header,
  bytes: Uint8Array,
  at: number,
  rest: number,
  options: LogOptions,
): string {
  if (header.fragmentOffset > 0) return 'PROTO=TCP ';
  if (rest < 20) return `PROTO=TCP INCOMPLETE [${rest} bytes] `;
  let text = `PROTO=TCP SPT=${readU16(bytes, at)} DPT=${readU16(bytes, at + 2)} `;
  if (options.tcpSequence) text += `SEQ=${readU32(bytes, at + 4)} ACK=${readU32(bytes, at + 8)} `;
  text += `WINDOW=${readU16(bytes, at + 14)} RES=0x${hex((readU16(bytes, at + 12) >>> 6) & 0x3c, 2)} `;
  const flags = readU8(bytes, at + 13);
  const names: readonly (readonly [number, string])[] = [
    [0x80, 'CWR'],
    [0x40, 'ECE'],
    [0x20, 'URG'],
    [0x10, 'ACK'],
    [0x08, 'PSH'],
    [0x04, 'RST'],
    [0x02, 'SYN'],
    [0x01, 'FIN'],
  ];
  for (const [bit, name] of names) if (flags & bit) text += `${name} `;
  text += `URGP=${readU16(bytes, at + 18)} `;
  const length = (readU8(bytes, at + 12) >>> 4) * 4;
  if (options.tcpOptions && length > 20)
    text += `OPT (${toHex(bytes.subarray(at + 20, at + length)).toUpperCase()}) `;
  return text;
}
function udpText(header: Ipv4Header, bytes: Uint8Array, at: number, rest: number): string {
  if (header.fragmentOffset > 0) return 'PROTO=UDP ';
  if (rest < 8) return `PROTO=UDP INCOMPLETE [${rest} bytes] `;
  return `PROTO=UDP SPT=${readU16(bytes, at)} DPT=${readU16(bytes, at + 2)} LEN=${readU16(bytes, at + 4)} `;
}
function icmpText(
  header: Ipv4Header,
  bytes: Uint8Array,
  at: number,
  rest: number,
  options: LogOptions,
): string {
  if (header.fragmentOffset > 0) return 'PROTO=ICMP ';
  if (rest < 4) return `PROTO=ICMP INCOMPLETE [${rest} bytes] `;
  const type = readU8(bytes, at);
  const code = readU8(bytes, at + 1);
  let text = `PROTO=ICMP TYPE=${type} CODE=${code} `;
  if (type === 8 || type === 0) return `${text}ID=${readU16(bytes, at + 4)} SEQ=${readU16(bytes, at + 6)} `;
  if (type === 5) text += `GATEWAY=${ipText(readU32(bytes, at + 4))} `;
  if (type !== 3 && type !== 4 && type !== 5 && type !== 11) return text;
  const quoted = bytes.subarray(at + ICMP_LENGTH);
  const inner = parseQuotedIpv4(quoted);
  if (!isMalformed(inner)) text += `[${packetText(inner, quoted, options, quoted.length)}] `;
  if (type === 3 && code === 4) text += `MTU=${readU16(bytes, at + 6)} `;
  return text;
}
