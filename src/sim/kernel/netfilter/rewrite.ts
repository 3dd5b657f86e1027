/**
 * Writing another address or port into a packet (nf_nat_manip_pkt): a copy with the checksums updated word by word, as
 * Linux does; a wrong checksum stays wrong. Works on whole packets and on the cut ones that ICMP errors quote.
 */
import {
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  internetChecksum,
  isMalformed,
  parseQuotedIpv4,
  readU16,
  updateChecksum16,
  writeU16,
  type Ip4,
  isIcmpErrorType,
} from '../../wire/index';
import type { Manip } from './connection';
import type { Tuple } from './tuple';

/** Changes one 16-bit word and the checksums that cover it. */
function setWord(bytes: Uint8Array, at: number, value: number, checksums: readonly number[]): void {
  const before = readU16(bytes, at);
  if (before === value) return;
  writeU16(bytes, at, value);
  for (const sum of checksums) writeU16(bytes, sum, updateChecksum16(readU16(bytes, sum), before, value));
}
function setAddress(bytes: Uint8Array, at: number, ip: Ip4, checksums: readonly number[]): void {
  setWord(bytes, at, ip >>> 16, checksums);
  setWord(bytes, at + 2, ip & 0xffff, checksums);
}

/** Where the checksum that covers addresses and ports stands; undefined when there is none or it was cut off. */
function pseudoChecksum(bytes: Uint8Array, protocol: number, at: number): number | undefined {
  if (protocol === IPPROTO_TCP) return bytes.length >= at + 20 ? at + 16 : undefined;
  if (protocol === IPPROTO_UDP && readU16(bytes, at + 6) !== 0) return at + 6;
  return undefined;
}

/** Writes `to`'s source (or destination) over the packet at `from` of `bytes`, in place. */
export function writeEnd(bytes: Uint8Array, from: number, to: Tuple, manip: Manip): void {
  const packet = bytes.subarray(from);
  const header = parseQuotedIpv4(packet);
  if (isMalformed(header)) return;
  const at = header.headerLength;
  const whole = header.fragmentOffset === 0 && packet.length >= at + 8;
  const sum = whole ? pseudoChecksum(packet, header.protocol, at) : undefined;
  const covering = sum === undefined ? [] : [sum];
  setAddress(packet, manip === 'src' ? 12 : 16, manip === 'src' ? to.src : to.dst, [10, ...covering]);
  if (!whole) return;
  if (header.protocol === IPPROTO_TCP || header.protocol === IPPROTO_UDP) {
    setWord(packet, at + (manip === 'src' ? 0 : 2), manip === 'src' ? to.sport : to.dport, covering);
    if (header.protocol === IPPROTO_UDP && sum !== undefined && readU16(packet, sum) === 0)
      writeU16(packet, sum, 0xffff);
  } else if (
    header.protocol === IPPROTO_ICMP &&
    to.protocol === IPPROTO_ICMP &&
    !isIcmpErrorType(packet[at] ?? 0)
  ) {
    setWord(packet, at + 4, to.sport, [at + 2]);
  }
}

/** The ICMP message's checksum after its quoted packet was changed. */
export function refreshIcmpChecksum(bytes: Uint8Array, at: number): void {
  writeU16(bytes, at + 2, 0);
  writeU16(bytes, at + 2, internetChecksum(bytes, at, bytes.length));
}
