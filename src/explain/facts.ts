import {
  ARPOP_REPLY,
  ETH_P_ARP,
  ETH_P_IP,
  IPPROTO_ICMP,
  IPPROTO_IPIP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  MAC_BROADCAST,
  VXLAN_PORT_IANA,
  VXLAN_PORT_LINUX,
  formatIp4,
  formatMac,
  isMalformed,
  parseArp,
  parseEthernet,
  parseQuotedIpv4,
  readIcmp,
} from '../sim/wire';
import type { Frame } from '../sim/kernel/trace';
import type { TermId } from './messages';
import type { StepTopic } from './types';

/** What a sentence says of a frame: its outermost packet, in words and addresses. */
export interface FrameFacts {
  /** What people call it: `pkt.echoRequest`. */
  readonly term: Extract<TermId, `pkt.${string}`>;
  readonly topic: StepTopic;
  readonly bytes: number;
  /** Of the outermost IP header. */
  readonly dst?: string;
  readonly ttl?: number;
  /** TTL of the packet that a flannel UDP packet carries. */
  readonly carriedTtl?: number;
  readonly arp?: {
    readonly request: boolean;
    readonly sender: string;
    readonly senderMac: string;
    readonly target: string;
    readonly broadcast: boolean;
  };
}

const BGP_PORT = 179;
/** flannel's UDP backend uses this port at both ends (flannel `backend/udp`). */
const FLANNEL_UDP_PORT = 8285;

const UDP_HEADER = 8;

type Kind = Pick<FrameFacts, 'term' | 'topic'>;

function icmpKind(type: number, code: number): FrameFacts['term'] {
  switch (type) {
    case 8:
      return 'pkt.echoRequest';
    case 0:
      return 'pkt.echoReply';
    case 3:
      return unreachableKind(code);
    case 5:
      return 'pkt.redirect';
    case 11:
      return 'pkt.timeExceeded';
    default:
      return 'pkt.icmp';
  }
}

/** RFC 792, RFC 1812 section 5.2.7.1. */
function unreachableKind(code: number): FrameFacts['term'] {
  if (code === 0) return 'pkt.netUnreachable';
  if (code === 1) return 'pkt.hostUnreachable';
  if (code === 3) return 'pkt.portUnreachable';
  if (code === 4) return 'pkt.fragNeeded';
  if (code === 9 || code === 10 || code === 13) return 'pkt.filtered';
  return 'pkt.unreachable';
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function udpKind(bytes: Uint8Array, at: number): Kind {
  const dst = u16(bytes, at + 2);
  if (dst === VXLAN_PORT_LINUX || dst === VXLAN_PORT_IANA) return { term: 'pkt.vxlan', topic: 'vxlan' };
  if (dst === FLANNEL_UDP_PORT && u16(bytes, at) === FLANNEL_UDP_PORT) {
    return { term: 'pkt.flannelUdp', topic: 'udp' };
  }
  return { term: 'pkt.udp', topic: 'udp' };
}

function tcpKind(bytes: Uint8Array, at: number): Kind {
  const flags = bytes[at + 13] ?? 0;
  if (flags & 4) return { term: 'pkt.tcpRst', topic: 'tcp' };
  if (flags & 2) return { term: flags & 16 ? 'pkt.tcpSynAck' : 'pkt.tcpSyn', topic: 'tcp' };
  const bgp = u16(bytes, at) === BGP_PORT || u16(bytes, at + 2) === BGP_PORT;
  const carries = at + 4 * ((bytes[at + 12] ?? 0) >>> 4) < bytes.length;
  if (bgp && carries) return { term: 'pkt.bgp', topic: 'bgp' };
  if (flags & 1) return { term: 'pkt.tcpFin', topic: 'tcp' };
  return { term: carries ? 'pkt.tcpData' : 'pkt.tcpAck', topic: 'tcp' };
}

function ipKind(bytes: Uint8Array, protocol: number, body: number): Kind {
  if (protocol === IPPROTO_ICMP) {
    const icmp = readIcmp(bytes, body);
    return { term: isMalformed(icmp) ? 'pkt.icmp' : icmpKind(icmp.type, icmp.code), topic: 'icmp' };
  }
  if (protocol === IPPROTO_UDP) return udpKind(bytes, body);
  if (protocol === IPPROTO_TCP) return tcpKind(bytes, body);
  if (protocol === IPPROTO_IPIP) return { term: 'pkt.ipip', topic: 'ipip' };
  return { term: 'pkt.ip', topic: 'ip' };
}

function ipFacts(bytes: Uint8Array, at: number): Omit<FrameFacts, 'bytes'> {
  const ip = parseQuotedIpv4(bytes, at);
  if (isMalformed(ip)) return { term: 'pkt.ip', topic: 'ip' };
  const later = ip.fragmentOffset > 0 || ip.moreFragments;
  const kind: Kind = later
    ? { term: 'pkt.fragment', topic: 'ip' }
    : ipKind(bytes, ip.protocol, at + ip.headerLength);
  const facts = { ...kind, dst: formatIp4(ip.dst), ttl: ip.ttl };
  if (kind.term !== 'pkt.flannelUdp') return facts;
  const carried = parseQuotedIpv4(bytes, at + ip.headerLength + UDP_HEADER);
  return isMalformed(carried) ? facts : { ...facts, carriedTtl: carried.ttl };
}

function arpFacts(bytes: Uint8Array, broadcast: boolean): Omit<FrameFacts, 'bytes'> {
  const arp = parseArp(bytes, 14);
  if (isMalformed(arp)) return { term: 'pkt.arpRequest', topic: 'arp' };
  const request = arp.op !== ARPOP_REPLY;
  const term = arp.spa === arp.tpa ? 'pkt.arpAnnounce' : request ? 'pkt.arpRequest' : 'pkt.arpReply';
  return {
    term,
    topic: 'arp',
    arp: {
      request,
      sender: formatIp4(arp.spa),
      senderMac: formatMac(arp.sha),
      target: formatIp4(arp.tpa),
      broadcast,
    },
  };
}

function read(frame: Frame): FrameFacts {
  const { bytes } = frame;
  if (frame.link === 'ip') return { bytes: bytes.length, ...ipFacts(bytes, 0) };
  const eth = parseEthernet(bytes);
  if (isMalformed(eth)) return { bytes: bytes.length, term: 'pkt.frame', topic: 'eth' };
  if (eth.type === ETH_P_ARP) return { bytes: bytes.length, ...arpFacts(bytes, eth.dst === MAC_BROADCAST) };
  if (eth.type === ETH_P_IP) return { bytes: bytes.length, ...ipFacts(bytes, 14) };
  return { bytes: bytes.length, term: 'pkt.frame', topic: 'eth' };
}

const known = new WeakMap<Frame, FrameFacts>();

/** Reads a frame once and remembers it; never throws, whatever the bytes. */
export function factsOf(frame: Frame): FrameFacts {
  let facts = known.get(frame);
  if (!facts) {
    facts = read(frame);
    known.set(frame, facts);
  }
  return facts;
}
