/** sysctl (procps 4.0.2) on the parameters that the kernel model has. */
import type { ProcessContext } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { SYSCTL_USAGE } from './usage';

/** A name's place under /proc/sys. Whichever of `.` and `/` comes first separates; the other then stands for it in names. */
function sysctlPath(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator === '/') return name;
  return name.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
}
/** The dotted name of a place, a dot inside a device's name being written as a slash. */
export function sysctlName(path: string): string {
  return path.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
}

/** `net.ipv4.conf.DEV.NAME` has the most. */
const PARTS = 5;

interface Flags {
  all: boolean;
  write: boolean;
  quiet: boolean;
  ignore: boolean;
  values: boolean;
  names: boolean;
  /** -b: without the newline. */
  bare: boolean;
  pattern: RegExp | undefined;
}

const LONG: Readonly<Record<string, string>> = {
  all: 'a',
  binary: 'b',
  ignore: 'e',
  names: 'N',
  values: 'n',
  load: 'p',
  system: 'p',
  pattern: 'r',
  quiet: 'q',
  write: 'w',
  help: 'h',
  version: 'V',
};

function patternOf(text: string): RegExp {
  // Repeated groups can take for ever to fail; names need none.
  const wild = /\)[*+{?]/.test(text) || text.length > 200;
  try {
    if (!wild) return new RegExp(text);
  } catch {
    // Told below.
  }
  throw new Exit(1, `sysctl: unrecognised pattern "${text}"\n`);
}

function setFlag(flags: Flags, letter: string, next: () => string | undefined): void {
  if (letter === 'a' || letter === 'A' || letter === 'X') flags.all = true;
  else if (letter === 'w') flags.write = true;
  else if (letter === 'q') flags.quiet = true;
  else if (letter === 'e') flags.ignore = true;
  else if (letter === 'n') flags.values = true;
  else if (letter === 'N') flags.names = true;
  else if (letter === 'b') {
    flags.values = true;
    flags.bare = true;
  } else if (letter === 'r') {
    const text = next();
    if (text === undefined) throw new Exit(0, `sysctl: option requires an argument -- 'r'\n${SYSCTL_USAGE}`);
    flags.pattern = patternOf(text);
  } else if (letter === 'h' || letter === 'd') throw new Exit(0, SYSCTL_USAGE, 'stdout');
  else if (letter === 'V') throw new Exit(0, 'sysctl from procps-ng 4.0.2\n', 'stdout');
  else if (letter === 'p' || letter === 'f') {
    const file = next() ?? '/etc/sysctl.conf';
    throw new Exit(1, `sysctl: cannot open "${file}": No such file or directory\n`);
  } else if (letter !== 'o' && letter !== 'x') {
    throw new Exit(0, `sysctl: invalid option -- '${letter}'\n${SYSCTL_USAGE}`);
  }
}

function parse(args: readonly string[]): { flags: Flags; words: string[] } {
  const flags: Flags = {
    all: false,
    write: false,
    quiet: false,
    ignore: false,
    values: false,
    names: false,
    bare: false,
    pattern: undefined,
  };
  const words: string[] = [];
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word.startsWith('--') && word.length > 2) {
      const [name = '', value] = word.slice(2).split('=', 2);
      const letter = LONG[name];
      if (letter === undefined) throw new Exit(0, `sysctl: unrecognized option '${word}'\n${SYSCTL_USAGE}`);
      setFlag(flags, letter, () => value ?? rest.shift());
    } else if (word.startsWith('-') && word.length > 1) {
      for (const letter of word.slice(1)) setFlag(flags, letter, () => rest.shift());
    } else words.push(word);
  }
  return { flags, words };
}

class Sysctl {
  #code = 0;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly flags: Flags,
  ) {}

  run(words: readonly string[]): number {
    if (this.flags.all) {
      this.#readAll('');
      return 0;
    }
    for (const word of words) {
      const sign = word.indexOf('=');
      if (sign < 0 && this.flags.write) {
        this.ctx.printError('sysctl: command line(0): invalid syntax, continuing...\n');
        return 1;
      }
      if (sign < 0) this.#read(word);
      else this.#write(word.slice(0, sign).trim(), word.slice(sign + 1).trim());
    }
    return this.#code;
  }

  #missing(path: string): void {
    if (this.flags.ignore) return;
    this.ctx.printError(`sysctl: cannot stat /proc/sys/${path}: No such file or directory\n`);
    this.#code = 1;
  }

  /** A dot too many is part of no name, though the kernel's door would take it for part of a device's. */
  #value(path: string, name: string): string | undefined {
    if (name.split('.').length > PARTS) return undefined;
    const value = this.ctx.netlink.getSysctl(path);
    return value.ok ? value.value : undefined;
  }

  #read(word: string): void {
    const path = sysctlPath(word);
    const name = sysctlName(path);
    const value = this.#value(path, name);
    if (value !== undefined) this.#show(name, value);
    else if (!this.#readAll(`${name.replace(/\.$/, '')}.`)) this.#missing(path);
  }

  /** Every parameter below a directory; false when there is none. */
  #readAll(prefix: string): boolean {
    let found = false;
    for (const { name, value } of this.ctx.netlink.listSysctls()) {
      if (!name.startsWith(prefix)) continue;
      found = true;
      if (this.flags.pattern?.test(name) ?? true) this.#show(name, value);
    }
    return found;
  }

  #show(name: string, value: string): void {
    const { names, values, bare } = this.flags;
    if (names) this.ctx.print(`${name}\n`);
    else if (values) this.ctx.print(bare ? value : `${value}\n`);
    else this.ctx.print(`${name} = ${value}\n`);
  }

  #write(word: string, value: string): void {
    const path = sysctlPath(word);
    const name = sysctlName(path);
    if (word === '') {
      this.ctx.printError('sysctl: Path is not under /proc/sys/: /proc/sys/\n');
      this.#code = 1;
    } else if (this.#value(path, name) === undefined) this.#missing(path);
    else {
      const done = this.ctx.netlink.setSysctl(path, value);
      if (!done.ok) {
        this.ctx.printError(`sysctl: setting key "${name}": ${strerror[done.error]}\n`);
        this.#code = 1;
      } else if (!this.flags.quiet) this.#show(name, value);
    }
  }
}

export const sysctl: Program = {
  name: 'sysctl',
  group: 'shell',
  about: 'read and set kernel parameters (-w NAME=VALUE, -n, -a)',
  slots() {
    return { words: ['-w', '-n', '-a', '-q'], kinds: ['sysctl'] };
  },
  run(ctx, args) {
    if (args.length === 0) throw new Exit(1, SYSCTL_USAGE);
    const { flags, words } = parse(args);
    if (words.length === 0 && !flags.all)
      throw new Exit(1, "sysctl: no variables specified\nTry `sysctl --help' for more information.\n");
    return new Sysctl(ctx, flags).run(words);
  },
};
