import { allocate, readU16, readU32, readU8, writeU16, writeU32 } from './bytes';
import { internetChecksum } from './checksum';
import { isMalformed, malformed, type Parsed } from './malformed';

/** ICMP (RFC 792; names from Linux `include/uapi/linux/icmp.h`): type 0, code 1, checksum 2, rest 4–7, data 8. */

export const ICMP_LENGTH = 8;

export const ICMP_ECHOREPLY = 0;
export const ICMP_DEST_UNREACH = 3;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETERPROB = 12;

/** Codes of ICMP_DEST_UNREACH that are used (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1). */
export const ICMP_NET_UNREACH = 0;
export const ICMP_PROT_UNREACH = 2;
export const ICMP_PORT_UNREACH = 3;
export const ICMP_FRAG_NEEDED = 4;

/** Codes of ICMP_TIME_EXCEEDED. */
export const ICMP_EXC_TTL = 0;
export const ICMP_EXC_FRAGTIME = 1;

/** Bytes an ICMP error's whole IP datagram may have (RFC 1812 section 4.3.2.3; Linux `icmp_send`: `room`). */
const ERROR_DATAGRAM_LIMIT = 576;

export interface IcmpHeader {
  type: number;
  code: number;
  checksum: number;
  /**
   * the 32 bits after the checksum: echo id and sequence; for frag needed the next-hop MTU in the low half; for a
   * redirect the gateway; else 0
   */
  rest: number;
}

/** The first 8 bytes as they are, checksum unjudged: for a message cut short inside an ICMP error. */
export function readIcmp(bytes: Uint8Array, at = 0): Parsed<IcmpHeader> {
  if (bytes.length - at < ICMP_LENGTH) return malformed('truncated ICMP header');
  return {
    type: readU8(bytes, at),
    code: readU8(bytes, at + 1),
    checksum: readU16(bytes, at + 2),
    rest: readU32(bytes, at + 4),
  };
}

/**
 * Reads the header of a message of `length` bytes at `at`; the message's data is what follows its 8 bytes. A wrong
 * checksum is malformed, as `icmp_rcv` drops it.
 */
export function parseIcmp(bytes: Uint8Array, at: number, length: number): Parsed<IcmpHeader> {
  if (length < ICMP_LENGTH || bytes.length - at < length) return malformed('truncated ICMP message');
  if (internetChecksum(bytes, at, at + length) !== 0) return malformed('bad ICMP checksum');
  return readIcmp(bytes, at);
}

/** A whole message, checksum computed. */
export function buildIcmp(
  fields: { type: number; code: number; rest: number },
  payload: Uint8Array,
): Uint8Array {
  const message = allocate(ICMP_LENGTH + payload.length);
  message[0] = fields.type;
  message[1] = fields.code;
  writeU32(message, 4, fields.rest);
  message.set(payload, ICMP_LENGTH);
  writeU16(message, 2, internetChecksum(message, 0, message.length));
  return message;
}

/** An echo request (type 8) or reply (type 0). */
export function buildEcho(type: number, id: number, seq: number, payload: Uint8Array): Uint8Array {
  return buildIcmp({ type, code: 0, rest: ((id << 16) | (seq & 0xffff)) >>> 0 }, payload);
}

/** The identifier of an echo message. */
export function echoId(header: IcmpHeader): number {
  return header.rest >>> 16;
}

/** The sequence number of an echo message. */
export function echoSeq(header: IcmpHeader): number {
  return header.rest & 0xffff;
}

/** Whether a type reports trouble with another packet and so quotes it (Linux `icmp_pointers[type].error`). */
export function isIcmpErrorType(type: number): boolean {
  return (
    type === ICMP_DEST_UNREACH ||
    type === 4 || // source quench, obsolete (RFC 6633) yet still recognised
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETERPROB
  );
}

/**
 * The ICMP message of an error about `offendingPacket` (from its IP header on), quoting as Linux's `icmp_send` does:
 * the whole packet as far as the error's own datagram (20 bytes of IP header, 8 of ICMP) stays within 576 bytes.
 */
export function buildIcmpError(
  type: number,
  code: number,
  rest: number,
  offendingPacket: Uint8Array,
): Uint8Array {
  const room = ERROR_DATAGRAM_LIMIT - 20 - ICMP_LENGTH;
  // ip_rcv_core cuts off what follows the packet in its frame (Ethernet padding); it is never quoted.
  const packetEnd = Math.min(offendingPacket.length, readU16(offendingPacket, 2));
  return buildIcmp({ type, code, rest }, offendingPacket.subarray(0, Math.min(packetEnd, room)));
}

/** The packet an ICMP error message quotes, as a view; malformed when the message is not an error. */
export function quotedPacket(message: Uint8Array): Parsed<Uint8Array> {
  const header = readIcmp(message);
  if (isMalformed(header)) return header;
  if (!isIcmpErrorType(header.type)) return malformed('not an ICMP error');
  return message.subarray(ICMP_LENGTH);
}
