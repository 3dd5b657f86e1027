/** Flags as pflag reads them for the docker command (Docker CLI 28.2), and its usage errors. */
import { Exit } from '../../program';

/** What follows the command's name in its usage line. */
const USAGE = {
  run: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  create: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  exec: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  ps: '[OPTIONS]',
  rm: '[OPTIONS] CONTAINER [CONTAINER...]',
  stop: '[OPTIONS] CONTAINER [CONTAINER...]',
  restart: '[OPTIONS] CONTAINER [CONTAINER...]',
  kill: '[OPTIONS] CONTAINER [CONTAINER...]',
  start: '[OPTIONS] CONTAINER [CONTAINER...]',
  logs: '[OPTIONS] CONTAINER',
  port: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  inspect: '[OPTIONS] NAME|ID [NAME|ID...]',
  'network ls': '[OPTIONS]',
  'network inspect': '[OPTIONS] NETWORK [NETWORK...]',
} as const;
export type Command = keyof typeof USAGE;

/** Long name → its letter (or none), and whether it takes a value. */
export type FlagSpec = Readonly<Record<string, { readonly letter?: string; readonly value?: true }>>;

export interface Flags {
  readonly words: readonly string[];
  all(name: string): readonly string[];
  last(name: string): string | undefined;
  has(name: string): boolean;
}

function usageText(command: Command): string {
  return `Usage:  docker ${command} ${USAGE[command]}\n\n`;
}
function flagError(command: Command, what: string): Exit {
  return new Exit(
    125,
    `${what}\n\n${usageText(command)}Run 'docker ${command} --help' for more information\n`,
  );
}
export function argumentsError(command: Command, needs: string): Exit {
  // `at least N` says See where everything else says Run.
  const see = needs.startsWith('at least') ? 'See' : 'Run';
  const verb = needs === 'no arguments' ? 'accepts' : 'requires';
  const more = needs.includes('at most') ? 'Run' : see;
  return new Exit(
    1,
    `docker: 'docker ${command}' ${verb} ${needs}\n\n${usageText(command)}${more} 'docker ${command} --help' for more information\n`,
  );
}

/** `interspersed` off: what follows the first word is not looked at. */
export function parseFlags(
  command: Command,
  args: readonly string[],
  spec: FlagSpec,
  interspersed = true,
): Flags {
  const words: string[] = [];
  const found = new Map<string, string[]>();
  const add = (name: string, value: string): void => {
    found.set(name, [...(found.get(name) ?? []), value]);
  };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      words.push(...rest.splice(0));
    } else if (word.startsWith('--')) {
      const sign = word.indexOf('=');
      const name = word.slice(2, sign < 0 ? undefined : sign);
      const known = spec[name];
      if (!known) throw flagError(command, `unknown flag: --${name}`);
      const value = sign >= 0 ? word.slice(sign + 1) : known.value ? rest.shift() : 'true';
      if (value === undefined) throw flagError(command, `flag needs an argument: --${name}`);
      add(name, value);
    } else if (/^-./.test(word)) letters(command, word.slice(1), spec, rest, add);
    else if (interspersed) words.push(word);
    else words.push(word, ...rest.splice(0));
  }
  return {
    words,
    all: (name) => found.get(name) ?? [],
    last: (name) => found.get(name)?.at(-1),
    has: (name) => found.get(name)?.at(-1) === 'true',
  };
}

function letters(
  command: Command,
  all: string,
  spec: FlagSpec,
  rest: string[],
  add: (name: string, value: string) => void,
): void {
  for (let left = all; left !== ''; left = left.slice(1)) {
    const letter = left[0] ?? '';
    const entry = Object.entries(spec).find(([, flag]) => flag.letter === letter);
    if (!entry) throw flagError(command, `unknown shorthand flag: '${letter}' in -${left}`);
    const [name, flag] = entry;
    const attached = left.slice(1).replace(/^=/, '');
    if (!flag.value) {
      if (left[1] === '=') return add(name, attached);
      add(name, 'true');
      continue;
    }
    const value = attached === '' ? rest.shift() : attached;
    if (value === undefined) throw flagError(command, `flag needs an argument: '${letter}' in -${left}`);
    return add(name, value);
  }
}
