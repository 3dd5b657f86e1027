/** ipset 7.17: sets of addresses, networks and ports for rules of iptables. */
import {
  setErrorText,
  type Ipset,
  type ProcessContext,
  type SetCommand,
  type SetEntry,
  type SetErrno,
  type SetSpec,
  type SetType,
} from '../../kernel/netlink';
import type { Result } from '../../../base/result';
import { Exit, type Program } from '../program';
import { element, fail, number, syntax, usageError, VERSION } from './entry';
import { USAGE } from './usage';

/** Each with its letters. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  create: ['n', '-N'],
  add: ['a', '-A'],
  del: ['d', '-D'],
  test: ['t', '-T'],
  destroy: ['x', '-X'],
  list: ['l', '-L'],
  save: ['s', '-S'],
  restore: ['r', '-R'],
  flush: ['f', '-F'],
  rename: ['e', '-E'],
  swap: ['w', '-W'],
  help: ['h', '-h', '-H', '--help', '-help'],
  version: ['v', '-v', '-V', '--version', '-version'],
};
/** Names that come with the command: so many must, and so many may. */
const NAMES: Readonly<Record<string, readonly [number, number]>> = {
  create: [2, 2],
  add: [2, 2],
  del: [2, 2],
  test: [2, 2],
  destroy: [0, 1],
  list: [0, 1],
  save: [0, 1],
  flush: [0, 1],
  rename: [2, 2],
  swap: [2, 2],
};
const TYPES: Readonly<Record<string, SetType>> = {
  'hash:ip': 'hash:ip',
  iphash: 'hash:ip',
  'hash:net': 'hash:net',
  nethash: 'hash:net',
  'hash:ip,port': 'hash:ip,port',
  ipporthash: 'hash:ip,port',
  'hash:net,port': 'hash:net,port',
};
/** Real ones that this model has not. */
const OTHER_TYPES: readonly string[] = [
  'list:set',
  'hash:mac',
  'hash:ip,mac',
  'hash:net,iface',
  'hash:net,port,net',
  'hash:net,net',
  'hash:ip,port,net',
  'hash:ip,port,ip',
  'hash:ip,mark',
  'bitmap:port',
  'bitmap:ip,mac',
  'bitmap:ip',
];
const OTHER_CREATE: readonly string[] = [
  'timeout',
  'counters',
  'comment',
  'forceadd',
  'skbinfo',
  'netmask',
  'bitmask',
  'bucketsize',
  '-6',
];
const OTHER_ADD: readonly string[] = [
  'timeout',
  'packets',
  'bytes',
  'comment',
  'skbmark',
  'skbprio',
  'skbqueue',
];
const MAX_NAME = 31;

function notModelled(what: string): never {
  throw new Exit(1, `ipset: ${what} is not modelled here.\n`);
}
function setName(name: string): string {
  return name.length > MAX_NAME ? syntax(`setname '${name}' is longer than ${MAX_NAME} characters`) : name;
}

interface Line {
  command: string | undefined;
  /** Everything that is neither the command nor an option. */
  readonly words: string[];
  exist: boolean;
  quiet: boolean;
  namesOnly: boolean;
  terse: boolean;
  sorted: boolean;
  output: 'plain' | 'save';
}
function read(args: readonly string[]): Line {
  const line: Line = {
    command: undefined,
    words: [],
    exist: false,
    quiet: false,
    namesOnly: false,
    terse: false,
    sorted: false,
    output: 'plain',
  };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (option(line, word, rest)) continue;
    const given = word;
    const command =
      line.command === undefined
        ? Object.keys(COMMANDS).find((name) => name === given || COMMANDS[name]?.includes(given))
        : undefined;
    if (command !== undefined) line.command = command;
    else if (line.command === undefined) usageError(`No command specified: unknown argument ${word}`);
    else line.words.push(word);
  }
  return line;
}
/** Options stand anywhere, with one dash or two. */
function option(line: Line, word: string, rest: string[]): boolean {
  switch (word.replace(/^--(?=.{2})/, '-')) {
    case '-!':
    case '-exist':
      line.exist = true;
      return true;
    case '-q':
    case '-quiet':
      line.quiet = true;
      return true;
    case '-n':
    case '-name':
      line.namesOnly = true;
      return true;
    case '-t':
    case '-terse':
      line.terse = true;
      return true;
    case '-s':
    case '-sorted':
      line.sorted = true;
      return true;
    case '-r':
    case '-resolve':
      return true;
    case '-o':
    case '-output':
      outputMode(line, rest.shift());
      return true;
    case '-f':
    case '-file':
      return notModelled('-file');
    default:
      return false;
  }
}
function outputMode(line: Line, mode: string | undefined): void {
  if (mode === undefined) usageError("Missing mandatory argument of option `-output'");
  else if (mode === 'plain' || mode === 'save') line.output = mode;
  else if (mode === 'xml' || mode === 'json') notModelled(`-output ${mode}`);
  else syntax(`unknown output mode '${mode}'`);
}

function answered<T>(reply: Result<T, SetErrno>, command: SetCommand): T {
  return reply.ok ? reply.value : fail(setErrorText(reply.error, command));
}

function createSpec(name: string, typeName: string, options: readonly string[]): SetSpec {
  const type = TYPES[typeName];
  if (!type) {
    if (OTHER_TYPES.includes(typeName)) notModelled(`type ${typeName}`);
    return syntax(`typename '${typeName}' is unknown`);
  }
  const spec: { -readonly [K in keyof SetSpec]: SetSpec[K] } = { name, type };
  const rest = [...options];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const given = word;
    const value = (): string =>
      rest.shift() ?? usageError(`Missing mandatory argument of option \`${given}'`);
    if (word === 'family') {
      const family = value();
      if (family === 'inet6') notModelled('family inet6');
      if (family !== 'inet' && family !== 'ipv4') syntax(`unknown INET family ${family}`);
    } else if (word === 'hashsize') spec.hashsize = number(value());
    else if (word === 'maxelem') spec.maxelem = number(value());
    else if (word === 'initval') spec.initval = number(value());
    else if (OTHER_CREATE.includes(word)) notModelled(word);
    else if (word !== '-4') usageError(`Unknown argument: \`${word}'`);
  }
  return spec;
}

/** `nomatch` and what this model has not, behind a member. */
function addOptions(type: SetType, options: readonly string[]): boolean {
  let nomatch = false;
  for (const word of options) {
    if (word === 'nomatch' && type.startsWith('hash:net')) nomatch = true;
    else if (OTHER_ADD.includes(word)) notModelled(word);
    else usageError(`Unknown argument: \`${word}'`);
  }
  return nomatch;
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
const headerText = ({ hashsize, maxelem, initval }: SetEntry): string =>
  `family inet hashsize ${hashsize} maxelem ${maxelem} bucketsize 12 initval ${hex(initval)}`;
function byAddress(a: string, b: string): number {
  const value = (text: string): number =>
    (/^[\d.]+/.exec(text)?.[0] ?? '').split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return value(a) - value(b) || (a < b ? -1 : 1);
}

class Listing {
  constructor(
    private readonly ctx: ProcessContext,
    private readonly line: Line,
  ) {}

  print(entries: readonly SetEntry[]): void {
    const { line, ctx } = this;
    entries.forEach((entry, at) => {
      const members = line.sorted ? [...entry.members].sort(byAddress) : entry.members;
      if (line.namesOnly) ctx.print(`${entry.name}\n`);
      else if (line.output === 'save' || line.command === 'save') this.#save(entry, members);
      else {
        if (at > 0) ctx.print('\n');
        this.#plain(entry, members);
      }
    });
  }
  #save(entry: SetEntry, members: readonly string[]): void {
    this.ctx.print(`create ${entry.name} ${entry.type} ${headerText(entry)}\n`);
    if (!this.line.terse) for (const member of members) this.ctx.print(`add ${entry.name} ${member}\n`);
  }
  #plain(entry: SetEntry, members: readonly string[]): void {
    this.ctx.print(
      `Name: ${entry.name}\nType: ${entry.type}\nRevision: ${entry.revision}\nHeader: ${headerText(entry)}\n` +
        `Size in memory: ${entry.memory}\nReferences: ${entry.references}\nNumber of entries: ${members.length}\n`,
    );
    if (!this.line.terse) this.ctx.print(`Members:\n${members.map((member) => `${member}\n`).join('')}`);
  }
}

function carryOut(ctx: ProcessContext, sets: Ipset, line: Line): number {
  const { command = '', words, exist } = line;
  const [least, most] = NAMES[command] ?? [0, 0];
  if (words.length < least) {
    const which = words.length === 0 ? 'mandatory' : 'second mandatory';
    usageError(`Missing ${which} argument to command ${command}`);
  }
  const [name, second = '', ...options] = words;
  if (most < 2 && words.length > most) usageError(`Unknown argument ${words[most] ?? ''}`);
  if (name !== undefined) setName(name);
  switch (command) {
    case 'create':
      answered(sets.create(createSpec(name ?? '', second, options), exist), 'create');
      return 0;
    case 'add':
    case 'del':
    case 'test':
      return member(ctx, sets, line, name ?? '', second, options);
    case 'rename':
    case 'swap':
      if (options[0] !== undefined) usageError(`Unknown argument ${options[0]}`);
      answered(sets[command](name ?? '', setName(second)), command);
      return 0;
    case 'destroy':
    case 'flush':
      answered(sets[command](name), command);
      return 0;
    default:
      new Listing(ctx, line).print(answered(sets.list(name), 'list'));
      return 0;
  }
}
function member(
  ctx: ProcessContext,
  sets: Ipset,
  line: Line,
  name: string,
  text: string,
  options: readonly string[],
): number {
  const type = sets.type(name) ?? fail(setErrorText('ENOENT', 'add'));
  const command = line.command as 'add' | 'del' | 'test';
  const members = element(type, text, addOptions(type, options), command === 'test');
  if (command !== 'test') {
    answered(sets[command](name, members, line.exist), command);
    return 0;
  }
  const [asked] = members;
  const found = asked !== undefined && answered(sets.test(name, asked), 'test');
  const shown = asked ? sets.text(type, asked) : text;
  if (!line.quiet)
    ctx.printError(found ? `Warning: ${shown} is in set ${name}.\n` : `${shown} is NOT in set ${name}.\n`);
  return found ? 0 : 1;
}

function run(ctx: ProcessContext, args: readonly string[]): number {
  const line = read(args);
  const { command } = line;
  if (command === undefined) usageError('No command specified.');
  if (command === 'version') ctx.print(`ipset ${VERSION}, protocol version: 7\n`);
  else if (command === 'help') ctx.print(USAGE);
  else if (command === 'restore') throw new Exit(1, 'ipset: there is no standard input here\n');
  else {
    try {
      return carryOut(ctx, ctx.netlink.netfilter.ipset, line);
    } catch (error) {
      if (line.quiet && error instanceof Exit) return error.code;
      throw error;
    }
  }
  return 0;
}

export const ipset: Program = {
  name: 'ipset',
  group: 'probes',
  about: 'sets for iptables: create NAME hash:ip|hash:net, add, del, test, list, destroy',
  slots(words) {
    if (words.length < 2) return { words: Object.keys(COMMANDS) };
    return words.length === 3 && words[1] === 'create'
      ? { words: ['hash:ip', 'hash:net', 'hash:ip,port', 'hash:net,port'] }
      : { kinds: ['address'] };
  },
  run,
};
