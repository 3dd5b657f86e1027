import { readU16, readU24, readU8 } from '../bytes';
import { isMalformed } from '../malformed';
import { parseVxlan, VXLAN_FLAG_VNI, VXLAN_LENGTH } from '../vxlan';
import { cutShort, field, hex, type Read } from './context';

export function readVxlanLayer(bytes: Uint8Array, at: number, end: number): Read {
  if (end - at < VXLAN_LENGTH) return cutShort('vxlan', at, end, 'truncated VXLAN header');
  const header = parseVxlan(bytes, at);
  const flags = readU8(bytes, at);
  const vni = readU24(bytes, at + 4);
  const body = at + VXLAN_LENGTH;
  return {
    layer: {
      protocol: 'vxlan',
      offset: at,
      length: VXLAN_LENGTH,
      summary: `VNI ${vni}`,
      fields: [
        field('vxlan.flags', 'Flags', at, 1, hex(flags, 2), {
          note: (flags & VXLAN_FLAG_VNI) === 0 ? 'VNI not valid' : 'VNI valid',
        }),
        field(
          'vxlan.reserved1',
          'Reserved',
          at + 1,
          3,
          hex((readU8(bytes, at + 1) << 16) | readU16(bytes, at + 2), 6),
        ),
        field('vxlan.vni', 'VNI', at + 4, 3, vni),
        field('vxlan.reserved2', 'Reserved', at + 7, 1, hex(readU8(bytes, at + 7), 2)),
      ],
      ...(isMalformed(header) ? { malformed: header.malformed } : {}),
    },
    parts: [{ next: isMalformed(header) ? 'data' : 'ethernet', at: body, end, inside: 'tunnel' }],
  };
}
