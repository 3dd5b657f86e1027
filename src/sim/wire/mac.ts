import { err, ok, type Result } from '../../base/result';
import { quoteWord } from './quote';

/** An Ethernet address as a 48-bit unsigned integer, first byte highest: 02:42:ac:11:00:02 is 0x0242ac110002. */
export type Mac = number;

export const MAC_BROADCAST: Mac = 0xffffffffffff;
export const MAC_ZERO: Mac = 0;

/** Six groups of one or two hex digits, `:` between them, as iproute2's `ll_addr_a2n` reads them. */
const MAC_TEXT = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/i;

/** Reads `02:42:ac:11:00:02`; either case, leading zeros of a group optional. */
export function parseMac(text: string): Result<Mac> {
  if (!MAC_TEXT.test(text)) {
    return err(`${quoteWord(text)} is not a MAC address: expected six hex bytes such as 02:42:ac:11:00:02.`);
  }
  let mac = 0;
  for (const group of text.split(':')) mac = mac * 256 + parseInt(group, 16);
  return ok(mac);
}

/** `02:42:ac:11:00:02`, lower case. */
export function formatMac(mac: Mac): string {
  const digits = mac.toString(16).padStart(12, '0');
  let text = digits.slice(0, 2);
  for (let i = 2; i < 12; i += 2) text += ':' + digits.slice(i, i + 2);
  return text;
}

/** Multiplication instead of shifts: 48 bits do not fit JavaScript's 32-bit operators. */
export function readMac(bytes: Uint8Array, at: number): Mac {
  const high = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  const low = ((bytes[at + 3] ?? 0) << 16) | ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0);
  return high * 0x1000000 + low;
}

export function writeMac(into: Uint8Array, at: number, mac: Mac): void {
  const high = Math.floor(mac / 0x1000000);
  const low = mac % 0x1000000;
  into[at] = high >>> 16;
  into[at + 1] = high >>> 8;
  into[at + 2] = high;
  into[at + 3] = low >>> 16;
  into[at + 4] = low >>> 8;
  into[at + 5] = low;
}

/** The I/G bit: the frame is for a group, the broadcast address included (IEEE 802, Linux `is_multicast_ether_addr`). */
export function isMulticastMac(mac: Mac): boolean {
  return (Math.floor(mac / 0x10000000000) & 1) !== 0;
}

/** The U/L bit: the address was made up locally, not bought from the IEEE (Linux `is_local_ether_addr`). */
export function isLocallyAdministered(mac: Mac): boolean {
  return (Math.floor(mac / 0x10000000000) & 2) !== 0;
}
