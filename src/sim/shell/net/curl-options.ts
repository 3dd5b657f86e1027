/** curl's command line, as far as it is modelled, and its complaints (tool_getparam.c, tool_helpers.c of 7.88.1). */
import { Exit } from '../program';

export interface CurlOptions {
  readonly url: string;
  readonly verbose: boolean;
  readonly silent: boolean;
  readonly showError: boolean;
  readonly head: boolean;
  readonly include: boolean;
  readonly fail: boolean;
  readonly output: string | undefined;
  /** ms; 0: none. */
  readonly maxTime: number;
  readonly connectTimeout: number;
  readonly writeOut: string;
  readonly headers: readonly string[];
  readonly method: string | undefined;
  readonly interface: string | undefined;
  readonly localPort: number | undefined;
}

type Key =
  | 'verbose'
  | 'silent'
  | 'showError'
  | 'head'
  | 'include'
  | 'fail'
  | 'output'
  | 'maxTime'
  | 'connectTimeout'
  | 'writeOut'
  | 'header'
  | 'method'
  | 'interface'
  | 'localPort'
  | 'version4';
const LETTERS: Readonly<Record<string, Key>> = {
  v: 'verbose',
  s: 'silent',
  S: 'showError',
  I: 'head',
  i: 'include',
  f: 'fail',
  o: 'output',
  m: 'maxTime',
  w: 'writeOut',
  H: 'header',
  X: 'method',
  4: 'version4',
};
const LONG: Readonly<Record<string, Key>> = {
  verbose: 'verbose',
  silent: 'silent',
  'show-error': 'showError',
  head: 'head',
  include: 'include',
  fail: 'fail',
  output: 'output',
  'max-time': 'maxTime',
  'connect-timeout': 'connectTimeout',
  'write-out': 'writeOut',
  header: 'header',
  request: 'method',
  interface: 'interface',
  'local-port': 'localPort',
  ipv4: 'version4',
};
const FLAGS: ReadonlySet<Key> = new Set([
  'verbose',
  'silent',
  'showError',
  'head',
  'include',
  'fail',
  'version4',
]);
const TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n";

function complain(option: string, what: string): never {
  throw new Exit(2, `curl: option ${option}: ${what}\n${TRY}`);
}

export function readCurlOptions(args: readonly string[]): CurlOptions {
  const seen: { key: Key; value: string; option: string }[] = [];
  const urls: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (!word.startsWith('-') || word === '-') {
      urls.push(word);
      continue;
    }
    if (word.startsWith('--')) {
      const key = LONG[word.slice(2)];
      if (!key) complain(word, 'is unknown');
      if (!FLAGS.has(key) && at + 1 >= args.length) complain(word, 'requires parameter');
      seen.push({ key, option: word, value: FLAGS.has(key) ? '' : (args[++at] ?? '') });
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const key = LETTERS[word[i] ?? ''];
      if (!key) complain(word, 'is unknown');
      if (FLAGS.has(key)) {
        seen.push({ key, option: word, value: '' });
        continue;
      }
      const attached = word.slice(i + 1);
      if (attached === '' && at + 1 >= args.length) complain(word, 'requires parameter');
      seen.push({ key, option: word, value: attached === '' ? (args[++at] ?? '') : attached });
      break;
    }
  }
  return gather(seen, urls);
}

function gather(
  seen: readonly { readonly key: Key; readonly value: string; readonly option: string }[],
  urls: readonly string[],
): CurlOptions {
  const last = (key: Key): string | undefined => seen.filter((one) => one.key === key).at(-1)?.value;
  const has = (key: Key): boolean => last(key) !== undefined;
  const milliseconds = (key: Key): number => {
    const one = seen.filter((each) => each.key === key).at(-1);
    if (!one) return 0;
    if (!/^\d+(?:\.\d*)?$/.test(one.value)) complain(one.option, 'expected a proper numerical parameter');
    return Math.round(Number(one.value) * 1000);
  };
  const [url, second] = urls;
  if (url === undefined) throw new Exit(2, TRY);
  if (second !== undefined) throw new Exit(2, 'curl: more than one URL is not modelled here.\n');
  const output = last('output');
  if (output !== undefined && output !== '/dev/null' && output !== '-')
    throw new Exit(2, 'curl: writing into a file is not modelled here, except -o /dev/null.\n');
  const localPort = last('localPort');
  return {
    url,
    verbose: has('verbose'),
    silent: has('silent'),
    showError: has('showError'),
    head: has('head'),
    include: has('include'),
    fail: has('fail'),
    output: output === '-' ? undefined : output,
    maxTime: milliseconds('maxTime'),
    connectTimeout: milliseconds('connectTimeout'),
    writeOut: last('writeOut') ?? '',
    headers: seen.filter(({ key }) => key === 'header').map(({ value }) => value),
    method: last('method'),
    interface: last('interface'),
    localPort: localPort === undefined ? undefined : Number(localPort),
  };
}
