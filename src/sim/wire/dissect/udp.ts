import { readU16 } from '../bytes';
import { isMalformed } from '../malformed';
import { parseQuotedIpv4 } from '../ipv4';
import { UDP_LENGTH, verifyUdp } from '../udp';
import { VXLAN_PORT_IANA, VXLAN_PORT_LINUX } from '../vxlan';
import { cutShort, field, hex, type Hint, type Part, type Read } from './context';

/** flannel's UDP backend: bare IPv4 packets between two sockets of this port (flannel `backend/udp`). */
const FLANNEL_UDP_PORT = 8285;

export function readUdpLayer(bytes: Uint8Array, at: number, end: number, hint: Hint): Read {
  if (end - at < UDP_LENGTH) return cutShort('udp', at, end, 'truncated UDP header');
  const srcPort = readU16(bytes, at);
  const dstPort = readU16(bytes, at + 2);
  const length = readU16(bytes, at + 4);
  const checksum = readU16(bytes, at + 6);
  // Without the addresses we are in a fragment or a cut quote, where the length may rightly pass the end.
  const lengthWrong = length < UDP_LENGTH || (hint.pseudo !== undefined && length > end - at);
  const checkable = hint.pseudo !== undefined && !lengthWrong;
  const right = hint.pseudo !== undefined && checkable && verifyUdp(bytes, at, hint.pseudo);
  const note = checksum === 0 ? 'none' : checkable ? (right ? 'correct' : 'wrong') : undefined;
  const wrong = lengthWrong ? 'bad UDP length' : checkable && !right ? 'bad UDP checksum' : undefined;
  const body = at + UDP_LENGTH;
  const bodyEnd = lengthWrong ? body : Math.min(end, at + length);
  return {
    layer: {
      protocol: 'udp',
      offset: at,
      length: UDP_LENGTH,
      summary: `${srcPort} > ${dstPort}, length ${length - UDP_LENGTH}`,
      fields: [
        field('udp.src', 'Source port', at, 2, srcPort),
        field('udp.dst', 'Destination port', at + 2, 2, dstPort, { note: portNote(dstPort) }),
        field('udp.len', 'Length', at + 4, 2, length),
        field('udp.checksum', 'Checksum', at + 6, 2, hex(checksum, 4), { note }),
      ],
      ...(wrong === undefined ? {} : { malformed: wrong }),
    },
    parts: [bodyPart(bytes, srcPort, dstPort, body, bodyEnd), { next: 'data', at: bodyEnd, end }],
  };
}

function bodyPart(bytes: Uint8Array, srcPort: number, dstPort: number, at: number, end: number): Part {
  if ((dstPort === VXLAN_PORT_IANA || dstPort === VXLAN_PORT_LINUX) && at < end)
    return { next: 'vxlan', at, end };
  if (srcPort === FLANNEL_UDP_PORT && dstPort === FLANNEL_UDP_PORT) {
    const inner = parseQuotedIpv4(bytes.subarray(0, end), at);
    // The port alone proves nothing; a packet that fills the datagram exactly does.
    if (!isMalformed(inner) && inner.totalLength === end - at)
      return { next: 'ipv4', at, end, inside: 'tunnel' };
  }
  return { next: 'data', at, end };
}

function portNote(port: number): string | undefined {
  if (port === VXLAN_PORT_IANA) return 'VXLAN';
  if (port === VXLAN_PORT_LINUX) return 'VXLAN (Linux default)';
  if (port === FLANNEL_UDP_PORT) return 'flannel UDP';
  return undefined;
}
