/**
 * A rule as the kernel holds it (struct ipt_entry and its matches and target), as plain data. iptables makes these out of
 * words; the kernel walks them. Everything optional that is absent matches everything.
 */
import type { Ip4 } from '../../wire/index';

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

/** Users or groups, inclusive. */
export interface IdRange {
  readonly low: number;
  readonly high: number;
  readonly invert: boolean;
  /** Of groups: those a process is in besides its own count as well. */
  readonly supplementary?: boolean;
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
  /** The connection's mark; no connection agrees with nothing. */
  | { readonly kind: 'connmark'; readonly mark: number; readonly mask: number; readonly invert: boolean }
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
  /** The packet's source or destination address (and port), by dimension of the set, is a member. */
  | {
      readonly kind: 'set';
      readonly set: string;
      readonly flags: readonly ('src' | 'dst')[];
      readonly invert: boolean;
    }
  /** Whose socket sent the packet; `socketExists` false: nobody's. */
  | {
      readonly kind: 'owner';
      readonly uid?: IdRange;
      readonly gid?: IdRange;
      readonly socketExists?: boolean;
    }
  | {
      readonly kind: 'rpfilter';
      readonly loose: boolean;
      readonly validmark: boolean;
      readonly acceptLocal: boolean;
      readonly invert: boolean;
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
  /**
   * set: connection's mark = (mark & ~ctmask) ^ ctmark. save: connection's mark = (mark & ~ctmask) ^ (packet's & nfmask).
   * restore: packet's mark = (mark & ~nfmask) ^ (connection's & ctmask).
   */
  | {
      readonly kind: 'CONNMARK';
      readonly mode: 'set' | 'save' | 'restore';
      readonly ctmark: number;
      readonly ctmask: number;
      readonly nfmask: number;
    }
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
