/**
 * Netfilter's door for one requester: every request that changes something leaves one netlink event in the words of the
 * command that asks for it, and what it changes names that event as its cause.
 */
import { ok, type Result } from '../../../base/result';
import { ipText } from '../text';
import type { Netns } from '../netns';
import { fileRequest, noteRefusal } from '../netlink-event';
import type { Requester } from '../netlink';
import type { ConntrackFilter, Ipset, Netfilter, TableEdit, TableErrno } from './door';
import { IpsetRequests } from './ipset-request';
import type { NetfilterTables } from './netfilter';
import type { FilterRule } from './rules';
import { spellingOf } from './chain';
import { PROTOCOL_NAMES } from './text';

/** Edits of one call that are told one by one; what iptables-restore hands over is more. */
const TOLD = 4;
/** iptc_strerror's words for what the kernel answers. */
const ERRORS: Readonly<Record<TableErrno, string>> = {
  ENOENT: 'No chain/target/match by that name',
  EINVAL: 'Invalid argument',
  ELOOP: 'Too many levels of symbolic links',
  EEXIST: 'Chain already exists',
  EMLINK: 'Too many links',
  ENOTEMPTY: 'Directory not empty',
  E2BIG: 'Index too big',
  ENOMEM: 'Memory allocation problem',
};

export class NetfilterDoor implements Netfilter {
  readonly ipset: Ipset;

  constructor(
    private readonly netns: Netns,
    private readonly requester: Requester,
  ) {
    const { sets } = netns.netfilter;
    this.ipset = new IpsetRequests(sets, (request, text, error, act) => this.#ask(request, text, error, act));
  }
  get #tables(): NetfilterTables {
    return this.netns.netfilter;
  }

  /** Files the request, carries it out under its event, and notes a refusal on it. */
  #ask<T, E extends string>(
    request: string,
    text: string,
    error: (errno: E) => string,
    act: () => Result<T, E>,
  ): Result<T, E> {
    const { netns, requester } = this;
    const seq = fileRequest(netns, requester, request, text);
    const answer = netns.netfilter.causing(seq, act);
    if (!answer.ok) noteRefusal(netns, seq, error(answer.error));
    return answer;
  }
  /** A table comes into use when somebody looks at it. */
  #looking<T>(action: (tables: NetfilterTables) => T): T {
    return this.#tables.causing(this.requester.cause, () => action(this.#tables));
  }

  tables(): ReturnType<Netfilter['tables']> {
    return this.#tables.tables();
  }
  hasTable(name: string): boolean {
    return this.#looking((tables) => tables.hasTable(name));
  }
  table(name: string): ReturnType<Netfilter['table']> {
    return this.#looking((tables) => tables.table(name));
  }
  hasChain(table: string, chain: string): boolean {
    return this.#looking((tables) => tables.hasChain(table, chain));
  }
  findRule(table: string, chain: string, rule: FilterRule): number {
    return this.#looking((tables) => tables.findRule(table, chain, rule));
  }
  commit(name: string, edits: readonly TableEdit[]): Result<void, TableErrno> {
    if (edits.length === 0 || !this.hasTable(name)) return this.#tables.commit(name, edits);
    const text =
      edits.length > TOLD
        ? `iptables-restore (*${name}, ${edits.length} lines)`
        : edits.map((edit) => editText(this.#tables, name, edit)).join('; ');
    return this.#ask(
      'IPT_SO_SET_REPLACE',
      text,
      (errno) => ERRORS[errno],
      () => this.#tables.commit(name, edits),
    );
  }

  conntrack(filter?: ConntrackFilter): ReturnType<Netfilter['conntrack']> {
    return this.#tables.conntrack(filter);
  }
  conntrackCount(): number {
    return this.#tables.conntrackCount();
  }
  deleteConntrack(filter?: ConntrackFilter): ReturnType<Netfilter['deleteConntrack']> {
    let deleted: ReturnType<Netfilter['deleteConntrack']> = [];
    this.#ask('IPCTNL_MSG_CT_DELETE', deleteText(filter), String, () => {
      deleted = this.#tables.deleteConntrack(filter);
      return ok(undefined);
    });
    return deleted;
  }
  kernelLog(): ReturnType<Netfilter['kernelLog']> {
    return this.#tables.kernelLog();
  }
}

function editText(tables: NetfilterTables, table: string, edit: TableEdit): string {
  return `iptables ${table === 'filter' ? '' : `-t ${table} `}${editWords(tables, table, edit)}`;
}
function editWords(tables: NetfilterTables, table: string, edit: TableEdit): string {
  const chain = edit.chain === undefined ? '' : ` ${edit.chain}`;
  switch (edit.op) {
    case 'append':
      return `-A${chain} ${spellingOf(edit.rule).text}`;
    case 'insert':
      return `-I${chain} ${edit.at === 1 ? '' : `${edit.at} `}${spellingOf(edit.rule).text}`;
    case 'replace':
      return `-R${chain} ${edit.at} ${spellingOf(edit.rule).text}`;
    case 'delete':
      return `-D${chain} ${tables.ruleText(table, edit.chain, edit.at) ?? edit.at}`;
    case 'flush':
      return `-F${chain}`;
    case 'new-chain':
      return `-N${chain}`;
    case 'delete-chain':
      return `-X${chain}`;
    case 'rename-chain':
      return `-E${chain} ${edit.to}`;
    case 'policy':
      return `-P${chain} ${edit.policy}`;
    case 'zero':
      return `-Z${chain}${edit.at === undefined ? '' : ` ${edit.at}`}`;
  }
}

function deleteText(filter: ConntrackFilter = {}): string {
  const { protocol, origSrc, origDst, replySrc, replyDst, sport, dport, srcNat, dstNat } = filter;
  const words: string[] = [];
  if (protocol !== undefined) words.push(`-p ${PROTOCOL_NAMES.get(protocol) ?? protocol}`);
  if (origSrc !== undefined) words.push(`-s ${ipText(origSrc)}`);
  if (origDst !== undefined) words.push(`-d ${ipText(origDst)}`);
  if (replySrc !== undefined) words.push(`-r ${ipText(replySrc)}`);
  if (replyDst !== undefined) words.push(`-q ${ipText(replyDst)}`);
  if (sport !== undefined) words.push(`--sport ${sport}`);
  if (dport !== undefined) words.push(`--dport ${dport}`);
  if (srcNat) words.push('-n');
  if (dstNat) words.push('-g');
  return words.length > 0 ? `conntrack -D ${words.join(' ')}` : 'conntrack -F';
}
