/** Does a packet agree with a rule (ip_packet_match and the matches' own functions)? */
import {
  isLimitedBroadcast,
  isMulticast,
  readU16,
  readU8,
  type Ip4,
  type Ipv4Header,
} from '../../wire/index';
import type { Device } from '../device/device';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { Rule } from './chain';
import type { HeadPart } from './head';
import { setAgrees } from './ipset-match';
import { ownerAgrees } from './owner';
import type { AddrType, AddrTypes, FilterRule, InterfaceMatch, PortRange, RuleMatch } from './rules';
import { headText, matchText } from './text';

/** What the rules of one walk are asked about. */
export class Question {
  readonly header: Ipv4Header;
  readonly iifName: string;
  readonly oifName: string;

  constructor(
    readonly netns: Netns,
    readonly packet: IpPacket,
    readonly iif: Device | undefined,
    readonly oif: Device | undefined,
  ) {
    this.header = packet.header;
    this.iifName = iif === undefined ? '' : iif.name;
    this.oifName = oif === undefined ? '' : oif.name;
  }
}

/** The part of the rule that says no, or the place of the match that does; undefined when all agree. */
export type Refusal = HeadPart | number | undefined;

export function refusal(rule: Rule, question: Question): Refusal {
  const head = rule.head.refusal(question.header, question.iifName, question.oifName);
  if (head !== undefined) return head;
  const { matches } = rule.spec;
  for (let at = 0; at < matches.length; at++) {
    if (!agrees(matches[at] as RuleMatch, rule, at, question)) return at;
  }
  return undefined;
}
/** The refusing part in iptables' words. */
export function refusalText(rule: FilterRule, why: Exclude<Refusal, undefined>): string {
  if (typeof why === 'number') return matchText(rule.matches[why] as RuleMatch);
  return headText(rule)[why] ?? '';
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
    case 'connmark':
      return connmarkAgrees(match, packet);
    case 'addrtype':
      return addrtypeAgrees(match, question);
    case 'comment':
      return true;
    case 'physdev':
      return physdevAgrees(match, packet);
    case 'limit':
      return limitAgrees(match, rule, at, question.netns.now);
    case 'set':
      return setAgrees(match, question) !== match.invert;
    case 'owner':
      return ownerAgrees(match, packet);
    case 'rpfilter':
      return rpfilterAgrees(match, question) !== match.invert;
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

function connmarkAgrees(match: Extract<RuleMatch, { kind: 'connmark' }>, packet: IpPacket): boolean {
  const connection = packet.nf?.connection;
  return connection !== undefined && ((connection.mark & match.mask) >>> 0 === match.mark) !== match.invert;
}

function addrtypeAgrees(match: Extract<RuleMatch, { kind: 'addrtype' }>, question: Question): boolean {
  const { netns, packet } = question;
  const device = match.limit === 'in' ? question.iif : match.limit === 'out' ? question.oif : undefined;
  const asked = (types: AddrTypes | undefined, address: Ip4): boolean =>
    !types ||
    types.types.includes(netns.fib.addressType(address, device?.name).toUpperCase() as AddrType) !==
      types.invert;
  return asked(match.src, packet.header.src) && asked(match.dst, packet.header.dst);
}

/** Without a bridge in the packet's way, only what is asked with `!` agrees. */
function physdevAgrees(match: Extract<RuleMatch, { kind: 'physdev' }>, packet: IpPacket): boolean {
  const { physIn, physOut } = packet.nf ?? {};
  const is = (wanted: boolean | undefined, value: boolean): boolean =>
    wanted === undefined || wanted === value;
  if (!is(match.isIn, physIn !== undefined) || !is(match.isOut, physOut !== undefined)) return false;
  if (!is(match.isBridged, physOut !== undefined)) return false;
  if (physIn === undefined) return match.in?.invert !== false && match.out?.invert !== false;
  if (match.in && !interfaceAgrees(match.in, physIn)) return false;
  return !match.out || interfaceAgrees(match.out, physOut);
}

/** xt_rpfilter: is there a way back to the source, and out of the device the packet came in on? */
function rpfilterAgrees(match: Extract<RuleMatch, { kind: 'rpfilter' }>, question: Question): boolean {
  const { netns, packet, iif } = question;
  const { src, dst } = packet.header;
  if (!iif || iif.loopback || isMulticast(src) || isLimitedBroadcast(src)) return true;
  // Whoever has no address yet asks for one.
  if (src === 0) return isMulticast(dst) || isLimitedBroadcast(dst);
  const back = netns.fib.lookup({ dst: src, src: dst, mark: match.validmark ? packet.mark : 0 });
  if (back.type === 'local') return match.acceptLocal;
  return back.type === 'unicast' && (match.loose || back.dev === iif.name);
}

/** A bucket of `burst` tokens that gets one every `every` ten-thousandths of a second of virtual time. */
function limitAgrees(
  match: Extract<RuleMatch, { kind: 'limit' }>,
  rule: Rule,
  at: number,
  now: number,
): boolean {
  const every = match.every * 100_000;
  const bucket = rule.memory?.get(at) ?? { tokens: match.burst * every, at: now };
  bucket.tokens = Math.min(bucket.tokens + now - bucket.at, match.burst * every);
  bucket.at = now;
  (rule.memory ??= new Map()).set(at, bucket);
  if (bucket.tokens < every) return false;
  bucket.tokens -= every;
  return true;
}
