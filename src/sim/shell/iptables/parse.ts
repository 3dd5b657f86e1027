/**
 * An iptables command line (do_command4 of iptables 1.8.9): options in any order, those of a match or target once it has
 * been named, every mistake told in the tool's words.
 */
import { addresses, interfaceName } from './address';
import { checkChainName, ILLEGAL, LONG, SHORT, splitOnce, type CommandLetter, type Parsed } from './command';
import type { AddressMatch, FilterRule, RuleTarget } from './door';
import type { ExtensionOption, Known, MatchExtension, Seen, TargetExtension } from './extension';
import { notModelled, usageError, VERSION } from './fail';
import { MATCHES, OTHER_MATCHES, implied } from './matches';
import { protocolNumber } from './names';
import { OTHER_TARGETS, TARGETS } from './targets';
import { IPTABLES_USAGE } from './usage';
import { Exit } from '../program';

interface Loaded<T> {
  readonly extension: T;
  readonly seen: Seen;
}

export class Parser {
  readonly #args: string[];
  #at = 0;
  #invert = false;
  readonly #given = new Set<string>();
  #command: CommandLetter | undefined;
  readonly #matches: Loaded<MatchExtension>[] = [];
  #target: Loaded<TargetExtension> | undefined;
  #jump: RuleTarget | undefined;
  #sources: { readonly text: string; readonly invert: boolean } | undefined;
  #destinations: { readonly text: string; readonly invert: boolean } | undefined;
  #rule: { -readonly [K in keyof FilterRule]?: FilterRule[K] } = {};
  readonly out: Parsed = {
    command: 'L',
    chain: undefined,
    number: undefined,
    name: undefined,
    table: 'filter',
    tableGiven: false,
    verbose: 0,
    numeric: false,
    exact: false,
    lineNumbers: false,
    counters: undefined,
    rules: [],
  };

  constructor(
    args: readonly string[],
    private readonly hasChain: (table: string, chain: string) => boolean,
    /** Words of iptables-restore may not change the table. */
    private readonly restoring?: string,
    private readonly known: Known = { hasSet: () => false },
  ) {
    this.#args = [...args];
    if (restoring !== undefined) this.out.table = restoring;
    // The table decides which chains are known, wherever it stands.
    else
      for (let at = 0; at < args.length - 1; at++)
        if (args[at] === '-t' || args[at] === '--table') this.out.table = args[at + 1] ?? '';
  }

  parse(): Parsed {
    while (this.#at < this.#args.length) this.#word(this.#args[this.#at++] ?? '');
    if (this.#invert) usageError('nothing appropriate following !');
    const { out } = this;
    if (!this.#command) usageError('no command specified');
    out.command = this.#command ?? 'L';
    this.#finish();
    return out;
  }

  #word(word: string): void {
    if (word === '!') {
      if (this.#invert) usageError('multiple consecutive ! not allowed');
      this.#invert = true;
      return;
    }
    if (word.startsWith('--') && word.length > 2) this.#long(word.slice(2));
    else if (word.startsWith('-') && word.length > 1) this.#shorts(word.slice(1));
    else
      throw new Exit(
        2,
        `Bad argument \`${word}'\nTry \`iptables -h' or 'iptables --help' for more information.\n`,
      );
  }

  #shorts(letters: string): void {
    for (let at = 0; at < letters.length; at++) {
      const letter = letters[at] ?? '';
      const kind = letter === '0' ? undefined : SHORT[letter];
      if (kind === undefined) usageError(`unknown option "-${letter}"`);
      const rest = letters.slice(at + 1);
      if (kind === '') {
        this.#option(letter, undefined);
        continue;
      }
      if (rest !== '') {
        this.#option(letter, rest);
        return;
      }
      this.#option(letter, kind === ':' ? this.#argument(`-${letter}`) : undefined);
    }
  }

  #argument(option: string): string {
    const word = this.#args[this.#at];
    if (word === undefined) return usageError(`option "${option}" requires an argument`);
    this.#at++;
    return word;
  }
  /** A following word that is no option (xs_has_arg). */
  #optional(): string | undefined {
    const next = this.#args[this.#at];
    if (next === undefined || next.startsWith('-') || next === '!') return undefined;
    this.#at++;
    return next;
  }

  #long(text: string): void {
    const [name = '', value] = splitOnce(text);
    const found = this.#lookUp(name);
    if (!found) usageError(`unknown option "--${name}"`);
    else if (typeof found === 'string') {
      const kind = SHORT[found] ?? '';
      this.#option(found, value ?? (kind === ':' ? this.#argument(`--${name}`) : undefined));
    } else this.#extensionOption(found.loaded, found.name, found.option, value);
  }

  /** Exact names first, then a beginning that only one name has (getopt_long). */
  #lookUp(name: string):
    | string
    | {
        loaded: { readonly extension: { readonly name: string }; readonly seen: Seen };
        name: string;
        option: ExtensionOption;
      }
    | undefined {
    const extensions = [...this.#matches, ...(this.#target ? [this.#target] : [])].reverse();
    for (const loaded of extensions) {
      const option = Object.hasOwn(loaded.extension.options, name)
        ? loaded.extension.options[name]
        : undefined;
      if (option) return { loaded, name, option };
    }
    const exact = Object.hasOwn(LONG, name) ? LONG[name] : undefined;
    if (exact !== undefined) return exact;
    const core = Object.keys(LONG).filter((long) => long.startsWith(name));
    if (core.length === 1 && core[0] !== undefined) return LONG[core[0]];
    // A protocol's own options need no -m.
    const own = implied(this.#rule.protocolInvert ? 0 : (this.#rule.protocol ?? 0));
    if (
      own &&
      !this.#matches.some(({ extension }) => extension === own) &&
      Object.hasOwn(own.options, name)
    ) {
      this.#matches.push({ extension: own, seen: new Map() });
      return this.#lookUp(name);
    }
    return undefined;
  }

  #extensionOption(
    loaded: { readonly extension: { readonly name: string }; readonly seen: Seen },
    name: string,
    option: ExtensionOption,
    value: string | undefined,
  ): void {
    const words: string[] = value === undefined ? [] : [value];
    while (words.length < option.takes) {
      const next = this.#args[this.#at];
      if (words.length > 0 && option.lacking !== undefined && (next === undefined || /^[-!]/.test(next)))
        usageError(option.lacking);
      words.push(this.#argument(`--${name}`));
    }
    const invert = this.#takeInvert();
    const extension = loaded.extension.name;
    if (invert && !option.invert) usageError(`${extension}: option "--${name}" cannot be inverted.\n`);
    const key = option.as ?? name;
    const before = loaded.seen.get(key);
    if (before && before.as !== name)
      usageError(`${extension}: option "--${before.as}" cannot be used together with "--${name}".\n`);
    if (before && option.twice !== undefined) usageError(option.twice);
    if (before) usageError(`${extension}: option "--${name}" can only be used once.\n`);
    option.check?.(words, name, this.known);
    loaded.seen.set(key, { words, invert, as: name });
  }
  #takeInvert(): boolean {
    const invert = this.#invert;
    this.#invert = false;
    return invert;
  }

  // --- one option ----------------------------------------------------------------------------------------------------

  #option(letter: string, value: string | undefined): void {
    if ('ACDRILSFZNXEP'.includes(letter)) {
      this.#commandOption(letter as CommandLetter, value);
      return;
    }
    const takesInvert = 'sdpiof'.includes(letter);
    if (this.#invert && !takesInvert) usageError(`cannot have ! before -${letter}`);
    if ('sdpjiocgnx0f'.includes(letter)) this.#once(letter === 'g' ? 'j' : letter);
    this.#ruleOption(letter, value ?? '');
  }
  #once(letter: string): void {
    if (this.#given.has(letter)) usageError(`multiple -${letter} flags not allowed`);
    this.#given.add(letter);
  }

  #ruleOption(letter: string, value: string): void {
    const { out } = this;
    switch (letter) {
      case 's':
        this.#sources = { text: value, invert: this.#takeInvert() };
        break;
      case 'd':
        this.#destinations = { text: value, invert: this.#takeInvert() };
        break;
      case 'p':
        this.#protocol(value);
        break;
      case 'i':
        this.#rule.iif = interfaceName(value, this.#takeInvert());
        break;
      case 'o':
        this.#rule.oif = interfaceName(value, this.#takeInvert());
        break;
      case 'f':
        this.#rule.fragment = this.#takeInvert() ? 'first' : 'later';
        break;
      case 'j':
        this.#jumpTo(value);
        break;
      case 'g':
        if (!this.hasChain(out.table, value)) usageError(`goto '${value}' is not a chain`);
        this.#jump = { kind: 'goto', chain: value };
        break;
      case 'm':
        this.#load(value);
        break;
      case 'c':
        out.counters = this.#counters(value);
        break;
      default:
        this.#switch(letter, value);
    }
  }
  #switch(letter: string, value: string): void {
    const { out } = this;
    if (letter === 't') {
      if (this.restoring !== undefined) usageError('The -t option cannot be used in iptables-restore.\n');
      out.table = value;
      out.tableGiven = true;
    } else if (letter === 'v') out.verbose++;
    else if (letter === 'n') out.numeric = true;
    else if (letter === 'x') out.exact = true;
    else if (letter === '0') out.lineNumbers = true;
    else if (letter === 'h') throw new Exit(0, IPTABLES_USAGE, 'stdout');
    else if (letter === 'V') throw new Exit(0, `iptables ${VERSION}\n`, 'stdout');
    else if (letter === 'w' || letter === 'W') this.#wait(letter, value);
    else if (letter === '6')
      throw new Exit(2, "Try `iptables -h' or 'iptables --help' for more information.\n");
  }
  #wait(letter: string, value: string): void {
    if (letter === 'w') this.#given.add('w');
    else if (!this.#given.has('w')) {
      const message = '--wait-interval only makes sense with --wait\n';
      const tail = "Try `iptables -h' or 'iptables --help' for more information.\n";
      throw new Exit(
        2,
        `Ignoring deprecated --wait-interval option.\niptables ${VERSION}: ${message}\n${tail}`,
      );
    }
    const word = value === '' ? this.#optional() : value;
    if (word !== undefined && !/^\d+$/.test(word)) {
      usageError(letter === 'w' ? 'wait seconds not numeric' : 'wait interval not numeric');
    }
  }

  #protocol(value: string): void {
    const invert = this.#takeInvert();
    const protocol = protocolNumber(value);
    if (protocol === 0 && invert) usageError('rule would never match protocol');
    this.#rule.protocol = protocol;
    if (invert) this.#rule.protocolInvert = true;
  }
  #counters(value: string): { packets: number; bytes: number } {
    const [packets = '', bytes] = value.split(',', 2);
    const second = bytes ?? this.#optional();
    if (second === undefined) usageError('-c requires packet and byte counter');
    if (!/^\d+$/.test(packets)) usageError('-c packet counter not numeric');
    if (!/^\d+$/.test(second ?? '')) usageError('-c byte counter not numeric');
    return { packets: Number(packets), bytes: Number(second) };
  }
  #load(name: string): void {
    const extension = MATCHES.get(name);
    if (extension) this.#matches.push({ extension, seen: new Map() });
    else if (OTHER_MATCHES.includes(name)) notModelled(`-m ${name}`);
    else usageError(`Couldn't load match \`${name}':No such file or directory\n`);
  }
  #jumpTo(name: string): void {
    if (this.hasChain(this.out.table, name)) {
      this.#jump = { kind: 'jump', chain: name };
      return;
    }
    const extension = TARGETS.get(name);
    if (extension) this.#target = { extension, seen: new Map() };
    else if (OTHER_TARGETS.includes(name)) notModelled(`-j ${name}`);
    else usageError(`Couldn't load target \`${name}':No such file or directory\n`);
  }

  // --- commands ------------------------------------------------------------------------------------------------------

  #commandOption(letter: CommandLetter, value: string | undefined): void {
    if (this.#invert) usageError(`cannot have ! before -${letter}`);
    const both = this.#command !== undefined && !`${this.#command}${letter}`.match(/^(LZ|ZL|SZ|ZS)$/);
    if (both) usageError(`Cannot use -${letter} with -${String(this.#command)}`);
    const { out } = this;
    if (this.#command && letter === 'Z') this.#given.add('also-zero');
    else if (this.#command) {
      this.#given.add('also-zero');
      this.#command = letter;
    } else this.#command = letter;
    const chain = value ?? (SHORT[letter] === '?' ? this.#optional() : undefined);
    if (chain !== undefined) out.chain = chain;
    if (letter === 'I') out.number = this.#ruleNumber() ?? 1;
    else if (letter === 'R') out.number = this.#ruleNumber() ?? usageError('-R requires a rule number');
    else if ('DLSZ'.includes(letter) && out.chain !== undefined) out.number = this.#ruleNumber();
    else if (letter === 'P') out.name = this.#optional() ?? usageError('-P requires a chain and a policy');
    else if (letter === 'E')
      out.name = this.#optional() ?? usageError('-E requires old-chain-name and new-chain-name');
    else if (letter === 'N') checkChainName(out.chain ?? '');
  }
  #ruleNumber(): number | undefined {
    const word = this.#optional();
    if (word === undefined) return undefined;
    const number = /^\d+$/.test(word) ? Number(word) : 0;
    return number > 0 ? number : usageError(`Invalid rule number \`${word}'`);
  }
  get alsoZero(): boolean {
    return this.#given.has('also-zero');
  }

  #finish(): void {
    const { out } = this;
    const { command } = out;
    const context = { protocol: this.#rule.protocolInvert ? 0 : (this.#rule.protocol ?? 0) };
    const matches = this.#matches.map(({ extension, seen }) => extension.make(seen, context));
    const target: RuleTarget = this.#jump ??
      this.#target?.extension.make(this.#target.seen, context) ?? { kind: 'none' };
    if (target.kind === 'verdict' && target.verdict === 'DROP' && out.table === 'nat') {
      usageError(
        '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n',
      );
    }
    if (command === 'E') checkChainName(out.name ?? '');
    for (const letter of ILLEGAL[command === 'D' && out.number !== undefined ? 'Dn' : command] ?? '') {
      if (this.#given.has(letter)) usageError(`Illegal option \`-${letter}' with this command`);
    }
    const hooked = out.chain ?? '';
    if ('AIDRC'.includes(command)) {
      if (['PREROUTING', 'INPUT'].includes(hooked) && this.#rule.oif)
        usageError(`Can't use -o with ${hooked}\n`);
      if (['POSTROUTING', 'OUTPUT'].includes(hooked) && this.#rule.iif)
        usageError(`Can't use -i with ${hooked}\n`);
    }
    // Names are looked up last of all.
    const sources = this.#sources && addresses(this.#sources.text, this.#sources.invert);
    const destinations = this.#destinations && addresses(this.#destinations.text, this.#destinations.invert);
    const pairs = (sources?.length ?? 1) * (destinations?.length ?? 1);
    if (command === 'R' && pairs > 1) usageError('Replacement rule does not specify a unique address');
    for (const src of sources ?? [undefined]) {
      for (const dst of destinations ?? [undefined]) out.rules.push(this.#build(src, dst, matches, target));
    }
  }

  #build(
    src: AddressMatch | undefined,
    dst: AddressMatch | undefined,
    matches: FilterRule['matches'],
    target: RuleTarget,
  ): FilterRule {
    const any = (match: AddressMatch | undefined): boolean => !match || (match.mask === 0 && !match.invert);
    const { protocol = 0, iif, oif, fragment, protocolInvert } = this.#rule;
    return {
      ...(src && !any(src) ? { src } : {}),
      ...(dst && !any(dst) ? { dst } : {}),
      ...(iif ? { iif } : {}),
      ...(oif ? { oif } : {}),
      protocol,
      ...(protocolInvert ? { protocolInvert } : {}),
      ...(fragment ? { fragment } : {}),
      matches,
      target,
    };
  }
}
