/** A captured frame as a filter looks at it. */
import {
  ETHERNET_LENGTH,
  ETH_P_ARP,
  ETH_P_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  readMac,
  readU16,
  readU32,
  readU8,
  type Ip4,
  type Mac,
} from '../../wire/index';

export interface View {
  readonly bytes: Uint8Array;
  /** Length as the capture's link type counts it. */
  readonly length: number;
  readonly etherSrc: Mac | undefined;
  readonly etherDst: Mac | undefined;
  readonly etherType: number;
  /** IPv4: protocol number; else undefined. */
  readonly protocol: number | undefined;
  /** Sender's and receiver's address of an IPv4 packet, or of the ARP packet. */
  readonly src: Ip4 | undefined;
  readonly dst: Ip4 | undefined;
  /** Of a TCP or UDP packet that is no later fragment. */
  readonly srcPort: number | undefined;
  readonly dstPort: number | undefined;
}

/** `extra`: bytes by which the capture's own link header is longer than the frame's. */
export function viewOf(bytes: Uint8Array, link: 'ethernet' | 'ip', extra: number): View {
  const ethernet = link === 'ethernet';
  const at = ethernet ? ETHERNET_LENGTH : 0;
  const etherType = ethernet ? readU16(bytes, 12) : readU8(bytes, 0) >>> 4 === 4 ? ETH_P_IP : 0;
  const ip = etherType === ETH_P_IP && bytes.length >= at + 20;
  const arp = etherType === ETH_P_ARP && bytes.length >= at + 28;
  const protocol = ip ? readU8(bytes, at + 9) : undefined;
  const first = ip && (readU16(bytes, at + 6) & 0x1fff) === 0;
  const ports = first && (protocol === IPPROTO_TCP || protocol === IPPROTO_UDP);
  const transport = at + (readU8(bytes, at) & 0x0f) * 4;
  return {
    bytes,
    length: bytes.length + extra,
    etherSrc: ethernet ? readMac(bytes, 6) : undefined,
    etherDst: ethernet ? readMac(bytes, 0) : undefined,
    etherType,
    protocol,
    src: ip ? readU32(bytes, at + 12) : arp ? readU32(bytes, at + 14) : undefined,
    dst: ip ? readU32(bytes, at + 16) : arp ? readU32(bytes, at + 24) : undefined,
    srcPort: ports ? readU16(bytes, transport) : undefined,
    dstPort: ports ? readU16(bytes, transport + 2) : undefined,
  };
}
