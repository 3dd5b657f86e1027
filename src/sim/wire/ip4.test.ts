import fc from 'fast-check';
import { IPv4, IPv4CidrRange } from 'ip-num';
import { describe, expect, it } from 'vitest';
import {
  broadcastOf,
  explainPrefix,
  formatIp4,
  formatPrefix,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  maskOf,
  networkOf,
  parseIp4,
  parsePrefix,
  prefixContains,
} from './ip4';
import { anyIp, PROPERTY } from './testing/fixtures';

const anyLength = fc.integer({ min: 0, max: 32 });

describe('addresses', () => {
  it('reads dotted quads only', () => {
    expect(parseIp4('10.168.0.2')).toEqual({ ok: true, value: 0x0aa80002 });
    expect(parseIp4('255.255.255.255')).toEqual({ ok: true, value: 0xffffffff });
    for (const text of [
      '',
      '10.1',
      '256.0.0.1',
      '01.2.3.4',
      '1.2.3.4.5',
      ' 1.2.3.4',
      '1.2.3.4\n',
      '0x0a000001',
    ]) {
      expect(parseIp4(text).ok, text).toBe(false);
    }
  });

  it('names the word and what was expected, and cuts long words', () => {
    expect(parseIp4('10.1')).toEqual({
      ok: false,
      error: '"10.1" is not an IPv4 address: expected four numbers from 0 to 255, such as 10.0.0.1.',
    });
    const long = parseIp4('9'.repeat(100_000));
    expect(long.ok ? '' : long.error.length).toBeLessThan(160);
  });

  it('prints what it read, as ip-num does', () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        expect(formatIp4(ip)).toBe(new IPv4(BigInt(ip)).toString());
        expect(parseIp4(formatIp4(ip))).toEqual({ ok: true, value: ip });
      }),
      PROPERTY,
    );
  });

  it('knows the special ranges at their edges', () => {
    const at = (text: string) => {
      const parsed = parseIp4(text);
      return parsed.ok ? parsed.value : NaN;
    };
    const edges = ['223.255.255.255', '224.0.0.0', '239.255.255.255', '240.0.0.0'];
    expect(edges.map((text) => isMulticast(at(text)))).toEqual([false, true, true, false]);
    expect(['126.255.255.255', '127.0.0.0', '128.0.0.0'].map((t) => isLoopback(at(t)))).toEqual([
      false,
      true,
      false,
    ]);
    expect(['255.255.255.254', '255.255.255.255'].map((t) => isLimitedBroadcast(at(t)))).toEqual([
      false,
      true,
    ]);
  });
});

describe('prefixes', () => {
  it('reads a length, a bare address as /32, and keeps host bits', () => {
    expect(parsePrefix('10.0.0.5/8')).toEqual({ ok: true, value: { addr: 0x0a000005, len: 8 } });
    expect(parsePrefix('10.0.0.5')).toEqual({ ok: true, value: { addr: 0x0a000005, len: 32 } });
    expect(parsePrefix('0.0.0.0/0')).toEqual({ ok: true, value: { addr: 0, len: 0 } });
    for (const text of [
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/08',
      '10/8',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '/8',
    ]) {
      expect(parsePrefix(text).ok, text).toBe(false);
    }
  });

  it('agrees with arithmetic on big integers', () => {
    fc.assert(
      fc.property(anyIp, anyLength, anyIp, (addr, len, other) => {
        const size = 1n << BigInt(32 - len);
        const net = (BigInt(addr) / size) * size;
        expect(BigInt(maskOf(len))).toBe(2n ** 32n - size);
        expect(BigInt(networkOf(addr, len))).toBe(net);
        expect(BigInt(broadcastOf(addr, len))).toBe(net + size - 1n);
        expect(prefixContains(addr, len, other)).toBe(net <= BigInt(other) && BigInt(other) < net + size);
        expect(prefixContains(addr, len, broadcastOf(addr, len))).toBe(true);
      }),
      PROPERTY,
    );
  });

  it('agrees with ip-num', () => {
    fc.assert(
      fc.property(anyIp, anyLength, (addr, len) => {
        const text = formatPrefix({ addr, len });
        const range = IPv4CidrRange.fromCidr(text);
        expect(parsePrefix(text)).toEqual({ ok: true, value: { addr, len } });
        expect(formatIp4(networkOf(addr, len))).toBe(range.getFirst().toString());
        expect(formatIp4(broadcastOf(addr, len))).toBe(range.getLast().toString());
        expect(explainPrefix({ addr, len })).toEqual({
          first: networkOf(addr, len),
          last: broadcastOf(addr, len),
          size: 2 ** (32 - len),
          mask: maskOf(len),
        });
      }),
      PROPERTY,
    );
  });
});
