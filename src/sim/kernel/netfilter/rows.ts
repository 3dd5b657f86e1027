/** Rows that a moment shows of netfilter. Timeouts are left out, and counters stand as they were set: packets change them. */
import { IPPROTO_ICMP } from '../../wire/index';
import type { ConntrackRow, IptablesRow } from '../rows';
import { ipText } from '../text';
import type { Connection } from './connection';
import type { TableLabel } from './rules';
import { BUILTIN, Rule, type Chain } from './chain';
import { PROTOCOL_NAMES } from './text';
import type { Tuple } from './tuple';

const TABLE_ORDER = ['raw', 'mangle', 'nat', 'filter', 'security'];

/**
 * Keys sort by table, then built-in chains in the order of the hooks, then the others by name, each with its rules. A blank
 * ends a chain's name: no name has one, and it sorts before everything that a longer name goes on with.
 */
export function chainKey(table: TableLabel, chain: Chain): string {
  const at = chain.builtin ? String(BUILTIN[table].indexOf(chain.builtin)) : `u${chain.name}`;
  return `${TABLE_ORDER.indexOf(table)}|${at} `;
}
export function ruleKey(chain: string, position: number): string {
  return `${chain}${String(position).padStart(16, '0')}`;
}
export function iptablesRow(table: { readonly name: TableLabel }, what: Chain | Rule): IptablesRow {
  const { packets, bytes } = what;
  if (what instanceof Rule)
    return { table: table.name, chain: what.chain?.name ?? '', text: what.text, packets, bytes };
  const row = { table: table.name, chain: what.name, packets, bytes };
  return what.builtin ? { ...row, policy: what.policy } : row;
}

/** As conntrack -L prints it. */
export function tupleText(tuple: Omit<Tuple, 'protocol'>, protocol: number): string {
  const ends = `src=${ipText(tuple.src)} dst=${ipText(tuple.dst)}`;
  if (protocol === IPPROTO_ICMP)
    return `${ends} type=${tuple.dport >>> 8} code=${tuple.dport & 0xff} id=${tuple.sport}`;
  if (protocol !== 6 && protocol !== 17) return ends;
  return `${ends} sport=${tuple.sport} dport=${tuple.dport}`;
}
/** By whether an answer was seen (1) and whether it is assured (2). */
const FLAGS: readonly (readonly string[])[] = [['UNREPLIED'], [], ['UNREPLIED', 'ASSURED'], ['ASSURED']];

export function conntrackRow(connection: Connection): ConntrackRow {
  const { orig, reply, seenReply, assured, tcp } = connection;
  return {
    protocol: PROTOCOL_NAMES.get(orig.protocol) ?? String(orig.protocol),
    ...(orig.protocol === 6 ? { state: tcp } : {}),
    orig: tupleText(orig, orig.protocol),
    reply: tupleText(reply, orig.protocol),
    flags: FLAGS[(seenReply ? 1 : 0) + (assured ? 2 : 0)] ?? [],
  };
}
