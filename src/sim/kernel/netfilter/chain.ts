/** Chains and rules as a table holds them, with their counters (struct ipt_entry, struct xt_counters). */
import type { IptablesRow } from '../rows';
import type { Counters } from './door';
import type { RuleTried } from '../trace';
import type { Restriction } from './entry';
import { Head } from './head';
import type { BuiltinChain, FilterRule, TableLabel } from './rules';
import { ruleText } from './text';

export const BUILTIN: Readonly<Record<TableLabel, readonly BuiltinChain[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};
export const HOOK_BIT: Readonly<Record<BuiltinChain, number>> = {
  PREROUTING: 1,
  INPUT: 2,
  FORWARD: 4,
  OUTPUT: 8,
  POSTROUTING: 16,
};
/** The row of the trace that last showed a chain or a rule. */
export interface Shown {
  readonly key: string;
  readonly row: IptablesRow;
}
/** What follows from a rule's words alone. */
class Spelling {
  readonly head: Head;
  #text: string | undefined;
  #same: string | undefined;

  constructor(private readonly spec: FilterRule) {
    this.head = new Head(spec);
  }
  get text(): string {
    return (this.#text ??= ruleText(this.spec));
  }
  /** Equal for rules that iptables takes to be equal: everything but counters. */
  get same(): string {
    return (this.#same ??= JSON.stringify(this.spec));
  }
}
const spellings = new WeakMap<FilterRule, Spelling>();
export function spellingOf(spec: FilterRule): Spelling {
  let known = spellings.get(spec);
  if (!known) {
    known = new Spelling(spec);
    spellings.set(spec, known);
  }
  return known;
}

export class Rule {
  packets: number;
  bytes: number;
  /** Where it stands; undefined once it is taken out. */
  chain: Chain | undefined;
  shown: Shown | undefined;
  head: Head;
  /** Where a jump or goto leads. */
  to: Chain | undefined;
  /** Sort key inside the chain; stays when other rules come and go. */
  position = 0;
  /** What a match remembers between packets (limit's tokens), by its place in the rule. */
  memory: Map<number, { tokens: number; at: number }> | undefined;
  /** What was told last of this rule, by the part that refused it or by its verdict: events share it. */
  told: Map<number | string, RuleTried> | undefined;
  #spelling: Spelling;

  constructor(
    public spec: FilterRule,
    counters?: Counters,
  ) {
    this.#spelling = spellingOf(spec);
    this.head = this.#spelling.head;
    this.packets = counters?.packets ?? 0;
    this.bytes = counters?.bytes ?? 0;
  }
  get text(): string {
    return this.#spelling.text;
  }
  get same(): string {
    return this.#spelling.same;
  }
  respell(spec: FilterRule): void {
    this.spec = spec;
    this.#spelling = spellingOf(spec);
    this.head = this.#spelling.head;
    this.told = undefined;
  }
}

export class Chain {
  readonly rules: Rule[] = [];
  packets = 0;
  bytes = 0;
  references = 0;
  /** What was told last of its policy. */
  told: RuleTried | undefined;
  shown: Shown | undefined;
  /** Jumps and gotos out of here. */
  readonly jumps = new Map<Chain, number>();
  /** Rules that may stand under some hooks only. */
  readonly restrictions = new Map<Restriction, number>();

  constructor(
    public name: string,
    readonly builtin: BuiltinChain | undefined,
    public policy: 'ACCEPT' | 'DROP' = 'ACCEPT',
  ) {}
}
