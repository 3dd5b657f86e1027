import { assert } from '../../base/assert';
import { allocate, EMPTY_BYTES, readU16, readU32, readU8, writeU16, writeU32 } from './bytes';
import { internetChecksum, updateChecksum16 } from './checksum';
import type { Ip4 } from './ip4';
import { isMalformed, malformed, type Parsed } from './malformed';

/** IPv4 (RFC 791; Linux `struct iphdr`). A packet here is a byte array that starts with the version field. */

/** Header bytes without options. */
export const IPV4_LENGTH = 20;

export const IPPROTO_ICMP = 1;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

/** Bits of the 16-bit field at offset 6; the rest is the fragment offset in units of 8 bytes. */
const IP_DF = 0x4000;
const IP_MF = 0x2000;
export const IP_OFFSET_MASK = 0x1fff;

export interface Ipv4Header {
  /** bytes, 20 … 60 */
  headerLength: number;
  /** the whole former TOS byte: DSCP and ECN */
  tos: number;
  /** bytes of header and payload */
  totalLength: number;
  id: number;
  dontFragment: boolean;
  moreFragments: boolean;
  /** bytes (a multiple of 8), not the field's units of 8 */
  fragmentOffset: number;
  ttl: number;
  protocol: number;
  checksum: number;
  src: Ip4;
  dst: Ip4;
  /** the bytes after the first 20, unread; empty when the header is 20 bytes long */
  options: Uint8Array;
}

/** What a sender chooses; lengths and checksum follow. A whole `Ipv4Header` fits too, to re-emit it. */
interface Ipv4Fields {
  tos?: number;
  id: number;
  dontFragment?: boolean;
  moreFragments?: boolean;
  /** bytes, a multiple of 8 */
  fragmentOffset?: number;
  ttl: number;
  protocol: number;
  src: Ip4;
  dst: Ip4;
  /** a multiple of 4 bytes, at most 40 */
  options?: Uint8Array;
}

/** What an ICMP error quotes: the header is whole, the payload may be cut, the checksum is not judged. */
export function parseQuotedIpv4(bytes: Uint8Array, at = 0): Parsed<Ipv4Header> {
  if (bytes.length - at < IPV4_LENGTH) return malformed('truncated IP header');
  const versionAndLength = readU8(bytes, at);
  if (versionAndLength >>> 4 !== 4) return malformed(`IP version ${versionAndLength >>> 4}`);
  const headerLength = (versionAndLength & 15) * 4;
  if (headerLength < IPV4_LENGTH) return malformed('IP header length below 20');
  if (bytes.length - at < headerLength) return malformed('truncated IP header');
  const fragment = readU16(bytes, at + 6);
  return {
    headerLength,
    tos: readU8(bytes, at + 1),
    totalLength: readU16(bytes, at + 2),
    id: readU16(bytes, at + 4),
    dontFragment: (fragment & IP_DF) !== 0,
    moreFragments: (fragment & IP_MF) !== 0,
    fragmentOffset: (fragment & IP_OFFSET_MASK) * 8,
    ttl: readU8(bytes, at + 8),
    protocol: readU8(bytes, at + 9),
    checksum: readU16(bytes, at + 10),
    src: readU32(bytes, at + 12),
    dst: readU32(bytes, at + 16),
    options: headerLength === IPV4_LENGTH ? EMPTY_BYTES : bytes.slice(at + IPV4_LENGTH, at + headerLength),
  };
}

/**
 * Refuses what Linux's `ip_rcv_core` drops, in its order: version and header length, header checksum, total length.
 * Bytes after `totalLength` (Ethernet padding) are allowed; take the payload with `ipv4Payload`.
 */
export function parseIpv4(bytes: Uint8Array, at = 0): Parsed<Ipv4Header> {
  const header = parseQuotedIpv4(bytes, at);
  if (isMalformed(header)) return header;
  if (internetChecksum(bytes, at, at + header.headerLength) !== 0) return malformed('bad IP header checksum');
  if (header.totalLength > bytes.length - at) return malformed('truncated IP packet');
  if (header.totalLength < header.headerLength) return malformed('IP total length below header length');
  return header;
}

/** The bytes between the header and the packet's end (not the array's end), as a view, not a copy. */
export function ipv4Payload(bytes: Uint8Array, header: Ipv4Header, at = 0): Uint8Array {
  return bytes.subarray(at + header.headerLength, at + header.totalLength);
}

/** A whole packet: header with lengths and checksum filled in, then the payload. */
export function buildIpv4(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const options = fields.options ?? EMPTY_BYTES;
  const headerLength = IPV4_LENGTH + options.length;
  const totalLength = headerLength + payload.length;
  const offset = fields.fragmentOffset ?? 0;
  assert(options.length % 4 === 0 && options.length <= 40, 'IP options come in 32-bit words, at most ten');
  assert(
    offset % 8 === 0 && offset >>> 3 <= IP_OFFSET_MASK,
    'a fragment offset is a multiple of 8 below 65536',
  );
  assert(totalLength <= 0xffff, 'an IP packet is at most 65535 bytes long');
  const packet = allocate(totalLength);
  packet[0] = 0x40 | (headerLength >>> 2);
  packet[1] = fields.tos ?? 0;
  writeU16(packet, 2, totalLength);
  writeU16(packet, 4, fields.id);
  writeU16(
    packet,
    6,
    (fields.dontFragment ? IP_DF : 0) | (fields.moreFragments ? IP_MF : 0) | (offset >>> 3),
  );
  packet[8] = fields.ttl;
  packet[9] = fields.protocol;
  writeU32(packet, 12, fields.src);
  writeU32(packet, 16, fields.dst);
  packet.set(options, IPV4_LENGTH);
  writeU16(packet, 10, internetChecksum(packet, 0, headerLength));
  packet.set(payload, headerLength);
  return packet;
}

/**
 * A copy with the TTL one lower and the checksum updated, not recomputed, as Linux's `ip_decrease_ttl` does (a wrong
 * checksum stays wrong). Options and payload are kept. The caller has seen to it that the TTL is above 0.
 */
export function decrementTtl(packet: Uint8Array): Uint8Array {
  const ttl = readU8(packet, 8);
  assert(packet.length >= IPV4_LENGTH && ttl > 0, 'only an IP packet with a TTL above 0 can be forwarded');
  const copy = packet.slice();
  copy[8] = ttl - 1;
  const word = readU16(packet, 8);
  writeU16(copy, 10, updateChecksum16(readU16(packet, 10), word, word - 0x100));
  return copy;
}

/**
 * Cuts a packet into fragments of at most `mtu` bytes, as Linux's `ip_do_fragment` (slow path: `ip_frag_next`): every
 * payload but the last is a multiple of 8, the IP id stays, MF is set on all but the last (on that too when the packet
 * was itself a fragment in the middle), DF is cleared. A packet that fits comes back alone and unchanged. Whether the
 * packet *may* be fragmented (DF) is for the caller to decide.
 */
export function fragmentIpv4(packet: Uint8Array, mtu: number): Uint8Array[] {
  const header = parseQuotedIpv4(packet);
  assert(!isMalformed(header), 'only an IP packet can be fragmented');
  const end = Math.min(header.totalLength, packet.length);
  if (end <= mtu) return [packet];
  const room = mtu - header.headerLength;
  assert(room >= 8, `an MTU of ${mtu} leaves no room for a fragment`);
  const step = room & ~7;
  const fragments: Uint8Array[] = [];
  let at = header.headerLength;
  let options = header.options;
  while (at < end) {
    const last = end - at <= room;
    const length = last ? end - at : step;
    const fragmentOffset = header.fragmentOffset + at - header.headerLength;
    const moreFragments = !last || header.moreFragments;
    const fields = { ...header, options, dontFragment: false, moreFragments, fragmentOffset };
    fragments.push(buildIpv4(fields, packet.subarray(at, at + length)));
    if (fragmentOffset === 0) options = optionsOfLaterFragments(options);
    at += length;
  }
  return fragments;
}

/**
 * Linux's `ip_options_fragment`: options without the "copied" bit (RFC 791 section 3.1) are in the first fragment only;
 * in later ones no-operations stand in their place, so the header keeps its length.
 */
function optionsOfLaterFragments(options: Uint8Array): Uint8Array {
  const later = options.slice();
  let at = 0;
  while (at < later.length) {
    const type = readU8(later, at);
    if (type === 0) break;
    if (type === 1) {
      at += 1;
      continue;
    }
    const length = readU8(later, at + 1);
    if (length < 2 || at + length > later.length) break;
    if ((type & 0x80) === 0) later.fill(1, at, at + length);
    at += length;
  }
  return later;
}
