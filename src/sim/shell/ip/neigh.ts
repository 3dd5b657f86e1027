/** `ip neigh` (ipneigh.c): add, change, replace, del, get, show, flush. */
import { formatIp4, parseIp4, type Ip4, type Mac, type Prefix } from '../../wire/index';
import type { NeighDumpRow, NeighState } from '../../kernel/netlink';
import { Exit } from '../program';
import type { Json } from '../json';
import { garbage, isPrefixOf, noDevice, notModelled, readAddress, readPrefix, wrongArgument } from './args';
import { finish } from './link';
import { readLinkAddress } from './link-words';
import { printJson, type Ip } from './options';
import { inPrefix } from './selector';
import { NEIGH_USAGE } from './usage';

const SECOND = 1_000_000_000;

export function runNeigh(ip: Ip): number {
  const { args } = ip;
  if (args.done) return show(ip);
  const word = args.take();
  if (isPrefixOf(word, 'add')) return modify(ip, 'add');
  if (isPrefixOf(word, 'change') || word === 'chg') return modify(ip, 'change');
  if (isPrefixOf(word, 'replace')) return modify(ip, 'replace');
  if (isPrefixOf(word, 'delete')) return modify(ip, 'del');
  if (isPrefixOf(word, 'get')) return get(ip);
  if (['show', 'lst', 'list'].some((name) => isPrefixOf(word, name))) return show(ip);
  if (isPrefixOf(word, 'flush')) return flush(ip);
  if (isPrefixOf(word, 'help')) usage();
  throw new Exit(255, `Command "${word}" is unknown, try "ip neigh help".\n`);
}

function usage(): never {
  throw new Exit(255, NEIGH_USAGE);
}

const STATES: readonly NeighState[] = [
  'PERMANENT',
  'REACHABLE',
  'NOARP',
  'NONE',
  'STALE',
  'INCOMPLETE',
  'DELAY',
  'PROBE',
  'FAILED',
];
/** `nud_state_a2n`: beginnings are enough. */
function readState(word: string): NeighState {
  return STATES.find((state) => isPrefixOf(word, state.toLowerCase())) ?? badState(word);
}
function badState(word: string): never {
  return wrongArgument(word, 'nud state is bad');
}

// --- changing ----------------------------------------------------------------------------------------------------------

interface NeighWords {
  dst?: Ip4;
  dev?: string;
  lladdr?: Mac | 'bad';
  state?: NeighState;
  proxy?: boolean;
}

function readWords(ip: Ip): NeighWords {
  const { args, options } = ip;
  const words: NeighWords = {};
  const destination = (word: string) => {
    if (words.dst !== undefined) garbage('to', word);
    words.dst = readAddress(word, options.family);
  };
  while (!args.done) {
    const word = args.take();
    if (isPrefixOf(word, 'lladdr')) words.lladdr = readLinkAddress(args.take()).mac ?? 'bad';
    else if (word === 'nud') words.state = readState(args.take());
    else if (isPrefixOf(word, 'proxy')) {
      destination(args.take());
      words.proxy = true;
    } else if (word === 'dev') words.dev = args.take();
    else if (['router', 'use', 'managed', 'extern_learn', 'protocol'].includes(word))
      notModelled(`ip neigh ${word}`);
    else if (word === 'to') destination(args.take());
    else if (isPrefixOf(word, 'help')) usage();
    else destination(word);
  }
  return words;
}

function modify(ip: Ip, mode: 'add' | 'change' | 'replace' | 'del'): number {
  const { dst, dev, lladdr, state, proxy } = readWords(ip);
  if (dst === undefined || dev === undefined) {
    throw new Exit(255, 'Device and destination are required arguments.\n');
  }
  if (!ip.netlink.getLink(dev)) return noDevice(dev);
  if (mode === 'del') return finish(ip, ip.netlink.delNeigh({ dev, dst, ...(proxy ? { proxy } : {}) }));
  if (lladdr === 'bad') throw new Exit(2, 'Error: Invalid link address.\n');
  const spec = {
    dev,
    dst,
    ...(lladdr !== undefined ? { lladdr } : {}),
    ...(state !== undefined ? { state } : {}),
    ...(proxy ? { proxy } : {}),
  };
  return finish(ip, ip.netlink.newNeigh(spec, mode));
}

// --- showing -----------------------------------------------------------------------------------------------------------

interface NeighFilter {
  dev?: string;
  to?: Prefix;
  states?: readonly NeighState[];
  master?: string;
  nomaster?: boolean;
  proxy?: boolean;
}

function readFilter(ip: Ip): NeighFilter {
  const { args, options, netlink } = ip;
  const filter: NeighFilter = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') filter.dev = args.take();
    else if (word === 'master') filter.master = args.take();
    else if (word === 'vrf') wrongArgument(args.take(), 'Not a valid VRF name\n');
    else if (word === 'nomaster') filter.nomaster = true;
    else if (word === 'unused') notModelled('ip neigh show unused');
    else if (word === 'nud') {
      const state = args.take();
      filter.states = state === 'all' ? STATES : [...(filter.states ?? []), readState(state)];
    } else if (word === 'proxy') filter.proxy = true;
    else if (word === 'to') filter.to = readPrefix(args.take(), options.family);
    else if (isPrefixOf(word, 'help')) usage();
    else filter.to = readPrefix(word, options.family);
  }
  for (const name of [filter.dev, filter.master])
    if (name !== undefined && !netlink.getLink(name)) noDevice(name);
  return filter;
}

/** Without `nud` entries that stand for no neighbour (NOARP, NONE) are not shown. */
const SHOWN_STATES = STATES.filter((state) => state !== 'NOARP' && state !== 'NONE');

function selectNeighs(ip: Ip, filter: NeighFilter, states: readonly NeighState[]): NeighDumpRow[] {
  if (ip.options.family === 'inet6') return [];
  const proxy = filter.proxy ?? false;
  const wanted = filter.states ?? states;
  return ip.netlink
    .getNeighs({ proxy, ...(filter.dev !== undefined ? { dev: filter.dev } : {}) })
    .filter((row) => {
      const master = ip.netlink.getLink(row.dev)?.master;
      if (filter.master !== undefined && master !== filter.master) return false;
      if (filter.nomaster && master !== undefined) return false;
      if (filter.to && filter.to.len > 0 && !inPrefix(row.dst, filter.to)) return false;
      return proxy || row.state.some((state) => wanted.includes(state));
    });
}

function show(ip: Ip): number {
  const filter = readFilter(ip);
  const rows = selectNeighs(ip, filter, SHOWN_STATES);
  const withDev = filter.dev === undefined;
  if (ip.options.json)
    printJson(
      ip,
      rows.map((row) => neighJson(row, ip, withDev)),
    );
  else ip.ctx.print(rows.map((row) => neighText(row, ip, withDev)).join(''));
  return 0;
}

const seconds = (ns: number) => Math.floor(ns / SECOND);

function neighText(row: NeighDumpRow, ip: Ip, withDev: boolean): string {
  let text = `${row.dst} ${withDev ? `dev ${row.dev} ` : ''}`;
  if (row.lladdr !== undefined) text += `lladdr ${row.lladdr} `;
  if (row.proxy) text += 'proxy ';
  if (ip.options.stats > 0 && !row.proxy) {
    text += ` used ${seconds(row.usedAgo)}/${seconds(row.confirmedAgo)}/${seconds(row.updatedAgo)}probes ${row.probes} `;
  }
  if (!row.proxy) text += row.state.map((state) => `${state} `).join('');
  return text + '\n';
}

function neighJson(row: NeighDumpRow, ip: Ip, withDev: boolean): Json {
  const stats = ip.options.stats > 0 && !row.proxy;
  return {
    dst: row.dst,
    dev: withDev ? row.dev : undefined,
    lladdr: row.lladdr,
    proxy: row.proxy ? null : undefined,
    used: stats ? seconds(row.usedAgo) : undefined,
    confirmed: stats ? seconds(row.confirmedAgo) : undefined,
    updated: stats ? seconds(row.updatedAgo) : undefined,
    probes: stats ? row.probes : undefined,
    state: row.proxy ? undefined : row.state,
  };
}

/** Prints text whatever `-j` says, as iproute2 6.1 does. */
function get(ip: Ip): number {
  const words = readWords(ip);
  const { dst, dev, proxy } = words;
  if (dst === undefined || dev === undefined)
    throw new Exit(1, 'Device and address are required arguments.\n');
  if (!ip.netlink.getLink(dev)) return noDevice(dev);
  const wanted = formatIp4(dst);
  const row = ip.netlink.getNeighs({ dev, proxy: proxy ?? false }).find((entry) => entry.dst === wanted);
  if (!row) throw new Exit(2, `Error: ${proxy ? 'Proxy neighbour' : 'Neighbour'} entry not found.\n`);
  ip.ctx.print(neighText(row, ip, true));
  return 0;
}

function flush(ip: Ip): number {
  if (ip.args.done) throw new Exit(1, 'Flush requires arguments.\n');
  const filter = readFilter(ip);
  const flushed = STATES.filter((state) => state !== 'PERMANENT' && state !== 'NOARP' && state !== 'NONE');
  const doomed = selectNeighs(ip, filter, flushed);
  for (const row of doomed) {
    const dst = parseIp4(row.dst);
    if (dst.ok) ip.netlink.delNeigh({ dev: row.dev, dst: dst.value, ...(row.proxy ? { proxy: true } : {}) });
  }
  if (ip.options.stats > 0) {
    ip.ctx.print(
      doomed.length === 0
        ? 'Nothing to flush.\n'
        : `\n*** Round 1, deleting ${doomed.length} entries ***\n*** Flush is complete after 1 round ***\n`,
    );
  }
  return 0;
}
