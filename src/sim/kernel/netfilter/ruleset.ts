/**
 * The tables of one namespace (struct xt_table): chains of rules with their counters, edits that happen together or not
 * at all, and the checks that Linux makes when a table is replaced (mark_source_chains, checkentry): no loops, and
 * targets only where they may stand.
 */
import { err, ok, type Result } from '../../../base/result';
import type { ChainEntry, Counters, RuleEntry, TableEdit, TableEntry, TableErrno } from './door';
import { checkEntry, restrictionOf, staysWithin, type Restriction } from './entry';
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
/** What a table may hold; the kernel's own bound is memory. */
export const MAX_RULES = 100_000;

export class Rule {
  packets: number;
  bytes: number;
  /** Where a jump or goto leads. */
  to: Chain | undefined;
  /** Sort key inside the chain; stays when other rules come and go. */
  position = 0;
  /** What a match remembers between packets (limit's tokens), by its place in the rule. */
  readonly memory = new Map<number, { tokens: number; at: number }>();
  #text: string | undefined;

  constructor(
    public spec: FilterRule,
    counters?: Counters,
  ) {
    this.packets = counters?.packets ?? 0;
    this.bytes = counters?.bytes ?? 0;
  }
  get text(): string {
    return (this.#text ??= ruleText(this.spec));
  }
  respell(spec: FilterRule): void {
    this.spec = spec;
    this.#text = undefined;
  }
}

export class Chain {
  readonly rules: Rule[] = [];
  packets = 0;
  bytes = 0;
  references = 0;
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

export interface RulesetListener {
  /** A chain or a rule appears, changes or goes. */
  changed(table: Table, chain: Chain, rule: Rule | undefined, change: 'add' | 'remove'): void;
}
const GAP = 2 ** 20;

export class Table {
  readonly chains = new Map<string, Chain>();
  size = 0;
  readonly #undo: (() => void)[] = [];
  #structureChanged = false;

  constructor(
    readonly name: TableLabel,
    private readonly listener: RulesetListener,
  ) {
    for (const hook of BUILTIN[name]) this.#addChain(new Chain(hook, hook));
  }

  chain(name: string): Chain | undefined {
    return this.chains.get(name);
  }

  snapshot(): TableEntry {
    const users = [...this.chains.values()].filter((chain) => !chain.builtin);
    users.sort((a, b) => (a.name < b.name ? -1 : 1));
    const builtins = [...this.chains.values()].filter((chain) => chain.builtin);
    return { name: this.name, chains: [...builtins, ...users].map(chainEntry) };
  }

  /** Carries out all edits, or none and says why. */
  commit(edits: readonly TableEdit[]): Result<void, TableErrno> {
    this.#undo.length = 0;
    this.#structureChanged = false;
    let errno: TableErrno | undefined;
    for (const edit of edits) {
      errno = this.#apply(edit);
      if (errno) break;
    }
    if (!errno && this.#structureChanged) errno = this.#verify();
    if (errno) for (const undo of this.#undo.reverse()) undo();
    this.#undo.length = 0;
    return errno ? err(errno) : ok(undefined);
  }

  #apply(edit: TableEdit): TableErrno | undefined {
    if (edit.op === 'new-chain') {
      if (this.chains.has(edit.chain)) return 'EEXIST';
      this.#do(new Chain(edit.chain, undefined), true);
      return undefined;
    }
    if (edit.op === 'flush' || edit.op === 'zero') return this.#sweep(edit);
    const chain = this.chains.get(edit.chain);
    if (!chain) return 'ENOENT';
    switch (edit.op) {
      case 'append':
        return this.#insert(chain, chain.rules.length, new Rule(edit.rule, edit.counters));
      case 'insert':
        if (edit.at < 1 || edit.at > chain.rules.length + 1) return 'E2BIG';
        return this.#insert(chain, edit.at - 1, new Rule(edit.rule, edit.counters));
      case 'replace': {
        if (edit.at < 1 || edit.at > chain.rules.length) return 'E2BIG';
        this.#remove(chain, edit.at - 1);
        return this.#insert(chain, edit.at - 1, new Rule(edit.rule, edit.counters));
      }
      case 'delete':
        if (edit.at < 1 || edit.at > chain.rules.length) return 'E2BIG';
        this.#remove(chain, edit.at - 1);
        return undefined;
      case 'policy':
        return this.#setPolicy(chain, edit.policy, edit.counters);
      case 'rename-chain':
        return this.#rename(chain, edit.to);
      case 'delete-chain':
        if (chain.builtin) return 'EINVAL';
        if (chain.references > 0) return 'EMLINK';
        if (chain.rules.length > 0) return 'ENOTEMPTY';
        this.#do(chain, false);
        return undefined;
    }
  }

  // --- chains --------------------------------------------------------------------------------------------------------

  #addChain(chain: Chain): void {
    this.chains.set(chain.name, chain);
    this.listener.changed(this, chain, undefined, 'add');
  }
  #dropChain(chain: Chain): void {
    this.listener.changed(this, chain, undefined, 'remove');
    this.chains.delete(chain.name);
  }
  #do(chain: Chain, add: boolean): void {
    if (add) this.#addChain(chain);
    else this.#dropChain(chain);
    this.#undo.push(() => (add ? this.#dropChain(chain) : this.#addChain(chain)));
  }

  #setPolicy(chain: Chain, policy: 'ACCEPT' | 'DROP', counters?: Counters): TableErrno | undefined {
    if (!chain.builtin) return 'ENOENT';
    const before = { policy: chain.policy, packets: chain.packets, bytes: chain.bytes };
    const set = (to: typeof before): void => {
      this.listener.changed(this, chain, undefined, 'remove');
      Object.assign(chain, to);
      this.listener.changed(this, chain, undefined, 'add');
    };
    set({ policy, packets: counters?.packets ?? chain.packets, bytes: counters?.bytes ?? chain.bytes });
    this.#undo.push(() => set(before));
    return undefined;
  }

  #rename(chain: Chain, to: string): TableErrno | undefined {
    if (chain.builtin) return 'ENOENT';
    if (this.chains.has(to)) return 'EEXIST';
    const set = (name: string): void => {
      for (const rule of chain.rules) this.listener.changed(this, chain, rule, 'remove');
      this.#dropChain(chain);
      chain.name = name;
      this.#addChain(chain);
      for (const rule of chain.rules) this.listener.changed(this, chain, rule, 'add');
      for (const from of this.chains.values()) {
        if (!from.jumps.has(chain)) continue;
        for (const rule of from.rules) if (rule.to === chain) this.#respell(from, rule, name);
      }
    };
    const before = chain.name;
    set(to);
    this.#undo.push(() => set(before));
    return undefined;
  }

  #respell(chain: Chain, rule: Rule, name: string): void {
    const { target } = rule.spec;
    if (target.kind !== 'jump' && target.kind !== 'goto') return;
    this.listener.changed(this, chain, rule, 'remove');
    rule.respell({ ...rule.spec, target: { ...target, chain: name } });
    this.listener.changed(this, chain, rule, 'add');
  }

  #sweep(edit: Extract<TableEdit, { op: 'flush' | 'zero' }>): TableErrno | undefined {
    const chains = edit.chain === undefined ? [...this.chains.values()] : [this.chains.get(edit.chain)];
    for (const chain of chains) {
      if (!chain) return 'ENOENT';
      if (edit.op === 'flush') {
        while (chain.rules.length > 0) this.#remove(chain, chain.rules.length - 1);
      } else if (edit.at === undefined) this.#zero(chain, ...chain.rules);
      else {
        const rule = chain.rules[edit.at - 1];
        if (!rule) return 'E2BIG';
        this.#zero(rule);
      }
    }
    return undefined;
  }
  #zero(...counted: { packets: number; bytes: number }[]): void {
    const before = counted.map(({ packets, bytes }) => ({ packets, bytes }));
    for (const each of counted) Object.assign(each, { packets: 0, bytes: 0 });
    this.#undo.push(() => counted.forEach((each, at) => Object.assign(each, before[at])));
  }

  // --- rules ---------------------------------------------------------------------------------------------------------

  #insert(chain: Chain, at: number, rule: Rule): TableErrno | undefined {
    if (this.size >= MAX_RULES) return 'ENOMEM';
    const errno = checkEntry(this.name, rule.spec);
    if (errno) return errno;
    const { target } = rule.spec;
    if (target.kind === 'jump' || target.kind === 'goto') {
      rule.to = this.chains.get(target.chain);
      if (!rule.to || rule.to.builtin) return 'EINVAL';
    }
    this.#link(chain, at, rule);
    this.#undo.push(() => this.#unlink(chain, at));
    return undefined;
  }
  #remove(chain: Chain, at: number): void {
    const rule = this.#unlink(chain, at);
    this.#undo.push(() => this.#link(chain, at, rule));
  }

  #link(chain: Chain, at: number, rule: Rule): void {
    this.#place(chain, at, rule);
    chain.rules.splice(at, 0, rule);
    this.#count(chain, rule, 1);
    this.listener.changed(this, chain, rule, 'add');
  }
  #unlink(chain: Chain, at: number): Rule {
    const rule = chain.rules[at] as Rule;
    this.listener.changed(this, chain, rule, 'remove');
    chain.rules.splice(at, 1);
    this.#count(chain, rule, -1);
    return rule;
  }
  #count(chain: Chain, rule: Rule, by: 1 | -1): void {
    this.size += by;
    const add = <K>(map: Map<K, number>, key: K): void => {
      const count = (map.get(key) ?? 0) + by;
      if (count > 0) map.set(key, count);
      else map.delete(key);
    };
    if (rule.to) {
      rule.to.references += by;
      add(chain.jumps, rule.to);
      if (by > 0) this.#structureChanged = true;
    }
    for (const restriction of restrictionOf(rule.spec)) {
      add(chain.restrictions, restriction);
      if (by > 0) this.#structureChanged = true;
    }
  }

  /** Between its neighbours; when there is no room left the chain is spaced anew. */
  #place(chain: Chain, at: number, rule: Rule): void {
    const before = chain.rules[at - 1]?.position ?? 0;
    const after = chain.rules[at]?.position;
    rule.position = after === undefined ? before + GAP : Math.floor((before + after) / 2);
    if (rule.position > before) return;
    for (const each of chain.rules) this.listener.changed(this, chain, each, 'remove');
    chain.rules.forEach((each, index) => (each.position = (index + 1) * 2 * GAP));
    for (const each of chain.rules) this.listener.changed(this, chain, each, 'add');
    this.#place(chain, at, rule);
  }

  // --- checks --------------------------------------------------------------------------------------------------------

  /** mark_source_chains: which hooks reach which chain; a way back to a chain on the way is a loop. */
  #verify(): TableErrno | undefined {
    const masks = new Map<Chain, number>();
    for (const name of BUILTIN[this.name]) {
      const start = this.chains.get(name);
      if (start && !this.#reach(start, HOOK_BIT[name], masks)) return 'ELOOP';
    }
    for (const [chain, mask] of masks) {
      for (const restriction of chain.restrictions.keys())
        if (!staysWithin(restriction, mask)) return 'EINVAL';
    }
    return undefined;
  }

  /** Depth first without recursion: user chains can be thousands deep. */
  #reach(start: Chain, bit: number, masks: Map<Chain, number>): boolean {
    const onWay = new Set<Chain>();
    const stack: { chain: Chain; next: Iterator<Chain> }[] = [];
    const enter = (chain: Chain): void => {
      masks.set(chain, (masks.get(chain) ?? 0) | bit);
      onWay.add(chain);
      stack.push({ chain, next: chain.jumps.keys() });
    };
    enter(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const step = top.next.next();
      if (step.done) {
        onWay.delete(top.chain);
        stack.pop();
      } else if (onWay.has(step.value)) return false;
      else if (((masks.get(step.value) ?? 0) & bit) === 0) enter(step.value);
    }
    return true;
  }
}

function chainEntry(chain: Chain): ChainEntry {
  const { name, packets, bytes, references } = chain;
  const rules = chain.rules.map(({ spec, text, packets: p, bytes: b }): RuleEntry => ({
    rule: spec,
    text,
    packets: p,
    bytes: b,
  }));
  return { name, packets, bytes, references, rules, ...(chain.builtin ? { policy: chain.policy } : {}) };
}
