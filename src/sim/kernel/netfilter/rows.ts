/** Rows of the two tables that a moment shows of netfilter. Counters and timeouts are left out: they change with every packet. */
import { IPPROTO_ICMP } from '../../wire/index';
import type { ConntrackRow, IptablesRow } from '../rows';
import { ipText } from '../text';
import type { Connection } from './connection';
import type { Chain, Rule, Table } from './ruleset';
import { BUILTIN } from './ruleset';
import { PROTOCOL_NAMES } from './text';
import type { Tuple } from './tuple';

export type { ConntrackRow, IptablesRow };

const TABLE_ORDER = ['raw', 'mangle', 'nat', 'filter', 'security'];

/** Keys sort by table, then built-in chains in the order of the hooks, then the others by name, each with its rules. */
export function iptablesKey(table: Table, chain: Chain, rule?: Rule): string {
  const at = chain.builtin ? String(BUILTIN[table.name].indexOf(chain.builtin)) : `u${chain.name}`;
  return `${TABLE_ORDER.indexOf(table.name)}|${at}|${rule ? String(rule.position).padStart(16, '0') : ''}`;
}
export function iptablesRow(table: Table, chain: Chain, rule?: Rule): IptablesRow {
  const base = { table: table.name, chain: chain.name, packets: 0, bytes: 0 };
  if (rule) return { ...base, text: rule.text };
  return chain.builtin ? { ...base, policy: chain.policy } : base;
}

/** As conntrack -L prints it. */
export function tupleText(tuple: Omit<Tuple, 'protocol'>, protocol: number): string {
  const ends = `src=${ipText(tuple.src)} dst=${ipText(tuple.dst)}`;
  if (protocol === IPPROTO_ICMP)
    return `${ends} type=${tuple.dport >>> 8} code=${tuple.dport & 0xff} id=${tuple.sport}`;
  if (protocol !== 6 && protocol !== 17) return ends;
  return `${ends} sport=${tuple.sport} dport=${tuple.dport}`;
}
export function conntrackRow(connection: Connection): ConntrackRow {
  const { orig, reply, seenReply, assured, tcp } = connection;
  return {
    protocol: PROTOCOL_NAMES.get(orig.protocol) ?? String(orig.protocol),
    ...(orig.protocol === 6 ? { state: tcp } : {}),
    orig: tupleText(orig, orig.protocol),
    reply: tupleText(reply, orig.protocol),
    flags: [...(seenReply ? [] : ['UNREPLIED']), ...(assured ? ['ASSURED'] : [])],
  };
}
