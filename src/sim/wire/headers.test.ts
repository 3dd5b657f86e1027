import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARP_LENGTH, buildArp, buildArpFrame, parseArp } from './arp';
import { concatBytes, fromHex, toHex } from './bytes';
import { buildEthernet, ETH_P_ARP, ETHERNET_LENGTH, parseEthernet } from './ethernet';
import { buildEcho, buildIcmp, buildIcmpError, echoId, echoSeq, parseIcmp, quotedPacket } from './icmp';
import { buildIpv4, decrementTtl, fragmentIpv4, ipv4Payload, parseIpv4, type Ipv4Header } from './ipv4';
import { isMalformed, type Parsed } from './malformed';
import { buildTcp, buildTcpOptions, parseTcp, parseTcpOptions, verifyTcp } from './tcp';
import { anyByte, anyBytes, anyIp, anyMac, anyOptions, anyU16, counting, PROPERTY } from './testing/fixtures';
import { buildUdp, parseUdp, verifyUdp } from './udp';
import { buildVxlan, parseVxlan } from './vxlan';

/** The header; the test fails when the bytes were malformed. */
function good<T>(parsed: Parsed<T>): T {
  if (isMalformed(parsed)) throw new Error(parsed.malformed);
  return parsed;
}

const anyPseudo = fc.record({ src: anyIp, dst: anyIp });
const anyIpv4 = fc.record({
  tos: anyByte,
  id: anyU16,
  dontFragment: fc.boolean(),
  moreFragments: fc.boolean(),
  fragmentOffset: fc.nat(0x1fff).map((units) => units * 8),
  ttl: anyByte,
  protocol: anyByte,
  src: anyIp,
  dst: anyIp,
  options: anyOptions,
});

describe('reading back what was built', () => {
  it('Ethernet', () => {
    const anyHeader = fc.record({ dst: anyMac, src: anyMac, type: anyU16 });
    fc.assert(
      fc.property(anyHeader, anyBytes, (header, payload) => {
        const frame = buildEthernet(header, payload);
        expect(parseEthernet(frame)).toEqual(header);
        expect(frame.subarray(ETHERNET_LENGTH)).toEqual(payload);
        expect(parseEthernet(concatBytes(counting(3), frame), 3)).toEqual(header);
      }),
      PROPERTY,
    );
  });

  it('ARP', () => {
    const anyPacket = fc.record({ op: anyU16, sha: anyMac, spa: anyIp, tha: anyMac, tpa: anyIp });
    fc.assert(
      fc.property(anyPacket, anyMac, anyMac, (packet, dst, src) => {
        const frame = buildArpFrame(dst, src, packet);
        expect(frame.length).toBe(ETHERNET_LENGTH + ARP_LENGTH);
        expect(parseEthernet(frame)).toEqual({ dst, src, type: ETH_P_ARP });
        expect(parseArp(frame, ETHERNET_LENGTH)).toEqual(packet);
      }),
      PROPERTY,
    );
  });

  it('IPv4, options included', () => {
    fc.assert(
      fc.property(anyIpv4, anyBytes, (fields, payload) => {
        const packet = buildIpv4(fields, payload);
        const header = good(parseIpv4(packet));
        expect(header).toMatchObject(fields);
        expect(header.totalLength).toBe(packet.length);
        expect(ipv4Payload(packet, header)).toEqual(payload);
        expect(buildIpv4(header, payload)).toEqual(packet);
      }),
      PROPERTY,
    );
  });

  it('ICMP', () => {
    fc.assert(
      fc.property(anyByte, anyByte, anyIp, anyBytes, (type, code, rest, payload) => {
        const message = buildIcmp({ type, code, rest }, payload);
        expect(parseIcmp(message, 0, message.length)).toMatchObject({ type, code, rest });
        const echo = good(
          parseIcmp(buildEcho(8, rest >>> 16, rest & 0xffff, payload), 0, 8 + payload.length),
        );
        expect([echo.rest, echoId(echo), echoSeq(echo)]).toEqual([rest, rest >>> 16, rest & 0xffff]);
      }),
      PROPERTY,
    );
  });

  it('UDP, whose checksum is never 0 unless there is none', () => {
    fc.assert(
      fc.property(anyU16, anyU16, anyBytes, anyPseudo, (srcPort, dstPort, payload, pseudo) => {
        const datagram = buildUdp({ srcPort, dstPort }, payload, pseudo);
        const header = good(parseUdp(datagram));
        expect(header).toMatchObject({ srcPort, dstPort, length: 8 + payload.length });
        expect(header.checksum).not.toBe(0);
        expect(verifyUdp(datagram, 0, pseudo)).toBe(true);
        expect(good(parseUdp(buildUdp({ srcPort, dstPort }, payload, null))).checksum).toBe(0);
      }),
      PROPERTY,
    );
  });

  it('TCP', () => {
    const anyFields = fc.record({
      srcPort: anyU16,
      dstPort: anyU16,
      seq: anyIp,
      ack: anyIp,
      flags: anyByte,
      window: anyU16,
      urgent: anyU16,
      options: anyOptions,
    });
    fc.assert(
      fc.property(anyFields, anyBytes, anyPseudo, (fields, payload, pseudo) => {
        const segment = buildTcp(fields, payload, pseudo);
        const header = good(parseTcp(segment));
        expect(header).toMatchObject(fields);
        expect(segment.subarray(header.headerLength)).toEqual(payload);
        expect(verifyTcp(segment, 0, segment.length, pseudo)).toBe(true);
      }),
      PROPERTY,
    );
  });

  it('VXLAN', () => {
    fc.assert(
      fc.property(fc.nat(0xffffff), anyBytes, (vni, inner) => {
        const bytes = buildVxlan(vni, inner);
        expect(parseVxlan(bytes)).toEqual({ flags: 8, vni });
        expect(bytes.subarray(8)).toEqual(inner);
      }),
      PROPERTY,
    );
  });
});

describe('what is refused', () => {
  const packet = buildIpv4({ id: 1, ttl: 64, protocol: 1, src: 1, dst: 2 }, counting(8));
  const changed = (at: number, value: number) => {
    const copy = packet.slice();
    copy[at] = value;
    return copy;
  };

  it('IPv4, with the reason', () => {
    expect(parseIpv4(packet.subarray(0, 19))).toEqual({ malformed: 'truncated IP header' });
    expect(parseIpv4(changed(0, 0x65))).toEqual({ malformed: 'IP version 6' });
    expect(parseIpv4(changed(0, 0x44))).toEqual({ malformed: 'IP header length below 20' });
    expect(parseIpv4(changed(0, 0x4f))).toEqual({ malformed: 'truncated IP header' });
    expect(parseIpv4(changed(8, 63))).toEqual({ malformed: 'bad IP header checksum' });
    expect(parseIpv4(packet.subarray(0, 27))).toEqual({ malformed: 'truncated IP packet' });
  });

  it('ARP for other networks, ICMP with a wrong checksum, UDP with a wrong length, VXLAN without VNI', () => {
    const arp = buildArp({ op: 1, sha: 1, spa: 2, tha: 3, tpa: 4 });
    arp[1] = 6;
    expect(parseArp(arp)).toEqual({ malformed: 'ARP hardware type is not Ethernet' });
    const echo = buildEcho(8, 1, 1, counting(4));
    echo[9] = 77;
    expect(parseIcmp(echo, 0, echo.length)).toEqual({ malformed: 'bad ICMP checksum' });
    expect(parseUdp(fromHex('0001000200090000'))).toEqual({ malformed: 'bad UDP length' });
    expect(parseVxlan(fromHex('0000000000000100'))).toEqual({
      malformed: 'VXLAN header without a valid VNI',
    });
  });
});

describe('forwarding', () => {
  it('lowers the TTL in a copy, as if the header had been built anew', () => {
    fc.assert(
      fc.property(anyIpv4, anyBytes, (fields, payload) => {
        fc.pre(fields.ttl > 0);
        const packet = buildIpv4(fields, payload);
        const before = toHex(packet);
        expect(decrementTtl(packet)).toEqual(buildIpv4({ ...fields, ttl: fields.ttl - 1 }, payload));
        expect(toHex(packet)).toBe(before);
      }),
      PROPERTY,
    );
  });

  it('cuts into fragments that fit, whose payloads make the whole again', () => {
    fc.assert(
      fc.property(
        anyIpv4,
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 68, max: 1500 }),
        (fields, length, mtu) => {
          fc.pre(fields.fragmentOffset + length < 60_000);
          const whole = buildIpv4({ ...fields, dontFragment: false }, counting(length));
          const fragments = fragmentIpv4(whole, mtu);
          let at = fields.fragmentOffset;
          const payloads: Uint8Array[] = [];
          fragments.forEach((fragment, i) => {
            const last = i === fragments.length - 1;
            const header: Ipv4Header = good(parseIpv4(fragment));
            expect(fragment.length).toBeLessThanOrEqual(mtu);
            expect(header.fragmentOffset).toBe(at);
            expect(header.moreFragments).toBe(!last || fields.moreFragments);
            expect(header.id).toBe(fields.id);
            expect(header.options.length).toBe(fields.options.length);
            const payload = ipv4Payload(fragment, header);
            if (!last) expect(payload.length % 8).toBe(0);
            payloads.push(payload);
            at += payload.length;
          });
          expect(concatBytes(...payloads)).toEqual(counting(length));
        },
      ),
      PROPERTY,
    );
  });

  it('leaves what fits alone, and repeats only copied options', () => {
    const options = fromHex('94040000 07070400000000 00');
    const packet = buildIpv4({ id: 1, ttl: 64, protocol: 17, src: 1, dst: 2, options }, counting(100));
    expect(fragmentIpv4(packet, 132)).toEqual([packet]);
    const shown = fragmentIpv4(packet, 100).map((fragment) => toHex(good(parseIpv4(fragment)).options));
    expect(shown).toEqual(['940400000707040000000000', '940400000101010101010100']);
  });
});

describe('ICMP errors', () => {
  it('quote a small packet whole and a large one up to a datagram of 576 bytes', () => {
    for (const [length, quoted] of [
      [64, 84],
      [528, 548],
      [1480, 548],
    ] as const) {
      const packet = buildIpv4({ id: 1, ttl: 64, protocol: 1, src: 1, dst: 2 }, counting(length));
      const message = buildIcmpError(3, 4, 1400, packet);
      expect(good(parseIcmp(message, 0, message.length)).rest).toBe(1400);
      expect(quotedPacket(message)).toEqual(packet.subarray(0, quoted));
    }
  });

  it('do not quote Ethernet padding', () => {
    const packet = buildIpv4({ id: 1, ttl: 64, protocol: 1, src: 1, dst: 2 }, counting(8));
    expect(buildIcmpError(3, 1, 0, concatBytes(packet, counting(18))).length).toBe(8 + 28);
  });
});

it('TCP options come back as they were', () => {
  const list = [
    { kind: 2, data: fromHex('05b4') },
    { kind: 4, data: fromHex('') },
    { kind: 8, data: counting(8) },
    { kind: 1, data: fromHex('') },
    { kind: 3, data: fromHex('07') },
  ];
  expect(toHex(buildTcpOptions(list))).toBe('020405b40402080a000102030405060701030307');
  expect(parseTcpOptions(buildTcpOptions(list))).toEqual(list);
});
