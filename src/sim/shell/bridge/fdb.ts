/** `bridge fdb` (bridge/fdb.c): show, add, append, replace, del, get. */
import { formatMac, type Ip4, type Mac } from '../../wire/index';
import type { FdbDumpRow, FdbSpec } from '../../kernel/netlink';
import { Exit, netlinkErrorText, parseUnsigned } from '../program';
import { writeJson, type Json } from '../json';
import {
  garbage,
  isPrefixOf,
  macOf,
  noDevice,
  notModelled,
  takeAddress,
  takeNumber,
  wrongArgument,
} from '../ip/args';
import { finish, type Bridge } from './index';
import { FDB_USAGE } from './usage';

const SECOND = 1_000_000_000;

export function runFdb(self: Bridge): number {
  const { args } = self;
  if (args.done) return show(self);
  const word = args.take();
  if (isPrefixOf(word, 'add')) return modify(self, 'add');
  if (isPrefixOf(word, 'append')) return modify(self, 'append');
  if (isPrefixOf(word, 'replace')) return modify(self, 'replace');
  if (isPrefixOf(word, 'delete')) return modify(self, 'del');
  if (isPrefixOf(word, 'get')) return get(self);
  if (['show', 'lst', 'list'].some((name) => isPrefixOf(word, name))) return show(self);
  if (isPrefixOf(word, 'flush')) {
    if (args.done) throw new Exit(255, 'Device is a required argument.\n');
    notModelled('bridge fdb flush');
  }
  if (isPrefixOf(word, 'help')) usage();
  throw new Exit(255, `Command "${word}" is unknown, try "bridge fdb help".\n`);
}

function usage(): never {
  throw new Exit(255, FDB_USAGE);
}

// --- showing -----------------------------------------------------------------------------------------------------------

interface FdbFilter {
  br?: string;
  dev?: string;
  state?: readonly string[];
  dynamic?: boolean;
  vlan?: boolean;
}

/** Words that mean nothing here are passed over, as the tool does: `bridge fdb show flannel.1` shows everything. */
function readFilter(self: Bridge): FdbFilter {
  const { args } = self;
  const filter: FdbFilter = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'brport' || word === 'dev') filter.dev = args.take();
    else if (word === 'br') filter.br = args.take();
    else if (word === 'vlan') {
      takeNumber(args, 4095, () => 'invalid vlan');
      filter.vlan = true;
    } else if (word === 'state') filter.state = readStates(args.take());
    else if (word === 'dynamic') filter.dynamic = true;
    else if (isPrefixOf(word, 'help')) usage();
  }
  if (filter.br !== undefined && !self.netlink.getLink(filter.br)) {
    throw new Exit(255, `Cannot find bridge device "${filter.br}"\n`);
  }
  if (filter.dev !== undefined && !self.netlink.getLink(filter.dev)) noDevice(filter.dev, 255);
  return filter;
}

/** `state_a2n`: neighbour states; `permanent` is a local entry, `static` the state NOARP, `stale` and `reachable` learned ones. */
function readStates(word: string): readonly string[] {
  if (isPrefixOf(word, 'permanent')) return ['permanent'];
  if (isPrefixOf(word, 'static') || isPrefixOf(word, 'temp')) return ['static'];
  if (isPrefixOf(word, 'stale') || isPrefixOf(word, 'dynamic')) return [''];
  if (word === 'all') return ['permanent', 'static', ''];
  return wrongArgument(word, 'invalid state');
}

function selectRows(self: Bridge, filter: FdbFilter): FdbDumpRow[] {
  const { br, dev, state } = filter;
  // Nothing is learned with a VLAN here, and only a bridge has ports.
  if (filter.vlan || (br !== undefined && self.netlink.getLink(br)?.kind !== 'bridge')) return [];
  const query = { ...(br !== undefined ? { br } : {}), ...(dev !== undefined ? { dev } : {}) };
  return self.netlink
    .getFdb(query)
    .filter((row) => !(filter.dynamic && row.state === 'permanent') && (!state || state.includes(row.state)));
}

function show(self: Bridge): number {
  const filter = readFilter(self);
  const rows = selectRows(self, filter);
  const withDev = filter.dev === undefined;
  if (self.options.json) {
    const json = rows.map((row) => rowJson(self, row, withDev));
    self.ctx.print(writeJson(json, self.options.pretty) + '\n');
  } else self.ctx.print(rows.map((row) => rowText(self, row, withDev)).join(''));
  return 0;
}

/** Ages are told for the entries of tables, not for a device's own multicast filters. */
function hasAges(self: Bridge, row: FdbDumpRow): boolean {
  return self.options.stats > 0 && (row.master !== undefined || row.dst !== undefined);
}
const seconds = (ns: number) => Math.floor(ns / SECOND);

function rowText(self: Bridge, row: FdbDumpRow, withDev: boolean): string {
  let text = `${row.mac} `;
  if (withDev) text += `dev ${row.ifname} `;
  if (row.dst !== undefined) text += `dst ${row.dst} `;
  if (row.port !== undefined) text += `port ${row.port} `;
  if (row.vni !== undefined) text += `vni ${row.vni} `;
  if (row.viaIf !== undefined) text += `via ${row.viaIf} `;
  if (hasAges(self, row)) text += `used ${seconds(row.usedAgo)}/${seconds(row.updatedAgo)} `;
  text += row.flags.map((flag) => `${flag} `).join('');
  if (row.master !== undefined) text += `master ${row.master} `;
  return `${text}${row.state}\n`;
}

function rowJson(self: Bridge, row: FdbDumpRow, withDev: boolean): Json {
  const ages = hasAges(self, row);
  return {
    mac: row.mac,
    ifname: withDev ? row.ifname : undefined,
    dst: row.dst,
    port: row.port,
    vni: row.vni,
    viaIf: row.viaIf,
    used: ages ? seconds(row.usedAgo) : undefined,
    updated: ages ? seconds(row.updatedAgo) : undefined,
    flags: row.flags,
    master: row.master,
    state: row.state,
  };
}

function get(self: Bridge): number {
  const { args, netlink } = self;
  const words: { mac?: string; br?: string; dev?: string } = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'brport' || word === 'dev') words.dev = args.take();
    else if (word === 'br') words.br = args.take();
    else if (word === 'vlan' || word === 'vni' || word === 'src_vni') args.take();
    else if (word !== 'self' && word !== 'master' && !isPrefixOf(word, 'dynamic')) {
      const mac = word === 'to' ? args.take() : word;
      if (isPrefixOf(mac, 'help')) usage();
      if (words.mac !== undefined) garbage('to', mac);
      words.mac = mac;
    }
  }
  const { mac, br, dev } = words;
  if (mac === undefined || (br === undefined && dev === undefined)) {
    throw new Exit(255, 'Device or master and address are required arguments.\n');
  }
  const wanted = macOf(mac);
  if (wanted === undefined) throw new Exit(255, `Invalid mac address ${mac}\n`);
  for (const name of [br, dev]) if (name !== undefined && !netlink.getLink(name)) noDevice(name, 255);
  const row = netlink
    .getFdb({ ...(br !== undefined ? { br } : {}), ...(dev !== undefined ? { dev } : {}) })
    .find(
      (entry) => entry.mac === formatMac(wanted) && (entry.master !== undefined || entry.dst !== undefined),
    );
  if (!row) {
    self.ctx.printError(netlinkErrorText({ errno: 'ENOENT', extack: 'Fdb entry not found' }));
    return 254;
  }
  self.ctx.print(rowText(self, row, true));
  return 0;
}

// --- changing ----------------------------------------------------------------------------------------------------------

interface FdbWords {
  mac?: string;
  dev?: string;
  self?: boolean;
  master?: boolean;
  dst?: Ip4;
  port?: number;
  vni?: number;
  state?: FdbSpec['state'];
}

/** Exact words, with what each does. */
const READERS: Readonly<Record<string, (words: FdbWords, self: Bridge) => void>> = {
  dev: (words, { args }) => (words.dev = args.take()),
  dst(words, { args }) {
    if (words.dst !== undefined && args.word !== undefined) garbage('dst', args.word);
    words.dst = takeAddress(args, 'any');
  },
  port(words, { args }) {
    const word = args.take();
    const port = parseUnsigned(word);
    words.port = port <= 0xffff ? port : wrongArgument(word, 'invalid port\n');
  },
  vni: (words, { args }) => (words.vni = takeNumber(args, 0xffffff, () => 'invalid VNI\n')),
  self: (words) => (words.self = true),
  local: (words) => (words.state = 'permanent'),
  permanent: (words) => (words.state = 'permanent'),
  temp: (words) => (words.state = 'static'),
  static: (words) => (words.state = 'static'),
  dynamic: (words) => (words.state = 'dynamic'),
};
const REFUSED = new Set(['nhid', 'via', 'src_vni', 'vlan', 'use', 'router', 'extern_learn', 'sticky']);

function readWords(self: Bridge): FdbWords {
  const { args } = self;
  const words: FdbWords = {};
  while (!args.done) {
    const word = args.take();
    const reader = Object.hasOwn(READERS, word) ? READERS[word] : undefined;
    if (reader) reader(words, self);
    else if (isPrefixOf(word, 'master')) words.master = true;
    else if (REFUSED.has(word)) notModelled(`bridge fdb ${word}`);
    else {
      const mac = word === 'to' ? args.take() : word;
      if (isPrefixOf(mac, 'help')) usage();
      if (words.mac !== undefined) garbage('to', mac);
      words.mac = mac;
    }
  }
  return words;
}

function modify(self: Bridge, mode: 'add' | 'append' | 'replace' | 'del'): number {
  const words = readWords(self);
  if (words.mac === undefined || words.dev === undefined) {
    throw new Exit(255, 'Device and address are required arguments.\n');
  }
  const mac: Mac | undefined = macOf(words.mac);
  if (mac === undefined) throw new Exit(255, `Invalid mac address ${words.mac}\n`);
  if (!self.netlink.getLink(words.dev)) return noDevice(words.dev, 255);
  const { dst, port, vni } = words;
  const spec: FdbSpec = {
    mac,
    dev: words.dev,
    // Neither word given means the device's own table (NTF_SELF); no state given means permanent.
    self: words.self ?? !words.master,
    master: words.master ?? false,
    ...(dst !== undefined ? { dst } : {}),
    ...(port !== undefined ? { port } : {}),
    ...(vni !== undefined ? { vni } : {}),
    state: words.state ?? 'permanent',
  };
  if (mode === 'del') return finish(self, self.netlink.delFdb(spec));
  return finish(self, self.netlink.newFdb(spec, mode));
}
