/** TCP options in Linux's order and padding (net/ipv4/tcp_output.c tcp_options_write, tcp_input.c tcp_parse_options). */
import {
  TCPOPT_EOL,
  TCPOPT_MSS,
  TCPOPT_NOP,
  TCPOPT_SACK,
  TCPOPT_SACK_PERM,
  TCPOPT_TIMESTAMP,
  TCPOPT_WINDOW,
  readU16,
  readU32,
  writeU16,
  writeU32,
} from '../../../wire/index';

/** [first, behind the last) sequence number that arrived out of order. */
export type SackBlock = readonly [number, number];

export interface SegmentOptions {
  mss?: number;
  /** Shift count. */
  windowScale?: number;
  sackPermitted: boolean;
  timestamp?: { readonly value: number; readonly echo: number };
  sack: readonly SackBlock[];
}

const NONE: SegmentOptions = { sackPermitted: false, sack: [] };
/** TCP_MAX_WSCALE. */
const MAX_SCALE = 14;

/** What a segment's options say; what is unknown or cut short is passed over. */
export function readOptions(bytes: Uint8Array): SegmentOptions {
  if (bytes.length === 0) return NONE;
  const read: SegmentOptions = { sackPermitted: false, sack: [] };
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at] ?? TCPOPT_EOL;
    if (kind === TCPOPT_EOL) break;
    if (kind === TCPOPT_NOP) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) break;
    readOne(read, kind, bytes.subarray(at + 2, at + length));
    at += length;
  }
  return read;
}

function readOne(read: SegmentOptions, kind: number, data: Uint8Array): void {
  if (kind === TCPOPT_MSS && data.length === 2) read.mss = readU16(data, 0);
  else if (kind === TCPOPT_WINDOW && data.length === 1) read.windowScale = Math.min(data[0] ?? 0, MAX_SCALE);
  else if (kind === TCPOPT_SACK_PERM && data.length === 0) read.sackPermitted = true;
  else if (kind === TCPOPT_TIMESTAMP && data.length === 8)
    read.timestamp = { value: readU32(data, 0), echo: readU32(data, 4) };
  else if (kind === TCPOPT_SACK && data.length > 0 && data.length % 8 === 0) {
    const blocks: SackBlock[] = [];
    for (let at = 0; at < data.length; at += 8) blocks.push([readU32(data, at), readU32(data, at + 4)]);
    read.sack = blocks;
  }
}

/** Options of SYN and SYN-ACK: MSS, SACK permitted, time stamps, window scale. What is undefined is not offered. */
export function synOptions(offer: SegmentOptions): Uint8Array {
  const bytes: number[] = [];
  const u32 = (value: number): number[] => [value >>> 24, value >>> 16, value >>> 8, value];
  if (offer.mss !== undefined) bytes.push(TCPOPT_MSS, 4, offer.mss >>> 8, offer.mss);
  const { timestamp } = offer;
  if (timestamp) {
    // SACK permitted takes the place of the padding.
    bytes.push(...(offer.sackPermitted ? [TCPOPT_SACK_PERM, 2] : [TCPOPT_NOP, TCPOPT_NOP]));
    bytes.push(TCPOPT_TIMESTAMP, 10, ...u32(timestamp.value), ...u32(timestamp.echo));
  } else if (offer.sackPermitted) bytes.push(TCPOPT_NOP, TCPOPT_NOP, TCPOPT_SACK_PERM, 2);
  if (offer.windowScale !== undefined) bytes.push(TCPOPT_NOP, TCPOPT_WINDOW, 3, offer.windowScale);
  return Uint8Array.from(bytes);
}

/** Options of every later segment: time stamps, then as many SACK blocks as fit into 40 bytes. */
export function segmentOptions(
  timestamp: SegmentOptions['timestamp'],
  sack: readonly SackBlock[],
): Uint8Array {
  const blocks = sack.slice(0, timestamp ? 3 : 4);
  const bytes = new Uint8Array((timestamp ? 12 : 0) + (blocks.length > 0 ? 4 + 8 * blocks.length : 0));
  let at = 0;
  if (timestamp) {
    bytes.set([TCPOPT_NOP, TCPOPT_NOP, TCPOPT_TIMESTAMP, 10]);
    writeU32(bytes, 4, timestamp.value);
    writeU32(bytes, 8, timestamp.echo);
    at = 12;
  }
  if (blocks.length > 0) {
    writeU16(bytes, at, (TCPOPT_NOP << 8) | TCPOPT_NOP);
    writeU16(bytes, at + 2, (TCPOPT_SACK << 8) | (2 + 8 * blocks.length));
    at += 4;
    for (const [first, behind] of blocks) {
      writeU32(bytes, at, first);
      writeU32(bytes, at + 4, behind);
      at += 8;
    }
  }
  return bytes;
}
