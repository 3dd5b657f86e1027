/** The rows of table `iptables` as `iptables -L -v -n --line-numbers` arranges them. */
import type { RuleMark } from '../../explain';
import type { KeyedRow } from '../../state';

export interface RuleEntry {
  readonly key: string;
  /** As in `--line-numbers`; 0 for a rule that is gone. */
  readonly number: number;
  readonly text: string;
}
export interface ChainEntry {
  readonly name: string;
  /** Key of the chain's own row, which counts what its policy decided. */
  readonly key: string;
  readonly policy: string | undefined;
  /** Rules that jump here. */
  readonly references: number;
  readonly rules: readonly RuleEntry[];
}
export interface RulesetTable {
  readonly name: string;
  readonly chains: readonly ChainEntry[];
  readonly rules: number;
}

/** `DOCKER` of `-i docker0 -j DOCKER`. */
const jumpOf = (text: string): string | undefined => /(?:^| )-[jg] (\S+)/.exec(text)?.[1];

interface Growing {
  readonly key: string;
  readonly policy: string | undefined;
  readonly rules: RuleEntry[];
  count: number;
}

/** Groups rows, which are in key order; rules whose keys are in `removed` get no number. */
export function groupRuleset(
  rows: readonly KeyedRow<'iptables'>[],
  removed: ReadonlySet<string>,
): RulesetTable[] {
  const tables = new Map<string, Map<string, Growing>>();
  const references = new Map<string, number>();
  for (const { key, row } of rows) {
    const { table, chain, policy, text } = row;
    const chains = tables.get(table) ?? new Map<string, Growing>();
    tables.set(table, chains);
    const entry = chains.get(chain) ?? { key, policy, rules: [], count: 0 };
    chains.set(chain, entry);
    if (text === undefined) continue;
    const gone = removed.has(key);
    if (!gone) entry.count++;
    entry.rules.push({ key, number: gone ? 0 : entry.count, text });
    const target = jumpOf(text);
    if (target !== undefined && !gone) {
      const to = `${table} ${target}`;
      references.set(to, (references.get(to) ?? 0) + 1);
    }
  }
  return [...tables].map(([name, chains]) => ({
    name,
    rules: [...chains.values()].reduce((sum, { count }) => sum + count, 0),
    chains: [...chains].map(([chain, { key, policy, rules }]) => ({
      name: chain,
      key,
      policy,
      references: references.get(`${name} ${chain}`) ?? 0,
      rules,
    })),
  }));
}

/** Marks of one step by `TABLE CHAIN NUMBER`; number 0 is the policy. The strongest wins. */
export function markIndex(marks: readonly RuleMark[], netns: string): ReadonlyMap<string, RuleMark['how']> {
  const strength = { tried: 0, matched: 1, decided: 2 };
  const index = new Map<string, RuleMark['how']>();
  for (const { table, chain, rule, count, how, ...mark } of marks) {
    if (mark.netns !== netns) continue;
    for (let n = rule; n < rule + count; n++) {
      const id = `${table} ${chain} ${n}`;
      const known = index.get(id);
      if (known === undefined || strength[how] > strength[known]) index.set(id, how);
    }
  }
  return index;
}

/** xtables_print_num: five digits at most, then in thousands, millions… */
export function shortNumber(value: number): string {
  if (value <= 99_999) return String(value);
  let rest = Math.floor((value + 500) / 1000);
  for (const unit of ['K', 'M', 'G']) {
    if (rest <= 9999) return `${rest}${unit}`;
    rest = Math.floor((rest + 500) / 1000);
  }
  return `${rest}T`;
}

/** A rule's words, cut so that its target can be told from its conditions and its comments. */
export function ruleParts(
  text: string,
): readonly { readonly text: string; readonly kind: 'plain' | 'target' | 'comment' }[] {
  const parts: { text: string; kind: 'plain' | 'target' | 'comment' }[] = [];
  let at = 0;
  for (const found of text.matchAll(/-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)|-[jg] \S+/g)) {
    if (found.index > at) parts.push({ text: text.slice(at, found.index), kind: 'plain' });
    parts.push({ text: found[0], kind: found[0].startsWith('-m') ? 'comment' : 'target' });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), kind: 'plain' });
  return parts;
}
