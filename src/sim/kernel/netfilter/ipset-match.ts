/** xt_set: is the packet's address (and port) in a set? */
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, readU16, readU8 } from '../../wire/index';
import type { IpPacket } from '../ip/packet';
import type { Question } from './match';
import type { RuleMatch } from './rules';

/** ip_set_get_ip4_port: undefined when the packet does not carry its ports. ICMP gives type and code. */
function portOf(packet: IpPacket, source: boolean): number | undefined {
  const { header, bytes } = packet;
  const at = header.headerLength;
  const { protocol } = header;
  if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP && protocol !== IPPROTO_ICMP) return 0;
  if (header.fragmentOffset > 0 || bytes.length < at + 4) return undefined;
  if (protocol === IPPROTO_ICMP) return readU8(bytes, at) * 256 + readU8(bytes, at + 1);
  return readU16(bytes, source ? at : at + 2);
}

/** A rule with fewer words than the set has dimensions agrees with nothing. */
export function setAgrees(match: Extract<RuleMatch, { kind: 'set' }>, question: Question): boolean {
  const set = question.netns.netfilter.sets.get(match.set);
  if (!set) return false;
  const { header } = question;
  const ip = match.flags[0] === 'src' ? header.src : header.dst;
  if (!set.type.endsWith(',port')) return set.has(ip, 0, 0);
  const second = match.flags[1];
  if (second === undefined) return false;
  const port = portOf(question.packet, second === 'src');
  return port !== undefined && set.has(ip, header.protocol, port);
}
