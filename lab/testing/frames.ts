/** Frames and observations for tests, said in few words. */
import { concatBytes, internetChecksum, pseudoHeaderSum, writeU16, writeU32 } from '../../src/sim/wire/index';
import { TABLES, type Observation, type SeenFrame, type Tables } from '../types';

const MACS = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);

export function ethernet(type: number, ...payload: Uint8Array[]): Uint8Array {
  return concatBytes(MACS, Uint8Array.from([type >> 8, type & 0xff]), ...payload);
}

interface IpOptions {
  readonly id?: number;
  readonly ttl?: number;
  readonly protocol?: number;
  /** Flags and fragment offset as they stand in the header. */
  readonly fragment?: number;
}
const [SRC, DST] = [0x0a000001, 0x0a000002];

export function ip(
  payload: Uint8Array,
  { id = 0, ttl = 64, protocol = 1, fragment = 0 }: IpOptions = {},
): Uint8Array {
  const header = new Uint8Array(20);
  header[0] = 0x45;
  writeU16(header, 2, 20 + payload.length);
  writeU16(header, 4, id);
  writeU16(header, 6, fragment);
  header[8] = ttl;
  header[9] = protocol;
  writeU32(header, 12, SRC);
  writeU32(header, 16, DST);
  writeU16(header, 10, internetChecksum(header, 0, 20));
  return concatBytes(header, payload);
}

export function icmp(type: number, rest: number, payload: Uint8Array): Uint8Array {
  const message = concatBytes(Uint8Array.from([type, 0, 0, 0, 0, 0, 0, 0]), payload);
  writeU32(message, 4, rest);
  writeU16(message, 2, internetChecksum(message, 0, message.length));
  return message;
}

/** An echo request of 56 bytes whose first 16 are the time stamp `stamp`. */
export function echo(stamp: number, sequence = 1): Uint8Array {
  return icmp(
    8,
    0x10000 + sequence,
    Uint8Array.from({ length: 56 }, (_, i) => (i < 16 ? (stamp + i) & 0xff : i)),
  );
}

export function udp(source: number, destination: number, payload: Uint8Array, checksum = true): Uint8Array {
  const datagram = concatBytes(new Uint8Array(8), payload);
  writeU16(datagram, 0, source);
  writeU16(datagram, 2, destination);
  writeU16(datagram, 4, datagram.length);
  const sum = internetChecksum(datagram, 0, datagram.length, pseudoHeaderSum(SRC, DST, 17, datagram.length));
  if (checksum) writeU16(datagram, 6, sum);
  return datagram;
}

export function vxlan(inner: Uint8Array, source: number, id: number): Uint8Array {
  const header = Uint8Array.from([8, 0, 0, 0, 0, 0, 1, 0]);
  return ethernet(0x0800, ip(udp(source, 8472, concatBytes(header, inner)), { id, protocol: 17 }));
}

/** A copy with one byte changed. */
export function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

export const NO_ROWS = Object.fromEntries(TABLES.map((table) => [table, []])) as unknown as Tables;

export function observed(
  frames: Readonly<Record<string, readonly Uint8Array[]>>,
  more: Partial<Observation> = {},
): Observation {
  const seen = (list: readonly Uint8Array[]): SeenFrame[] =>
    list.map((bytes, i) => ({ dir: i % 2 === 0 ? 'out' : 'in', link: 'ethernet', bytes, at: i / 1000 }));
  return {
    frames: new Map(Object.entries(frames).map(([place, list]) => [place, seen(list)])),
    before: new Map(),
    after: new Map(),
    outputs: [],
    kernelLog: [],
    ...more,
  };
}
