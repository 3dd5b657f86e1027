import { assert } from '../../base/assert';
import { allocate, readU16, writeU16 } from './bytes';
import { internetChecksum, pseudoHeaderSum } from './checksum';
import type { Ip4 } from './ip4';
import { IPPROTO_UDP } from './ipv4';
import { malformed, type Parsed } from './malformed';

/** UDP (RFC 768): source port 0, destination port 2, length 4, checksum 6. */
export const UDP_LENGTH = 8;

interface UdpHeader {
  srcPort: number;
  dstPort: number;
  /** bytes of header and data */
  length: number;
  /** 0: the sender computed none */
  checksum: number;
}

/** The addresses that enter the checksum of UDP and TCP. */
export interface PseudoAddresses {
  src: Ip4;
  dst: Ip4;
}

/**
 * Reads the header of a datagram in `length` bytes at `at` (default: to the end). Refuses what `__udp4_lib_rcv` counts
 * as a short packet. The checksum needs the addresses: see `verifyUdp`.
 */
export function parseUdp(bytes: Uint8Array, at = 0, length = bytes.length - at): Parsed<UdpHeader> {
  const available = Math.min(length, bytes.length - at);
  if (available < UDP_LENGTH) return malformed('truncated UDP header');
  const header = {
    srcPort: readU16(bytes, at),
    dstPort: readU16(bytes, at + 2),
    length: readU16(bytes, at + 4),
    checksum: readU16(bytes, at + 6),
  };
  if (header.length < UDP_LENGTH || header.length > available) return malformed('bad UDP length');
  return header;
}

/**
 * A whole datagram. With `pseudo` null the checksum is 0, which says "none"; a computed 0 is sent as 0xffff so that it
 * does not (RFC 768).
 */
export function buildUdp(
  ports: { srcPort: number; dstPort: number },
  payload: Uint8Array,
  pseudo: PseudoAddresses | null,
): Uint8Array {
  const length = UDP_LENGTH + payload.length;
  assert(length <= 0xffff, 'a UDP datagram is at most 65535 bytes long');
  const datagram = allocate(length);
  writeU16(datagram, 0, ports.srcPort);
  writeU16(datagram, 2, ports.dstPort);
  writeU16(datagram, 4, length);
  datagram.set(payload, UDP_LENGTH);
  if (pseudo !== null) {
    const sum = pseudoHeaderSum(pseudo.src, pseudo.dst, IPPROTO_UDP, length);
    writeU16(datagram, 6, internetChecksum(datagram, 0, length, sum) || 0xffff);
  }
  return datagram;
}

/** Whether the checksum is right or absent. The datagram at `at` must have parsed. */
export function verifyUdp(bytes: Uint8Array, at: number, pseudo: PseudoAddresses): boolean {
  if (readU16(bytes, at + 6) === 0) return true;
  const length = readU16(bytes, at + 4);
  const sum = pseudoHeaderSum(pseudo.src, pseudo.dst, IPPROTO_UDP, length);
  return internetChecksum(bytes, at, at + length, sum) === 0;
}
