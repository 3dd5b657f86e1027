import { ARP_LENGTH, ARPOP_REPLY, ARPOP_REQUEST, parseArp, type ArpPacket } from '../arp';
import { readU16, readU8 } from '../bytes';
import { formatIp4 } from '../ip4';
import { formatMac, MAC_ZERO } from '../mac';
import { isMalformed } from '../malformed';
import { cutShort, field, hex, type Read } from './context';

export function readArpLayer(bytes: Uint8Array, at: number, end: number): Read {
  const packet = parseArp(bytes.subarray(0, end), at);
  if (isMalformed(packet)) return cutShort('arp', at, end, packet.malformed);
  const opName = packet.op === ARPOP_REQUEST ? 'request' : packet.op === ARPOP_REPLY ? 'reply' : undefined;
  const unknown = packet.op === ARPOP_REQUEST && packet.tha === MAC_ZERO ? 'Not known yet' : undefined;
  return {
    layer: {
      protocol: 'arp',
      offset: at,
      length: ARP_LENGTH,
      summary: summaryOf(packet),
      fields: [
        field('arp.htype', 'Hardware type', at, 2, readU16(bytes, at), { note: 'Ethernet' }),
        field('arp.ptype', 'Protocol type', at + 2, 2, hex(readU16(bytes, at + 2), 4), { note: 'IPv4' }),
        field('arp.hlen', 'Hardware address length', at + 4, 1, readU8(bytes, at + 4)),
        field('arp.plen', 'Protocol address length', at + 5, 1, readU8(bytes, at + 5)),
        field('arp.op', 'Operation', at + 6, 2, packet.op, { note: opName }),
        field('arp.sha', 'Sender MAC', at + 8, 6, formatMac(packet.sha)),
        field('arp.spa', 'Sender IP', at + 14, 4, formatIp4(packet.spa)),
        field('arp.tha', 'Target MAC', at + 18, 6, formatMac(packet.tha), { note: unknown }),
        field('arp.tpa', 'Target IP', at + 24, 4, formatIp4(packet.tpa)),
      ],
    },
    parts: [{ next: 'data', at: at + ARP_LENGTH, end, hint: { data: 'Padding' } }],
  };
}

function summaryOf(packet: ArpPacket): string {
  if (packet.op === ARPOP_REQUEST) {
    return `Request who-has ${formatIp4(packet.tpa)} tell ${formatIp4(packet.spa)}`;
  }
  if (packet.op === ARPOP_REPLY) return `Reply ${formatIp4(packet.spa)} is-at ${formatMac(packet.sha)}`;
  return `Operation ${packet.op}`;
}
