import { assert } from '../../base/assert';
import { err, ok, type Result } from '../../base/result';

/**
 * The classic capture file (draft-ietf-opsawg-pcap): a 24-byte file header, then per frame a 16-byte record header and
 * the bytes. Written little-endian with the nanosecond magic number, which Wireshark and tcpdump both read.
 */

/** Frames begin with an Ethernet header. */
export const LINKTYPE_ETHERNET = 1;
/** Frames begin with an IP header, as on a TUN or IPIP device. */
export const LINKTYPE_RAW = 101;

const MAGIC_NANOSECONDS = 0xa1b23c4d;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const SNAPLEN = 262144;
const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
const SECOND_NS = 1e9;

export interface PcapRecord {
  /** nanoseconds since `epochSeconds`; a safe integer, so about 104 days */
  at: number;
  bytes: Uint8Array;
}

interface PcapOptions {
  /** what time 0 is, in seconds since 1970 (default 0) */
  epochSeconds?: number;
}

/** The bytes of a capture file. A time before 1970, once the epoch is added, becomes 0: the format knows none. */
export function writePcap(
  linkType: number,
  records: readonly PcapRecord[],
  options: PcapOptions = {},
): Uint8Array {
  const epochSeconds = options.epochSeconds ?? 0;
  let length = FILE_HEADER_LENGTH;
  for (const record of records) length += RECORD_HEADER_LENGTH + record.bytes.length;
  const file = new Uint8Array(length);
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC_NANOSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAPLEN, true);
  view.setUint32(20, linkType, true);
  let at = FILE_HEADER_LENGTH;
  for (const record of records) {
    assert(Number.isSafeInteger(record.at), 'a record time is a whole number of nanoseconds');
    assert(
      record.bytes.length <= SNAPLEN,
      `a frame of ${record.bytes.length} bytes exceeds the snapshot length`,
    );
    // Division, not shifts: nanoseconds pass 2^32 after four seconds.
    const wholeSeconds = Math.floor(record.at / SECOND_NS);
    const seconds = wholeSeconds + epochSeconds;
    view.setUint32(at, seconds < 0 ? 0 : seconds, true);
    view.setUint32(at + 4, seconds < 0 ? 0 : record.at - wholeSeconds * SECOND_NS, true);
    view.setUint32(at + 8, record.bytes.length, true);
    view.setUint32(at + 12, record.bytes.length, true);
    file.set(record.bytes, at + RECORD_HEADER_LENGTH);
    at += RECORD_HEADER_LENGTH + record.bytes.length;
  }
  return file;
}

export interface PcapFileRecord extends PcapRecord {
  /** bytes the frame had on the wire; more than `bytes.length` when the capture cut it */
  originalLength: number;
}

interface PcapFile {
  linkType: number;
  /** whether the file counts nanoseconds (else microseconds; `at` is in nanoseconds either way) */
  nanoseconds: boolean;
  records: PcapFileRecord[];
}

/**
 * Reads a capture file of either byte order and either resolution.
 *
 * @param options `epochSeconds` is taken off every time, so that `at` stays exact: a time of today in nanoseconds
 *   since 1970 is no safe integer
 * @returns an error for pcapng, other files, and a file that ends inside a record
 */
export function readPcap(file: Uint8Array, options: PcapOptions = {}): Result<PcapFile> {
  if (file.length < FILE_HEADER_LENGTH) return err('Not a capture file: shorter than its header.');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magics = [MAGIC_NANOSECONDS, MAGIC_MICROSECONDS];
  const little = magics.includes(view.getUint32(0, true));
  if (!little && !magics.includes(view.getUint32(0, false)))
    return err('Not a capture file: unknown magic number.');
  const nanoseconds = view.getUint32(0, little) === MAGIC_NANOSECONDS;
  const epochSeconds = options.epochSeconds ?? 0;
  const records: PcapFileRecord[] = [];
  let at = FILE_HEADER_LENGTH;
  while (at < file.length) {
    const body = at + RECORD_HEADER_LENGTH;
    const captured = body <= file.length ? view.getUint32(at + 8, little) : 0;
    if (body + captured > file.length)
      return err(`The capture file ends inside record ${records.length + 1}.`);
    const seconds = view.getUint32(at, little) - epochSeconds;
    const fraction = view.getUint32(at + 4, little);
    records.push({
      at: seconds * SECOND_NS + (nanoseconds ? fraction : fraction * 1000),
      bytes: file.slice(body, body + captured),
      originalLength: view.getUint32(at + 12, little),
    });
    at = body + captured;
  }
  // The upper bits of the link type field may say how long the check sequence is.
  return ok({ linkType: view.getUint32(20, little) & 0xffff, nanoseconds, records });
}
