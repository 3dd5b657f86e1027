import { expect, expectTypeOf, it } from 'vitest';
import type { Brand } from './brand';

type IfIndex = Brand<number, 'IfIndex'>;
type NetnsId = Brand<number, 'NetnsId'>;

it('keeps kinds of number apart for the compiler and plain at run time', () => {
  expectTypeOf<IfIndex>().toExtend<number>();
  expectTypeOf<IfIndex>().not.toExtend<NetnsId>();
  expectTypeOf<number>().not.toExtend<IfIndex>();
  expect((3 as IfIndex) + 1).toBe(4);
});
