/** A table that iptables-restore is preparing: what the kernel has, and the edits so far, which COMMIT hands over at once. */
import type { FilterRule, Netfilter, TableEdit, TableEntry, TableErrno } from './door';
import type { Tables } from './run';

interface ShadowChain {
  readonly name: string;
  readonly builtin: boolean;
  policy: 'ACCEPT' | 'DROP' | undefined;
  rules: {
    readonly rule: FilterRule;
    readonly text: string;
    readonly packets: number;
    readonly bytes: number;
  }[];
}

export class Shadow implements Tables {
  readonly edits: TableEdit[] = [];
  readonly #chains = new Map<string, ShadowChain>();

  constructor(
    private readonly netfilter: Netfilter,
    readonly entry: TableEntry,
  ) {
    for (const { name, policy, rules } of entry.chains) {
      this.#chains.set(name, { name, builtin: policy !== undefined, policy, rules: [...rules] });
    }
  }

  table(): TableEntry {
    const chains = [...this.#chains.values()].map(({ name, policy, rules }) => ({
      name,
      rules,
      packets: 0,
      bytes: 0,
      references: 0,
      ...(policy ? { policy } : {}),
    }));
    return { name: this.entry.name, chains };
  }
  hasChain(chain: string): boolean {
    return this.#chains.has(chain);
  }
  find(chain: string, rule: FilterRule): number {
    const wanted = JSON.stringify(rule);
    return (
      (this.#chains.get(chain)?.rules.findIndex((each) => JSON.stringify(each.rule) === wanted) ?? -1) + 1
    );
  }

  commit(edits: readonly TableEdit[]): TableErrno | undefined {
    for (const edit of edits) {
      const errno = this.#apply(edit);
      if (errno) return errno;
      this.edits.push(edit);
    }
    return undefined;
  }
  /** Hands everything to the kernel. */
  finish(): TableErrno | undefined {
    const done = this.netfilter.commit(this.entry.name, this.edits);
    return done.ok ? undefined : done.error;
  }
  /** What a file without -n begins with: empty chains, and none but the built-in ones. */
  clear(): void {
    const users = [...this.#chains.values()].filter((each) => !each.builtin);
    void this.commit([
      { op: 'flush' },
      ...users.map(({ name }) => ({ op: 'delete-chain', chain: name }) as const),
    ]);
  }

  #apply(edit: TableEdit): TableErrno | undefined {
    if (edit.op === 'new-chain') {
      if (this.#chains.has(edit.chain)) return 'EEXIST';
      this.#chains.set(edit.chain, { name: edit.chain, builtin: false, policy: undefined, rules: [] });
      return undefined;
    }
    const chain = edit.chain === undefined ? undefined : this.#chains.get(edit.chain);
    if (edit.chain !== undefined && !chain) return 'ENOENT';
    if (edit.op === 'flush') {
      for (const each of chain ? [chain] : this.#chains.values()) each.rules = [];
      return undefined;
    }
    return chain ? this.#inChain(chain, edit) : undefined;
  }
  #inChain(chain: ShadowChain, edit: TableEdit): TableErrno | undefined {
    const { rules } = chain;
    if (edit.op === 'append' || edit.op === 'insert' || edit.op === 'replace') {
      const at = edit.op === 'append' ? rules.length : edit.at - 1;
      if (at > rules.length || (edit.op === 'replace' && at >= rules.length)) return 'E2BIG';
      rules.splice(at, edit.op === 'replace' ? 1 : 0, { rule: edit.rule, text: '', packets: 0, bytes: 0 });
    } else if (edit.op === 'delete') {
      if (edit.at > rules.length) return 'E2BIG';
      rules.splice(edit.at - 1, 1);
    } else if (edit.op === 'policy') chain.policy = edit.policy;
    else if (edit.op === 'delete-chain') {
      if (chain.builtin) return 'EINVAL';
      if (rules.length > 0) return 'ENOTEMPTY';
      this.#chains.delete(chain.name);
    } else if (edit.op === 'rename-chain') {
      if (this.#chains.has(edit.to)) return 'EEXIST';
      this.#chains.delete(chain.name);
      this.#chains.set(edit.to, { ...chain, name: edit.to });
    }
    return undefined;
  }
}
