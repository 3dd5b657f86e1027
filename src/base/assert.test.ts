import { expect, it } from 'vitest';
import { assert, unreachable } from './assert';

it('passes what holds and names what does not', () => {
  assert(true, 'never shown');
  expect(() => assert(0, 'the queue is sorted')).toThrow('Assertion failed: the queue is sorted');
});

it('names a case that the types said could not come', () => {
  expect(() => unreachable('surprise' as never)).toThrow('Unreachable case: "surprise"');
});
