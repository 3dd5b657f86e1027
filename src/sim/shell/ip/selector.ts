/** The selector words of `ip link show` and `ip addr show` (ipaddress.c ipaddr_list_flush_or_save). */
import { networkOf, parseIp4, prefixContains, type Prefix } from '../../wire/index';
import type { AddrRow, LinkRow } from '../../kernel/netlink';
import { Exit } from '../program';
import { garbage, isPrefixOf, notModelled, takePrefix, wrongArgument, type Family } from './args';
import type { Ip } from './options';
import { ADDRESS_USAGE } from './usage';

export interface Selector {
  dev?: string;
  up?: boolean;
  to?: Prefix;
  scope?: string;
  label?: string;
  master?: string;
  nomaster?: boolean;
  type?: string;
  secondary?: boolean;
  /** Address flags that nothing has here (`tentative`, `dynamic`…): no address is selected. */
  absentFlag?: boolean;
  family: Family;
}

export const SCOPES: Readonly<Record<string, string>> = {
  global: 'global',
  universe: 'global',
  '0': 'global',
  nowhere: 'nowhere',
  '255': 'nowhere',
  host: 'host',
  '254': 'host',
  link: 'link',
  '253': 'link',
  site: 'site',
  '200': 'site',
};
/** Kinds that Linux knows: it filters these itself, so devices of other kinds do not even appear empty in JSON. */
const KERNEL_KINDS = new Set(['bridge', 'veth', 'vxlan', 'dummy', 'tun', 'ipip']);
function isKernelKind(type: string): boolean {
  return KERNEL_KINDS.has(type);
}

const ABSENT_FLAGS = new Set([
  'dynamic',
  'temporary',
  'tentative',
  'deprecated',
  'dadfailed',
  'home',
  'mngtmpaddr',
  'noprefixroute',
  'autojoin',
]);

type Reader = (selector: Selector, ip: Ip) => void;
const READERS: Readonly<Record<string, Reader>> = {
  to(selector, { args }) {
    selector.to = takePrefix(args, selector.family);
    if (selector.family === 'any') selector.family = 'inet';
  },
  scope(selector, { args }) {
    const word = args.take();
    if (word === 'all') selector.scope = undefined;
    else selector.scope = SCOPES[word] ?? wrongArgument(word, 'invalid "scope"\n');
  },
  up: (selector) => (selector.up = true),
  label: (selector, { args }) => (selector.label = args.take()),
  primary: (selector) => (selector.secondary = false),
  secondary: (selector) => (selector.secondary = true),
  permanent: () => {},
  group(_, { args }) {
    const word = args.take();
    if (word !== 'default' && word !== '0') wrongArgument(word, 'Invalid "group" value\n');
  },
  master(selector, { args, netlink }) {
    const name = args.take();
    if (!netlink.getLink(name)) wrongArgument(name, 'Device does not exist\n');
    selector.master = name;
  },
  vrf: (_, { args }) => void wrongArgument(args.take(), 'Not a valid VRF name\n'),
  nomaster: (selector) => (selector.nomaster = true),
  type: (selector, { args }) => (selector.type = args.take()),
};

export function readSelector(ip: Ip, family: Family): Selector {
  const { args } = ip;
  const selector: Selector = { family };
  while (!args.done) {
    const word = args.take();
    const reader = Object.hasOwn(READERS, word) ? READERS[word] : undefined;
    if (reader) reader(selector, ip);
    else if (ABSENT_FLAGS.has(word.replace(/^-/, ''))) selector.absentFlag ||= !word.startsWith('-');
    else {
      if (word !== 'dev' && isPrefixOf(word, 'help')) throw new Exit(255, ADDRESS_USAGE);
      const name = word === 'dev' ? args.take() : word;
      if (selector.dev !== undefined) garbage('dev', name);
      selector.dev = name;
    }
  }
  return selector;
}

/** The devices the kernel is asked for: by name, master and kind. */
export function dumpLinks(ip: Ip, selector: Selector): LinkRow[] {
  const { dev, master, nomaster, type } = selector;
  if (dev !== undefined && !ip.netlink.getLink(dev)) throw new Exit(1, `Device "${dev}" does not exist.\n`);
  if (type !== undefined && /_slave$/.test(type) && type !== 'bridge_slave') notModelled(`type ${type}`);
  return ip.netlink
    .getLinks()
    .filter(
      (link) =>
        (dev === undefined || link.ifname === dev) &&
        (master === undefined || link.master === master) &&
        (!nomaster || link.master === undefined) &&
        (type === undefined || !isKernelKind(type) || link.kind === type),
    );
}

/** What iproute2 sorts out itself after the dump. */
export function wantsLink(link: LinkRow, selector: Selector): boolean {
  if (selector.up && !link.flags.includes('UP')) return false;
  const { type } = selector;
  if (type === undefined || isKernelKind(type)) return true;
  return type === 'bridge_slave' && link.port !== undefined;
}

export function wantsAddress(row: AddrRow, selector: Selector): boolean {
  if (selector.family !== 'any' && selector.family !== 'inet') return false;
  if (selector.scope !== undefined && row.scope !== selector.scope) return false;
  if (selector.absentFlag) return false;
  if (selector.secondary !== undefined && (row.secondary ?? false) !== selector.secondary) return false;
  if (selector.label !== undefined && !globMatches(selector.label, row.label)) return false;
  return selector.to === undefined || inPrefix(row.local, selector.to);
}

export function inPrefix(address: string, prefix: Prefix): boolean {
  const parsed = parseIp4(address);
  return parsed.ok && prefixContains(networkOf(prefix.addr, prefix.len), prefix.len, parsed.value);
}

/** fnmatch() with `*` and `?`, without backtracking over more than one star at a time. */
function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (pattern[p] === '?' || (p < pattern.length && pattern[p] === text[t] && pattern[p] !== '*')) {
      p++;
      t++;
    } else if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
