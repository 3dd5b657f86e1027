/** The words that `ip link add`, `ip link set` and the peer of a veth share (iplink.c iplink_parse). */
import { readMac, writeMac, type Mac } from '../../wire/index';
import type { NetnsHandle } from '../../kernel/netlink';
import { Exit } from '../program';
import {
  duplicate,
  garbage,
  isPrefixOf,
  noDevice,
  notModelled,
  takeNumber,
  wrongArgument,
  type Args,
} from './args';
import type { Ip } from './options';
import { LINK_USAGE } from './usage-link';

const INT_MAX = 0x7fffffff;

export interface LinkWords {
  dev?: string;
  name?: string;
  up?: boolean;
  mtu?: number;
  txqlen?: number;
  ifindex?: number;
  mac?: Mac;
  /** Bytes given for an address that is not six bytes long; the kernel refuses it. */
  badAddress?: number;
  netns?: NetnsHandle;
  master?: string | null;
  promisc?: boolean;
  arp?: boolean;
  type?: string;
}

/** `on_off()` in iplink.c, which words its error unlike `parse_on_off`. */
function takeSwitch(args: Args, keyword: string): boolean {
  const word = args.take();
  if (word === 'on' || word === 'off') return word === 'on';
  throw new Exit(1, `Error: argument of "${keyword}" must be "on" or "off", not "${word}"\n`);
}

/** `ll_addr_a2n`: as many bytes as there are groups; each group is read as far as it is hexadecimal. */
export function readLinkAddress(word: string): { mac?: Mac; length: number } {
  const bytes = new Uint8Array(20);
  const groups = word.split(':');
  if (groups.length > 20) throw new Exit(1, `"${word}" is invalid lladdr.\n`);
  groups.forEach((group, at) => {
    const digits = /^(?:0x)?([0-9a-f]+)/i.exec(group)?.[1];
    const value = digits === undefined ? Number.NaN : parseInt(digits, 16);
    if (!(value <= 255)) throw new Exit(1, `"${word}" is invalid lladdr.\n`);
    bytes[at] = value;
  });
  if (groups.length !== 6) return { length: groups.length };
  const mac = readMac(bytes, 0);
  writeMac(bytes, 0, mac);
  return { mac, length: 6 };
}

type Reader = (words: LinkWords, args: Args, ip: Ip, keyword: string) => void;

function readTxqlen(words: LinkWords, args: Args): void {
  if (words.txqlen !== undefined && args.word !== undefined) duplicate('txqueuelen', args.word);
  words.txqlen = takeNumber(args, INT_MAX, () => 'Invalid "txqueuelen" value\n');
}
function readAddress(words: LinkWords, args: Args): void {
  const { mac, length } = readLinkAddress(args.take());
  if (mac === undefined) words.badAddress = length;
  else words.mac = mac;
}
function readMaster(words: LinkWords, args: Args, ip: Ip): void {
  const name = args.take();
  if (!ip.netlink.getLink(name)) wrongArgument(name, 'Device does not exist\n');
  words.master = name;
}
function readLower(_: LinkWords, args: Args, ip: Ip): void {
  const name = args.take();
  if (!ip.netlink.getLink(name)) noDevice(name);
}
function readNetns(words: LinkWords, args: Args, ip: Ip): void {
  const name = args.take();
  words.netns = ip.ctx.host.netnsByName(name) ?? wrongArgument(name, 'Invalid "netns" value\n');
}
/** Words whose effect nobody can see here. */
function ignore(_: LinkWords, args: Args): void {
  args.take();
}
function refuse(_: LinkWords, __: Args, ___: Ip, keyword: string): never {
  return notModelled(`ip link ${keyword}`);
}

const READERS: Readonly<Record<string, Reader>> = {
  up: (words) => (words.up = true),
  down: (words) => (words.up = false),
  name(words, args) {
    if (words.name !== undefined && args.word !== undefined) duplicate('name', args.word);
    const name = args.take();
    if (!isInterfaceName(name)) wrongArgument(name, '"name" not a valid ifname');
    words.name = name;
  },
  index: (words, args) => (words.ifindex = takeNumber(args, INT_MAX, () => 'Invalid "index" value')),
  link: readLower,
  address: readAddress,
  broadcast: refuse,
  txqueuelen: readTxqlen,
  txqlen: readTxqlen,
  qlen: readTxqlen,
  mtu(words, args) {
    if (words.mtu !== undefined && args.word !== undefined) duplicate('mtu', args.word);
    words.mtu = takeNumber(args, INT_MAX, () => 'Invalid "mtu" value\n');
  },
  netns: readNetns,
  promisc: (words, args) => (words.promisc = takeSwitch(args, 'promisc')),
  arp: (words, args) => (words.arp = takeSwitch(args, 'arp')),
  multicast: refuse,
  allmulticast: refuse,
  trailers: refuse,
  dynamic: refuse,
  carrier: refuse,
  alias: refuse,
  vf: refuse,
  xdp: refuse,
  vrf: (_, args) => void wrongArgument(args.take(), 'Not a valid VRF name\n'),
  protodown: refuse,
  mode: refuse,
  state: refuse,
  master: readMaster,
  nomaster: (words) => (words.master = null),
  group(_, args) {
    const group = args.take();
    if (group !== 'default' && group !== '0') wrongArgument(group, 'Invalid "group" value\n');
  },
  numtxqueues: ignore,
  numrxqueues: ignore,
  addrgenmode: ignore,
  gso_max_size: refuse,
  gso_max_segs: refuse,
  gro_max_size: refuse,
};

/** IFNAMSIZ and dev_valid_name. */
function isInterfaceName(name: string): boolean {
  return name.length > 0 && name.length < 16 && !/[\s/]/.test(name);
}
/** `check_altifname`: what is accepted as a name here and then left to the kernel. */
function isAnyName(name: string): boolean {
  return name.length > 0 && name.length < 128 && !/[\s/]/.test(name);
}

/** Reads up to `type KIND`, whose own words are left in `args`. */
export function readLinkWords(ip: Ip, args: Args): LinkWords {
  const words: LinkWords = {};
  while (!args.done) {
    const word = args.take();
    const reader = Object.hasOwn(READERS, word) ? READERS[word] : undefined;
    if (reader) reader(words, args, ip, word);
    else if (isPrefixOf(word, 'type')) {
      words.type = args.take();
      return words;
    } else if (isPrefixOf(word, 'help')) throw new Exit(255, LINK_USAGE);
    else readDevice(words, word === 'dev' ? args.take() : word);
  }
  return words;
}

function readDevice(words: LinkWords, name: string): void {
  if (words.dev !== undefined) garbage('dev', name);
  if (!isAnyName(name)) wrongArgument(name, '"dev" not a valid ifname');
  words.dev = name;
}
