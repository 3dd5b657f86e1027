/** iptables-restore 1.8.9: a file of tables, each carried out as a whole at its COMMIT. */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { netfilterOf } from './door';
import { VERSION } from './fail';
import { kernelTables } from './iptables';
import { Parser } from './parse';
import { Runner } from './run';
import { Shadow } from './shadow';

export interface RestoreOptions {
  /** -n: what is there stays. */
  readonly noflush?: boolean;
  /** -c: counters of the file are taken over. */
  readonly counters?: boolean;
  /** -t: nothing is carried out. */
  readonly test?: boolean;
  readonly verbose?: boolean;
  /** -T: only this table. */
  readonly table?: string;
}
const NAME = 'iptables-restore';

/** add_argv: words separated by blanks; double quotes keep them together, a backslash keeps a quote inside. */
export function restoreWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  let any = false;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] ?? '';
    if (quoted && sign === '\\' && at + 1 < line.length) word += line[++at] ?? '';
    else if (sign === '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && (sign === ' ' || sign === '\t')) {
      if (word !== '' || any) words.push(word);
      word = '';
      any = false;
    } else word += sign;
  }
  // An unclosed quote takes in the end of the line.
  if (quoted) word += '\n';
  if (word !== '' || any) words.push(word);
  return words;
}

class Restorer {
  #shadow: Shadow | undefined;
  #skipping = false;
  #line = 0;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: RestoreOptions,
  ) {}

  run(text: string): number {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) {
      this.#line++;
      this.#one(line);
    }
    if (this.#shadow || this.#skipping)
      throw new Exit(1, `${NAME}: COMMIT expected at line ${this.#line + 1}\n`);
    return 0;
  }

  #one(line: string): void {
    if (line === '' || line.startsWith('#')) return;
    if (line === 'COMMIT' && (this.#shadow || this.#skipping)) this.#commit();
    else if (line.startsWith('*') && !this.#shadow && !this.#skipping)
      this.#open(line.slice(1).trim().split(/\s/)[0] ?? '');
    else if (this.#skipping) return;
    else if (line.startsWith(':') && this.#shadow) this.#chain(this.#shadow, line);
    else if (this.#shadow) this.#rule(this.#shadow, line);
    else this.#failed();
  }
  #failed(): never {
    throw new Exit(1, `${NAME}: line ${this.#line} failed\n`);
  }
  #commit(): void {
    const errno = this.options.test ? undefined : this.#shadow?.finish();
    this.#shadow = undefined;
    this.#skipping = false;
    if (errno) this.#failed();
  }
  #open(name: string): void {
    if (this.options.table !== undefined && this.options.table !== name) {
      this.#skipping = true;
      return;
    }
    const netfilter = netfilterOf(this.ctx);
    const table = netfilter.table(name);
    if (!table.ok) this.#error(`${NAME}: unable to initialize table '${name}'`);
    else {
      this.#shadow = new Shadow(netfilter, table.value);
      if (this.options.noflush) return;
      if (this.options.verbose) {
        for (const { name: chain } of table.value.chains) this.ctx.print(`Flushing chain \`${chain}'\n`);
      }
      this.#shadow.clear();
    }
  }
  #error(message: string): never {
    throw new Exit(2, `${NAME} ${VERSION}: ${message}\nError occurred at line: ${this.#line}\n${TRY}`);
  }

  /** `:CHAIN POLICY [packets:bytes]`; a user chain's policy is `-`. */
  #chain(shadow: Shadow, line: string): void {
    const [name = '', policy, counters] = line
      .slice(1)
      .trim()
      .split(/[ \t]+/);
    if (policy === undefined) this.#error('Policy invalid');
    const builtin = shadow.table().chains.some((each) => each.name === name && each.policy);
    if (!builtin) {
      if (shadow.hasChain(name)) void shadow.commit([{ op: 'flush', chain: name }]);
      else void shadow.commit([{ op: 'new-chain', chain: name }]);
    }
    if (policy === '-') return;
    const refuse = (why: string): never => {
      throw new Exit(
        1,
        `${NAME} ${VERSION}: Can't set policy \`${policy ?? ''}' on \`${name}' line ${this.#line}: ${why}\n`,
      );
    };
    if (!builtin) refuse('Bad built-in chain name');
    if (policy !== 'ACCEPT' && policy !== 'DROP') refuse('Bad policy name');
    const numbers = /^\[(\d+):(\d+)\]$/.exec(counters ?? '');
    const count =
      this.options.counters && numbers
        ? { packets: Number(numbers[1]), bytes: Number(numbers[2]) }
        : { packets: 0, bytes: 0 };
    void shadow.commit([{ op: 'policy', chain: name, policy: policy as 'ACCEPT', counters: count }]);
  }

  #rule(shadow: Shadow, line: string): void {
    const numbers = /^\[(\d+):(\d+)\]\s*/.exec(line);
    const words = restoreWords(numbers ? line.slice(numbers[0].length) : line);
    if (numbers && this.options.counters) words.unshift('-c', numbers[1] ?? '0', numbers[2] ?? '0');
    if (this.options.verbose) words.push('-v');
    const parser = new Parser(words, (_, chain) => shadow.hasChain(chain), shadow.entry.name, {
      hasSet: (name) => netfilterOf(this.ctx).ipset.type(name) !== undefined,
    });
    let parsed;
    try {
      parsed = parser.parse();
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      // The same words, with the file's line and this program's name.
      const said = error.message
        .replace(/\nTry `iptables -h'.*\n$/s, '\n')
        .replace(/^iptables v/, `${NAME} v`);
      throw new Exit(error.code, `${said}Error occurred at line: ${this.#line}\n${TRY}`);
    }
    // What lists (-L, -S) shows the kernel's table as it is prepared.
    const outcome = new Runner(shadow, (text) => this.ctx.print(text)).run(parsed, parser.alsoZero);
    if (!outcome.ok) this.#failed();
  }
}
const TRY = `Try \`${NAME} -h' or '${NAME} --help' for more information.\n`;

/** What `iptables-restore < FILE` does with the file's text. Leaves through {@link Exit} when something is wrong. */
export function restore(ctx: ProcessContext, text: string, options: RestoreOptions = {}): number {
  return new Restorer(ctx, options).run(text);
}

export function restoreOptions(args: readonly string[]): RestoreOptions {
  const options: { -readonly [K in keyof RestoreOptions]: RestoreOptions[K] } = {};
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '-n' || word === '--noflush') options.noflush = true;
    else if (word === '-c' || word === '--counters') options.counters = true;
    else if (word === '-t' || word === '--test') options.test = true;
    else if (word === '-v' || word === '--verbose') options.verbose = true;
    else if (word === '-T' || word === '--table') options.table = rest.shift() ?? '';
    else if (/^-w\d*$/.test(word) || word.startsWith('--wait')) continue;
    else if (word.startsWith('-') && word.length > 1) {
      const what = word.startsWith('--')
        ? `unrecognized option '${word}'`
        : `invalid option -- '${word[1] ?? ''}'`;
      throw new Exit(1, `${NAME}: ${what}\nTry \`${NAME} -h' for more information.\n`);
    } else throw new Exit(1, `Can't open ${word}: No such file or directory\n`);
  }
  return options;
}

export const iptablesRestore: Program = {
  name: NAME,
  group: 'probes',
  about: 'set the rules from a file (there are no files to type here)',
  run(_ctx, args) {
    restoreOptions(args);
    throw new Exit(1, `${NAME}: there is no standard input here\n`);
  },
};
export { kernelTables };
