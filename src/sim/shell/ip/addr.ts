/** `ip address` (ipaddress.c): add, change, replace, del, show, flush. */
import { broadcastOf, formatIp4, networkOf, type Ip4 } from '../../wire/index';
import type { AddrRow, AddrSpec, LinkRow, RouteScope } from '../../kernel/netlink';
import { parseIp4 } from '../../wire/index';
import { Exit } from '../program';
import type { Json } from '../json';
import {
  garbage,
  isPrefixOf,
  noDevice,
  notModelled,
  readPrefix,
  takeAddress,
  takePrefix,
  wrongArgument,
  type Args,
} from './args';
import { finish } from './link';
import { briefHead, linkJson, linkText, statsJson, statsText, type LinkView } from './link-text';
import { printJson, separator, type Ip } from './options';
import { SCOPES, dumpLinks, readSelector, wantsAddress, wantsLink, type Selector } from './selector';
import { ADDRESS_USAGE } from './usage';

const FOREVER = 4294967295;

export function runAddress(ip: Ip): number {
  const { args } = ip;
  if (args.done) return listAddresses(ip);
  const word = args.take();
  if (isPrefixOf(word, 'add')) return modify(ip, 'add');
  if (isPrefixOf(word, 'change') || word === 'chg' || isPrefixOf(word, 'replace'))
    return modify(ip, 'replace');
  if (isPrefixOf(word, 'delete')) return modify(ip, 'del');
  if (['show', 'lst', 'list'].some((name) => isPrefixOf(word, name))) return listAddresses(ip);
  if (isPrefixOf(word, 'flush')) return flush(ip);
  for (const name of ['save', 'showdump', 'restore'])
    if (isPrefixOf(word, name)) notModelled(`ip address ${name}`);
  if (isPrefixOf(word, 'help')) throw new Exit(255, ADDRESS_USAGE);
  throw new Exit(255, `Command "${word}" is unknown, try "ip address help".\n`);
}

// --- changing ----------------------------------------------------------------------------------------------------------

interface AddressWords {
  local?: { addr: Ip4; len: number; explicit: boolean };
  peer?: { addr: Ip4; len: number };
  broadcast?: Ip4 | '+' | '-';
  scope?: RouteScope;
  label?: string;
  dev?: string;
}

function readWords(ip: Ip): AddressWords {
  const { args, options } = ip;
  const words: AddressWords = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'peer' || word === 'remote') words.peer = takePrefix(args, options.family);
    else if (isPrefixOf(word, 'broadcast') || word === 'brd') words.broadcast = takeBroadcast(args);
    else if (word === 'scope') {
      const name = args.take();
      words.scope = (SCOPES[name] as RouteScope | undefined) ?? wrongArgument(name, 'invalid scope value.');
    } else if (word === 'dev') words.dev = args.take();
    else if (word === 'label') words.label = args.take();
    else if (isPrefixOf(word, 'valid_lft') || isPrefixOf(word, 'preferred_lft')) takeLifetime(args);
    else if (['anycast', 'metric', 'proto', 'noprefixroute', 'autojoin'].includes(word))
      notModelled(`ip address ${word}`);
    else if (['home', 'nodad', 'mngtmpaddr'].includes(word)) {
      ip.ctx.printError(`Warning: ${word} option can be set only for IPv6 addresses\n`);
    } else readLocal(ip, words, word === 'local' ? args.take() : word, word !== 'local');
  }
  return words;
}

function readLocal(ip: Ip, words: AddressWords, word: string, mayBeHelp: boolean): void {
  if (mayBeHelp && isPrefixOf(word, 'help')) throw new Exit(255, ADDRESS_USAGE);
  if (words.local !== undefined) garbage('local', word);
  const { addr, len } = readPrefix(word, ip.options.family);
  words.local = { addr, len, explicit: word.includes('/') };
}
function takeBroadcast(args: Args): Ip4 | '+' | '-' {
  if (args.word === '+' || args.word === '-') return args.take() as '+' | '-';
  return takeAddress(args, 'inet');
}
function takeLifetime(args: Args): void {
  if (args.take() !== 'forever') notModelled('An address lifetime');
}

function modify(ip: Ip, mode: 'add' | 'replace' | 'del'): number {
  const words = readWords(ip);
  const { dev, local, peer } = words;
  if (dev === undefined) throw new Exit(1, 'Not enough information: "dev" argument is required.\n');
  if (!ip.netlink.getLink(dev)) return noDevice(dev);
  if (local === undefined) throw new Exit(2, 'RTNETLINK answers: Operation not supported\n');
  if (mode === 'del') return remove(ip, dev, local);
  const prefixlen = peer?.len ?? local.len;
  const spec: AddrSpec = {
    dev,
    local: local.addr,
    prefixlen,
    peer: peer?.addr,
    broadcast: broadcastAddress(words.broadcast, (peer ?? local).addr, prefixlen),
    // Without a scope iproute2 gives loopback addresses host scope (default_scope).
    scope: words.scope ?? (local.addr >>> 24 === 127 ? 'host' : 'global'),
    label: words.label,
  };
  return finish(ip, ip.netlink.newAddr(spec, mode));
}

/** `+` sets the host bits, `-` clears them. */
function broadcastAddress(given: AddressWords['broadcast'], addr: Ip4, len: number): Ip4 | undefined {
  if (given === '+') return len <= 30 ? broadcastOf(addr, len) : undefined;
  return given === '-' ? networkOf(addr, len) : given;
}

function remove(ip: Ip, dev: string, local: NonNullable<AddressWords['local']>): number {
  if (!local.explicit) {
    const text = formatIp4(local.addr);
    ip.ctx.printError(
      'Warning: Executing wildcard deletion to stay compatible with old scripts.\n' +
        `         Explicitly specify the prefix length (${text}/32) to avoid this warning.\n` +
        '         This special behaviour is likely to disappear in further releases,\n' +
        '         fix your scripts!\n',
    );
  }
  return finish(
    ip,
    ip.netlink.delAddr({ dev, local: local.addr, prefixlen: local.explicit ? local.len : undefined }),
  );
}

// --- showing -----------------------------------------------------------------------------------------------------------

/** Devices with their selected addresses. One without any address at all is shown unless a family was asked for. */
function select(ip: Ip, selector: Selector): { link: LinkRow; addresses: AddrRow[] }[] {
  const all = ip.netlink.getAddrs();
  return dumpLinks(ip, selector).flatMap((link) => {
    const own = all.filter((row) => row.dev === link.ifname);
    const addresses = own.filter((row) => wantsAddress(row, selector));
    const bare = own.length === 0 && selector.family === 'any';
    return addresses.length > 0 || bare || selector.family === 'link' ? [{ link, addresses }] : [];
  });
}

function listAddresses(ip: Ip): number {
  const { netlink, options, ctx } = ip;
  const selector = readSelector(ip, options.family);
  const address = selector.family === 'any' || selector.family === 'link' || options.details > 0;
  const view: LinkView = { options, mode: false, address };
  const selected = select(ip, selector);
  if (options.json) {
    const rows = selected.map(({ link, addresses }): Json => {
      if (!wantsLink(link, selector)) return {};
      const addrInfo = addresses.map((row) => (options.brief ? briefAddress(row) : addressJson(row)));
      if (options.brief) {
        const { link_index, link: lower, ifname, operstate } = link;
        return { link_index, link: lower, ifname, operstate, addr_info: addrInfo };
      }
      const stats = options.stats > 0 ? { stats64: statsJson(netlink.getStats(link.ifname), options) } : {};
      return { ...linkJson(link, netlink, view), addr_info: addrInfo, ...stats };
    });
    printJson(ip, rows);
    return 0;
  }
  let text = '';
  for (const { link, addresses } of selected) {
    if (!wantsLink(link, selector)) continue;
    if (options.brief)
      text += briefHead(link) + addresses.map((row) => `${addressPart(row)} `).join('') + '\n';
    else {
      const bodyOnly = options.oneline || selector.label !== undefined;
      if (!bodyOnly) text += linkText(link, netlink, view);
      for (const row of addresses) text += addressText(row, link, ip);
      if (options.stats > 0 && !bodyOnly) text += statsText(netlink.getStats(link.ifname), options) + '\n';
    }
  }
  ctx.print(text);
  return 0;
}

function addressPart(row: AddrRow): string {
  return row.address === undefined
    ? `${row.local}/${row.prefixlen}`
    : `${row.local} peer ${row.address}/${row.prefixlen}`;
}

function addressText(row: AddrRow, link: LinkRow, { options }: Ip): string {
  const head = options.oneline ? `${link.ifindex}: ${link.ifname}    ` : '    ';
  const broadcast = row.broadcast === undefined ? '' : `brd ${row.broadcast} `;
  const secondary = row.secondary ? 'secondary ' : '';
  return (
    `${head}inet ${addressPart(row)} ${broadcast}scope ${row.scope} ${secondary}${row.label}` +
    `${separator(options)}       valid_lft forever preferred_lft forever\n`
  );
}

function addressJson(row: AddrRow): Json {
  return {
    family: 'inet',
    local: row.local,
    address: row.address,
    prefixlen: row.prefixlen,
    broadcast: row.broadcast,
    scope: row.scope,
    secondary: row.secondary ? true : undefined,
    label: row.label,
    valid_life_time: FOREVER,
    preferred_life_time: FOREVER,
  };
}
function briefAddress(row: AddrRow): Json {
  return { local: row.local, address: row.address, prefixlen: row.prefixlen };
}

// --- flushing ----------------------------------------------------------------------------------------------------------

function flush(ip: Ip): number {
  const { args, netlink, ctx, options } = ip;
  if (args.done) throw new Exit(1, 'Flush requires arguments.\n');
  const selector = readSelector(ip, options.family);
  const doomed = select(ip, selector)
    .filter(({ link }) => wantsLink(link, selector))
    .flatMap(({ addresses }) => addresses);
  for (const { dev, local, prefixlen } of doomed) {
    const parsed = parseIp4(local);
    // A secondary address goes with its primary one.
    const present = netlink
      .getAddrs()
      .some((row) => row.dev === dev && row.local === local && row.prefixlen === prefixlen);
    if (parsed.ok && present) netlink.delAddr({ dev, local: parsed.value, prefixlen });
  }
  if (options.stats > 0) {
    ctx.print(
      doomed.length === 0
        ? 'Nothing to flush.\n'
        : `\n*** Round 1, deleting ${doomed.length} addresses ***\n*** Flush is complete after 1 round ***\n`,
    );
  }
  return 0;
}
