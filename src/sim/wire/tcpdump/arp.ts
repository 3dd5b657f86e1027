import { ARPOP_REPLY, ARPOP_REQUEST, parseArp, type ArpPacket } from '../arp';
import { formatIp4 } from '../ip4';
import { formatMac, MAC_ZERO } from '../mac';
import { isMalformed } from '../malformed';
import { cut, hexDump, type Context } from './context';

/** `arp_print`: `length` counts the padding too. */
export function printArp(context: Context, at: number, end: number, length: number): string {
  const packet = parseArp(context.bytes.subarray(0, end), at);
  if (isMalformed(packet)) return cut('arp');
  const prefix = context.ethernet ? '' : 'ARP, ';
  const detail = context.verbose ? 'Ethernet (len 6), IPv4 (len 4), ' : '';
  const operation = operationOf(packet);
  if (operation === undefined)
    return `${prefix}${detail}Unknown (${packet.op}) ${hexDump(context.bytes, at, end)}`;
  return `${prefix}${detail}${operation}, length ${length}`;
}

function operationOf(packet: ArpPacket): string | undefined {
  const { op, sha, spa, tha, tpa } = packet;
  if (op === ARPOP_REQUEST) {
    // A broadcast request leaves the target MAC zero; a probe of a known neighbour names it, and so does tcpdump.
    const target = tha === MAC_ZERO ? '' : ` (${formatMac(tha)})`;
    return `Request who-has ${formatIp4(tpa)}${target} tell ${formatIp4(spa)}`;
  }
  if (op === ARPOP_REPLY) return `Reply ${formatIp4(spa)} is-at ${formatMac(sha)}`;
  return undefined;
}
