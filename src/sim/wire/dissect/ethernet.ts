import { ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETHERNET_LENGTH, parseEthernet } from '../ethernet';
import { formatMac, isLocallyAdministered, isMulticastMac, MAC_BROADCAST, type Mac } from '../mac';
import { isMalformed } from '../malformed';
import { cutShort, field, hex, type Read } from './context';

/** The names Wireshark and tcpdump give to EtherTypes one meets in a container network. */
const TYPE_NAMES = new Map([
  [ETH_P_IP, 'IPv4'],
  [ETH_P_ARP, 'ARP'],
  [ETH_P_IPV6, 'IPv6'],
  [0x8100, '802.1Q'],
]);

export function readEthernetLayer(bytes: Uint8Array, at: number, end: number): Read {
  const header = parseEthernet(bytes.subarray(0, end), at);
  if (isMalformed(header)) return cutShort('eth', at, end, header.malformed);
  const typeName = TYPE_NAMES.get(header.type);
  const next = header.type === ETH_P_IP ? 'ipv4' : header.type === ETH_P_ARP ? 'arp' : 'data';
  return {
    layer: {
      protocol: 'eth',
      offset: at,
      length: ETHERNET_LENGTH,
      summary: `${formatMac(header.src)} > ${formatMac(header.dst)}, ${typeName ?? hex(header.type, 4)}`,
      fields: [
        field('eth.dst', 'Destination', at, 6, formatMac(header.dst), { note: macNote(header.dst) }),
        field('eth.src', 'Source', at + 6, 6, formatMac(header.src), { note: macNote(header.src) }),
        field('eth.type', 'Type', at + 12, 2, hex(header.type, 4), { note: typeName }),
      ],
    },
    parts: [{ next, at: at + ETHERNET_LENGTH, end }],
  };
}

function macNote(mac: Mac): string | undefined {
  if (mac === MAC_BROADCAST) return 'Broadcast';
  if (isMulticastMac(mac)) return 'Multicast';
  return isLocallyAdministered(mac) ? 'Locally administered' : undefined;
}
