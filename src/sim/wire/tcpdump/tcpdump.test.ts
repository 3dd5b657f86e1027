import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../bytes';
import { buildEthernet, ETH_P_IPV6 } from '../ethernet';
import { capturedFrames, counting, madeFrames, PROPERTY, sessions } from '../testing/fixtures';
import { tcpdumpLine, type TcpSequences } from './index';

describe('prints what tcpdump 4.99.3 prints', () => {
  it('for every captured frame', () => {
    for (const { hex, link, e, v } of capturedFrames) {
      expect(tcpdumpLine(fromHex(hex), link, { ethernet: true })).toBe(e);
      expect(tcpdumpLine(fromHex(hex), link, { ethernet: false, verbose: true })).toBe(v);
    }
  });

  it.each(madeFrames)('for $name', ({ hex, link, e, v }) => {
    expect(tcpdumpLine(fromHex(hex), link, { ethernet: true })).toBe(e);
    expect(tcpdumpLine(fromHex(hex), link, { ethernet: false, verbose: true })).toBe(v);
  });

  it.each(sessions)('for the capture of $from, counting TCP from the start', ({ frames }) => {
    const tcp: TcpSequences = new Map();
    for (const { hex, line } of frames) {
      expect(tcpdumpLine(fromHex(hex), 'ethernet', { ethernet: false, tcp })).toBe(line);
    }
  });
});

it('prints only the link level of IPv6', () => {
  const frame = buildEthernet({ dst: 1, src: 2, type: ETH_P_IPV6 }, counting(40));
  expect(tcpdumpLine(frame, 'ethernet', { ethernet: true })).toBe(
    '00:00:00:00:00:02 > 00:00:00:00:00:01, ethertype IPv6 (0x86dd), length 54: IP6',
  );
});

it('prints something for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, verbose) => {
      for (const link of ['ethernet', 'ip'] as const) {
        expect(tcpdumpLine(bytes, link, { ethernet: true, verbose })).not.toContain('NaN');
      }
    }),
    PROPERTY,
  );
});
