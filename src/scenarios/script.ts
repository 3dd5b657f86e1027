/**
 * Plain scripts of network-namespace commands, as tutorials have them. Read line by line: comments, `set …`, variables,
 * continued lines and `sudo` are understood; loops, pipes, substitutions and redirections are refused by line number.
 *
 * Lines run in the machine's own namespace (`host`). Lines up to the comment `# The network is up.`, or to the first one
 * that sends packets (ping, traceroute, tcpdump, curl, nc, nginx), build the network; from there on every line is an entry of the
 * journal.
 */
import { err, ok, type Result } from '../base/result';
import type { JournalEntry, Scenario, SetupCommand } from '../sim/index';
import { LIMITS, problem, tooLong, type Bilingual, type InputProblem } from './types';

interface ReadScript {
  readonly scenario: Scenario;
  readonly journal: readonly JournalEntry[];
  readonly notes: readonly Bilingual[];
}

interface Line {
  readonly place: string;
  readonly text: string;
}

const REFUSED: readonly (readonly [RegExp, Bilingual])[] = [
  [
    /^(for|while|until|if|case|select|do|done|then|else|elif|fi|esac|function)\b/,
    {
      en: 'control flow (loops, conditions, functions) is not understood',
      zh: '不支持控制流（循环、条件、函数）',
    },
  ],
  [/^[A-Za-z_]\w*\s*\(\)/, { en: 'functions are not understood', zh: '不支持函数定义' }],
  [/^(\.|source|eval|exec)\s/, { en: 'running other scripts is not understood', zh: '不支持执行其他脚本' }],
];
const SENDS = new Set(['ping', 'traceroute', 'tracepath', 'tcpdump', 'arping', 'curl', 'nc', 'nginx']);
/** An exported script says where the building ends. */
export const NETWORK_IS_UP = '# The network is up.';

/** Joins lines that end in a backslash; the place is that of the first. */
function joinLines(text: string): Line[] {
  const lines: Line[] = [];
  let pending: Line | undefined;
  text.split(/\r?\n/).forEach((raw, i) => {
    const start: Line = pending ?? { place: `line ${i + 1}`, text: '' };
    const joined = start.text + raw;
    if (joined.endsWith('\\') && !joined.trimStart().startsWith('#')) {
      pending = { place: start.place, text: `${joined.slice(0, -1)} ` };
      return;
    }
    pending = undefined;
    lines.push({ place: start.place, text: joined });
  });
  if (pending) lines.push(pending);
  return lines;
}

/** Walks over a line outside single quotes. `visit` returns how many characters it has dealt with, 0 for none. */
function outsideQuotes(text: string, visit: (at: number, double: boolean) => number): void {
  let quote = '';
  for (let at = 0; at < text.length;) {
    const char = text[at] ?? '';
    if (quote !== "'") {
      const taken = visit(at, quote === '"');
      if (taken > 0) {
        at += taken;
        continue;
      }
    }
    if (char === '\\' && quote !== "'") at += 2;
    else {
      if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === quote) quote = '';
      at += 1;
    }
  }
}

function stripComment(text: string): string {
  let end = text.length;
  outsideQuotes(text, (at, double) => {
    const before = text[at - 1];
    if (!double && text[at] === '#' && end === text.length && (before === undefined || /\s/.test(before)))
      end = at;
    return 0;
  });
  return text.slice(0, end).trim();
}

/** Puts variables' values in; an unknown one is an error, as under `set -u`. */
function substitute(text: string, variables: ReadonlyMap<string, string>): Result<string, Bilingual> {
  let result = '';
  let last = 0;
  let error: Bilingual | undefined;
  outsideQuotes(text, (at) => {
    if (text[at] === '`' || text.startsWith('$(', at)) {
      error ??= { en: 'command substitution is not understood', zh: '不支持命令替换' };
      return 0;
    }
    const match =
      text[at] === '$' ? /^\$(?:(\w+)|\{(\w+)\}|\{[^}]*\}?|[@*#?!$-])/.exec(text.slice(at)) : null;
    if (!match) return 0;
    const name = match[1] ?? match[2];
    const value = name === undefined ? undefined : variables.get(name);
    if (value === undefined) {
      error ??=
        name === undefined
          ? {
              en: `${match[0]} is not understood: only $NAME and \${NAME}`,
              zh: `不支持 ${match[0]}：只能写 $NAME 和 \${NAME}`,
            }
          : { en: `the variable ${name} has not been set`, zh: `变量 ${name} 未设置` };
    }
    result += text.slice(last, at) + (value ?? '');
    last = at + match[0].length;
    return match[0].length;
  });
  return error ? err(error) : ok(result + text.slice(last));
}

/** `/sbin/ip` is `ip`; `sudo` falls away, with its harmless options. */
function plainCommand(text: string): string {
  const bare = text.replace(/^sudo\s+(?:-[EHn]+\s+)*/, '');
  return bare.replace(/^\/(?:usr\/)?s?bin\//, '');
}

/**
 * What scripts write around a command and what changes nothing here: output thrown away, `|| true`, and settings written
 * through /proc/sys, which `sysctl -w` writes as well.
 */
function plainShell(text: string): { readonly command: string; readonly mayFail: boolean } {
  const orTrue = text.replace(/\s*\|\|\s*(true|:)$/, '');
  const quiet = orTrue.replace(/(\s*(&>|[12]?>)\s*\/dev\/null|\s*2>&1)+$/, '');
  const proc = quiet.replace(
    /(?:(?:sh|bash)\s+-c\s+(["']))?echo\s+["']?([\w.]+)["']?\s*>\s*\/proc\/sys\/([\w./-]+)\1$/,
    'sysctl -w $3=$2',
  );
  return { command: proc, mayFail: orTrue !== text };
}

/** Where a command really runs, and what: `ip netns exec NS …` is looked into. */
function unwrap(command: string): { readonly netns?: string; readonly inner: string } {
  const match = /^ip\s+netns\s+exec\s+(\S+)\s+(.+)$/s.exec(command);
  if (!match) return { inner: command };
  const deeper = unwrap(plainCommand(match[2] ?? ''));
  return { netns: deeper.netns ?? match[1], inner: deeper.inner };
}

class Reader {
  readonly problems: InputProblem[] = [];
  readonly setup: SetupCommand[] = [];
  readonly journal: JournalEntry[] = [];
  readonly notes: Bilingual[] = [];
  readonly #variables = new Map<string, string>();
  #sending = false;
  /** After `exit`. */
  #over = false;
  root = 'host';

  line({ place, text }: Line): void {
    const bare = stripComment(text);
    if (text.startsWith(NETWORK_IS_UP)) this.#sending = true;
    if (this.#over || bare === '' || /^(set\s+[-+]\w+(\s+\w+)?|true|:)$/.test(bare)) return;
    if (/^exit(\s+\d+)?$/.test(bare)) {
      this.#over = true;
      return;
    }
    const refused = REFUSED.find(([pattern]) => pattern.test(bare));
    if (refused) return this.#fail(place, refused[1]);
    const assignment = /^(?:export\s+|readonly\s+)?([A-Za-z_]\w*)=(.*)$/.exec(bare);
    const substituted = substitute(assignment ? (assignment[2] ?? '') : bare, this.#variables);
    if (!substituted.ok) return this.#fail(place, substituted.error);
    if (assignment) return this.#assign(place, assignment[1] ?? '', substituted.value);
    this.#command(place, plainCommand(substituted.value));
  }

  #fail(place: string, message: Bilingual): void {
    this.problems.push({ place, message });
  }

  #assign(place: string, name: string, text: string): void {
    const quoted = /^"([^"]*)"$|^'([^']*)'$/.exec(text);
    const value = quoted ? (quoted[1] ?? quoted[2] ?? '') : text;
    if (!quoted && /[\s"';|&<>]/.test(value)) {
      const en = 'a variable is set on a line of its own: NAME=VALUE';
      return this.#fail(place, { en, zh: '变量须单独占一行：NAME=VALUE' });
    }
    this.#variables.set(name, value);
  }

  #command(place: string, text: string): void {
    const { command, mayFail } = plainShell(text);
    const tooLongCommand = command.length > LIMITS.command;
    if (tooLongCommand) return this.#fail(place, { en: 'the command is too long', zh: '命令过长' });
    const { netns, inner } = unwrap(command);
    const [program = '', device = ''] = inner.split(/\s+/);
    if (program === 'flannel-udp-proxy') return this.#withoutReader(place, netns, device);
    if (SENDS.has(program)) this.#sending = true;
    else if (/ &$/.test(command)) {
      return this.#fail(place, {
        en: 'only ping, traceroute, tcpdump, curl, nc and nginx run in the background',
        zh: '只有 ping、traceroute、tcpdump、curl、nc 和 nginx 可以在后台运行',
      });
    }
    if (this.#sending) {
      this.journal.push({ netns: netns ?? this.root, command: inner });
      return;
    }
    // Nothing moves while the network is being built; waiting would only use up its time.
    if (program === 'sleep') return;
    // Taking away what an earlier run left behind finds nothing here.
    const cleansUp = /^ip\s+netns\s+(del|delete)\s/.test(command);
    this.setup.push({ netns: this.root, command, place, ...(mayFail || cleansUp ? { mayFail: true } : {}) });
  }

  /** Programs are not rebuilt; the device is there, but what is sent to it is read by nobody. */
  #withoutReader(place: string, netns: string | undefined, device: string): void {
    const within = netns === undefined ? '' : `-n ${netns} `;
    const command = `ip ${within}tuntap add dev ${device} mode tun`;
    this.setup.push({ netns: this.root, command, place });
    this.notes.push({
      en: `${place}: flannel-udp-proxy is not run; nobody reads from ${device}`,
      zh: `${place}：不运行 flannel-udp-proxy；没有程序读取 ${device}`,
    });
  }
}

/** A script that makes a namespace called `host` itself leaves another name to the machine. */
function rootName(lines: readonly Line[]): string {
  const taken = (name: string) =>
    lines.some(({ text }) => new RegExp(`netns\\s+(add|attach)\\s+${name}(\\s|$)`).test(text));
  return ['host', 'machine', 'root'].find((name) => !taken(name)) ?? 'the-machine';
}

export function readScript(text: string, name: string): Result<ReadScript, InputProblem[]> {
  const long = tooLong(text, 'line 1');
  if (long.length > 0) return err(long);
  const lines = joinLines(text);
  const reader = new Reader();
  reader.root = rootName(lines);
  for (const line of lines) reader.line(line);
  const count = reader.setup.length + reader.journal.length;
  if (
    count > LIMITS.setup + LIMITS.journal ||
    reader.setup.length > LIMITS.setup ||
    reader.journal.length > LIMITS.journal
  ) {
    const [setup, journal] = [LIMITS.setup, LIMITS.journal];
    const en = `there are ${count} commands; at most ${setup} that build and ${journal} that follow`;
    reader.problems.push(
      problem('line 1', en, `共有 ${count} 条命令；最多 ${setup} 条构建命令和 ${journal} 条后续命令`),
    );
  }
  if (count === 0 && reader.problems.length === 0) {
    reader.problems.push(problem('line 1', 'there is no command in this script', '脚本中没有命令'));
  }
  if (reader.problems.length > 0) return err(reader.problems);
  const machine = {
    name: reader.root,
    role: 'host' as const,
    nics: [],
    routes: [],
    forward: false,
    sysctls: [],
  };
  const scenario: Scenario = { name, switches: [], machines: [machine], cables: [], setup: reader.setup };
  return ok({ scenario, journal: reader.journal, notes: reader.notes });
}
