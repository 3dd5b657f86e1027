/** Command line of tcpdump 4.99.3. */
import { Exit } from '../program';
import { TCPDUMP_USAGE } from './usage';

const DEFAULT_SNAPLEN = 262_144;
const WITH_ARGUMENT = 'BcCEFGijMQrsTVwWyzZ';
const FLAGS = 'AbdDefhHIJKlLnNOpqStuUvxX#';

export interface TcpdumpOptionSet {
  readonly device: string | undefined;
  /** Without -p: a bridge device then shows what it switches between its ports. */
  readonly promiscuous: boolean;
  /** 0: no end. */
  readonly count: number;
  readonly ethernet: boolean;
  readonly verbose: number;
  readonly quick: boolean;
  /** Number of -t, 0 … 5. */
  readonly time: number;
  readonly absoluteSequence: boolean;
  readonly number: boolean;
  /** --count: the number of packets alone. */
  readonly countOnly: boolean;
  readonly direction: 'in' | 'out' | 'inout';
  readonly snaplen: number;
  /** -x, -xx, -X, -XX: with the link-level header, with text beside. */
  readonly hex: { readonly link: boolean; readonly ascii: boolean } | undefined;
  readonly expression: string;
}

function fail(message: string): never {
  throw new Exit(1, `tcpdump: ${message}\n`);
}
function usage(message = ''): never {
  throw new Exit(1, `${message}${TCPDUMP_USAGE}`);
}

type Draft = { -readonly [K in keyof TcpdumpOptionSet]: TcpdumpOptionSet[K] } & { x: number; X: number };

/** Options that need files, or protocols that are not there. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  A: 'printing packets as text alone',
  C: 'writing files',
  d: 'printing compiled filters',
  D: 'listing devices (see `ip link`)',
  E: 'decryption',
  F: 'reading filters from files',
  G: 'writing files',
  I: 'monitor mode',
  L: 'listing link types',
  r: 'reading files',
  V: 'reading files',
  w: 'writing files: the run can be exported as pcap files',
  W: 'writing files',
};

function decimal(text: string): number {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function setWithArgument(draft: Draft, letter: string, text: string): void {
  if (letter === 'i') draft.device = text;
  else if (letter === 'c') {
    draft.count = decimal(text);
    if (!(draft.count > 0)) fail(`invalid packet count ${text}`);
  } else if (letter === 's') {
    const length = decimal(text);
    if (!(length >= 0 && length <= DEFAULT_SNAPLEN))
      fail(`invalid snaplen ${text} (must be >= 0 and <= ${DEFAULT_SNAPLEN})`);
    draft.snaplen = length === 0 ? DEFAULT_SNAPLEN : length;
  } else if (letter === 'Q') {
    if (text !== 'in' && text !== 'out' && text !== 'inout') fail(`unknown capture direction \`${text}'`);
    draft.direction = text;
  }
}

function setFlag(draft: Draft, letter: string): void {
  if (letter === 'p') draft.promiscuous = false;
  if (letter === 'e') draft.ethernet = true;
  else if (letter === 'v') draft.verbose++;
  else if (letter === 'q') draft.quick = true;
  else if (letter === 't') draft.time++;
  else if (letter === 'S') draft.absoluteSequence = true;
  else if (letter === '#') draft.number = true;
  else if (letter === 'x') draft.x++;
  else if (letter === 'X') draft.X++;
  else if (letter === 'h') throw new Exit(0, TCPDUMP_USAGE, 'stdout');
}

const LONG: Readonly<Record<string, string>> = {
  interface: 'i',
  direction: 'Q',
  'snapshot-length': 's',
  number: '#',
  help: 'h',
  'absolute-tcp-sequence-numbers': 'S',
  'no-promiscuous-mode': 'p',
  'packet-buffered': 'U',
  'immediate-mode': 'l',
  'list-interfaces': 'D',
  micro: 'l',
  print: 'l',
};

function letterOption(draft: Draft, letter: string, argument: () => string | undefined): void {
  const takes = WITH_ARGUMENT.includes(letter);
  if (!takes && !FLAGS.includes(letter)) usage(`tcpdump: invalid option -- '${letter}'\n`);
  const text = takes ? argument() : '';
  if (text === undefined) usage(`tcpdump: option requires an argument -- '${letter}'\n`);
  const missing = NOT_MODELLED[letter];
  if (missing !== undefined) fail(`-${letter} is not modelled here: ${missing}`);
  if (takes) setWithArgument(draft, letter, text);
  else setFlag(draft, letter);
}

function longOption(draft: Draft, word: string, next: () => string | undefined): void {
  const [name = '', text] = word.slice(2).split('=', 2);
  if (name === 'version') {
    throw new Exit(0, TCPDUMP_USAGE.slice(0, TCPDUMP_USAGE.indexOf('Usage:')), 'stdout');
  }
  if (name === 'count') draft.countOnly = true;
  else {
    const letter = LONG[name];
    if (letter === undefined) usage(`tcpdump: unrecognized option '--${name}'\n`);
    letterOption(draft, letter, () => text ?? next());
  }
}

/** getopt_long's rules: options may stand behind words of the expression. */
export function parseTcpdump(args: readonly string[]): TcpdumpOptionSet {
  const draft: Draft = {
    device: undefined,
    promiscuous: true,
    count: 0,
    ethernet: false,
    verbose: 0,
    quick: false,
    time: 0,
    absoluteSequence: false,
    number: false,
    countOnly: false,
    direction: 'inout',
    snaplen: DEFAULT_SNAPLEN,
    hex: undefined,
    expression: '',
    x: 0,
    X: 0,
  };
  const words = [...args];
  const expression: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') expression.push(...words.splice(0));
    else if (word.startsWith('--')) longOption(draft, word, () => words.shift());
    else if (word.startsWith('-') && word.length > 1) {
      for (let rest = word.slice(1); rest !== '';) {
        const letter = rest[0] ?? '';
        rest = rest.slice(1);
        letterOption(draft, letter, () => {
          const joined = rest === '' ? words.shift() : rest;
          rest = '';
          return joined;
        });
      }
    } else expression.push(word);
  }
  if (draft.time > 5) fail('only -t, -tt, -ttt, -tttt and -ttttt are supported');
  if (draft.x + draft.X > 0) draft.hex = { link: Math.max(draft.x, draft.X) > 1, ascii: draft.X > 0 };
  draft.expression = expression.join(' ');
  return draft;
}
