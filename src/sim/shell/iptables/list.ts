/** `iptables -L` and what -v says of a rule that is added (print_firewall of iptables 1.8.9). */
import { connmarkMatchText, connmarkText } from './connmark';
import type {
  AddressMatch,
  ChainEntry,
  Counters,
  FilterRule,
  NatRange,
  PortRange,
  RuleMatch,
  RuleTarget,
} from './door';
import { ipText } from './address';
import { ICMP_TYPES, protocolName, serviceName } from './names';
import { ownerText } from './owner';
import { LEVELS } from './targets';

export interface Format {
  readonly numeric: boolean;
  readonly verbose: boolean;
  readonly exact: boolean;
  readonly lineNumbers: boolean;
  /** One line in words instead of columns (-v with -A, -I, -D). */
  readonly words?: boolean;
}
const hex = (value: number, digits = 0): string =>
  `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
const lowHex = (value: number): string => `0x${value.toString(16)}`;
const bang = (invert: boolean): string => (invert ? '!' : '');

/** xtables_print_num: from 100,000 on in thousands, millions, …, unless exact. */
function count(value: number, format: Format): string {
  if (format.exact) return `${String(value).padStart(8)} `;
  if (value <= 99_999) return `${String(value).padStart(5)} `;
  let scaled = Math.floor((value + 500) / 1000);
  for (const unit of ['K', 'M', 'G']) {
    if (scaled <= 9999) return `${String(scaled).padStart(4)}${unit} `;
    scaled = Math.floor((scaled + 500) / 1000);
  }
  return `${String(scaled).padStart(4)}T `;
}

export function chainHeader(chain: ChainEntry, format: Format): string {
  let text = `Chain ${chain.name}`;
  if (chain.policy) {
    text += ` (policy ${chain.policy}`;
    if (format.verbose)
      text += ` ${count(chain.packets, format).trim()} packets, ${count(chain.bytes, format).trim()} bytes`;
    text += ')\n';
  } else text += ` (${chain.references} references)\n`;
  if (format.lineNumbers) text += 'num  ';
  if (format.verbose)
    text += format.exact ? `${'pkts'.padStart(8)} ${'bytes'.padStart(10)} ` : ' pkts bytes ';
  text += `${'target'.padEnd(9)}  prot opt`;
  if (format.verbose) text += ` ${'in'.padEnd(6)} ${'out'.padEnd(6)} `;
  return `${text} ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} \n`;
}

function address(match: AddressMatch | undefined, numeric: boolean): string {
  if (!match) return numeric ? '0.0.0.0/0' : 'anywhere';
  if (match.mask === 0 && !numeric) return 'anywhere';
  const dotted = ipText(match.addr);
  const known = match.addr === 0x7f000001 ? 'localhost' : match.addr === 0x7f000000 ? 'loopback' : dotted;
  const name = numeric ? dotted : known;
  if (match.mask === 0xffffffff) return name;
  for (let len = 0; len < 32; len++) {
    if ((len === 0 ? 0 : (0xffffffff << (32 - len)) >>> 0) === match.mask) return `${name}/${len}`;
  }
  return `${name}/${ipText(match.mask)}`;
}
function device(
  match: { readonly name: string; readonly invert: boolean } | undefined,
  numeric: boolean,
): string {
  return match ? `${bang(match.invert)}${match.name}` : numeric ? '*' : 'any';
}
function targetName({ target }: FilterRule): string {
  if (target.kind === 'none') return '';
  if (target.kind === 'verdict') return target.verdict;
  if (target.kind === 'jump' || target.kind === 'goto') return target.chain;
  return target.kind;
}

export function ruleLine(rule: FilterRule, counters: Counters, number: number, format: Format): string {
  const pad = (text: string, width: number): string => (format.words ? `${text} ` : `${text.padEnd(width)} `);
  let text = format.lineNumbers ? `${String(number).padEnd(4)} ` : '';
  if (format.verbose && !format.words)
    text += count(counters.packets, format) + count(counters.bytes, format);
  text += pad(targetName(rule), 9);
  const name = rule.protocol === 0 ? 'all' : (protocolName(rule.protocol) ?? String(rule.protocol));
  text += (rule.protocolInvert ? '!' : ' ') + pad(format.numeric ? String(rule.protocol) : name, 4);
  if (format.words) text += 'opt ';
  text += `${rule.fragment === 'first' ? '!' : '-'}${rule.fragment ? 'f' : '-'} `;
  if (format.verbose) {
    const [iif, oif] = [
      device(rule.iif, format.numeric || !!format.words),
      device(rule.oif, format.numeric || !!format.words),
    ];
    text += format.words ? `in ${iif} out ${oif} ` : ` ${iif.padEnd(6)} ${oif.padEnd(6)} `;
  }
  const ends = format.numeric || format.words === true;
  text += (rule.src?.invert ? '!' : ' ') + pad(address(rule.src, ends), 19);
  text +=
    (rule.dst?.invert ? '!' : ' ') +
    (format.words ? `-> ${address(rule.dst, ends)}` : pad(address(rule.dst, ends), 19));
  if (format.words) text += '  ';
  if (rule.target.kind === 'goto') text += '[goto] ';
  for (const match of rule.matches) text += matchText(match, format.numeric || format.words === true);
  return `${text}${targetText(rule.target, format.numeric)}\n`;
}

// --- matches -----------------------------------------------------------------------------------------------------------

function portName(port: number, numeric: boolean): string {
  return numeric ? String(port) : (serviceName(port) ?? String(port));
}
function ports(name: string, range: PortRange | undefined, numeric: boolean): string {
  if (!range) return '';
  const { low, high, invert } = range;
  if (low === high) return ` ${name}:${bang(invert)}${portName(low, numeric)}`;
  return ` ${name}s:${bang(invert)}${portName(low, numeric)}:${portName(high, numeric)}`;
}
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
function flagNames(flags: number): string {
  return FLAGS.filter((_, bit) => flags & (1 << bit)).join(',') || 'NONE';
}
function tcpFlags(match: Extract<RuleMatch, { kind: 'tcp' }>, numeric: boolean): string {
  const { flags } = match;
  if (!flags) return '';
  const write = (value: number): string => (numeric ? hex(value, 2) : flagNames(value));
  return ` flags:${bang(flags.invert)}${write(flags.mask)}/${write(flags.set)}`;
}
function icmp(match: Extract<RuleMatch, { kind: 'icmp' }>, numeric: boolean): string {
  const { type, codeLow, codeHigh, invert } = match;
  const named = ICMP_TYPES.find(([, t, low, high]) => t === type && low === codeLow && high === codeHigh);
  if (!numeric && named) return ` icmp ${bang(invert)}${named[0]}`;
  let text = ` icmp${invert ? ' !' : ''}type ${type}`;
  if (codeLow === codeHigh) text += ` code ${codeLow}`;
  else if (codeLow !== 0 || codeHigh !== 255) text += ` codes ${codeLow}-${codeHigh}`;
  return text;
}
function multiport(match: Extract<RuleMatch, { kind: 'multiport' }>, numeric: boolean): string {
  const list = match.ports.map(({ low, high }) =>
    low === high ? portName(low, numeric) : `${portName(low, numeric)}:${portName(high, numeric)}`,
  );
  return ` multiport ${match.which} ${match.invert ? ' !' : ''}${list.join(',')}`;
}
const UNITS: readonly (readonly [string, number])[] = [
  ['day', 864_000_000],
  ['hour', 36_000_000],
  ['min', 600_000],
  ['sec', 10_000],
];
function rate(every: number): string {
  let at = 1;
  for (; at < UNITS.length; at++) {
    const units = UNITS[at]?.[1] ?? 0;
    if (every > units || Math.floor(units / every) < units % every) break;
  }
  const [name, units] = UNITS[at - 1] ?? ['sec', 10_000];
  return `${Math.floor(units / every)}/${name}`;
}
function physdev(match: Extract<RuleMatch, { kind: 'physdev' }>): string {
  const is = (name: string, value: boolean | undefined): string =>
    value === undefined ? '' : ` ${value ? '' : '! '}${name}`;
  const dev = (
    name: string,
    value: { readonly name: string; readonly invert: boolean } | undefined,
  ): string => (value ? ` ${value.invert ? '! ' : ''}${name} ${value.name}` : '');
  const ins = is('--physdev-is-in', match.isIn) + dev('--physdev-in', match.in);
  const outs = is('--physdev-is-out', match.isOut) + dev('--physdev-out', match.out);
  return ` PHYSDEV match${ins}${outs}${is('--physdev-is-bridged', match.isBridged)}`;
}
function matchText(match: RuleMatch, numeric: boolean): string {
  switch (match.kind) {
    case 'tcp':
      return ` tcp${ports('spt', match.sport, numeric)}${ports('dpt', match.dport, numeric)}${tcpFlags(match, numeric)}`;
    case 'udp':
      return ` udp${ports('spt', match.sport, numeric)}${ports('dpt', match.dport, numeric)}`;
    case 'icmp':
      return icmp(match, numeric);
    case 'multiport':
      return multiport(match, numeric);
    case 'conntrack':
      return ` ${match.invert ? '! ' : ''}ctstate ${match.states.join(',')}`;
    case 'state':
      return ` ${match.invert ? '! ' : ''}state ${match.states.join(',')}`;
    case 'mark': {
      const mask = match.mask === 0xffffffff ? '' : `/${lowHex(match.mask)}`;
      return ` mark match ${match.invert ? '! ' : ''}${lowHex(match.mark)}${mask}`;
    }
    case 'addrtype': {
      const types = (name: string, of: typeof match.src): string =>
        of ? ` ${name} ${bang(of.invert)}${of.types.join(',')}` : '';
      return ` ADDRTYPE match${types('src-type', match.src)}${types('dst-type', match.dst)}${match.limit ? ` limit-${match.limit}` : ''}`;
    }
    case 'comment':
      return ` /* ${match.comment} */`;
    case 'physdev':
      return physdev(match);
    case 'connmark':
      return connmarkMatchText(match);
    case 'set':
      return ` ${match.invert ? '! ' : ''}match-set ${match.set} ${match.flags.join(',')}`;
    case 'owner':
      return ownerText(match, numeric);
    case 'rpfilter': {
      const words = [
        match.loose ? ' loose' : '',
        match.validmark ? ' validmark' : '',
        match.acceptLocal ? ' accept-local' : '',
        match.invert ? ' invert' : '',
      ];
      return ` rpfilter${words.join('')}`;
    }
    case 'limit':
      return ` limit: avg ${rate(match.every)} burst ${match.burst}`;
  }
}

// --- targets -----------------------------------------------------------------------------------------------------------

const span = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  low === high ? String(low) : `${low}-${high}`;
function natFlags(range: NatRange): string {
  return `${range.random ? ' random' : ''}${range.randomFully ? ' random-fully' : ''}${range.persistent ? ' persistent' : ''}`;
}
function natText(target: Extract<RuleTarget, { range: NatRange }>): string {
  const { kind, range } = target;
  const { addr, ports: to } = range;
  if (kind === 'MASQUERADE') return `${to ? ` masq ports: ${span(to)}` : ''}${natFlags(range)}`;
  if (kind === 'REDIRECT') return `${to ? ` redir ports ${span(to)}` : ''}${natFlags(range)}`;
  const more = addr && addr.low !== addr.high ? `-${ipText(addr.high)}` : '';
  return ` to:${addr ? ipText(addr.low) : ''}${more}${to ? `:${span(to)}` : ''}${natFlags(range)}`;
}
function logText(target: Extract<RuleTarget, { kind: 'LOG' }>, numeric: boolean): string {
  const { log } = target;
  const bits = [log.tcpSequence, log.tcpOptions, log.ipOptions, log.uid, undefined, log.macdecode];
  const names = ['tcp-sequence', 'tcp-options', 'ip-options', 'uid', '', 'macdecode'];
  let text = ' LOG';
  if (numeric)
    text += ` flags ${bits.reduce((sum, bit, at) => sum + (bit ? 2 ** at : 0), 0)} level ${log.level}`;
  else
    text += ` level ${LEVELS[log.level] ?? ''}${names.map((name, at) => (bits[at] ? ` ${name}` : '')).join('')}`;
  return log.prefix === '' ? text : `${text} prefix "${log.prefix}"`;
}
function markText({ value, mask }: Extract<RuleTarget, { kind: 'MARK' }>): string {
  if (value === 0) return ` MARK and ${lowHex(~mask >>> 0)}`;
  if (value === mask) return ` MARK or ${lowHex(value)}`;
  if (mask === 0) return ` MARK xor ${lowHex(value)}`;
  if (mask === 0xffffffff) return ` MARK set ${lowHex(value)}`;
  return ` MARK xset ${lowHex(value)}/${lowHex(mask)}`;
}
function targetText(target: RuleTarget, numeric: boolean): string {
  switch (target.kind) {
    case 'REJECT':
      return ` reject-with ${target.with}`;
    case 'LOG':
      return logText(target, numeric);
    case 'MARK':
      return markText(target);
    case 'CONNMARK':
      return connmarkText(target);
    case 'CT':
      return target.alias ? ' NOTRACK' : ` CT${target.notrack ? ' notrack' : ''}`;
    case 'MASQUERADE':
    case 'SNAT':
    case 'DNAT':
    case 'REDIRECT':
      return natText(target);
    default:
      return '';
  }
}
