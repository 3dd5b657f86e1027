/** The part of the kernel's door that iptables and conntrack use, until it is part of `kernel/netlink`. */
import type { Result } from '../../../base/result';
import type { Ip4 } from '../../wire/index';
import type { Netlink, ProcessContext } from '../../kernel/netlink';

export type TableLabel = 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
export type BuiltinChain = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

export interface AddressMatch {
  readonly addr: Ip4;
  /** Any 32 bits, mostly a prefix; `addr` is already masked. */
  readonly mask: number;
  readonly invert: boolean;
}
export interface InterfaceMatch {
  /** A trailing `+` stands for anything. */
  readonly name: string;
  readonly invert: boolean;
}
/** Inclusive. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
  readonly invert: boolean;
}
export type CtState = 'INVALID' | 'NEW' | 'RELATED' | 'ESTABLISHED' | 'UNTRACKED' | 'SNAT' | 'DNAT';
export type AddrType =
  | 'UNSPEC'
  | 'UNICAST'
  | 'LOCAL'
  | 'BROADCAST'
  | 'ANYCAST'
  | 'MULTICAST'
  | 'BLACKHOLE'
  | 'UNREACHABLE'
  | 'PROHIBIT';
export interface AddrTypes {
  readonly types: readonly AddrType[];
  readonly invert: boolean;
}

export type RuleMatch =
  | {
      readonly kind: 'tcp';
      readonly sport?: PortRange;
      readonly dport?: PortRange;
      readonly flags?: { readonly mask: number; readonly set: number; readonly invert: boolean };
    }
  | { readonly kind: 'udp'; readonly sport?: PortRange; readonly dport?: PortRange }
  /** Type 255 is any. */
  | {
      readonly kind: 'icmp';
      readonly type: number;
      readonly codeLow: number;
      readonly codeHigh: number;
      readonly invert: boolean;
    }
  | {
      readonly kind: 'multiport';
      readonly which: 'sports' | 'dports' | 'ports';
      readonly ports: readonly { readonly low: number; readonly high: number }[];
      readonly invert: boolean;
    }
  | { readonly kind: 'conntrack'; readonly states: readonly CtState[]; readonly invert: boolean }
  | { readonly kind: 'state'; readonly states: readonly CtState[]; readonly invert: boolean }
  | { readonly kind: 'mark'; readonly mark: number; readonly mask: number; readonly invert: boolean }
  | {
      readonly kind: 'addrtype';
      readonly src?: AddrTypes;
      readonly dst?: AddrTypes;
      readonly limit?: 'in' | 'out';
    }
  | { readonly kind: 'comment'; readonly comment: string }
  | {
      readonly kind: 'physdev';
      readonly in?: InterfaceMatch;
      readonly out?: InterfaceMatch;
      readonly isIn?: boolean;
      readonly isOut?: boolean;
      readonly isBridged?: boolean;
    }
  /** One token every `every` ten-thousandths of a second, at most `burst` of them. */
  | { readonly kind: 'limit'; readonly every: number; readonly burst: number };

export type RejectType =
  | 'icmp-net-unreachable'
  | 'icmp-host-unreachable'
  | 'icmp-proto-unreachable'
  | 'icmp-port-unreachable'
  | 'icmp-net-prohibited'
  | 'icmp-host-prohibited'
  | 'tcp-reset'
  | 'icmp-admin-prohibited';

/** Where NAT may map to (struct nf_nat_range2). */
export interface NatRange {
  readonly addr?: { readonly low: Ip4; readonly high: Ip4 };
  readonly ports?: { readonly low: number; readonly high: number };
  readonly random?: boolean;
  readonly randomFully?: boolean;
  readonly persistent?: boolean;
}
export interface LogOptions {
  readonly level: number;
  readonly prefix: string;
  readonly tcpSequence?: boolean;
  readonly tcpOptions?: boolean;
  readonly ipOptions?: boolean;
  readonly uid?: boolean;
  readonly macdecode?: boolean;
}
export type RuleTarget =
  /** No -j: the rule only counts. */
  | { readonly kind: 'none' }
  | { readonly kind: 'verdict'; readonly verdict: 'ACCEPT' | 'DROP' | 'RETURN' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'REJECT'; readonly with: RejectType }
  | { readonly kind: 'LOG'; readonly log: LogOptions }
  /** mark = (mark & ~mask) ^ value */
  | { readonly kind: 'MARK'; readonly value: number; readonly mask: number }
  | { readonly kind: 'MASQUERADE' | 'SNAT' | 'DNAT' | 'REDIRECT'; readonly range: NatRange }
  | { readonly kind: 'CT'; readonly notrack: boolean; readonly alias?: 'NOTRACK' }
  | { readonly kind: 'TRACE' };

export interface FilterRule {
  readonly src?: AddressMatch;
  readonly dst?: AddressMatch;
  readonly iif?: InterfaceMatch;
  readonly oif?: InterfaceMatch;
  /** 0 is any. */
  readonly protocol: number;
  readonly protocolInvert?: boolean;
  /** `-f`: second and further fragments; `! -f`: the others. */
  readonly fragment?: 'later' | 'first';
  readonly matches: readonly RuleMatch[];
  readonly target: RuleTarget;
}
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
  /** Lines that LOG and TRACE wrote, oldest first, with their time in ns; the last 10,000. */
  kernelLog(): readonly { readonly at: number; readonly text: string }[];
}

export function netfilterOf(ctx: ProcessContext): Netfilter {
  const { netfilter } = ctx.netlink as Netlink & { readonly netfilter?: Netfilter };
  if (!netfilter) throw new Error('this namespace has no netfilter');
  return netfilter;
}
