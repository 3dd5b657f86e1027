/** Who speaks with whom (struct nf_conntrack_tuple): read from a packet, turned round, compared. */
import {
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  readU16,
  readU8,
  type Ip4,
  type Ipv4Header,
} from '../../wire/index';

export interface Tuple {
  readonly protocol: number;
  readonly src: Ip4;
  readonly dst: Ip4;
  /** Port, or the ICMP id; 0 for other protocols. */
  readonly sport: number;
  /** Port, or ICMP type * 256 + code. */
  readonly dport: number;
}
/** invmap of nf_conntrack_proto_icmp.c: what answers what. */
const ICMP_ANSWER: Readonly<Record<number, number>> = {
  8: 0,
  0: 8,
  13: 14,
  14: 13,
  15: 16,
  16: 15,
  17: 18,
  18: 17,
};

/** undefined when the transport header is cut short, or an ICMP type that belongs to no conversation. */
export function tupleOf(header: Ipv4Header, bytes: Uint8Array, at: number): Tuple | undefined {
  const { protocol, src, dst } = header;
  if (header.fragmentOffset > 0) return undefined;
  const has = (length: number): boolean => bytes.length - at >= length;
  if (protocol === IPPROTO_TCP || protocol === IPPROTO_UDP) {
    if (!has(8)) return undefined;
    return { protocol, src, dst, sport: readU16(bytes, at), dport: readU16(bytes, at + 2) };
  }
  if (protocol === IPPROTO_ICMP) {
    if (!has(8)) return undefined;
    const type = readU8(bytes, at);
    return { protocol, src, dst, sport: readU16(bytes, at + 4), dport: type * 256 + readU8(bytes, at + 1) };
  }
  return { protocol, src, dst, sport: 0, dport: 0 };
}

/** nf_ct_invert_tuple: the tuple of the answer. */
export function invert(tuple: Tuple): Tuple | undefined {
  const { protocol, src, dst, sport, dport } = tuple;
  if (protocol !== IPPROTO_ICMP) return { protocol, src: dst, dst: src, sport: dport, dport: sport };
  const answer = ICMP_ANSWER[dport >>> 8];
  if (answer === undefined) return undefined;
  return { protocol, src: dst, dst: src, sport, dport: answer * 256 + (dport & 0xff) };
}

export function sameTuple(a: Tuple, b: Tuple): boolean {
  if (a === b) return true;
  const sameEnds = a.src === b.src && a.dst === b.dst && a.sport === b.sport && a.dport === b.dport;
  return sameEnds && a.protocol === b.protocol;
}
/** Requests that begin a conversation (icmp_pkt_to_tuple's valid_new): echo, timestamp, information, address mask. */
export function startsIcmp(tuple: Tuple): boolean {
  return [8, 13, 15, 17].includes(tuple.dport >>> 8);
}
