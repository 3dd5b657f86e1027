import { assert } from '../../base/assert';
import { allocate, EMPTY_BYTES, readU16, readU32, readU8, writeU16, writeU32 } from './bytes';
import { internetChecksum, pseudoHeaderSum } from './checksum';
import { IPPROTO_TCP } from './ipv4';
import { malformed, type Parsed } from './malformed';
import type { PseudoAddresses } from './udp';

/**
 * TCP (RFC 9293 section 3.1): ports 0 and 2, sequence 4, acknowledgment 8, data offset and flags 12, window 14,
 * checksum 16, urgent pointer 18, options 20.
 */

/** Header bytes without options. */
export const TCP_LENGTH = 20;

export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_URG = 0x20;
export const TCP_ECE = 0x40;
export const TCP_CWR = 0x80;

/** Option kinds (RFC 9293 section 3.2, RFC 7323, RFC 2018). */
export const TCPOPT_EOL = 0;
export const TCPOPT_NOP = 1;
export const TCPOPT_MSS = 2;
export const TCPOPT_WINDOW = 3;
export const TCPOPT_SACK_PERM = 4;
export const TCPOPT_SACK = 5;
export const TCPOPT_TIMESTAMP = 8;

export interface TcpHeader {
  srcPort: number;
  dstPort: number;
  seq: number;
  ack: number;
  /** bytes, 20 … 60 */
  headerLength: number;
  /** the low 8 bits: TCP_FIN … TCP_CWR */
  flags: number;
  /** as sent, before window scaling */
  window: number;
  checksum: number;
  urgent: number;
  /** raw, padding included; see `parseTcpOptions` */
  options: Uint8Array;
}

/** What a sender chooses; header length and checksum follow. A whole `TcpHeader` fits too, to re-emit it. */
interface TcpFields {
  srcPort: number;
  dstPort: number;
  seq: number;
  ack: number;
  flags: number;
  window: number;
  urgent?: number;
  /** a multiple of 4 bytes, at most 40 */
  options?: Uint8Array;
}

/** Reads the header of a segment in `length` bytes at `at` (default: to the end), as `tcp_v4_rcv` checks it. */
export function parseTcp(bytes: Uint8Array, at = 0, length = bytes.length - at): Parsed<TcpHeader> {
  const available = Math.min(length, bytes.length - at);
  if (available < TCP_LENGTH) return malformed('truncated TCP header');
  const headerLength = (readU8(bytes, at + 12) >>> 4) * 4;
  if (headerLength < TCP_LENGTH) return malformed('TCP header length below 20');
  if (headerLength > available) return malformed('truncated TCP header');
  return {
    srcPort: readU16(bytes, at),
    dstPort: readU16(bytes, at + 2),
    seq: readU32(bytes, at + 4),
    ack: readU32(bytes, at + 8),
    headerLength,
    flags: readU8(bytes, at + 13),
    window: readU16(bytes, at + 14),
    checksum: readU16(bytes, at + 16),
    urgent: readU16(bytes, at + 18),
    options: headerLength === TCP_LENGTH ? EMPTY_BYTES : bytes.slice(at + TCP_LENGTH, at + headerLength),
  };
}

/** A whole segment with its checksum. */
export function buildTcp(fields: TcpFields, payload: Uint8Array, pseudo: PseudoAddresses): Uint8Array {
  const options = fields.options ?? EMPTY_BYTES;
  assert(options.length % 4 === 0 && options.length <= 40, 'TCP options come in 32-bit words, at most ten');
  const headerLength = TCP_LENGTH + options.length;
  const segment = allocate(headerLength + payload.length);
  writeU16(segment, 0, fields.srcPort);
  writeU16(segment, 2, fields.dstPort);
  writeU32(segment, 4, fields.seq);
  writeU32(segment, 8, fields.ack);
  segment[12] = headerLength << 2;
  segment[13] = fields.flags;
  writeU16(segment, 14, fields.window);
  writeU16(segment, 18, fields.urgent ?? 0);
  segment.set(options, TCP_LENGTH);
  segment.set(payload, headerLength);
  const sum = pseudoHeaderSum(pseudo.src, pseudo.dst, IPPROTO_TCP, segment.length);
  writeU16(segment, 16, internetChecksum(segment, 0, segment.length, sum));
  return segment;
}

/** Whether the checksum over the `length` bytes of the segment at `at` is right. */
export function verifyTcp(bytes: Uint8Array, at: number, length: number, pseudo: PseudoAddresses): boolean {
  const sum = pseudoHeaderSum(pseudo.src, pseudo.dst, IPPROTO_TCP, length);
  return internetChecksum(bytes, at, at + length, sum) === 0;
}

/** One option: its kind and the bytes after kind and length (none for EOL and NOP). */
export interface TcpOption {
  kind: number;
  data: Uint8Array;
}

/** Options in order, NOPs included, up to EOL or to the first one that runs over the end (`tcp_parse_options`). */
export function parseTcpOptions(options: Uint8Array): TcpOption[] {
  const list: TcpOption[] = [];
  let at = 0;
  while (at < options.length) {
    const kind = readU8(options, at);
    if (kind === TCPOPT_EOL || kind === TCPOPT_NOP) {
      list.push({ kind, data: EMPTY_BYTES });
      if (kind === TCPOPT_EOL) break;
      at += 1;
      continue;
    }
    const length = readU8(options, at + 1);
    if (length < 2 || at + length > options.length) break;
    list.push({ kind, data: options.slice(at + 2, at + length) });
    at += length;
  }
  return list;
}

/** The bytes of the options, padded with EOL to whole words; the inverse of `parseTcpOptions` for whole words. */
export function buildTcpOptions(list: readonly TcpOption[]): Uint8Array {
  const bytes: number[] = [];
  for (const option of list) {
    bytes.push(option.kind);
    if (option.kind !== TCPOPT_EOL && option.kind !== TCPOPT_NOP) {
      bytes.push(option.data.length + 2, ...option.data);
    }
  }
  while (bytes.length % 4 !== 0) bytes.push(TCPOPT_EOL);
  return Uint8Array.from(bytes);
}
