/** Does a packet agree with a rule (ip_packet_match and the matches' own functions)? */
import { isLimitedBroadcast, isMulticast, readU16, readU8, type Ip4 } from '../../wire/index';
import type { Device } from '../device/device';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { AddrType, AddrTypes, FilterRule, InterfaceMatch, PortRange, RuleMatch } from './rules';
import type { Rule } from './ruleset';
import { headText, matchText } from './text';

/** What a rule is asked about. */
export interface Question {
  readonly netns: Netns;
  readonly packet: IpPacket;
  readonly iif: Device | undefined;
  readonly oif: Device | undefined;
}

/** The part of the rule that says no, by place; undefined when all agree. */
export type Refusal = 'src' | 'dst' | 'iif' | 'oif' | 'protocol' | 'fragment' | number | undefined;

export function refusal(rule: Rule, question: Question): Refusal {
  const { spec } = rule;
  const head = headRefusal(spec, question);
  if (head !== undefined) return head;
  for (let at = 0; at < spec.matches.length; at++) {
    if (!agrees(spec.matches[at] as RuleMatch, rule, at, question)) return at;
  }
  return undefined;
}
/** The refusing part in iptables' words. */
export function refusalText(rule: FilterRule, why: Exclude<Refusal, undefined>): string {
  if (typeof why === 'number') return matchText(rule.matches[why] as RuleMatch);
  return headText(rule)[why] ?? '';
}

function headRefusal(spec: FilterRule, { packet, iif, oif }: Question): Refusal {
  const { header } = packet;
  if (spec.src && ((header.src & spec.src.mask) >>> 0 === spec.src.addr) === spec.src.invert) return 'src';
  if (spec.dst && ((header.dst & spec.dst.mask) >>> 0 === spec.dst.addr) === spec.dst.invert) return 'dst';
  if (spec.iif && !interfaceAgrees(spec.iif, iif?.name)) return 'iif';
  if (spec.oif && !interfaceAgrees(spec.oif, oif?.name)) return 'oif';
  if (spec.protocol !== 0 && (header.protocol === spec.protocol) === (spec.protocolInvert ?? false))
    return 'protocol';
  if (spec.fragment && header.fragmentOffset > 0 !== (spec.fragment === 'later')) return 'fragment';
  return undefined;
}
/** Without a device the name compared is empty, as in Linux. */
function interfaceAgrees(match: InterfaceMatch, name = ''): boolean {
  const wild = match.name.endsWith('+');
  const same = wild ? name.startsWith(match.name.slice(0, -1)) : name === match.name;
  return same !== match.invert;
}
function portAgrees(range: PortRange | undefined, port: number): boolean {
  return !range || (port >= range.low && port <= range.high) !== range.invert;
}

function agrees(match: RuleMatch, rule: Rule, at: number, question: Question): boolean {
  const { packet } = question;
  switch (match.kind) {
    case 'tcp':
    case 'udp':
      return portsAgree(match, packet);
    case 'icmp':
      return icmpAgrees(match, packet);
    case 'multiport':
      return multiportAgrees(match, packet);
    case 'conntrack':
      return match.states.some((state) => hasState(packet, state)) !== match.invert;
    case 'state':
      return match.states.includes(stateName(packet)) !== match.invert;
    case 'mark':
      return ((packet.mark & match.mask) >>> 0 === match.mark) !== match.invert;
    case 'addrtype':
      return addrtypeAgrees(match, question);
    case 'comment':
      return true;
    case 'physdev':
      return physdevAgrees(match, packet);
    case 'limit':
      return limitAgrees(match, rule, at, question.netns.now);
  }
}

function portsAgree(match: Extract<RuleMatch, { kind: 'tcp' | 'udp' }>, packet: IpPacket): boolean {
  const { header, bytes } = packet;
  const at = header.headerLength;
  if (header.fragmentOffset > 0 || bytes.length < at + (match.kind === 'tcp' ? 20 : 8)) return false;
  if (!portAgrees(match.sport, readU16(bytes, at)) || !portAgrees(match.dport, readU16(bytes, at + 2)))
    return false;
  if (match.kind === 'udp' || !match.flags) return true;
  return ((readU8(bytes, at + 13) & match.flags.mask) === match.flags.set) !== match.flags.invert;
}
function icmpAgrees(match: Extract<RuleMatch, { kind: 'icmp' }>, packet: IpPacket): boolean {
  const { header, bytes } = packet;
  if (header.fragmentOffset > 0 || bytes.length < header.headerLength + 4) return false;
  const type = readU8(bytes, header.headerLength);
  const code = readU8(bytes, header.headerLength + 1);
  const same = match.type === 255 || (type === match.type && code >= match.codeLow && code <= match.codeHigh);
  return same !== match.invert;
}
function multiportAgrees(match: Extract<RuleMatch, { kind: 'multiport' }>, packet: IpPacket): boolean {
  const { header, bytes } = packet;
  const at = header.headerLength;
  if (header.fragmentOffset > 0 || bytes.length < at + 4) return false;
  const sport = readU16(bytes, at);
  const dport = readU16(bytes, at + 2);
  const inSome = (port: number): boolean => match.ports.some(({ low, high }) => port >= low && port <= high);
  const same = (match.which !== 'dports' && inSome(sport)) || (match.which !== 'sports' && inSome(dport));
  return same !== match.invert;
}

function stateName(packet: IpPacket): 'INVALID' | 'NEW' | 'RELATED' | 'ESTABLISHED' | 'UNTRACKED' {
  return packet.nf?.info ?? 'INVALID';
}
function hasState(packet: IpPacket, state: string): boolean {
  const connection = packet.nf?.connection;
  if (state === 'SNAT') return connection?.srcNat === true;
  if (state === 'DNAT') return connection?.dstNat === true;
  return stateName(packet) === state;
}

/** inet_addr_type, on one device when asked. */
function addressType(netns: Netns, address: Ip4, device: Device | undefined): AddrType {
  if (address === 0 || isLimitedBroadcast(address)) return 'BROADCAST';
  if (isMulticast(address)) return 'MULTICAST';
  for (const each of device ? [device] : netns.devices) {
    if (!each.up) continue;
    if (each.addresses.some((own) => own.local === address)) return 'LOCAL';
    if (each.addresses.some((own) => own.broadcast === address)) return 'BROADCAST';
  }
  return !device && netns.isLocal(address) ? 'LOCAL' : 'UNICAST';
}
function addrtypeAgrees(match: Extract<RuleMatch, { kind: 'addrtype' }>, question: Question): boolean {
  const { netns, packet } = question;
  const device = match.limit === 'in' ? question.iif : match.limit === 'out' ? question.oif : undefined;
  const asked = (types: AddrTypes | undefined, address: Ip4): boolean =>
    !types || types.types.includes(addressType(netns, address, device)) !== types.invert;
  return asked(match.src, packet.header.src) && asked(match.dst, packet.header.dst);
}

/** Without a bridge in the packet's way every question about its ports is answered no. */
function physdevAgrees(match: Extract<RuleMatch, { kind: 'physdev' }>, packet: IpPacket): boolean {
  const { physIn, physOut, bridged } = packet.nf ?? {};
  const is = (wanted: boolean | undefined, value: boolean): boolean =>
    wanted === undefined || wanted === value;
  if (!is(match.isIn, physIn !== undefined) || !is(match.isOut, physOut !== undefined)) return false;
  if (!is(match.isBridged, bridged === true)) return false;
  if (match.in && !interfaceAgrees(match.in, physIn)) return false;
  return !match.out || interfaceAgrees(match.out, physOut);
}

/** A bucket of `burst` tokens that gets one every `every` ten-thousandths of a second of virtual time. */
function limitAgrees(
  match: Extract<RuleMatch, { kind: 'limit' }>,
  rule: Rule,
  at: number,
  now: number,
): boolean {
  const every = match.every * 100_000;
  const bucket = rule.memory.get(at) ?? { tokens: match.burst * every, at: now };
  bucket.tokens = Math.min(bucket.tokens + now - bucket.at, match.burst * every);
  bucket.at = now;
  rule.memory.set(at, bucket);
  if (bucket.tokens < every) return false;
  bucket.tokens -= every;
  return true;
}
