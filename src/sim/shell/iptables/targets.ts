/** The targets (extensions/libxt_*.c, libipt_*.c): their options, and the words they use when something is wrong. */
import type { LogOptions, NatRange, RejectType, RuleTarget } from './door';
import { natAddress } from './address';
import type { Context, ExtensionOption, Seen, TargetExtension } from './extension';
import { notModelled, usageError } from './fail';
import { connmarkTarget } from './connmark';
import { integer, marked } from './numbers';

const REJECTS: readonly (readonly [string, RejectType])[] = [
  ['icmp-net-unreachable', 'icmp-net-unreachable'],
  ['net-unreach', 'icmp-net-unreachable'],
  ['icmp-host-unreachable', 'icmp-host-unreachable'],
  ['host-unreach', 'icmp-host-unreachable'],
  ['icmp-proto-unreachable', 'icmp-proto-unreachable'],
  ['proto-unreach', 'icmp-proto-unreachable'],
  ['icmp-port-unreachable', 'icmp-port-unreachable'],
  ['port-unreach', 'icmp-port-unreachable'],
  ['icmp-net-prohibited', 'icmp-net-prohibited'],
  ['net-prohib', 'icmp-net-prohibited'],
  ['icmp-host-prohibited', 'icmp-host-prohibited'],
  ['host-prohib', 'icmp-host-prohibited'],
  ['tcp-reset', 'tcp-reset'],
  ['tcp-rst', 'tcp-reset'],
  ['icmp-admin-prohibited', 'icmp-admin-prohibited'],
  ['admin-prohib', 'icmp-admin-prohibited'],
];
function rejectType(word: string): RejectType {
  const lower = word.toLowerCase();
  const found = REJECTS.find(
    ([long, type]) => lower !== '' && (type.startsWith(lower) || long.startsWith(lower)),
  );
  return found?.[1] ?? usageError(`unknown reject type "${word}"`);
}
const reject: TargetExtension = {
  name: 'REJECT',
  options: { 'reject-with': { takes: 1, check: ([word = '']) => void rejectType(word) } },
  make: (seen) => ({
    kind: 'REJECT',
    with: rejectType(seen.get('reject-with')?.words[0] ?? 'icmp-port-unreachable'),
  }),
};

const LEVELS: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const LEVEL_NAMES: Readonly<Record<string, number>> = { panic: 0, error: 3, warning: 4 };
function logLevel(word: string): number {
  const number = integer(word);
  if (number !== undefined && number <= 7) return number;
  const named = LEVEL_NAMES[word.toLowerCase()] ?? LEVELS.indexOf(word.toLowerCase());
  return named >= 0 ? named : usageError(`log level "${word}" unknown\n`);
}
const log: TargetExtension = {
  name: 'LOG',
  options: {
    'log-level': { takes: 1, check: ([word = '']) => void logLevel(word) },
    'log-prefix': { takes: 1 },
    'log-tcp-sequence': { takes: 0 },
    'log-tcp-options': { takes: 0 },
    'log-ip-options': { takes: 0 },
    'log-uid': { takes: 0 },
    'log-macdecode': { takes: 0 },
  },
  make(seen) {
    const flag = (name: string, key: keyof LogOptions) => (seen.has(name) ? { [key]: true } : {});
    return {
      kind: 'LOG',
      log: {
        level: logLevel(seen.get('log-level')?.words[0] ?? '4'),
        // The kernel's structure has 30 bytes for it, the last one zero.
        prefix: (seen.get('log-prefix')?.words[0] ?? '').slice(0, 29),
        ...flag('log-tcp-sequence', 'tcpSequence'),
        ...flag('log-tcp-options', 'tcpOptions'),
        ...flag('log-ip-options', 'ipOptions'),
        ...flag('log-uid', 'uid'),
        ...flag('log-macdecode', 'macdecode'),
      },
    };
  },
};

const markOption = (extra?: 'plain'): ExtensionOption => ({
  takes: 1,
  as: 'mark',
  check: ([word = ''], option) =>
    void (extra && word.includes('/') ? marked('', 'MARK', option) : marked(word, 'MARK', option)),
});
const mark: TargetExtension = {
  name: 'MARK',
  options: {
    'set-mark': markOption(),
    'set-xmark': markOption(),
    'and-mark': markOption('plain'),
    'or-mark': markOption('plain'),
    'xor-mark': markOption('plain'),
  },
  make(seen) {
    const option =
      seen.get('mark') ??
      usageError('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required');
    const { value, mask } = marked(option.words[0] ?? '', 'MARK', option.as);
    const all = 0xffffffff;
    if (option.as === 'and-mark') return { kind: 'MARK', value: 0, mask: ~value >>> 0 };
    if (option.as === 'or-mark') return { kind: 'MARK', value, mask: value };
    if (option.as === 'xor-mark') return { kind: 'MARK', value, mask: 0 };
    // Set bits of the value are cleared first, so that or-ing and xor-ing come to the same.
    if (option.as === 'set-mark') return { kind: 'MARK', value, mask: ((mask ?? all) | value) >>> 0 };
    return { kind: 'MARK', value, mask: mask ?? all };
  },
};

function ports(text: string): { low: number; high: number } {
  const [low = '', high = low] = text.split('-', 2);
  const number = (word: string): number => {
    const value = integer(word);
    return value !== undefined && value <= 65_535 ? value : usageError(`Port \`${word}' not valid`);
  };
  const range = { low: number(low), high: number(high) };
  if (range.low > range.high) usageError(`Port range \`${high}' funky`);
  return range;
}
function destination(text: string, { protocol }: Context): NatRange {
  const colon = text.indexOf(':');
  const where = colon < 0 ? text : text.slice(0, colon);
  const range: { addr?: { low: number; high: number }; ports?: { low: number; high: number } } = {};
  if (colon >= 0) {
    needPorts(protocol);
    range.ports = ports(text.slice(colon + 1));
  }
  if (where !== '' || colon < 0) {
    const [low = '', high = low] = where.split('-', 2);
    range.addr = { low: natAddress(low), high: natAddress(high) };
  }
  return range;
}
function needPorts(protocol: number): void {
  if (![6, 17, 33, 132].includes(protocol)) usageError('Need TCP, UDP, SCTP or DCCP with port specification');
}
const FLAGS: Readonly<Record<string, ExtensionOption>> = {
  random: { takes: 0 },
  'random-fully': { takes: 0 },
  persistent: { takes: 0 },
};
function flags(seen: Seen): Pick<NatRange, 'random' | 'randomFully' | 'persistent'> {
  return {
    ...(seen.has('random') ? { random: true } : {}),
    ...(seen.has('random-fully') ? { randomFully: true } : {}),
    ...(seen.has('persistent') ? { persistent: true } : {}),
  };
}
function natTarget(kind: 'SNAT' | 'DNAT', option: string): TargetExtension {
  return {
    name: kind,
    options: { [option]: { takes: 1 }, ...FLAGS },
    make(seen, context) {
      const to = seen.get(option) ?? usageError(`${kind}: option "--${option}" must be specified\n`);
      return { kind, range: { ...destination(to.words[0] ?? '', context), ...flags(seen) } };
    },
  };
}
function portTarget(kind: 'MASQUERADE' | 'REDIRECT'): TargetExtension {
  return {
    name: kind,
    options: {
      'to-ports': { takes: 1 },
      random: { takes: 0 },
      ...(kind === 'MASQUERADE' ? { 'random-fully': { takes: 0 } } : {}),
    },
    make(seen, { protocol }) {
      const to = seen.get('to-ports');
      if (to) needPorts(protocol);
      return { kind, range: { ...(to ? { ports: ports(to.words[0] ?? '') } : {}), ...flags(seen) } };
    },
  };
}
const ct: TargetExtension = {
  name: 'CT',
  options: {
    notrack: { takes: 0 },
    ...Object.fromEntries(
      ['helper', 'timeout', 'ctevents', 'expevents', 'zone', 'zone-orig', 'zone-reply'].map((name) => [
        name,
        { takes: 1, check: () => notModelled(`CT --${name}`) } as const,
      ]),
    ),
  },
  make: (seen) => ({ kind: 'CT', notrack: seen.has('notrack') }),
};
const plain = (name: string, target: RuleTarget): TargetExtension => ({
  name,
  options: {},
  make: () => target,
});

export const TARGETS: ReadonlyMap<string, TargetExtension> = new Map(
  [
    plain('ACCEPT', { kind: 'verdict', verdict: 'ACCEPT' }),
    plain('DROP', { kind: 'verdict', verdict: 'DROP' }),
    plain('RETURN', { kind: 'verdict', verdict: 'RETURN' }),
    reject,
    log,
    mark,
    portTarget('MASQUERADE'),
    portTarget('REDIRECT'),
    natTarget('SNAT', 'to-source'),
    natTarget('DNAT', 'to-destination'),
    ct,
    connmarkTarget,
    plain('NOTRACK', { kind: 'CT', notrack: true, alias: 'NOTRACK' }),
    plain('TRACE', { kind: 'TRACE' }),
  ].map((each) => [each.name, each]),
);
export const OTHER_TARGETS: readonly string[] = [
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'CLUSTERIP',
  'CONNSECMARK',
  'DSCP',
  'ECN',
  'HMARK',
  'IDLETIMER',
  'LED',
  'NETMAP',
  'NFLOG',
  'NFQUEUE',
  'QUEUE',
  'RATEEST',
  'SECMARK',
  'SET',
  'SYNPROXY',
  'TCPMSS',
  'TCPOPTSTRIP',
  'TEE',
  'TOS',
  'TPROXY',
  'TTL',
  'ULOG',
];
export { LEVELS };
