import { allocate, readU24, readU8 } from './bytes';
import { malformed, type Parsed } from './malformed';

/** VXLAN (RFC 7348 section 5): flags 0, reserved 1–3, VNI 4–6, reserved 7; then a whole Ethernet frame. */
export const VXLAN_LENGTH = 8;

/** The I flag: the VNI is valid. */
export const VXLAN_FLAG_VNI = 0x08;

/** The port IANA assigned, and the one Linux used before and flannel still uses. */
export const VXLAN_PORT_IANA = 4789;
export const VXLAN_PORT_LINUX = 8472;

interface VxlanHeader {
  /** the first byte; 0x08 when all is well */
  flags: number;
  /** VXLAN network identifier, 24 bits */
  vni: number;
}

/** Reads 8 bytes at `at`; a header without the I flag is malformed, as `vxlan_rcv` drops it. */
export function parseVxlan(bytes: Uint8Array, at = 0): Parsed<VxlanHeader> {
  if (bytes.length - at < VXLAN_LENGTH) return malformed('truncated VXLAN header');
  const flags = readU8(bytes, at);
  if ((flags & VXLAN_FLAG_VNI) === 0) return malformed('VXLAN header without a valid VNI');
  return { flags, vni: readU24(bytes, at + 4) };
}

/** The payload of the outer UDP datagram: VXLAN header, then the inner frame. */
export function buildVxlan(vni: number, innerFrame: Uint8Array): Uint8Array {
  const bytes = allocate(VXLAN_LENGTH + innerFrame.length);
  bytes[0] = VXLAN_FLAG_VNI;
  bytes[4] = vni >>> 16;
  bytes[5] = vni >>> 8;
  bytes[6] = vni;
  bytes.set(innerFrame, VXLAN_LENGTH);
  return bytes;
}
