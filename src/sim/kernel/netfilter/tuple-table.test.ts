import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Connection, type Direction } from './connection';
import { invert, type Tuple } from './tuple';
import { TupleTable } from './tuple-table';

const few = fc.nat({ max: 2 });
const tuple: fc.Arbitrary<Tuple> = fc.record({
  protocol: fc.constantFrom(6, 17),
  src: few.map((n) => 0xfffffffe + n - 1),
  dst: few,
  sport: few,
  dport: few,
});

it('holds what a map by the written-out tuple holds', () => {
  const deed = fc.record({ tuple, what: fc.constantFrom('set', 'delete', 'get'), reply: fc.boolean() });
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 200 }), (deeds) => {
      const table = new TupleTable();
      const plain = new Map<string, { connection: Connection; direction: Direction }>();
      const written = (each: Tuple): string => JSON.stringify(each);
      for (const { tuple: each, what, reply } of deeds) {
        const key = written({ ...each });
        if (what === 'set') {
          const connection = new Connection(plain.size, each, invert(each) ?? each);
          const direction = reply ? 'reply' : 'orig';
          table.set(each, connection, direction);
          plain.set(key, { connection, direction });
        } else if (what === 'delete') {
          table.delete({ ...each });
          plain.delete(key);
        }
        expect(table.get({ ...each })?.connection).toBe(plain.get(key)?.connection);
        expect(table.get({ ...each })?.direction).toBe(plain.get(key)?.direction);
      }
    }),
  );
});

it('tells connections apart whose hashes are the same', () => {
  const table = new TupleTable();
  const all = Array.from({ length: 200_000 }, (_, n): Tuple => ({
    protocol: 17,
    src: 0x0a000000 + (n >>> 8),
    dst: 1,
    sport: n & 255,
    dport: 53,
  }));
  all.forEach((each, n) => table.set(each, new Connection(n, each, each), 'orig'));
  const lost = all.filter((each, n) => table.get({ ...each })?.connection.id !== n);
  expect(lost).toEqual([]);
  all.forEach((each, n) => {
    if (n % 2 === 0) table.delete(each);
  });
  const wrong = all.filter((each, n) => table.get(each)?.connection.id !== (n % 2 === 0 ? undefined : n));
  expect(wrong).toEqual([]);
});
