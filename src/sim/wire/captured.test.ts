import { expect, it } from 'vitest';
import { buildArpFrame, parseArp } from './arp';
import { concatBytes, fromHex, toHex } from './bytes';
import { buildEthernet, ETH_P_ARP, ETHERNET_LENGTH, parseEthernet } from './ethernet';
import { buildIcmp, buildIcmpError, isIcmpErrorType, parseIcmp } from './icmp';
import {
  buildIpv4,
  IPPROTO_ICMP,
  IPPROTO_IPIP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  ipv4Payload,
  parseIpv4,
} from './ipv4';
import { isMalformed, type Parsed } from './malformed';
import { buildTcp, parseTcp, verifyTcp } from './tcp';
import { capturedFrames } from './testing/fixtures';
import { buildUdp, parseUdp, verifyUdp } from './udp';
import { buildVxlan, parseVxlan } from './vxlan';

/** The header; a malformed one fails, which is how the checksums of real frames are verified here. */
function good<T>(parsed: Parsed<T>): T {
  if (isMalformed(parsed)) throw new Error(parsed.malformed);
  return parsed;
}

/** Takes a frame apart to its last header and puts it together from the parsed values alone. */
function rebuildFrame(frame: Uint8Array): Uint8Array {
  const header = good(parseEthernet(frame));
  const body = frame.subarray(ETHERNET_LENGTH);
  if (header.type === ETH_P_ARP) return buildArpFrame(header.dst, header.src, good(parseArp(body)));
  return buildEthernet(header, rebuildPacket(body));
}

function rebuildPacket(packet: Uint8Array): Uint8Array {
  const header = good(parseIpv4(packet));
  const payload = ipv4Payload(packet, header);
  switch (header.protocol) {
    case IPPROTO_ICMP:
      return buildIpv4(header, rebuildIcmp(payload));
    case IPPROTO_IPIP:
      return buildIpv4(header, rebuildPacket(payload));
    case IPPROTO_UDP:
      return buildIpv4(header, rebuildUdp(payload, header));
    case IPPROTO_TCP: {
      const tcp = good(parseTcp(payload));
      expect(verifyTcp(payload, 0, payload.length, header)).toBe(true);
      return buildIpv4(header, buildTcp(tcp, payload.subarray(tcp.headerLength), header));
    }
    default:
      throw new Error(`protocol ${header.protocol}`);
  }
}

function rebuildIcmp(message: Uint8Array): Uint8Array {
  const header = good(parseIcmp(message, 0, message.length));
  const body = message.subarray(8);
  // In the recordings every error quotes its packet whole; building the error from the quote must quote it all again.
  if (isIcmpErrorType(header.type)) return buildIcmpError(header.type, header.code, header.rest, body);
  return buildIcmp(header, body);
}

function rebuildUdp(datagram: Uint8Array, pseudo: { src: number; dst: number }): Uint8Array {
  const header = good(parseUdp(datagram));
  expect(verifyUdp(datagram, 0, pseudo)).toBe(true);
  const body = datagram.subarray(8);
  if (header.dstPort === 8472) {
    return buildUdp(header, buildVxlan(good(parseVxlan(body)).vni, rebuildFrame(body.subarray(8))), pseudo);
  }
  if (header.dstPort === 8285) return buildUdp(header, rebuildPacket(body), pseudo);
  return buildUdp(header, body, pseudo);
}

it('rebuilds every frame of a real kernel byte for byte', () => {
  expect(capturedFrames.length).toBeGreaterThan(200);
  for (const { hex, link, decode } of capturedFrames) {
    const bytes = fromHex(hex);
    expect(toHex(link === 'ethernet' ? rebuildFrame(bytes) : rebuildPacket(bytes)), decode).toBe(hex);
  }
});

it('reads a packet the same wherever it stands in an array', () => {
  const { hex } = capturedFrames.find((frame) => frame.decode.startsWith('eth/ip/icmp '))!;
  const frame = fromHex(hex);
  expect(parseIpv4(frame, ETHERNET_LENGTH)).toEqual(parseIpv4(frame.slice(ETHERNET_LENGTH)));
  expect(parseIpv4(concatBytes(fromHex('ffff'), frame), 16)).toEqual(parseIpv4(frame, ETHERNET_LENGTH));
});
