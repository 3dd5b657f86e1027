import { ARP_LENGTH } from '../arp';
import { isMalformed } from '../malformed';
import { ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETHERNET_LENGTH, parseEthernet } from '../ethernet';
import { formatMac } from '../mac';
import type { LinkType } from '../dissect/types';
import { printArp } from './arp';
import { cut, hexDump, type Context, type TcpdumpOptions, type TcpSequences } from './context';
import { printIp } from './ip';

export type { TcpSequences } from './context';

/**
 * What `tcpdump -n` (4.99) prints about a frame, after the time stamp, without the newline at the end. A tunnelled
 * frame (VXLAN) is on a line of its own, and `verbose` puts further lines; they are separated by newlines as tcpdump
 * separates them.
 *
 * Left out: what tcpdump prints of the inside of BGP (with `-v`), DNS, DHCP, OSPF and other protocols carried; and IPv6, of
 * which only the link-level line is printed.
 */
export function tcpdumpLine(bytes: Uint8Array, linkType: LinkType, options: TcpdumpOptions): string {
  const context: Context = {
    bytes,
    linkType,
    ethernet: options.ethernet,
    verbose: options.verbose ?? false,
    tcp: options.tcp ?? (new Map() as TcpSequences),
    printIp: (at, end, length) => printIp(context, at, end, length),
    printEthernet: (at, end) => printEthernet(context, at, end),
  };
  if (linkType === 'ethernet') return printEthernet(context, 0, bytes.length);
  return printRaw(context);
}

/** `raw_if_print`: there is no link level, so `-e` prints `ip:`. */
function printRaw(context: Context): string {
  const { bytes } = context;
  const version = (bytes[0] ?? 0) >>> 4;
  if (version === 4) return (context.ethernet ? 'ip: ' : '') + context.printIp(0, bytes.length, bytes.length);
  const prefix = context.ethernet ? 'ip: ' : '';
  return `${prefix}${version === 6 ? 'IP6' : `unknown ip ${version}`}, length ${bytes.length}`;
}

const TYPE_NAMES = new Map([
  [ETH_P_IP, 'IPv4'],
  [ETH_P_ARP, 'ARP'],
  [ETH_P_IPV6, 'IPv6'],
  [0x8100, '802.1Q'],
  [0x88cc, 'LLDP'],
]);

function printEthernet(context: Context, at: number, end: number): string {
  const { bytes } = context;
  const header = parseEthernet(bytes.subarray(0, end), at);
  if (isMalformed(header)) return cut('ether');
  const body = at + ETHERNET_LENGTH;
  const known = header.type === ETH_P_IP || header.type === ETH_P_ARP;
  const type =
    header.type <= 1500
      ? '802.3'
      : `ethertype ${TYPE_NAMES.get(header.type) ?? 'Unknown'} (0x${header.type.toString(16).padStart(4, '0')})`;
  const link = `${formatMac(header.src)} > ${formatMac(header.dst)}, ${type}, length ${end - at}: `;
  // tcpdump falls back to the link level when it cannot print what is inside, -e or not.
  const prefix = context.ethernet || !known ? link : '';
  if (header.type === ETH_P_IP) return prefix + context.printIp(body, end, end - body);
  if (header.type === ETH_P_ARP) {
    return prefix + printArp(context, body, end, Math.max(ARP_LENGTH, end - body));
  }
  return prefix + (header.type === ETH_P_IPV6 ? 'IP6' : hexDump(bytes, body, end));
}
