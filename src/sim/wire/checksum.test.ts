import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex, readU16, writeU16 } from './bytes';
import { internetChecksum, pseudoHeaderSum, updateChecksum16 } from './checksum';
import { PROPERTY } from './testing/fixtures';

it('computes the example of RFC 1071 section 3, whose sum is ddf2', () => {
  expect(internetChecksum(fromHex('0001f203f4f5f6f7'), 0, 8)).toBe(~0xddf2 & 0xffff);
});

it('computes a captured header', () => {
  expect(internetChecksum(fromHex('45000054fe7840003f010000 0af40002 0af40103'), 0, 20)).toBe(0x2644);
});

it('pads an odd end with zero and starts from a given sum', () => {
  expect(internetChecksum(fromHex('0102 03'), 0, 3)).toBe(internetChecksum(fromHex('0102 0300'), 0, 4));
  expect(internetChecksum(fromHex('0102'), 0, 2, 0x0304)).toBe(internetChecksum(fromHex('01020304'), 0, 4));
  expect(pseudoHeaderSum(0x0a000001, 0xffffffff, 17, 8)).toBe(0x0a00 + 1 + 0xffff + 0xffff + 17 + 8);
});

it('carries correctly past 2^32', () => {
  const bytes = new Uint8Array(262_144).fill(0xff);
  expect(internetChecksum(bytes, 0, bytes.length)).toBe(0);
});

it('updated for one word equals computed anew', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.nat(8),
      fc.nat(0xffff),
      (header, word, value) => {
        // Versions and addresses are never all zero; then 0x0000 and 0xffff need not be told apart (RFC 1624 section 3).
        header[0] = 0x45;
        const at = 2 + 2 * word;
        const before = internetChecksum(header, 0, 20);
        const updated = updateChecksum16(before, readU16(header, at), value);
        writeU16(header, at, value);
        expect(updated).toBe(internetChecksum(header, 0, 20));
      },
    ),
    PROPERTY,
  );
});
