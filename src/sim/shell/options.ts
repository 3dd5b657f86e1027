/** getopt() for single letters: `-nc 3`, `-c3`, options and operands in any order (glibc permutes), `--` ends options. */
interface Option {
  readonly letter: string;
  readonly value: string;
}
interface ParsedOptions {
  readonly options: readonly Option[];
  readonly operands: readonly string[];
  /** What is wrong, in getopt's words after the program's name. */
  readonly problem?: string;
}

/** `spec` as getopt's: a letter with a colon after it takes a value. `permute` off: the first operand ends the options. */
export function getopt(args: readonly string[], spec: string, permute = true): ParsedOptions {
  const options: Option[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (word.length < 2 || !word.startsWith('-')) {
      if (!permute) {
        operands.push(...args.slice(at));
        break;
      }
      operands.push(word);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] ?? '';
      const place = letter === ':' ? -1 : spec.indexOf(letter);
      if (place < 0) return { options, operands, problem: `invalid option -- '${letter}'` };
      if (spec[place + 1] !== ':') {
        options.push({ letter, value: '' });
        continue;
      }
      const attached = word.slice(i + 1);
      if (attached === '' && at + 1 >= args.length) {
        return { options, operands, problem: `option requires an argument -- '${letter}'` };
      }
      options.push({ letter, value: attached === '' ? (args[++at] ?? '') : attached });
      break;
    }
  }
  return { options, operands };
}
