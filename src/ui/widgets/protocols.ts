/** What protocols are called wherever they are drawn; the same in every language. */
import type { LayerProtocol } from '../../sim/wire';

/** As a segment of a capsule; payload has no name. */
export const shortName: Readonly<Record<LayerProtocol, string>> = {
  eth: 'Eth',
  arp: 'ARP',
  ip: 'IP',
  icmp: 'ICMP',
  udp: 'UDP',
  tcp: 'TCP',
  vxlan: 'VXLAN',
  ipip: 'IPIP',
  data: '',
};
/** As the head of a list of fields. */
export const longName: Readonly<Record<LayerProtocol, string>> = {
  ...shortName,
  eth: 'Ethernet',
  ip: 'IPv4',
  ipip: 'IPv4 (IPIP)',
};
