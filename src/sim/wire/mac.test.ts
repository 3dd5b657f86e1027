import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  formatMac,
  isLocallyAdministered,
  isMulticastMac,
  MAC_BROADCAST,
  parseMac,
  readMac,
  writeMac,
} from './mac';
import { anyMac, PROPERTY } from './testing/fixtures';

it('reads six hex bytes and says what it expected', () => {
  expect(parseMac('02:42:AC:11:00:02')).toEqual({ ok: true, value: 0x0242ac110002 });
  expect(parseMac('2:42:ac:11:0:2')).toEqual({ ok: true, value: 0x0242ac110002 });
  expect(parseMac('02:42:ac')).toEqual({
    ok: false,
    error: '"02:42:ac" is not a MAC address: expected six hex bytes such as 02:42:ac:11:00:02.',
  });
  for (const text of [
    '',
    '02-42-ac-11-00-02',
    '002:42:ac:11:00:02',
    '02:42:ac:11:00:0g',
    '02:42:ac:11:00:02:00',
  ]) {
    expect(parseMac(text).ok, text).toBe(false);
  }
});

it('reads back what it writes, as text and as bytes', () => {
  fc.assert(
    fc.property(anyMac, (mac) => {
      expect(parseMac(formatMac(mac))).toEqual({ ok: true, value: mac });
      const bytes = new Uint8Array(8);
      writeMac(bytes, 1, mac);
      expect(readMac(bytes, 1)).toBe(mac);
      expect([bytes[0], bytes[7]]).toEqual([0, 0]);
    }),
    PROPERTY,
  );
});

it('reads the two lowest bits of the first byte', () => {
  expect([0x01005e000001, MAC_BROADCAST, 0x0242ac110002].map(isMulticastMac)).toEqual([true, true, false]);
  expect([0x0242ac110002, 0x525400000001, 0x005056000001].map(isLocallyAdministered)).toEqual([
    true,
    true,
    false,
  ]);
});
