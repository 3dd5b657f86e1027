/** A rule in the words of `iptables -S` (libxtables' save functions of iptables 1.8.9), whole and by parts. */
import { formatIp4 } from '../../wire/index';
import { ownerWords } from './owner';
import type {
  AddressMatch,
  AddrTypes,
  FilterRule,
  InterfaceMatch,
  NatRange,
  PortRange,
  RuleMatch,
  RuleTarget,
} from './rules';

/** Names that iptables has for protocols (xtables_chain_protos and /etc/protocols of a small system). */
export const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipencap'],
  [6, 'tcp'],
  [17, 'udp'],
  [41, 'ipv6'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [88, 'eigrp'],
  [89, 'ospf'],
  [94, 'ipip'],
  [103, 'pim'],
  [108, 'ipcomp'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [132, 'sctp'],
  [136, 'udplite'],
]);
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const;
const RATES: readonly (readonly [string, number])[] = [
  ['day', 864_000_000],
  ['hour', 36_000_000],
  ['min', 600_000],
  ['sec', 10_000],
];
const not = (invert: boolean | undefined): string => (invert ? '! ' : '');
export const hex = (value: number): string => `0x${value.toString(16)}`;

export function tcpFlagsText(flags: number): string {
  const names = TCP_FLAGS.filter((_, bit) => flags & (1 << bit));
  return names.length > 0 ? names.join(',') : 'NONE';
}
/** `5/min`: the largest unit in which the rate is a whole number (print_rate). */
export function rateText(every: number): string {
  let at = 1;
  for (; at < RATES.length; at++) {
    const units = RATES[at]?.[1] ?? 0;
    if (every > units || Math.floor(units / every) < units % every) break;
  }
  const [name, units] = RATES[at - 1] ?? ['sec', 10_000];
  return `${Math.floor(units / every)}/${name}`;
}
/** xtables_save_string: quoted only when it has something else than plain characters. */
export function saveString(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  return `"${text.replace(/["\\']/g, (sign) => `\\${sign}`)}"`;
}
/** Length of a mask that is a prefix, else undefined. */
export function prefixLength(mask: number): number | undefined {
  for (let len = 0; len <= 32; len++) {
    if ((len === 0 ? 0 : (0xffffffff << (32 - len)) >>> 0) === mask) return len;
  }
  return undefined;
}
function maskText(mask: number): string {
  return String(prefixLength(mask) ?? formatIp4(mask));
}
function address(flag: string, match: AddressMatch): string {
  return `${not(match.invert)}${flag} ${formatIp4(match.addr)}/${maskText(match.mask)}`;
}
function range(option: string, ports: PortRange): string {
  const text = ports.low === ports.high ? String(ports.low) : `${ports.low}:${ports.high}`;
  return `${not(ports.invert)}${option} ${text}`;
}
const iface = (option: string, match: InterfaceMatch): string =>
  `${not(match.invert)}${option} ${match.name}`;
const types = (option: string, match: AddrTypes): string =>
  `${not(match.invert)}${option} ${match.types.join(',')}`;

function portsText(match: { readonly sport?: PortRange; readonly dport?: PortRange }): string[] {
  return [
    ...(match.sport ? [range('--sport', match.sport)] : []),
    ...(match.dport ? [range('--dport', match.dport)] : []),
  ];
}
function physdevText(match: Extract<RuleMatch, { kind: 'physdev' }>): string[] {
  const is = (name: string, value: boolean | undefined): string[] =>
    value === undefined ? [] : [`${not(!value)}${name}`];
  return [
    ...is('--physdev-is-in', match.isIn),
    ...(match.in ? [iface('--physdev-in', match.in)] : []),
    ...is('--physdev-is-out', match.isOut),
    ...(match.out ? [iface('--physdev-out', match.out)] : []),
    ...is('--physdev-is-bridged', match.isBridged),
  ];
}
function icmpText(match: Extract<RuleMatch, { kind: 'icmp' }>): string {
  if (match.type === 255) return `${not(match.invert)}--icmp-type any`;
  const code = match.codeLow === 0 && match.codeHigh === 255 ? '' : `/${match.codeLow}`;
  const more = match.codeLow === match.codeHigh || code === '' ? '' : `-${match.codeHigh}`;
  return `${not(match.invert)}--icmp-type ${match.type}${code}${more}`;
}

export function matchText(match: RuleMatch): string {
  return [`-m ${match.kind}`, ...matchWords(match)].join(' ');
}
function matchWords(match: RuleMatch): string[] {
  switch (match.kind) {
    case 'tcp': {
      const { flags } = match;
      const words = flags
        ? [`${not(flags.invert)}--tcp-flags ${tcpFlagsText(flags.mask)} ${tcpFlagsText(flags.set)}`]
        : [];
      return [...portsText(match), ...words];
    }
    case 'udp':
      return portsText(match);
    case 'icmp':
      return [icmpText(match)];
    case 'multiport': {
      const list = match.ports.map(({ low, high }) => (low === high ? String(low) : `${low}:${high}`));
      return [`${not(match.invert)}--${match.which} ${list.join(',')}`];
    }
    case 'conntrack':
      return [`${not(match.invert)}--ctstate ${match.states.join(',')}`];
    case 'state':
      return [`${not(match.invert)}--state ${match.states.join(',')}`];
    case 'mark':
      return [
        `${not(match.invert)}--mark ${hex(match.mark)}${match.mask === 0xffffffff ? '' : `/${hex(match.mask)}`}`,
      ];
    case 'connmark':
      return [
        `${not(match.invert)}--mark ${hex(match.mark)}${match.mask === 0xffffffff ? '' : `/${hex(match.mask)}`}`,
      ];
    case 'addrtype':
      return [
        ...(match.src ? [types('--src-type', match.src)] : []),
        ...(match.dst ? [types('--dst-type', match.dst)] : []),
        ...(match.limit ? [`--limit-iface-${match.limit}`] : []),
      ];
    case 'comment':
      return [`--comment ${saveString(match.comment)}`];
    case 'physdev':
      return physdevText(match);
    case 'set':
      return [`${not(match.invert)}--match-set ${match.set} ${match.flags.join(',')}`];
    case 'owner':
      return ownerWords(match);
    case 'rpfilter':
      return [
        ...(match.loose ? ['--loose'] : []),
        ...(match.validmark ? ['--validmark'] : []),
        ...(match.acceptLocal ? ['--accept-local'] : []),
        ...(match.invert ? ['--invert'] : []),
      ];
    case 'limit':
      return [
        `--limit ${rateText(match.every)}`,
        ...(match.burst === 5 ? [] : [`--limit-burst ${match.burst}`]),
      ];
  }
}

/** `1.2.3.4-1.2.3.9:80-90`, as SNAT and DNAT print it. */
export function natRangeText({ addr, ports }: NatRange): string {
  let text = addr ? formatIp4(addr.low) : '';
  if (addr && addr.low !== addr.high) text += `-${formatIp4(addr.high)}`;
  if (ports) text += `:${portSpan(ports)}`;
  return text;
}
export const portSpan = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  low === high ? String(low) : `${low}-${high}`;

function natText(target: Extract<RuleTarget, { range: NatRange }>): string {
  const { kind, range: to } = target;
  const words = [`-j ${kind}`];
  if (kind === 'SNAT') words.push(`--to-source ${natRangeText(to)}`);
  else if (kind === 'DNAT') words.push(`--to-destination ${natRangeText(to)}`);
  else if (to.ports) words.push(`--to-ports ${portSpan(to.ports)}`);
  if (to.random) words.push('--random');
  if (to.randomFully) words.push('--random-fully');
  if (to.persistent) words.push('--persistent');
  return words.join(' ');
}
function logText(target: Extract<RuleTarget, { kind: 'LOG' }>): string {
  const { log } = target;
  const words = ['-j LOG'];
  if (log.prefix !== '') words.push(`--log-prefix ${saveString(log.prefix)}`);
  if (log.level !== 4) words.push(`--log-level ${log.level}`);
  if (log.tcpSequence) words.push('--log-tcp-sequence');
  if (log.tcpOptions) words.push('--log-tcp-options');
  if (log.ipOptions) words.push('--log-ip-options');
  if (log.uid) words.push('--log-uid');
  if (log.macdecode) words.push('--log-macdecode');
  return words.join(' ');
}
export function targetText(target: RuleTarget): string {
  switch (target.kind) {
    case 'none':
      return '';
    case 'verdict':
      return `-j ${target.verdict}`;
    case 'jump':
      return `-j ${target.chain}`;
    case 'goto':
      return `-g ${target.chain}`;
    case 'REJECT':
      return `-j REJECT --reject-with ${target.with}`;
    case 'LOG':
      return logText(target);
    case 'MARK':
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    case 'CONNMARK':
      return target.mode === 'set'
        ? `-j CONNMARK --set-xmark ${hex(target.ctmark)}/${hex(target.ctmask)}`
        : `-j CONNMARK --${target.mode}-mark --nfmask ${hex(target.nfmask)} --ctmask ${hex(target.ctmask)}`;
    case 'CT':
      return target.alias ? `-j ${target.alias}` : `-j CT${target.notrack ? ' --notrack' : ''}`;
    case 'TRACE':
      return '-j TRACE';
    default:
      return natText(target);
  }
}

/** The parts of a rule that can say no, in the order in which the kernel asks them (ip_packet_match, then the matches). */
export function headText(rule: FilterRule): {
  readonly src?: string;
  readonly dst?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly protocol?: string;
  readonly fragment?: string;
} {
  const protocol = PROTOCOL_NAMES.get(rule.protocol) ?? String(rule.protocol);
  return {
    ...(rule.src ? { src: address('-s', rule.src) } : {}),
    ...(rule.dst ? { dst: address('-d', rule.dst) } : {}),
    ...(rule.iif ? { iif: iface('-i', rule.iif) } : {}),
    ...(rule.oif ? { oif: iface('-o', rule.oif) } : {}),
    ...(rule.protocol !== 0 ? { protocol: `${not(rule.protocolInvert)}-p ${protocol}` } : {}),
    ...(rule.fragment ? { fragment: `${not(rule.fragment === 'first')}-f` } : {}),
  };
}
/** What stands behind `-A CHAIN`. An interface named `+` matches everything and is left out. */
export function ruleText(rule: FilterRule): string {
  const { src, dst, iif, oif, protocol, fragment } = headText(rule);
  const words = [
    src,
    dst,
    rule.iif?.name === '+' && !rule.iif.invert ? undefined : iif,
    rule.oif?.name === '+' && !rule.oif.invert ? undefined : oif,
    protocol,
    fragment,
    ...rule.matches.map(matchText),
    targetText(rule.target),
  ];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
}
