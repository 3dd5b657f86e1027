/**
 * The tables of one namespace (struct xt_table): chains of rules with their counters, edits that happen together or not
 * at all, and the checks that Linux makes when a table is replaced (mark_source_chains, checkentry): no loops, and
 * targets only where they may stand.
 */
import { err, ok, type Result } from '../../../base/result';
import type { ChainEntry, Counters, RuleEntry, TableEdit, TableEntry, TableErrno } from './door';
import type { IptablesRow } from '../rows';
import { BUILTIN, Chain, HOOK_BIT, Rule } from './chain';
import { checkEntry, restrictionOf, staysWithin } from './entry';
import { chainKey, iptablesRow, ruleKey } from './rows';
import type { FilterRule, TableLabel } from './rules';

/** What a table may hold; the kernel's own bound is memory. */
export const MAX_RULES = 100_000;

export interface RulesetListener {
  /** A rule takes effect (1) or is taken out (-1). */
  used(rule: FilterRule, by: 1 | -1): void;
  /** Whether what a rule refers to outside its table (a set) is there. */
  exists(rule: FilterRule): boolean;
  /** A row appears, changes or goes; told once the whole edit is carried out. */
  row(key: string, before: IptablesRow | undefined, after: IptablesRow | undefined): void;
}
/** Where the first rule of a chain stands, and how far apart neighbours are: room for 2^25 before, as many behind. */
const MIDDLE = 2 ** 51;
const GAP = 2 ** 26;

export class Table {
  readonly chains = new Map<string, Chain>();
  size = 0;
  readonly #builtins: readonly Chain[];
  readonly #undo: (() => void)[] = [];
  /** What the edit at hand has touched, with whether its counters were set anew. */
  readonly #touched = new Map<Chain | Rule, boolean>();
  #structureChanged = false;

  constructor(
    readonly name: TableLabel,
    private readonly listener: RulesetListener,
  ) {
    this.#builtins = BUILTIN[name].map((hook) => new Chain(hook, hook));
    for (const chain of this.#builtins) this.#addChain(chain);
    this.#show();
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

  /**
   * Carries out all edits, or none and says why. libiptc writes a table as a whole and maps the counters of rules alone:
   * those of policies begin at 0 with every write, unless an edit gives them.
   */
  commit(edits: readonly TableEdit[]): Result<void, TableErrno> {
    this.#undo.length = 0;
    this.#structureChanged = false;
    if (edits.length > 0) this.#zero(this.#builtins);
    let errno: TableErrno | undefined;
    for (const edit of edits) {
      errno = this.#apply(edit);
      if (errno) break;
    }
    if (!errno && this.#structureChanged) errno = this.#verify();
    if (errno) for (const undo of this.#undo.reverse()) undo();
    else this.#show();
    this.#undo.length = 0;
    this.#touched.clear();
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

  #touch(what: Chain | Rule, counted = false): void {
    this.#touched.set(what, counted || this.#touched.get(what) === true);
  }
  #keyOf(what: Chain | Rule): string | undefined {
    if (what instanceof Rule) return what.chain && ruleKey(this.#keyOf(what.chain) ?? '', what.position);
    return this.chains.get(what.name) === what ? chainKey(this.name, what) : undefined;
  }
  /** Brings the trace up to date. A rule that took another's place takes over its row. */
  #show(): void {
    let gone: Map<string, { readonly row: IptablesRow; readonly counted: boolean }> | undefined;
    for (const what of this.#touched.keys()) {
      const { shown } = what;
      if (!shown || shown.key === this.#keyOf(what)) continue;
      gone ??= new Map();
      gone.set(shown.key, { row: shown.row, counted: what.packets !== shown.row.packets });
      what.shown = undefined;
    }
    for (const [what, counted] of this.#touched) {
      const key = this.#keyOf(what);
      if (key === undefined) continue;
      const replaced = gone?.get(key);
      gone?.delete(key);
      const before = what.shown?.row ?? replaced?.row;
      const row = iptablesRow(this, what);
      what.shown = { key, row };
      if (before && sameShown(before, row) && !counted && replaced?.counted !== true) continue;
      this.listener.row(key, before, row);
    }
    if (gone) for (const [key, { row }] of gone) this.listener.row(key, row, undefined);
    this.#touched.clear();
  }

  #addChain(chain: Chain): void {
    this.chains.set(chain.name, chain);
    this.#touch(chain);
  }
  #dropChain(chain: Chain): void {
    this.chains.delete(chain.name);
    this.#touch(chain);
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
      Object.assign(chain, to);
      this.#touch(chain, true);
    };
    set({ policy, packets: counters?.packets ?? chain.packets, bytes: counters?.bytes ?? chain.bytes });
    this.#undo.push(() => set(before));
    return undefined;
  }

  #rename(chain: Chain, to: string): TableErrno | undefined {
    if (chain.builtin) return 'ENOENT';
    if (this.chains.has(to)) return 'EEXIST';
    const set = (name: string): void => {
      this.#dropChain(chain);
      chain.name = name;
      this.#addChain(chain);
      for (const rule of chain.rules) this.#touch(rule);
      for (const from of this.chains.values()) {
        if (!from.jumps.has(chain)) continue;
        for (const rule of from.rules) if (rule.to === chain) this.#respell(rule, name);
      }
    };
    const before = chain.name;
    set(to);
    this.#undo.push(() => set(before));
    return undefined;
  }

  #respell(rule: Rule, name: string): void {
    const { target } = rule.spec;
    if (target.kind !== 'jump' && target.kind !== 'goto') return;
    rule.respell({ ...rule.spec, target: { ...target, chain: name } });
    this.#touch(rule);
  }

  #sweep(edit: Extract<TableEdit, { op: 'flush' | 'zero' }>): TableErrno | undefined {
    const chains = edit.chain === undefined ? [...this.chains.values()] : [this.chains.get(edit.chain)];
    for (const chain of chains) {
      if (!chain) return 'ENOENT';
      if (edit.op === 'flush') {
        while (chain.rules.length > 0) this.#remove(chain, chain.rules.length - 1);
      } else if (edit.at === undefined) this.#zero([chain, ...chain.rules]);
      else {
        const rule = chain.rules[edit.at - 1];
        if (!rule) return 'E2BIG';
        this.#zero([rule]);
      }
    }
    return undefined;
  }
  #zero(counted: readonly (Chain | Rule)[]): void {
    for (const each of counted) {
      const { packets, bytes } = each;
      if (packets === 0 && bytes === 0) continue;
      each.packets = 0;
      each.bytes = 0;
      this.#touch(each, true);
      this.#undo.push(() => {
        each.packets = packets;
        each.bytes = bytes;
      });
    }
  }

  // --- rules ---------------------------------------------------------------------------------------------------------

  #insert(chain: Chain, at: number, rule: Rule): TableErrno | undefined {
    if (this.size >= MAX_RULES) return 'ENOMEM';
    const errno = checkEntry(this.name, rule.spec);
    if (errno) return errno;
    if (!this.listener.exists(rule.spec)) return 'EINVAL';
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
    if (at === chain.rules.length) chain.rules.push(rule);
    else chain.rules.splice(at, 0, rule);
    rule.chain = chain;
    this.#count(chain, rule, 1);
    this.#touch(rule);
  }
  #unlink(chain: Chain, at: number): Rule {
    const rule = chain.rules[at] as Rule;
    if (at === chain.rules.length - 1) chain.rules.pop();
    else chain.rules.splice(at, 1);
    rule.chain = undefined;
    this.#touch(rule);
    this.#count(chain, rule, -1);
    return rule;
  }
  #count(chain: Chain, rule: Rule, by: 1 | -1): void {
    this.size += by;
    this.listener.used(rule.spec, by);
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

  /** Before, behind or between its neighbours; when there is no room left between them the chain is spaced anew. */
  #place(chain: Chain, at: number, rule: Rule): void {
    const before = chain.rules[at - 1]?.position;
    const after = chain.rules[at]?.position;
    if (before === undefined) rule.position = after === undefined ? MIDDLE : after - GAP;
    else rule.position = after === undefined ? before + GAP : Math.floor((before + after) / 2);
    if (rule.position !== before) return;
    chain.rules.forEach((each, index) => {
      each.position = MIDDLE + index * GAP;
      this.#touch(each);
    });
    this.#place(chain, at, rule);
  }

  // --- checks --------------------------------------------------------------------------------------------------------

  /** mark_source_chains: which hooks reach which chain; a way back to a chain on the way is a loop. */
  #verify(): TableErrno | undefined {
    const masks = new Map<Chain, number>();
    for (const start of this.#builtins) {
      const bit = start.builtin ? HOOK_BIT[start.builtin] : 0;
      if (start.jumps.size === 0) masks.set(start, (masks.get(start) ?? 0) | bit);
      else if (!this.#reach(start, bit, masks)) return 'ELOOP';
    }
    for (const [chain, mask] of masks) {
      if (chain.restrictions.size === 0) continue;
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
function sameShown(a: IptablesRow, b: IptablesRow): boolean {
  return a.text === b.text && a.policy === b.policy && a.packets === b.packets && a.bytes === b.bytes;
}
