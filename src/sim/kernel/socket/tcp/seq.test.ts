import fc from 'fast-check';
import { expect, test } from 'vitest';
import { add, after, before, distance } from './seq';

test('order survives the wrap', () => {
  expect(before(0xfffffff0, 0x10)).toBe(true);
  expect(after(0x10, 0xfffffff0)).toBe(true);
  expect(before(5, 5)).toBe(false);
  expect(distance(0xffffffff, 1)).toBe(2);
});

test('what is added is the distance', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 0x7fffffff }), (seq, count) => {
      expect(distance(seq, add(seq, count))).toBe(count);
      expect(before(seq, add(seq, count))).toBe(true);
      expect(after(seq, add(seq, count))).toBe(false);
    }),
  );
});
