import {
  ETH_P_IP,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  formatIp4,
  isMalformed,
  parseEthernet,
  parseQuotedIpv4,
} from '../sim/wire';
import type { Frame } from '../sim/kernel/trace';

/** Who talks to whom in the outermost IP packet of a frame: what rules ask about and NAT rewrites. */
export interface Endpoints {
  readonly protocol: number;
  readonly src: string;
  readonly dst: string;
  /** Ports of UDP and TCP; of an ICMP echo both are its identifier. Absent where the packet has none. */
  readonly srcPort?: number;
  readonly dstPort?: number;
  /** ICMP. */
  readonly type?: number;
  readonly code?: number;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function ipAt(frame: Frame): number | undefined {
  if (frame.link === 'ip') return 0;
  const eth = parseEthernet(frame.bytes);
  return isMalformed(eth) || eth.type !== ETH_P_IP ? undefined : 14;
}

const isEcho = (type: number): boolean => type === 8 || type === 0;

function read(frame: Frame): Endpoints | undefined {
  const at = ipAt(frame);
  const ip = at === undefined ? undefined : parseQuotedIpv4(frame.bytes, at);
  if (at === undefined || ip === undefined || isMalformed(ip)) return undefined;
  const { protocol } = ip;
  const ends = { protocol, src: formatIp4(ip.src), dst: formatIp4(ip.dst) };
  const body = at + ip.headerLength;
  if (ip.fragmentOffset > 0 || frame.bytes.length < body + 8) return ends;
  if (protocol === IPPROTO_TCP || protocol === IPPROTO_UDP)
    return { ...ends, srcPort: u16(frame.bytes, body), dstPort: u16(frame.bytes, body + 2) };
  if (protocol !== IPPROTO_ICMP) return ends;
  const type = frame.bytes[body] ?? 0;
  const icmp = { ...ends, type, code: frame.bytes[body + 1] ?? 0 };
  const id = u16(frame.bytes, body + 4);
  return isEcho(type) ? { ...icmp, srcPort: id, dstPort: id } : icmp;
}

const known = new WeakMap<Frame, { readonly ends: Endpoints | undefined }>();

/** Undefined for what is no IPv4. Reads a frame once; never throws, whatever the bytes. */
export function endpointsOf(frame: Frame): Endpoints | undefined {
  let found = known.get(frame);
  if (!found) {
    found = { ends: read(frame) };
    known.set(frame, found);
  }
  return found.ends;
}

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipencap',
  6: 'tcp',
  17: 'udp',
  47: 'gre',
  50: 'esp',
  132: 'sctp',
};
/** As iptables names it. */
export const protocolName = (protocol: number): string => PROTOCOLS[protocol] ?? String(protocol);
