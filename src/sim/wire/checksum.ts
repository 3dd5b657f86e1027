/**
 * The Internet checksum: the one's complement of the one's-complement sum of 16-bit words (RFC 1071).
 *
 * A "sum" below is such a sum before the final complement, so sums of parts can be added; a "checksum" is what stands
 * in a header.
 */

/** Carries around the end until the sum fits 16 bits. `sum` may be any safe non-negative integer. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/**
 * Checksum of `bytes[from … to)`, an odd last byte being the high half of a word padded with zero (RFC 1071 section 4.1).
 *
 * @param initial a sum to start from, such as `pseudoHeaderSum`
 * @returns 0 … 65535. Over bytes that already carry a right checksum the result is 0.
 */
export function internetChecksum(bytes: Uint8Array, from: number, to: number, initial = 0): number {
  let sum = initial;
  let at = from;
  for (; at + 1 < to; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (at < to) sum += (bytes[at] ?? 0) << 8;
  return ~fold(sum) & 0xffff;
}

/**
 * Sum of the pseudo header that UDP and TCP protect too: source, destination, protocol, length (RFC 768, RFC 9293
 * section 3.1).
 *
 * @param len bytes of transport header and data
 */
export function pseudoHeaderSum(src: number, dst: number, proto: number, len: number): number {
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + proto + len;
}

/**
 * The checksum after one 16-bit word of the covered bytes changed: HC' = ~(~HC + ~m + m') (RFC 1624 equation 3).
 * For a TTL decrement this gives what Linux's `ip_decrease_ttl` gives.
 */
export function updateChecksum16(old: number, oldWord: number, newWord: number): number {
  return ~fold((~old & 0xffff) + (~oldWord & 0xffff) + newWord) & 0xffff;
}
