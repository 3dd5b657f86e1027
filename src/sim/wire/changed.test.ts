import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changedRanges, removedLength } from './changed';
import { concatBytes, fromHex } from './bytes';
import { buildEthernet, ETH_P_IP, ETHERNET_LENGTH } from './ethernet';
import { buildIpv4, decrementTtl, fragmentIpv4 } from './ipv4';
import { anyBytes, captured, counting, PROPERTY } from './testing/fixtures';

it('marks TTL and checksum of a forwarded packet', () => {
  const packet = captured('eth/ip/icmp ').slice(ETHERNET_LENGTH);
  expect(changedRanges(packet, decrementTtl(packet))).toEqual([
    [8, 1],
    [10, 1],
  ]);
});

it('marks exactly the front that an encapsulation adds, and nothing when it is taken off', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (outer, frame) => {
      fc.pre(outer.length > 0 && frame.length > 0);
      // A front whose last byte repeats the frame's beginning would still be a front; keep the answer unambiguous.
      outer[outer.length - 1] = (frame[0] ?? 0) ^ 1;
      const whole = concatBytes(outer.fill((frame[0] ?? 0) ^ 1), frame);
      expect(changedRanges(frame, whole)).toEqual([[0, outer.length]]);
      expect(changedRanges(whole, frame)).toEqual([]);
      expect(removedLength(whole, frame)).toBe(outer.length);
    }),
    PROPERTY,
  );
});

it('finds the inner changes of a hop that lowers the TTL and encapsulates', () => {
  const packet = captured('eth/ip/icmp ').slice(ETHERNET_LENGTH);
  const header = { dst: 1, src: 2, type: ETH_P_IP };
  const outer = fromHex('ff'.repeat(20));
  const after = concatBytes(outer, decrementTtl(packet));
  expect(changedRanges(buildEthernet(header, packet), after).at(-1)).toEqual([30, 1]);
});

it('lays a fragment over the beginning', () => {
  const packet = buildIpv4({ id: 7, ttl: 64, protocol: 17, src: 1, dst: 2 }, counting(2000));
  const first = fragmentIpv4(packet, 1500)[0]!;
  // total length, flags, checksum
  expect(changedRanges(packet, first)).toEqual([
    [2, 2],
    [6, 1],
    [10, 2],
  ]);
});

it('gives disjoint ranges in rising order inside the frame', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (before, after) => {
      let end = -1;
      for (const [offset, length] of changedRanges(before, after)) {
        expect(offset).toBeGreaterThan(end);
        expect(length).toBeGreaterThan(0);
        end = offset + length;
      }
      expect(end).toBeLessThanOrEqual(after.length);
    }),
    PROPERTY,
  );
});
