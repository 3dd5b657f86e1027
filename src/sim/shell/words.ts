import { err, ok, type Result } from '../../base/result';

/** Longest command line that is read at all. */
export const MAX_LINE = 4096;

/** What `bash` would do with these and this shell does not, in words that name the operator. */
const OPERATORS: readonly (readonly [string, string])[] = [
  ['&&', 'runs a second command when the first succeeded'],
  ['||', 'runs a second command when the first failed'],
  ['|', 'pipes into another command'],
  [';', 'separates commands'],
  ['&', 'runs a command in the background'],
  ['>>', 'appends to a file'],
  ['>', 'redirects into a file'],
  ['<', 'reads from a file'],
  ['(', 'starts a subshell'],
  [')', 'ends a subshell'],
];

/** Inside double quotes a backslash keeps its meaning only before these (POSIX 2.2.3). */
const DOUBLE_QUOTE_ESCAPES = '$`"\\';

/** Plain words and whole words in double quotes: what daemons run, without a look at each character. */
const PLAIN = /^(?:[\w@%+=:,./!-]+|"[\w@%+=:,./ -]*")(?: (?:[\w@%+=:,./!-]+|"[\w@%+=:,./ -]*"))*$/;
const PLAIN_WORD = /"[^"]*"|[^ ]+/g;

class Splitter {
  readonly words: string[] = [];
  #word: string | undefined;
  #at = 0;
  #problem: string | undefined;

  constructor(private readonly line: string) {}

  split(): Result<string[]> {
    while (this.#at < this.line.length && this.#problem === undefined) this.#step();
    this.#finishWord();
    return this.#problem === undefined ? ok(this.words) : err(this.#problem);
  }

  #finishWord(): void {
    if (this.#word !== undefined) this.words.push(this.#word);
    this.#word = undefined;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  /** Reads one character, one quoted piece, one operator, or a comment to the end. */
  #step(): void {
    const char = this.line[this.#at] ?? '';
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      this.#finishWord();
      this.#at += 1;
    } else if (char === '#' && this.#word === undefined) this.#at = this.line.length;
    else if (char === "'") this.#singleQuoted();
    else if (char === '"') this.#doubleQuoted();
    else if (char === '\\') {
      this.#add(this.line[this.#at + 1] ?? '\\');
      this.#at += 2;
    } else if (this.#startsExpansion()) this.#problem = expansionRefused(char);
    else if (!this.#operator()) {
      this.#add(char);
      this.#at += 1;
    }
  }

  #startsExpansion(): boolean {
    return /^(?:`|\$[A-Za-z_0-9({?$!@*#])/.test(this.line.slice(this.#at, this.#at + 2));
  }

  /**
   * `echo VALUE > /proc/sys/…` is the one redirection understood: it becomes the words `>` and the path. `echo … | nc …`
   * (or printf) is the one pipe: the word `|` stands between the two.
   */
  #operator(): boolean {
    const rest = this.line.slice(this.#at);
    const found = OPERATORS.find(([sign]) => rest.startsWith(sign));
    if (found === undefined) return false;
    const intoProc = /^>\s*(?=\/proc\/sys\/)/.exec(rest);
    if (/^\|\s*nc\s/.test(rest) && ['echo', 'printf'].includes(this.words[0] ?? '')) {
      this.#finishWord();
      this.words.push('|');
      this.#at += 1;
    } else if (intoProc && this.words[0] === 'echo') {
      this.#finishWord();
      this.words.push('>');
      this.#at += intoProc[0].length;
    } else {
      const [sign, meaning] = found;
      this.#problem = `"${sign}" ${meaning}, which this shell does not do: give one command with its arguments.`;
    }
    return true;
  }

  #singleQuoted(): void {
    const end = this.line.indexOf("'", this.#at + 1);
    if (end < 0) this.#problem = "unexpected end of line while looking for matching `''";
    this.#add(this.line.slice(this.#at + 1, end));
    this.#at = end + 1;
  }

  #doubleQuoted(): void {
    this.#add('');
    this.#at += 1;
    while (this.#at < this.line.length) {
      const char = this.line[this.#at] ?? '';
      const next = this.line[this.#at + 1] ?? '';
      if (char === '"') {
        this.#at += 1;
        return;
      }
      if (this.#startsExpansion()) {
        this.#problem = expansionRefused(char);
        return;
      }
      const escape = char === '\\' && next !== '' && DOUBLE_QUOTE_ESCAPES.includes(next);
      this.#add(escape ? next : char);
      this.#at += escape ? 2 : 1;
    }
    this.#problem = 'unexpected end of line while looking for matching `"\'';
  }
}

function expansionRefused(char: string): string {
  return char === '`'
    ? '"`" puts in the output of another command, which this shell does not do.'
    : '"$" puts in a variable or the output of another command, which this shell does not do: write the value itself.';
}

/**
 * Splits a command line into words by the shell's quoting rules: single and double quotes, backslash, comments.
 * Operators and expansions are refused with a sentence that names them, except `echo … > /proc/sys/…`, whose last two
 * words become `>` and the path.
 */
export function splitWords(line: string): Result<string[]> {
  if (line.length <= MAX_LINE && PLAIN.test(line))
    return ok((line.match(PLAIN_WORD) ?? []).map((word) => word.replaceAll('"', '')));
  if (line.length > MAX_LINE) return err(`The command is longer than ${MAX_LINE} characters.`);
  return new Splitter(line).split();
}
