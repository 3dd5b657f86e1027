import { readU16, readU24, readU8 } from '../bytes';
import { formatIp4 } from '../ip4';
import { UDP_LENGTH } from '../udp';
import { VXLAN_FLAG_VNI, VXLAN_LENGTH, VXLAN_PORT_IANA, VXLAN_PORT_LINUX } from '../vxlan';
import { cut, type Carrier, type Context } from './context';

/** `udp_print`; `length` is what the IP header says of the payload. */
export function printUdp(
  context: Context,
  at: number,
  end: number,
  length: number,
  carrier: Carrier,
): string {
  const { bytes } = context;
  const hosts = (srcPort: string, dstPort: string) =>
    `${formatIp4(carrier.src)}${srcPort} > ${formatIp4(carrier.dst)}${dstPort}: `;
  if (end - at < 4) return hosts('', '') + cut('udp');
  const ports = hosts(`.${readU16(bytes, at)}`, `.${readU16(bytes, at + 2)}`);
  if (length < UDP_LENGTH) return `${ports}truncated-udp ${length}`;
  if (end - at < UDP_LENGTH) return ports + cut('udp');
  const claimed = readU16(bytes, at + 4);
  if (claimed < UDP_LENGTH) return `${ports}truncated-udplength ${claimed}`;
  const dstPort = readU16(bytes, at + 2);
  const srcPort = readU16(bytes, at);
  const body = at + UDP_LENGTH;
  if (dstPort === VXLAN_PORT_LINUX || srcPort === VXLAN_PORT_LINUX)
    return ports + printOtv(context, body, end);
  if (dstPort === VXLAN_PORT_IANA || srcPort === VXLAN_PORT_IANA)
    return ports + printVxlan(context, body, end);
  const rest = length - UDP_LENGTH;
  const payload = claimed - UDP_LENGTH;
  if (payload > rest && !carrier.moreFragments) return `${ports}UDP, bad length ${payload} > ${rest}`;
  return `${ports}UDP, length ${payload}`;
}

/** `otv_print`: Linux's old VXLAN port is registered to OTV, and tcpdump takes it at its word. */
function printOtv(context: Context, at: number, end: number): string {
  const { bytes } = context;
  if (end - at < VXLAN_LENGTH) return `OTV, [length ${Math.max(0, end - at)} < ${VXLAN_LENGTH}] (invalid)`;
  const overlay = readU24(bytes, at + 1);
  const text = `OTV, flags ${flagsOf(bytes, at, '.')}, overlay ${overlay}, instance ${readU24(bytes, at + 4)}\n`;
  return text + context.printEthernet(at + VXLAN_LENGTH, end);
}

/** `vxlan_print`. */
function printVxlan(context: Context, at: number, end: number): string {
  const { bytes } = context;
  if (end - at < VXLAN_LENGTH) return 'VXLAN (invalid)';
  const text = `VXLAN, flags ${flagsOf(bytes, at, 'invalid')}, vni ${readU24(bytes, at + 4)}\n`;
  return text + context.printEthernet(at + VXLAN_LENGTH, end);
}

function flagsOf(bytes: Uint8Array, at: number, without: string): string {
  const flags = readU8(bytes, at);
  return `[${(flags & VXLAN_FLAG_VNI) === 0 ? without : 'I'}] (0x${flags.toString(16).padStart(2, '0')})`;
}
