import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, fromHex, toHex } from './bytes';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW, readPcap, writePcap } from './pcap';
import { anyBytes, PROPERTY } from './testing/fixtures';

it('writes the file header and record header that the format asks for', () => {
  const file = writePcap(LINKTYPE_RAW, [{ at: 5_000_000_007, bytes: fromHex('abcd') }], { epochSeconds: 16 });
  expect(toHex(file)).toBe(
    '4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000'.replaceAll(' ', '') +
      '15000000 07000000 02000000 02000000 abcd'.replaceAll(' ', ''),
  );
});

it('reads back what it wrote', () => {
  const anyRecord = fc.record({ at: fc.integer({ min: 0, max: 4e15 }), bytes: anyBytes });
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.nat(2_000_000), (records, epochSeconds) => {
      const file = writePcap(LINKTYPE_ETHERNET, records, { epochSeconds });
      expect(readPcap(file, { epochSeconds })).toEqual({
        ok: true,
        value: {
          linkType: LINKTYPE_ETHERNET,
          nanoseconds: true,
          records: records.map((record) => ({ ...record, originalLength: record.bytes.length })),
        },
      });
    }),
    PROPERTY,
  );
});

it('takes times before the start from the epoch, and clamps those before 1970', () => {
  const times = (at: number, epochSeconds: number) => {
    const read = readPcap(writePcap(1, [{ at, bytes: fromHex('') }], { epochSeconds }));
    return read.ok ? read.value.records[0]?.at : read.error;
  };
  expect(times(-1, 10)).toBe(9_999_999_999);
  expect(times(-1, 0)).toBe(0);
});

it('reads both byte orders and both resolutions', () => {
  const record = '00000002 00000003 00000002 00000005 abcd';
  const big = fromHex(`a1b2c3d4 0002 0004 00000000 00000000 00040000 00000001 ${record}`);
  const little = fromHex(
    'd4c3b2a1 0200 0400 00000000 00000000 00000400 01000000 02000000 03000000 02000000 05000000 abcd',
  );
  const expected = {
    linkType: 1,
    nanoseconds: false,
    records: [{ at: 2_000_003_000, bytes: fromHex('abcd'), originalLength: 5 }],
  };
  expect(readPcap(big)).toEqual({ ok: true, value: expected });
  expect(readPcap(little)).toEqual({ ok: true, value: expected });
  const fine = concatBytes(fromHex('a1b23c4d'), big.subarray(4));
  expect(readPcap(fine)).toMatchObject({
    ok: true,
    value: { nanoseconds: true, records: [{ at: 2_000_000_003 }] },
  });
});

it('says what is wrong with other files', () => {
  expect(readPcap(fromHex('00'))).toEqual({
    ok: false,
    error: 'Not a capture file: shorter than its header.',
  });
  expect(readPcap(new Uint8Array(24))).toEqual({
    ok: false,
    error: 'Not a capture file: unknown magic number.',
  });
  const file = writePcap(1, [{ at: 0, bytes: fromHex('abcd') }]);
  for (const end of [file.length - 1, 30]) {
    expect(readPcap(file.subarray(0, end))).toEqual({
      ok: false,
      error: 'The capture file ends inside record 1.',
    });
  }
});
