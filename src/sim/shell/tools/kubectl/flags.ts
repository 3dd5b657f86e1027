/** kubectl's command line: cobra's and pflag's rules and complaints. */
import { Exit } from '../../program';

/** By long name; true: takes a value. `optional`: a value only after `=`. */
export type Flags = Readonly<Record<string, boolean | 'optional'>>;

export interface Parsed {
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  /** What follows `--`; absent without it. */
  readonly after?: readonly string[];
}

const SHORT: Readonly<Record<string, string>> = {
  n: 'namespace',
  o: 'output',
  A: 'all-namespaces',
  w: 'watch',
  i: 'stdin',
  t: 'tty',
  c: 'container',
  f: 'filename',
  l: 'selector',
  h: 'help',
};
const EVERYWHERE: Flags = { namespace: true, help: false, kubeconfig: true };

export function usageError(command: string, text: string): Exit {
  return new Exit(1, `error: ${text}\nSee 'kubectl ${command} --help' for usage.\n`);
}
export function fail(text: string): Exit {
  return new Exit(1, `error: ${text}\n`);
}
export function notModelled(what: string): Exit {
  return fail(`${what} is not modelled here`);
}

class Reader {
  readonly words: string[] = [];
  readonly flags = new Map<string, string>();
  constructor(
    private readonly command: string,
    private readonly known: Flags,
    private readonly rest: string[],
  ) {}

  long(word: string): void {
    const sign = word.indexOf('=');
    const name = word.slice(2, sign < 0 ? undefined : sign);
    const kind = this.known[name] ?? EVERYWHERE[name];
    if (kind === undefined) throw usageError(this.command, `unknown flag: --${name}`);
    if (sign >= 0) this.flags.set(name, word.slice(sign + 1));
    else if (kind === true) this.flags.set(name, this.#value(`--${name}`));
    else this.flags.set(name, 'true');
  }

  /** `-A`, `-o wide`, `-owide`, `-it`. */
  short(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] ?? '';
      const name = SHORT[letter] ?? '';
      const kind = this.known[name] ?? EVERYWHERE[name];
      if (kind === undefined)
        throw usageError(this.command, `unknown shorthand flag: '${letter}' in ${word}`);
      if (kind !== true) {
        this.flags.set(name, 'true');
        continue;
      }
      const glued = word.slice(at + 1).replace(/^=/, '');
      this.flags.set(name, glued === '' ? this.#value(`'${letter}' in ${word}`) : glued);
      return;
    }
  }

  #value(name: string): string {
    const value = this.rest.shift();
    if (value === undefined) throw usageError(this.command, `flag needs an argument: ${name}`);
    return value;
  }
}

export function parse(command: string, args: readonly string[], known: Flags): Parsed {
  const rest = [...args];
  const reader = new Reader(command, known, rest);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') return { words: reader.words, flags: reader.flags, after: rest };
    if (word.startsWith('--')) reader.long(word);
    else if (/^-./.test(word)) reader.short(word);
    else reader.words.push(word);
  }
  return { words: reader.words, flags: reader.flags };
}

export function isOn(parsed: Parsed, name: string): boolean {
  const value = parsed.flags.get(name);
  return value !== undefined && value !== 'false';
}
