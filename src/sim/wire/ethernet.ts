import { allocate, readU16, writeU16 } from './bytes';
import { readMac, writeMac, type Mac } from './mac';
import { malformed, type Parsed } from './malformed';

/** Ethernet II (RFC 894; Linux `struct ethhdr`): dst 0–5, src 6–11, type 12–13. The check sequence is never captured. */
export const ETHERNET_LENGTH = 14;

export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;

interface EthernetHeader {
  dst: Mac;
  src: Mac;
  /** EtherType; values under 1536 are an 802.3 length instead */
  type: number;
}

export function parseEthernet(bytes: Uint8Array, at = 0): Parsed<EthernetHeader> {
  if (bytes.length - at < ETHERNET_LENGTH) return malformed('truncated Ethernet header');
  return { dst: readMac(bytes, at), src: readMac(bytes, at + 6), type: readU16(bytes, at + 12) };
}

/** Writes the 14 header bytes into `into` from `at`. */
function writeEthernet(into: Uint8Array, at: number, header: EthernetHeader): void {
  writeMac(into, at, header.dst);
  writeMac(into, at + 6, header.src);
  writeU16(into, at + 12, header.type);
}

/** Header and payload in a new array. Not padded to 60 bytes: veth and bridge do not pad either. */
export function buildEthernet(header: EthernetHeader, payload: Uint8Array): Uint8Array {
  const frame = allocate(ETHERNET_LENGTH + payload.length);
  writeEthernet(frame, 0, header);
  frame.set(payload, ETHERNET_LENGTH);
  return frame;
}
