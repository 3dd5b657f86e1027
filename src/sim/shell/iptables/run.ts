/** Carries out what a command line asks for; shared by iptables and the lines of iptables-restore. */
import type { TableEdit, TableEntry, TableErrno } from './door';
import { BAD_RULE, errorText, type Operation } from './fail';
import { chainHeader, ruleLine, type Format } from './list';
import type { Parsed } from './command';

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly message: string };
const DONE: Outcome = { ok: true };
const failed = (errno: TableErrno, operation: Operation = 'other'): Outcome => ({
  ok: false,
  message: errorText(errno, operation),
});

/** A table as the command sees it: the kernel's, or what iptables-restore is preparing. */
export interface Tables {
  table(): TableEntry;
  hasChain(chain: string): boolean;
  /** Number of the rule, 0 for none. */
  find(chain: string, rule: Parsed['rules'][number]): number;
  commit(edits: readonly TableEdit[]): TableErrno | undefined;
}

export class Runner {
  constructor(
    private readonly tables: Tables,
    private readonly print: (text: string) => void,
  ) {}

  run(parsed: Readonly<Parsed>, alsoZero: boolean): Outcome {
    const { command, chain = '' } = parsed;
    switch (command) {
      case 'A':
      case 'I':
      case 'R':
        return this.#put(parsed);
      case 'D':
        return parsed.number === undefined ? this.#deleteRules(parsed) : this.#deleteNumber(parsed);
      case 'C':
        return this.#each(parsed, () => DONE);
      case 'L':
      case 'S': {
        const shown = command === 'L' ? this.#list(parsed) : this.#listRules(parsed);
        return shown.ok && alsoZero ? this.#zero(parsed) : shown;
      }
      case 'F':
        return this.#flush(parsed);
      case 'Z':
        return this.#zero(parsed);
      case 'N':
        return this.#commit([{ op: 'new-chain', chain }], 'new');
      case 'X':
        return this.#deleteChains(parsed);
      case 'E':
        return this.#commit([{ op: 'rename-chain', chain, to: parsed.name ?? '' }], 'other');
      case 'P':
        return this.#policy(parsed);
    }
  }

  #commit(edits: readonly TableEdit[], operation: Operation): Outcome {
    const errno = this.tables.commit(edits);
    return errno ? failed(errno, operation) : DONE;
  }

  // --- rules ---------------------------------------------------------------------------------------------------------

  #say(parsed: Readonly<Parsed>): void {
    if (parsed.verbose === 0) return;
    const format = { numeric: false, verbose: true, exact: false, lineNumbers: false, words: true };
    for (const rule of parsed.rules) this.print(ruleLine(rule, { packets: 0, bytes: 0 }, 0, format));
  }
  #put(parsed: Readonly<Parsed>): Outcome {
    const { command, chain = '', number = 1, counters } = parsed;
    if (!this.tables.hasChain(chain)) return failed('ENOENT');
    this.#say(parsed);
    const extra = counters ? { counters } : {};
    const edits = parsed.rules.map((rule, at): TableEdit => {
      if (command === 'A') return { op: 'append', chain, rule, ...extra };
      return {
        op: command === 'I' ? 'insert' : 'replace',
        chain,
        at: command === 'I' ? number + at : number,
        rule,
        ...extra,
      };
    });
    return this.#commit(edits, command === 'R' ? 'replace' : 'insert');
  }
  /** Does something with every rule given, which must be there. */
  #each(parsed: Readonly<Parsed>, action: (at: number) => Outcome): Outcome {
    const { chain = '' } = parsed;
    for (const rule of parsed.rules) {
      const at = this.tables.hasChain(chain) ? this.tables.find(chain, rule) : 0;
      // libiptc forgets which call failed when the rule it looked for jumps to a chain.
      if (at === 0) {
        const jumps = rule.target.kind === 'jump' || rule.target.kind === 'goto';
        return jumps && this.tables.hasChain(chain) ? failed('ENOENT') : { ok: false, message: BAD_RULE };
      }
      const done = action(at);
      if (!done.ok) return done;
    }
    return DONE;
  }
  #deleteRules(parsed: Readonly<Parsed>): Outcome {
    this.#say(parsed);
    return this.#each(parsed, (at) =>
      this.#commit([{ op: 'delete', chain: parsed.chain ?? '', at }], 'delete-rule'),
    );
  }
  #deleteNumber({ chain = '', number = 0 }: Readonly<Parsed>): Outcome {
    return this.#commit([{ op: 'delete', chain, at: number }], 'delete-number');
  }

  // --- chains --------------------------------------------------------------------------------------------------------

  #flush({ chain, verbose }: Readonly<Parsed>): Outcome {
    if (verbose > 0) {
      for (const each of this.tables.table().chains)
        if (chain === undefined || chain === each.name) this.print(`Flushing chain \`${each.name}'\n`);
    }
    return this.#commit([{ op: 'flush', ...(chain === undefined ? {} : { chain }) }], 'other');
  }
  #zero({ chain, number }: Readonly<Parsed>): Outcome {
    const edit = {
      op: 'zero',
      ...(chain === undefined ? {} : { chain }),
      ...(number === undefined ? {} : { at: number }),
    } as const;
    return this.#commit([edit], 'zero');
  }
  #deleteChains({ chain, verbose }: Readonly<Parsed>): Outcome {
    const all = this.tables
      .table()
      .chains.filter((each) => !each.policy)
      .map((each) => each.name);
    for (const name of chain === undefined ? all : [chain]) {
      if (verbose > 0) this.print(`Deleting chain \`${name}'\n`);
      const done = this.#commit([{ op: 'delete-chain', chain: name }], 'other');
      if (!done.ok) return done;
    }
    return DONE;
  }
  #policy({ chain = '', name = '', counters }: Readonly<Parsed>): Outcome {
    const builtin = this.tables.table().chains.some((each) => each.policy && each.name === chain);
    if (!builtin) return failed('ENOENT', 'policy');
    if (name !== 'ACCEPT' && name !== 'DROP')
      return { ok: false, message: "Bad policy name. Run `dmesg' for more information" };
    return this.#commit([{ op: 'policy', chain, policy: name, ...(counters ? { counters } : {}) }], 'policy');
  }

  // --- listing -------------------------------------------------------------------------------------------------------

  #list(parsed: Readonly<Parsed>): Outcome {
    const { chain, number, numeric, exact, lineNumbers } = parsed;
    const format: Format = { numeric, exact, lineNumbers, verbose: parsed.verbose > 0 };
    const chains = this.tables.table().chains.filter((each) => chain === undefined || each.name === chain);
    if (chains.length === 0) return failed('ENOENT');
    chains.forEach((each, index) => {
      if (index > 0) this.print('\n');
      if (number === undefined) this.print(chainHeader(each, format));
      each.rules.forEach((entry, at) => {
        if (number === undefined || number === at + 1)
          this.print(ruleLine(entry.rule, entry, at + 1, format));
      });
    });
    return DONE;
  }
  #listRules({ chain, number, verbose }: Readonly<Parsed>): Outcome {
    const { chains } = this.tables.table();
    const shown = chains.filter((each) => chain === undefined || each.name === chain);
    if (shown.length === 0) return failed('ENOENT');
    const counts = (of: { readonly packets: number; readonly bytes: number }): string =>
      verbose > 0 ? ` -c ${of.packets} ${of.bytes}` : '';
    if (number === undefined) {
      for (const each of shown) {
        if (each.policy) this.print(`-P ${each.name} ${each.policy}${counts(each)}\n`);
        else this.print(`-N ${each.name}\n`);
      }
    }
    for (const each of shown) {
      each.rules.forEach((entry, at) => {
        if (number === undefined || number === at + 1)
          this.print(`${appendText(each.name, entry.text, counts(entry))}\n`);
      });
    }
    return DONE;
  }
}

/** `-A CHAIN …`, the counters before the target as iptables prints them. */
function appendText(chain: string, text: string, counts: string): string {
  const words = text === '' ? '' : ` ${text}`;
  if (counts === '') return `-A ${chain}${words}`;
  const at = words.search(/ -[jg] (?!.* -[jg] )/);
  return at < 0
    ? `-A ${chain}${words}${counts}`
    : `-A ${chain}${words.slice(0, at)}${counts}${words.slice(at)}`;
}
