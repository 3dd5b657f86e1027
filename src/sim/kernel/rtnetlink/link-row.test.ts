import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sameRow } from './link-row';

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('', 'a', 0, 1, true, false),
    fc.array(tie('any'), { maxLength: 2 }),
    fc.record({ a: tie('any'), b: tie('any') }, { requiredKeys: [] }),
  ),
})).any;

it('says the same of rows as their JSON does', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(sameRow(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      expect(sameRow(a, JSON.parse(JSON.stringify(a)))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it('takes a key without a value to be absent, and no row to be like no other', () => {
  expect(sameRow({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameRow({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  expect(sameRow({ a: 1, b: 0 }, { a: 1 })).toBe(false);
  expect(sameRow(undefined, undefined)).toBe(true);
  expect(sameRow(undefined, {})).toBe(false);
  expect(sameRow([], {})).toBe(false);
});
