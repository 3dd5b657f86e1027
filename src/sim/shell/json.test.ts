import { expect, test } from 'vitest';
import { Decimal, writeJson } from './json';

test('one line, undefined keys left out', () => {
  const value = [{ a: 1, b: undefined, c: ['x', 'y'], d: {}, e: null, f: new Decimal('0.00') }];
  expect(writeJson(value, false)).toBe('[{"a":1,"c":["x","y"],"d":{},"e":null,"f":0.00}]');
});

// As `ip -p -j` lays it out: observed with `ip -p -j route` and `ip -d -p -j link`.
test('pretty', () => {
  const value = [
    { dst: 'default', flags: [] },
    { linkinfo: { kind: 'veth' }, flags: ['A', 'B'] },
  ];
  expect(writeJson(value, true)).toBe(`[ {
        "dst": "default",
        "flags": [ ]
    },{
        "linkinfo": {
            "kind": "veth"
        },
        "flags": [ "A","B" ]
    } ]`);
  expect(writeJson([], true)).toBe('[ ]');
});
