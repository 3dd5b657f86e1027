import { allocate, readU16, readU32, writeU16, writeU32 } from './bytes';
import { buildEthernet, ETH_P_ARP, ETH_P_IP } from './ethernet';
import type { Ip4 } from './ip4';
import { readMac, writeMac, type Mac } from './mac';
import { malformed, type Parsed } from './malformed';

/**
 * ARP for IPv4 over Ethernet (RFC 826; Linux `arp_create`): htype 0, ptype 2, hlen 4, plen 5, op 6, sha 8, spa 14,
 * tha 18, tpa 24.
 */
export const ARP_LENGTH = 28;

export const ARPOP_REQUEST = 1;
export const ARPOP_REPLY = 2;

/** RFC 826: the hardware type of Ethernet. */
const ARPHRD_ETHER = 1;

export interface ArpPacket {
  /** 1 request, 2 reply */
  op: number;
  /** sender's MAC and IP */
  sha: Mac;
  spa: Ip4;
  /** target's MAC (zero in a request) and IP */
  tha: Mac;
  tpa: Ip4;
}

/** Refuses what Linux's `arp_rcv` and `arp_process` drop: too short, or not Ethernet/IPv4 with lengths 6 and 4. */
export function parseArp(bytes: Uint8Array, at = 0): Parsed<ArpPacket> {
  if (bytes.length - at < ARP_LENGTH) return malformed('truncated ARP packet');
  if (readU16(bytes, at) !== ARPHRD_ETHER) return malformed('ARP hardware type is not Ethernet');
  if (readU16(bytes, at + 2) !== ETH_P_IP) return malformed('ARP protocol type is not IPv4');
  if (bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return malformed('bad ARP address length');
  return {
    op: readU16(bytes, at + 6),
    sha: readMac(bytes, at + 8),
    spa: readU32(bytes, at + 14),
    tha: readMac(bytes, at + 18),
    tpa: readU32(bytes, at + 24),
  };
}

/** The 28 bytes after the Ethernet header. */
export function buildArp(packet: ArpPacket): Uint8Array {
  const bytes = allocate(ARP_LENGTH);
  writeU16(bytes, 0, ARPHRD_ETHER);
  writeU16(bytes, 2, ETH_P_IP);
  bytes[4] = 6;
  bytes[5] = 4;
  writeU16(bytes, 6, packet.op);
  writeMac(bytes, 8, packet.sha);
  writeU32(bytes, 14, packet.spa);
  writeMac(bytes, 18, packet.tha);
  writeU32(bytes, 24, packet.tpa);
  return bytes;
}

/** A whole frame of 42 bytes. The frame's MACs are given apart: they may differ from the ones inside. */
export function buildArpFrame(dstMac: Mac, srcMac: Mac, packet: ArpPacket): Uint8Array {
  return buildEthernet({ dst: dstMac, src: srcMac, type: ETH_P_ARP }, buildArp(packet));
}
