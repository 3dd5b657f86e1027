/** What a hook event tells of the rules that were tried. */
export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
export interface RuleTried {
  readonly table: string;
  readonly chain: string;
  /** 1-based; 0 for the chain's policy. */
  readonly rule: number;
  readonly text: string;
  readonly matched: boolean;
  /** First match that said no, in iptables' words (`-p tcp`). */
  readonly failed?: string;
  readonly verdict?: string;
  /** Row of table `iptables` whose counters this packet went into; absent when it did not match. */
  readonly key?: string;
  /** So many rules from `rule` on did not match and are not listed one by one. */
  readonly skipped?: number;
}
