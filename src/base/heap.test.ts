import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from './heap';

const ascending = (a: number, b: number) => a - b;

it('is empty at first and after clear', () => {
  const heap = new Heap<number>(ascending);
  expect([heap.size, heap.peek(), heap.pop()]).toEqual([0, undefined, undefined]);
  heap.push(1);
  heap.clear();
  expect([heap.size, heap.pop()]).toEqual([0, undefined]);
});

it('pops in order, whatever the order of pushes and pops', () => {
  // A number is pushed; null pops. A sorted array is the reference.
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: -20, max: 20 }), { freq: 3 })), (steps) => {
      const heap = new Heap<number>(ascending);
      const sorted: number[] = [];
      for (const step of steps) {
        if (step === null) {
          expect(heap.peek()).toBe(sorted[0]);
          expect(heap.pop()).toBe(sorted.shift());
        } else {
          heap.push(step);
          sorted.push(step);
          sorted.sort(ascending);
        }
        expect(heap.size).toBe(sorted.length);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});
