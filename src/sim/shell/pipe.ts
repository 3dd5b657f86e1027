/** The one pipe there is: `echo TEXT | nc …` and `printf FORMAT [WORD…] | nc …`. */
import { echoText } from './tools/files';

/** What is left to run and what it reads; undefined without a pipe. */
export function pipeIn(
  line: readonly string[],
): { readonly words: readonly string[]; readonly stdin: string } | undefined {
  const at = line.indexOf('|');
  const [first = '', ...args] = at < 0 ? [] : line.slice(0, at);
  if (first !== 'echo' && first !== 'printf') return undefined;
  return { words: line.slice(at + 1), stdin: first === 'echo' ? echoText(args) : printfText(args) };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\0',
  '\\': '\\',
  '"': '"',
};

/** printf(1) with %s, %d and %%: the format is used again while words are left. */
function printfText([format = '', ...words]: readonly string[]): string {
  const text = format.replace(/\\(.)/gs, (whole, char: string) => ESCAPES[char] ?? whole);
  const left = [...words];
  let out = '';
  do {
    const before = left.length;
    out += text.replace(/%([sd%])/g, (_, kind: string) => (kind === '%' ? '%' : (left.shift() ?? '')));
    if (left.length === before) break;
  } while (left.length > 0);
  return out;
}
