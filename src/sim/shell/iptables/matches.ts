/** The matches (extensions/libxt_*.c, libipt_icmp.c): their options, and the words they use when something is wrong. */
import type { AddrType, AddrTypes, CtState, RuleMatch } from './door';
import { interfaceName } from './address';
import { connmarkMatch } from './connmark';
import type { Context, MatchExtension, Seen } from './extension';
import { notModelled, usageError } from './fail';
import { icmpType } from './names';
import { marked, portRange } from './numbers';
import { ownerMatch } from './owner';

const TCP_FLAGS: Readonly<Record<string, number>> = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ALL: 63,
  NONE: 0,
};
const RATE_SCALE = 10_000;

function tcpFlags(text: string): number {
  let flags = 0;
  for (const name of text.split(',')) {
    const known = Object.hasOwn(TCP_FLAGS, name.toUpperCase()) ? TCP_FLAGS[name.toUpperCase()] : undefined;
    flags |= known ?? usageError(`Unknown TCP flag \`${name}'`);
  }
  return flags;
}
const port = (as: string) =>
  ({
    takes: 1,
    as,
    invert: true,
    check: ([word = '']: readonly string[]) => void portRange(word, false),
  }) as const;
const PORTS = {
  'source-port': port('sport'),
  sport: port('sport'),
  'destination-port': port('dport'),
  dport: port('dport'),
};
function portsOf(seen: Seen): Pick<Extract<RuleMatch, { kind: 'udp' }>, 'sport' | 'dport'> {
  const sport = seen.get('sport');
  const dport = seen.get('dport');
  return {
    ...(sport ? { sport: portRange(sport.words[0] ?? '', sport.invert) } : {}),
    ...(dport ? { dport: portRange(dport.words[0] ?? '', dport.invert) } : {}),
  };
}
const tcp: MatchExtension = {
  name: 'tcp',
  options: {
    ...PORTS,
    syn: { takes: 0, as: 'flags', invert: true },
    'tcp-flags': {
      takes: 2,
      as: 'flags',
      invert: true,
      check: (words) => words.forEach((word) => void tcpFlags(word)),
    },
    'tcp-option': { takes: 1, invert: true, check: () => notModelled('--tcp-option') },
  },
  make(seen) {
    const flags = seen.get('flags');
    const syn = flags?.as === 'syn';
    const [mask = '', set = ''] = flags?.words ?? [];
    const read = { mask: syn ? 23 : tcpFlags(mask || 'NONE'), set: syn ? 2 : tcpFlags(set || 'NONE') };
    return { kind: 'tcp', ...portsOf(seen), ...(flags ? { flags: { ...read, invert: flags.invert } } : {}) };
  },
};
const udp: MatchExtension = {
  name: 'udp',
  options: PORTS,
  make: (seen) => ({ kind: 'udp', ...portsOf(seen) }),
};

const icmp: MatchExtension = {
  name: 'icmp',
  options: { 'icmp-type': { takes: 1, invert: true, check: ([word = '']) => void icmpType(word) } },
  make(seen) {
    const type = seen.get('icmp-type') ?? usageError('icmp: option "--icmp-type" must be specified\n');
    return { kind: 'icmp', ...icmpType(type.words[0] ?? ''), invert: type.invert };
  },
};

const multiport: MatchExtension = {
  name: 'multiport',
  options: Object.fromEntries(
    [
      ['source-ports', 'sports'],
      ['sports', 'sports'],
      ['destination-ports', 'dports'],
      ['dports', 'dports'],
      ['ports', 'ports'],
    ].map(([name = '', as = '']) => [name, { takes: 1, as, invert: true }]),
  ),
  make(seen, { protocol }) {
    const [which, option] = [...seen][0] ?? usageError('multiport expection an option');
    if (seen.size > 1) usageError('multiport can only have one option');
    if (![6, 17, 33, 132, 136].includes(protocol))
      usageError("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
    const ports = (option.words[0] ?? '').split(',').map((each) => {
      const { low, high } = portRange(each, false);
      return { low, high };
    });
    // A range takes two of the fifteen places.
    if (ports.reduce((sum, { low, high }) => sum + (low === high ? 1 : 2), 0) > 15)
      usageError('too many ports specified');
    return { kind: 'multiport', which: which as 'sports', ports, invert: option.invert };
  },
};

const STATES: readonly CtState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];
function states(text: string, option: string, allowed: readonly CtState[]): CtState[] {
  const wanted = text.split(',').map((word) => {
    const found = allowed.find((state) => word !== '' && state.startsWith(word.toUpperCase()));
    return found ?? usageError(`Bad ${option} "${word}"`);
  });
  return STATES.filter((state) => wanted.includes(state));
}
const PLAIN_STATES = STATES.slice(0, 5);
const conntrack: MatchExtension = {
  name: 'conntrack',
  options: {
    ctstate: { takes: 1, invert: true, check: ([word = '']) => void states(word, 'ctstate', STATES) },
    ...Object.fromEntries(
      [
        'ctproto',
        'ctorigsrc',
        'ctorigdst',
        'ctreplsrc',
        'ctrepldst',
        'ctorigsrcport',
        'ctorigdstport',
        'ctreplsrcport',
        'ctrepldstport',
        'ctstatus',
        'ctexpire',
        'ctdir',
      ].map((name) => [name, { takes: 1, invert: true, check: () => notModelled(`--${name}`) } as const]),
    ),
  },
  make(seen) {
    const state = seen.get('ctstate') ?? usageError('conntrack: At least one option is required');
    return {
      kind: 'conntrack',
      states: states(state.words[0] ?? '', 'ctstate', STATES),
      invert: state.invert,
    };
  },
};
const state: MatchExtension = {
  name: 'state',
  options: {
    state: { takes: 1, invert: true, check: ([word = '']) => void states(word, 'state', PLAIN_STATES) },
  },
  make(seen) {
    const option = seen.get('state') ?? usageError('state: option "--state" must be specified\n');
    return {
      kind: 'state',
      states: states(option.words[0] ?? '', 'state', PLAIN_STATES),
      invert: option.invert,
    };
  },
};

const mark: MatchExtension = {
  name: 'mark',
  options: { mark: { takes: 1, invert: true, check: ([word = '']) => void marked(word, 'mark', 'mark') } },
  make(seen) {
    const option = seen.get('mark') ?? usageError('mark: option "--mark" must be specified\n');
    const { value, mask } = marked(option.words[0] ?? '', 'mark', 'mark');
    return { kind: 'mark', mark: value, mask: mask ?? 0xffffffff, invert: option.invert };
  },
};

const TYPES: readonly AddrType[] = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
];
function addrTypes(text: string, invert: boolean): AddrTypes {
  const wanted = text.split(',').map((word) => {
    const found = TYPES.find((type) => type === word.toUpperCase());
    return found ?? usageError(`addrtype: bad type "${word}"`);
  });
  return { types: TYPES.filter((type) => wanted.includes(type)), invert };
}
const typeOption = {
  takes: 1,
  invert: true,
  check: ([word = '']: readonly string[]) => void addrTypes(word, false),
} as const;
const addrtype: MatchExtension = {
  name: 'addrtype',
  options: {
    'src-type': typeOption,
    'dst-type': typeOption,
    'limit-iface-in': { takes: 0, as: 'limit' },
    'limit-iface-out': { takes: 0, as: 'limit' },
  },
  make(seen) {
    const src = seen.get('src-type');
    const dst = seen.get('dst-type');
    const limit = seen.get('limit');
    if (!src && !dst) usageError('addrtype: you must specify --src-type or --dst-type');
    return {
      kind: 'addrtype',
      ...(src ? { src: addrTypes(src.words[0] ?? '', src.invert) } : {}),
      ...(dst ? { dst: addrTypes(dst.words[0] ?? '', dst.invert) } : {}),
      ...(limit ? { limit: limit.as === 'limit-iface-in' ? ('in' as const) : ('out' as const) } : {}),
    };
  },
};

const comment: MatchExtension = {
  name: 'comment',
  options: { comment: { takes: 1 } },
  make(seen) {
    const option = seen.get('comment') ?? usageError('comment: option "--comment" must be specified\n');
    return { kind: 'comment', comment: (option.words[0] ?? '').slice(0, 255) };
  },
};

const PHYSDEV = { in: 'physdev-in', out: 'physdev-out' } as const;
const physdev: MatchExtension = {
  name: 'physdev',
  options: {
    'physdev-in': { takes: 1, invert: true },
    'physdev-out': { takes: 1, invert: true },
    'physdev-is-in': { takes: 0, invert: true },
    'physdev-is-out': { takes: 0, invert: true },
    'physdev-is-bridged': { takes: 0, invert: true },
  },
  make(seen) {
    if (seen.size === 0) usageError('PHYSDEV: no physdev option specified');
    const name = (option: string) => {
      const found = seen.get(option);
      return found ? interfaceName(found.words[0] ?? '', found.invert) : undefined;
    };
    const is = (option: string) => (seen.has(option) ? !seen.get(option)?.invert : undefined);
    const all = {
      in: name(PHYSDEV.in),
      out: name(PHYSDEV.out),
      isIn: is('physdev-is-in'),
      isOut: is('physdev-is-out'),
      isBridged: is('physdev-is-bridged'),
    };
    const said = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return { kind: 'physdev', ...said };
  },
};

const UNITS: readonly (readonly [string, number])[] = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
];
/** parse_rate: a number, and the beginning of a unit's name. */
function rate(text: string): number {
  const [count = '', unit] = text.split('/', 2);
  const seconds =
    unit === undefined ? 1 : UNITS.find(([name]) => unit !== '' && name.startsWith(unit.toLowerCase()))?.[1];
  if (!/^\d+$/.test(count) || Number(count) === 0 || seconds === undefined) usageError(`bad rate "${text}"'`);
  if (Number(count) / (seconds ?? 1) > RATE_SCALE) usageError(`Rate too fast "${text}"`);
  return Math.floor((RATE_SCALE * (seconds ?? 1)) / Number(count));
}
const limit: MatchExtension = {
  name: 'limit',
  options: { limit: { takes: 1, check: ([word = '']) => void rate(word) }, 'limit-burst': { takes: 1 } },
  make(seen) {
    const burst = Number(seen.get('limit-burst')?.words[0] ?? '5');
    if (!Number.isInteger(burst) || burst < 1 || burst > 10_000) {
      usageError('limit: bad value for option "--limit-burst", or out of range (0-10000).\n');
    }
    return { kind: 'limit', every: rate(seen.get('limit')?.words[0] ?? '3/hour'), burst };
  },
};

const MAX_SET_NAME = 31;
const MAX_SET_FLAGS = 6;
function setFlags(text: string): ('src' | 'dst')[] {
  const words = text.split(',');
  const flags = words.slice(0, MAX_SET_FLAGS).map((word) => {
    if (word.startsWith('src')) return 'src';
    if (word.startsWith('dst')) return 'dst';
    return usageError("You must spefify (the comma separated list of) 'src' or 'dst'.");
  });
  return words.length > MAX_SET_FLAGS ? usageError("Can't be more src/dst options than 6.") : flags;
}
const unmodelled = (name: string) => ({ takes: 0, check: () => notModelled(`--${name}`) }) as const;
const set: MatchExtension = {
  name: 'set',
  options: {
    'match-set': {
      takes: 2,
      invert: true,
      lacking: '--match-set requires two args.',
      twice: '--match-set can be specified only once',
      check([name = '', flags = ''], _option, kernel) {
        if (name.length > MAX_SET_NAME)
          usageError(`setname \`${name}' too long, max ${MAX_SET_NAME} characters.`);
        if (!kernel.hasSet(name)) usageError(`Set ${name} doesn't exist.\n`);
        setFlags(flags);
      },
    },
    'return-nomatch': unmodelled('return-nomatch'),
    'update-counters': unmodelled('update-counters'),
    'update-subcounters': unmodelled('update-subcounters'),
  },
  make(seen) {
    const option =
      seen.get('match-set') ?? usageError("You must specify `--match-set' with proper arguments");
    const [name = '', flags = ''] = option.words;
    return { kind: 'set', set: name, flags: setFlags(flags), invert: option.invert };
  },
};
const rpfilter: MatchExtension = {
  name: 'rpfilter',
  options: {
    loose: { takes: 0 },
    validmark: { takes: 0 },
    'accept-local': { takes: 0 },
    invert: { takes: 0 },
  },
  make: (seen) => ({
    kind: 'rpfilter',
    loose: seen.has('loose'),
    validmark: seen.has('validmark'),
    acceptLocal: seen.has('accept-local'),
    invert: seen.has('invert'),
  }),
};

export const MATCHES: ReadonlyMap<string, MatchExtension> = new Map(
  [
    tcp,
    udp,
    icmp,
    multiport,
    conntrack,
    state,
    mark,
    addrtype,
    comment,
    physdev,
    limit,
    set,
    rpfilter,
    ownerMatch,
    connmarkMatch,
  ].map((each) => [each.name, each]),
);
/** Real ones that this model has not. */
export const OTHER_MATCHES: readonly string[] = [
  'ah',
  'bpf',
  'cgroup',
  'cluster',
  'connbytes',
  'connlabel',
  'connlimit',
  'cpu',
  'dccp',
  'devgroup',
  'dscp',
  'ecn',
  'esp',
  'hashlimit',
  'helper',
  'ipcomp',
  'iprange',
  'ipvs',
  'length',
  'mac',
  'nfacct',
  'osf',
  'pkttype',
  'policy',
  'quota',
  'rateest',
  'realm',
  'recent',
  'sctp',
  'socket',
  'statistic',
  'string',
  'tcpmss',
  'time',
  'tos',
  'ttl',
  'u32',
];
export function implied(protocol: number): MatchExtension | undefined {
  return protocol === 6 ? tcp : protocol === 17 ? udp : protocol === 1 ? icmp : undefined;
}
export type { Context };
