import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes';
import { captured, capturedFrames, madeFrames, PROPERTY } from '../testing/fixtures';
import { dissect, type Layer, type LinkType } from './index';

/** Layers in a word each: `ip`, `ip+1` inside a tunnel, `(ip)` quoted. */
function outline(layers: Layer[]): string {
  return layers
    .map(({ protocol, depth, quoted }) => {
      const name = protocol + (depth > 0 ? `+${depth}` : '');
      return quoted ? `(${name})` : name;
    })
    .join(' ');
}

/** Every byte in exactly one layer, in order; every field inside its layer, in whole or by bits only once. */
function checkCover(bytes: Uint8Array, link: LinkType): Layer[] {
  const layers = dissect(bytes, link);
  let at = 0;
  for (const layer of layers) {
    expect(layer.offset).toBe(at);
    expect(layer.length).toBeGreaterThan(0);
    at += layer.length;
    checkFields(layer);
  }
  expect(at).toBe(bytes.length);
  return layers;
}

function checkFields(layer: Layer): void {
  let bit = layer.offset * 8;
  for (const { offset, length, bits, name } of layer.fields) {
    const [from, to] = bits ?? [0, length * 8 - 1];
    expect(offset * 8 + from, name).toBe(bit);
    bit = offset * 8 + to + 1;
  }
  // Headers that could be read are described bit by bit, without gaps.
  if (layer.fields.length > 0) expect(bit).toBe((layer.offset + layer.length) * 8);
}

describe('captured frames', () => {
  it('are covered exactly, and nothing in them is malformed', () => {
    for (const { hex, link, decode } of capturedFrames) {
      const layers = checkCover(fromHex(hex), link);
      expect(
        layers.filter((layer) => layer.malformed !== undefined),
        decode,
      ).toEqual([]);
      const notes = layers.flatMap((layer) => layer.fields.map((each) => each.note));
      expect(notes, decode).not.toContain('wrong');
    }
  });

  it.each([
    ['eth/arp', 'eth arp'],
    ['eth/ip/icmp |', 'eth ip icmp data'],
    ['ip/icmp', 'ip icmp data'],
    ['eth/ip/tcp/bgp', 'eth ip tcp data'],
    ['eth/ip/udp |', 'eth ip udp data'],
    ['eth/ip/udp/vxlan', 'eth ip udp vxlan eth+1 ip+1 icmp+1 data+1'],
    ['eth/ip/udp/ip', 'eth ip udp ip+1 icmp+1 data+1'],
    ['eth/ip/ip/icmp', 'eth ipip ip+1 icmp+1 data+1'],
    ['eth/ip/icmp/ip/icmp', 'eth ip icmp (ip) (icmp) (data)'],
    ['eth/ip/icmp/ip/udp', 'eth ip icmp (ip) (udp) (data)'],
  ])('%s is read as %s', (decode, expected) => {
    const frame = capturedFrames.find((each) => each.decode.startsWith(decode))!;
    expect(outline(dissect(fromHex(frame.hex), frame.link))).toBe(expected);
  });

  it('tell their fields as people write them', () => {
    const layers = dissect(captured('eth/ip/udp/vxlan'), 'ethernet');
    const values = layers.flatMap((layer) =>
      layer.fields.map(
        (each) => `${each.name}=${each.value}${each.note === undefined ? '' : ` (${each.note})`}`,
      ),
    );
    expect(values).toMatchInlineSnapshot(`
      [
        "eth.dst=52:54:0a:a8:00:03 (Locally administered)",
        "eth.src=52:54:0a:a8:00:02 (Locally administered)",
        "eth.type=0x0800 (IPv4)",
        "ip.version=4",
        "ip.ihl=5 (20 bytes)",
        "ip.tos=0x00 (DSCP 0)",
        "ip.len=134",
        "ip.id=57600 (0xe100)",
        "ip.flags.rb=0",
        "ip.flags.df=0 (May be fragmented)",
        "ip.flags.mf=0 (Last or only fragment)",
        "ip.frag_offset=0 (0 bytes)",
        "ip.ttl=64",
        "ip.proto=17 (UDP)",
        "ip.checksum=0x8412 (correct)",
        "ip.src=10.168.0.2",
        "ip.dst=10.168.0.3",
        "udp.src=57356",
        "udp.dst=8472 (VXLAN (Linux default))",
        "udp.len=114",
        "udp.checksum=0x4ebd (correct)",
        "vxlan.flags=0x08 (VNI valid)",
        "vxlan.reserved1=0x000000",
        "vxlan.vni=1",
        "vxlan.reserved2=0x00",
        "eth.dst=5e:f8:4f:00:e3:37 (Locally administered)",
        "eth.src=d2:a1:10:01:15:00 (Locally administered)",
        "eth.type=0x0800 (IPv4)",
        "ip.version=4",
        "ip.ihl=5 (20 bytes)",
        "ip.tos=0x00 (DSCP 0)",
        "ip.len=84",
        "ip.id=5102 (0x13ee)",
        "ip.flags.rb=0",
        "ip.flags.df=1 (Don't fragment)",
        "ip.flags.mf=0 (Last or only fragment)",
        "ip.frag_offset=0 (0 bytes)",
        "ip.ttl=63",
        "ip.proto=1 (ICMP)",
        "ip.checksum=0xf4b4 (correct)",
        "ip.src=10.1.15.2",
        "ip.dst=10.1.16.3",
        "icmp.type=8 (Echo request)",
        "icmp.code=0",
        "icmp.checksum=0x00eb (correct)",
        "icmp.id=1",
        "icmp.seq=1",
      ]
    `);
    expect(layers.map((layer) => layer.summary)).toMatchInlineSnapshot(`
      [
        "52:54:0a:a8:00:02 > 52:54:0a:a8:00:03, IPv4",
        "10.168.0.2 > 10.168.0.3, UDP, ttl 64",
        "57356 > 8472, length 106",
        "VNI 1",
        "d2:a1:10:01:15:00 > 5e:f8:4f:00:e3:37, IPv4",
        "10.1.15.2 > 10.1.16.3, ICMP, ttl 63",
        "Echo request, id 1, seq 1",
        "Payload, 56 bytes",
      ]
    `);
  });
});

describe('frames that are wrong', () => {
  it.each(madeFrames)('$name is covered exactly', ({ hex, link }) => {
    checkCover(fromHex(hex), link);
  });

  it('say what is wrong, in the layer that is', () => {
    const wrong = madeFrames.flatMap(({ name, hex, link }) =>
      dissect(fromHex(hex), link)
        .filter((layer) => layer.malformed !== undefined)
        .map((layer) => `${name}: ${layer.protocol}: ${layer.malformed}`),
    );
    expect(wrong).toMatchInlineSnapshot(`
      [
        "bad icmp checksum: icmp: bad ICMP checksum",
        "bad ip checksum: ip: bad IP header checksum",
        "vxlan without I: vxlan: VXLAN header without a valid VNI",
        "udp bad checksum: udp: bad UDP checksum",
        "otv without I: vxlan: VXLAN header without a valid VNI",
        "otv cut: vxlan: truncated VXLAN header",
        "vxlan cut: vxlan: truncated VXLAN header",
        "bad icmp quote: ip: truncated IP header",
        "truncated ip: ip: truncated IP packet",
        "truncated ip header: ip: truncated IP header",
        "truncated udp: udp: truncated UDP header",
        "truncated udp 3: udp: truncated UDP header",
        "truncated tcp: tcp: truncated TCP header",
        "truncated tcp 3: tcp: truncated TCP header",
        "truncated icmp: icmp: truncated ICMP header",
        "udp length too long: udp: bad UDP length",
        "udp length too short: udp: bad UDP length",
        "ip version 5: ip: IP version 5",
        "ip header length 16: ip: IP header length below 20",
        "ip total length 10: ip: bad IP header checksum",
        "arp truncated: arp: truncated ARP packet",
        "ethernet cut: eth: truncated Ethernet header",
      ]
    `);
  });
});

describe('any bytes', () => {
  it('are covered exactly', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 150 }),
        fc.constantFrom<LinkType>('ethernet', 'ip'),
        (bytes, link) => {
          checkCover(bytes, link);
        },
      ),
      PROPERTY,
    );
  });

  it('are covered exactly, also a damaged or cut real frame', () => {
    const anyFrame = fc.constantFrom(...capturedFrames);
    const anyDamage = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(anyFrame, anyDamage, fc.nat(200), ({ hex, link }, damage, length) => {
        const bytes = fromHex(hex).slice(0, length);
        for (const [at, value] of damage) if (at < bytes.length) bytes[at] = value;
        checkCover(bytes, link);
      }),
      { ...PROPERTY, numRuns: 2000 },
    );
  });

  it('are not followed for ever', () => {
    // 3000 IP-in-IP headers inside each other
    const header = toHex(fromHex('45000014000000004004000000000001 00000002'));
    expect(checkCover(fromHex(header.repeat(3000)), 'ip').length).toBeLessThan(60);
  });
});
