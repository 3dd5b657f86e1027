/** Arithmetic modulo 2^32 (RFC 9293 section 3.4): which of two sequence numbers is earlier. */

/** a < b. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
/** a > b. */
export function after(a: number, b: number): boolean {
  return before(b, a);
}
export function add(seq: number, count: number): number {
  return (seq + count) >>> 0;
}
/** Bytes from `from` to `to`; negative when `to` is earlier. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}
