/** Bob Jenkins' hash as the kernel has it (include/linux/jhash.h), for one to three words. Decides the order of sets' lists. */
const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

export function jhashWords(words: readonly number[], seed: number): number {
  let a = (0xdeadbeef + (words.length << 2) + seed) | 0;
  let b = a;
  let c = a;
  c = (c + (words[2] ?? 0)) | 0;
  b = (b + (words[1] ?? 0)) | 0;
  a = (a + (words[0] ?? 0)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
/** A word in network order as a little-endian machine reads it. */
export function swap32(value: number): number {
  return (
    ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | ((value << 24) >>> 0)) >>> 0
  );
}
