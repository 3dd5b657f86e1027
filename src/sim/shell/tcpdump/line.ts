/** What tcpdump prints of one frame after its time stamp: the capture's own link level, short and hex forms. */
import {
  ETHERNET_LENGTH,
  IPPROTO_TCP,
  IPPROTO_UDP,
  formatMac,
  isMulticastMac,
  MAC_BROADCAST,
  readU16,
  readU8,
  tcpdumpLine,
  type TcpSequences,
} from '../../wire/index';
import type { Netlink } from '../../kernel/netlink';
import type { TcpdumpOptionSet } from './options';
import type { View } from './view';

/** LINUX_SLL2's header in place of Ethernet's. */
export const SLL2_LENGTH = 20;
/** `aa > bb, ethertype IPv4 (0x0800), length 98: ` at the start of a line. */
const LINK_LEVEL = /^\S+ > \S+, (ethertype \w+ \(0x[0-9a-f]{4}\)), length \d+: /;

export interface Captured {
  readonly view: View;
  readonly link: 'ethernet' | 'ip';
  readonly dev: string;
  readonly direction: 'in' | 'out';
}

/** -q on TCP and UDP: the length of what is carried instead of the header's fields. */
function quickly(text: string, { view, link }: Captured): string {
  const { bytes, protocol, srcPort } = view;
  if (srcPort === undefined) return text;
  const at = link === 'ethernet' ? ETHERNET_LENGTH : 0;
  const header = (readU8(bytes, at) & 0x0f) * 4;
  const total = readU16(bytes, at + 2);
  if (protocol === IPPROTO_UDP) {
    const length = readU16(bytes, at + header + 4) - 8;
    return text.replace(/( > \d+\.\d+\.\d+\.\d+\.\d+: )[^]*$/, `$1UDP, length ${length}`);
  }
  if (protocol !== IPPROTO_TCP) return text;
  const length = total - header - (readU8(bytes, at + header + 12) >>> 4) * 4;
  return text.replace(/( > \d+\.\d+\.\d+\.\d+\.\d+: )[^]*$/, `$1tcp ${length}`);
}

/** `eth0  Out `, and with -e the cooked header. */
function cooked(text: string, captured: Captured, options: TcpdumpOptionSet, netlink: Netlink): string {
  const { view, dev, direction } = captured;
  const row = netlink.getLink(dev);
  const own = `${dev.padEnd(5)} ${arrival(captured, row?.address, direction).padEnd(3)} `;
  if (!options.ethernet) return own + text;
  const mac = view.etherSrc === undefined ? '' : `${formatMac(view.etherSrc)} `;
  const type = LINK_LEVEL.exec(text)?.[1] ?? 'ethertype IPv4 (0x0800)';
  const body = text.replace(LINK_LEVEL, '').replace(/^ip: /, '');
  const what = options.quick ? '' : `${type}, length ${view.length}: `;
  return `${own}ifindex ${row?.ifindex ?? 0} ${mac}${what}${body}`;
}

/** Packet type as the cooked header has it. */
function arrival({ view }: Captured, own: string | undefined, direction: 'in' | 'out'): string {
  if (direction === 'out') return 'Out';
  if (view.etherDst === undefined || own === undefined || formatMac(view.etherDst) === own) return 'In';
  if (view.etherDst === MAC_BROADCAST) return 'B';
  return isMulticastMac(view.etherDst) ? 'M' : 'P';
}

function hex(bytes: Uint8Array, ascii: boolean): string {
  let text = '';
  for (let line = 0; line < bytes.length; line += 16) {
    const part = bytes.subarray(line, line + 16);
    let digits = '';
    let letters = '';
    part.forEach((byte, at) => {
      digits += (at % 2 === 0 ? ' ' : '') + byte.toString(16).padStart(2, '0');
      letters += byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.';
    });
    const beside = ascii ? `${digits.padEnd(40)}  ${letters}` : digits;
    text += `\n\t0x${line.toString(16).padStart(4, '0')}: ${beside}`;
  }
  return text;
}

export function frameText(
  captured: Captured,
  options: TcpdumpOptionSet,
  any: boolean,
  netlink: Netlink,
  tcp: TcpSequences,
): string {
  const { view, link } = captured;
  let text = tcpdumpLine(view.bytes, link, {
    ethernet: options.ethernet,
    verbose: options.verbose > 0,
    tcp: options.absoluteSequence ? undefined : tcp,
  });
  if (options.quick) text = quickly(text, captured);
  if (any) text = cooked(text, captured, options, netlink);
  else if (options.quick && link === 'ethernet')
    text = text.replace(/^(\S+ > \S+, )ethertype (\w+) \(0x[0-9a-f]{4}\)/, '$1$2');
  if (!options.hex) return text;
  // The link-level header is left out of -x and -X.
  const from = options.hex.link || link === 'ip' ? 0 : ETHERNET_LENGTH;
  return text + hex(view.bytes.subarray(from), options.hex.ascii);
}
