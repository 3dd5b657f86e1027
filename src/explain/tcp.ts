import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, isMalformed, parseQuotedIpv4, parseTcp } from '../sim/wire';
import type { Frame } from '../sim/kernel/trace';

/** What sentences say of a TCP segment. */
export interface Segment {
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  /** Bytes of data. */
  readonly payload: number;
  readonly seq: number;
  readonly acks: number;
  readonly window: number;
  readonly srcPort: number;
  readonly dstPort: number;
}

const IPPROTO_TCP = 6;

/** Undefined for what is no TCP segment, or only a later fragment of one. */
export function readTcp(frame: Frame): Segment | undefined {
  const at = frame.link === 'ip' ? 0 : 14;
  const ip = parseQuotedIpv4(frame.bytes, at);
  if (isMalformed(ip) || ip.protocol !== IPPROTO_TCP || ip.fragmentOffset > 0) return undefined;
  const body = at + ip.headerLength;
  const tcp = parseTcp(frame.bytes, body, Math.max(0, at + ip.totalLength - body));
  if (isMalformed(tcp)) return undefined;
  const has = (flag: number): boolean => (tcp.flags & flag) !== 0;
  return {
    syn: has(TCP_SYN),
    ack: has(TCP_ACK),
    fin: has(TCP_FIN),
    rst: has(TCP_RST),
    payload: Math.max(0, ip.totalLength - ip.headerLength - tcp.headerLength),
    seq: tcp.seq,
    acks: tcp.ack,
    window: tcp.window,
    srcPort: tcp.srcPort,
    dstPort: tcp.dstPort,
  };
}
