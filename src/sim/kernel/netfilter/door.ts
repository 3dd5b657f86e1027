/**
 * What iptables and conntrack may ask of a namespace: the tables (IPT_SO_GET_ENTRIES, IPT_SO_SET_REPLACE) and the
 * connection table (nfnetlink). Edits of one call are carried out together or not at all, as a table's replacement is.
 */
import type { Result } from '../../../base/result';
import type { Ip4 } from '../../wire/index';
import type { Ipset } from './ipset-door';
import type { BuiltinChain, FilterRule, TableLabel } from './rules';

export type * from './ipset-door';
export type * from './rules';

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}
export interface RuleEntry extends Counters {
  readonly rule: FilterRule;
  /** As `iptables -S` prints it behind `-A CHAIN `; empty for a rule that says nothing. */
  readonly text: string;
}
export interface ChainEntry extends Counters {
  readonly name: string;
  /** Only built-in chains have one. */
  readonly policy?: 'ACCEPT' | 'DROP';
  /** Jumps and gotos to it. */
  readonly references: number;
  readonly rules: readonly RuleEntry[];
}
export interface TableEntry {
  readonly name: TableLabel;
  /** Built-in chains in the order of the hooks, then the others by name. */
  readonly chains: readonly ChainEntry[];
}
/** Rule numbers count from 1. `at` one past the end appends. */
export type TableEdit =
  | {
      readonly op: 'insert' | 'replace';
      readonly chain: string;
      readonly at: number;
      readonly rule: FilterRule;
      readonly counters?: Counters;
    }
  | { readonly op: 'append'; readonly chain: string; readonly rule: FilterRule; readonly counters?: Counters }
  | { readonly op: 'delete'; readonly chain: string; readonly at: number }
  | { readonly op: 'flush'; readonly chain?: string }
  | { readonly op: 'new-chain'; readonly chain: string }
  /** Without a name: every user chain that is empty and not referred to. */
  | { readonly op: 'delete-chain'; readonly chain: string }
  | { readonly op: 'rename-chain'; readonly chain: string; readonly to: string }
  | {
      readonly op: 'policy';
      readonly chain: string;
      readonly policy: 'ACCEPT' | 'DROP';
      readonly counters?: Counters;
    }
  /** `at` absent: the chain's rules and its policy; `chain` absent: everything. */
  | { readonly op: 'zero'; readonly chain?: string; readonly at?: number };

/** errno names as setsockopt gives them. */
export type TableErrno =
  'ENOENT' | 'EINVAL' | 'ELOOP' | 'EEXIST' | 'EMLINK' | 'ENOTEMPTY' | 'E2BIG' | 'ENOMEM';

export interface ConntrackTuple {
  readonly src: Ip4;
  readonly dst: Ip4;
  /** Port, or the ICMP id. */
  readonly sport: number;
  /** Port, or ICMP type * 256 + code. */
  readonly dport: number;
}
export interface ConntrackEntry {
  readonly protocol: number;
  readonly orig: ConntrackTuple;
  readonly reply: ConntrackTuple;
  /** Whole seconds left. */
  readonly timeoutSec: number;
  readonly tcpState?: string;
  readonly seenReply: boolean;
  readonly assured: boolean;
  readonly mark: number;
}
export interface ConntrackFilter {
  readonly protocol?: number;
  readonly origSrc?: Ip4;
  readonly origDst?: Ip4;
  readonly replySrc?: Ip4;
  readonly replyDst?: Ip4;
  readonly sport?: number;
  readonly dport?: number;
  /** Only entries whose source (destination) was translated. */
  readonly srcNat?: boolean;
  readonly dstNat?: boolean;
}
export interface Netfilter {
  /** Tables in use, newest first (/proc/net/ip_tables_names). */
  tables(): readonly TableLabel[];
  /** Brings a table into use without copying it; false: no such table. */
  hasTable(name: string): boolean;
  /** Brings a table into use, as looking at it does in Linux. ENOENT: no such table. */
  table(name: string): Result<TableEntry, TableErrno>;
  commit(name: string, edits: readonly TableEdit[]): Result<void, TableErrno>;
  /** Whether the table has the chain, without copying it. */
  hasChain(table: string, chain: string): boolean;
  /** Number of the first equal rule (iptables compares everything but counters), 0 for none. */
  findRule(table: string, chain: string, rule: FilterRule): number;
  conntrack(filter?: ConntrackFilter): readonly ConntrackEntry[];
  conntrackCount(): number;
  /** What was deleted, in order. */
  deleteConntrack(filter?: ConntrackFilter): readonly ConntrackEntry[];
  readonly ipset: Ipset;
  /** The machine's kernel log, oldest first, with times in ns; the last 10,000 lines. */
  kernelLog(): readonly { readonly at: number; readonly text: string }[];
}
export type BuiltinName = BuiltinChain;
