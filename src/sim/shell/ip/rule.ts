/** `ip rule` (iprule.c): add, del, show, flush. */
import { parseIp4, type Prefix } from '../../wire/index';
import type { RuleRow, RuleSpec } from '../../kernel/netlink';
import { Exit, parseUnsigned } from '../program';
import {
  isPrefixOf,
  notModelled,
  takeNumber,
  takePrefix,
  wrongArgument,
  type Args,
  type Family,
} from './args';
import { finish } from './link';
import { printJson, type Ip } from './options';
import { routeType, tableName, tableText } from './route-names';
import { RULE_USAGE } from './usage';

const U32 = 0xffffffff;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type RuleWords = Partial<Mutable<RuleSpec>>;

export function runRule(ip: Ip): number {
  const { args } = ip;
  if (args.done) return show(ip);
  const word = args.take();
  if (['list', 'lst', 'show'].some((name) => isPrefixOf(word, name))) return show(ip);
  if (isPrefixOf(word, 'save') || isPrefixOf(word, 'restore')) notModelled(`ip rule ${word}`);
  if (isPrefixOf(word, 'add')) return add(ip);
  if (isPrefixOf(word, 'delete')) return remove(ip);
  if (isPrefixOf(word, 'flush')) return flush(ip);
  if (isPrefixOf(word, 'help')) throw new Exit(255, RULE_USAGE);
  throw new Exit(255, `Command "${word}" is unknown, try "ip rule help".\n`);
}

function takeTable(args: Args): string {
  const word = args.take();
  return tableName(word) ?? wrongArgument(word, 'invalid table ID\n');
}

function takeMark(args: Args): number {
  const word = args.take();
  const [mark = '', mask] = word.split('/');
  const value = parseUnsigned(mark);
  if (!(value <= U32)) wrongArgument(word, 'fwmark value is invalid\n');
  if (mask !== undefined && parseUnsigned(mask) !== U32) notModelled('A mask on fwmark');
  return value;
}

const REFUSED =
  'not tos dsfield realms l3mdev uidrange nat map-to ipproto sport dport protocol goto nop'.split(' ');

/** One selector or action; false when the word is none of them. */
function readWord(word: string, words: RuleWords, args: Args, family: Family): boolean {
  if (isPrefixOf(word, 'from')) words.src = takePrefix(args, family);
  else if (word === 'to') words.dst = takePrefix(args, family);
  else if (isPrefixOf(word, 'preference') || word === 'order' || isPrefixOf(word, 'priority')) {
    words.priority = takeNumber(args, U32, () => 'preference value is invalid\n');
  } else if (word === 'fwmark') words.fwmark = takeMark(args);
  else if (isPrefixOf(word, 'table') || word === 'lookup') words.table = takeTable(args);
  else if (word === 'dev' || word === 'iif') words.iif = args.take();
  else if (word === 'oif') words.oif = args.take();
  else return false;
  return true;
}

function readWords(ip: Ip): RuleWords {
  const { args, options } = ip;
  const words: RuleWords = {};
  while (!args.done) {
    const word = args.take();
    if (readWord(word, words, args, options.family)) continue;
    if (REFUSED.includes(word) || word.startsWith('suppress_')) notModelled(`ip rule ${word}`);
    if (isPrefixOf(word, 'help')) throw new Exit(255, RULE_USAGE);
    const type = routeType(word === 'type' ? args.take() : word);
    if (type === undefined) wrongArgument(word, 'Failed to parse rule type');
    if (type !== 'unicast') notModelled(`A rule of type ${type}`);
  }
  return words;
}

/** `from all` selects nothing in particular. */
function withoutAll(words: RuleWords): RuleWords {
  const { src, dst, ...rest } = words;
  const real = (prefix: Prefix | undefined) => prefix !== undefined && prefix.len > 0;
  return { ...rest, ...(real(src) ? { src } : {}), ...(real(dst) ? { dst } : {}) };
}

function add(ip: Ip): number {
  if (ip.args.done) throw new Exit(1, '"ip rule add" requires arguments.\n');
  const words = withoutAll(readWords(ip));
  return finish(ip, ip.netlink.newRule({ ...words, table: words.table ?? 'main' }));
}
function remove(ip: Ip): number {
  if (ip.args.done) throw new Exit(1, '"ip rule del" requires arguments.\n');
  return finish(ip, ip.netlink.delRule(withoutAll(readWords(ip))));
}

function prefixOf(address: string, length: number | undefined): Prefix | undefined {
  const parsed = parseIp4(address);
  return parsed.ok ? { addr: parsed.value, len: length ?? 32 } : undefined;
}

/** The rows that the words select; every word must agree. */
function selectRules(ip: Ip): RuleRow[] {
  const { args } = ip;
  const filter: RuleWords = {};
  while (!args.done) {
    const word = args.take();
    if (!readWord(word, filter, args, 'inet')) {
      if (isPrefixOf(word, 'help')) throw new Exit(255, RULE_USAGE);
      throw new Exit(1, `Error: inet prefix is expected rather than "${word}".\n`);
    }
  }
  if (ip.options.family === 'link') return [];
  const same = (wanted: Prefix | undefined, address: string | undefined, length: number | undefined) => {
    if (wanted === undefined) return true;
    const own = address === undefined ? undefined : prefixOf(address, length);
    return own !== undefined && own.addr === wanted.addr && own.len === wanted.len;
  };
  return ip.netlink
    .getRules()
    .filter(
      (row) =>
        (filter.priority === undefined || row.priority === filter.priority) &&
        (filter.table === undefined || row.table === filter.table) &&
        (filter.iif === undefined || row.iif === filter.iif) &&
        (filter.oif === undefined || row.oif === filter.oif) &&
        (filter.fwmark === undefined || row.fwmark === `0x${filter.fwmark.toString(16)}`) &&
        same(filter.src, row.src, row.srclen) &&
        same(filter.dst, row.dst, row.dstlen),
    );
}

function isDetached(ip: Ip, dev: string | undefined): boolean {
  return dev !== undefined && !ip.netlink.getLink(dev);
}

function show(ip: Ip): number {
  const rows = selectRules(ip);
  if (ip.options.json) {
    printJson(
      ip,
      rows.map((row) => ({
        priority: row.priority,
        src: row.src,
        srclen: row.srclen,
        dst: row.dst,
        dstlen: row.dstlen,
        fwmark: row.fwmark,
        iif: row.iif,
        iif_detached: isDetached(ip, row.iif) ? null : undefined,
        oif: row.oif,
        oif_detached: isDetached(ip, row.oif) ? null : undefined,
        table: row.table,
      })),
    );
  } else ip.ctx.print(rows.map((row) => ruleText(ip, row)).join(''));
  return 0;
}

function ruleText(ip: Ip, row: RuleRow): string {
  const withLength = (address: string, length: number | undefined) =>
    length === undefined ? address : `${address}/${length}`;
  let text = `${row.priority}:\tfrom ${withLength(row.src, row.srclen)} `;
  if (row.dst !== undefined) text += `to ${withLength(row.dst, row.dstlen)} `;
  if (row.fwmark !== undefined) text += `fwmark ${row.fwmark} `;
  if (row.iif !== undefined) text += `iif ${row.iif} ${isDetached(ip, row.iif) ? '[detached] ' : ''}`;
  if (row.oif !== undefined) text += `oif ${row.oif} ${isDetached(ip, row.oif) ? '[detached] ' : ''}`;
  text += `lookup ${tableText(row.table, ip.options.numeric)}`;
  // Rules of the kernel's own making have its protocol, others the protocol of whoever said none.
  if (ip.options.details > 0) text += ` proto ${isBuiltIn(row) ? 'kernel' : 'unspec'}`;
  return text + '\n';
}
function isBuiltIn(row: RuleRow): boolean {
  const builtIn: Readonly<Record<number, string>> = { 0: 'local', 32766: 'main', 32767: 'default' };
  return builtIn[row.priority] === row.table && row.src === 'all';
}

function flush(ip: Ip): number {
  for (const row of selectRules(ip).filter(({ priority }) => priority > 0)) {
    const src = prefixOf(row.src, row.srclen);
    const dst = row.dst === undefined ? undefined : prefixOf(row.dst, row.dstlen);
    ip.netlink.delRule({
      priority: row.priority,
      table: row.table,
      ...(src ? { src } : {}),
      ...(dst ? { dst } : {}),
    });
  }
  return 0;
}
