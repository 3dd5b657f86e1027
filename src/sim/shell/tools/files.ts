/** cat and echo, whose files are those under /proc/sys, the kernel log, and what daemons have written. */
import type { ProcessContext } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { containerHere } from './docker/index';
import { logFile } from './kernel-log';
import { sysctlName } from './sysctl';

const ROOT = '/proc/sys/';

type Found = { readonly kind: 'file'; readonly value: string } | { readonly kind: 'directory' | 'missing' };

function find(ctx: ProcessContext, path: string): Found {
  const rows = ctx.netlink.listSysctls();
  const log = logFile(ctx, path);
  if (log) return { kind: 'file', value: log.join('\n') };
  if (!`${path}/`.startsWith(ROOT)) {
    // A container has files of its own, and none of these.
    const text = containerHere(ctx) ? undefined : ctx.host.file?.(path);
    return text === undefined ? { kind: 'missing' } : { kind: 'file', value: text.replace(/\n$/, '') };
  }
  const name = sysctlName(path.slice(ROOT.length).replace(/\/+$/, ''));
  const row = rows.find((candidate) => candidate.name === name);
  if (row) return { kind: path.endsWith('/') ? 'missing' : 'file', value: row.value };
  const directory = name === '' || rows.some((candidate) => candidate.name.startsWith(`${name}.`));
  return { kind: directory ? 'directory' : 'missing' };
}

export const cat: Program = {
  name: 'cat',
  group: 'shell',
  about: 'print a file: cat /proc/sys/net/ipv4/ip_forward, /var/log/syslog, /run/flannel/subnet.env',
  run(ctx, args) {
    let numbered = false;
    const paths: string[] = [];
    for (const word of args) {
      if (word === '-n' || word === '--number') numbered = true;
      else if (word === '-u' || word === '--') continue;
      else if (word.startsWith('-') && word.length > 1) {
        const name = word.startsWith('--')
          ? `unrecognized option '${word}'`
          : `invalid option -- '${word[1] ?? ''}'`;
        throw new Exit(1, `cat: ${name}\nTry 'cat --help' for more information.\n`);
      } else paths.push(word);
    }
    if (paths.length === 0 || paths.includes('-'))
      throw new Exit(1, 'cat: there is no standard input here: name a file under /proc/sys\n');
    let code = 0;
    let line = 0;
    for (const path of paths) {
      const found = find(ctx, path);
      if (found.kind === 'file') {
        // An empty log has no line.
        for (const text of found.value === '' ? [] : found.value.split('\n')) {
          line++;
          ctx.print(`${numbered ? `${String(line).padStart(6)}\t` : ''}${text}\n`);
        }
        continue;
      }
      const what = found.kind === 'directory' ? 'Is a directory' : 'No such file or directory';
      ctx.printError(`cat: ${path}: ${what}\n`);
      code = 1;
    }
    return code;
  },
};

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** echo -e as bash does it; `\c` ends the output. */
function unescape(text: string): { text: string; ended: boolean } {
  const end = /^(?:[^\\]|\\[^c])*?\\c/.exec(text);
  const before = end ? end[0].slice(0, -2) : text;
  const result = before.replace(
    /\\(?:0([0-7]{0,3})|x([0-9a-fA-F]{1,2})|([abeEfnrtv\\]))/g,
    (_, octal: string | undefined, hex: string | undefined, letter: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
      if (letter !== undefined) return ESCAPES[letter] ?? letter;
      return String.fromCharCode(parseInt(octal === undefined || octal === '' ? '0' : octal, 8) & 0xff);
    },
  );
  return { text: result, ended: end !== null };
}

export function echoText(args: readonly string[]): string {
  let newline = true;
  let escapes = false;
  let at = 0;
  for (; at < args.length && /^-[neE]+$/.test(args[at] ?? ''); at++) {
    for (const letter of (args[at] ?? '').slice(1)) {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
  }
  const joined = args.slice(at).join(' ');
  const { text, ended } = escapes ? unescape(joined) : { text: joined, ended: false };
  return newline && !ended ? `${text}\n` : text;
}

/** What bash does with `> PATH`: opening can fail before echo runs, writing after. */
function write(ctx: ProcessContext, path: string, text: string): number {
  const found = find(ctx, path);
  if (found.kind !== 'file') {
    const what = found.kind === 'directory' ? 'Is a directory' : 'No such file or directory';
    ctx.printError(`bash: ${path}: ${what}\n`);
    return 1;
  }
  const done = ctx.netlink.setSysctl(path.slice(ROOT.length), text.trim());
  if (done.ok) return 0;
  ctx.printError(`bash: echo: write error: ${strerror[done.error]}\n`);
  return 1;
}

export const echo: Program = {
  name: 'echo',
  group: 'shell',
  about: 'print words, or set a parameter: echo 1 > /proc/sys/net/ipv4/ip_forward',
  run(ctx, args) {
    // The shell hands on `> /proc/sys/…` as the last two words.
    const target = args.at(-2) === '>' ? args.at(-1) : undefined;
    if (target !== undefined) return write(ctx, target, echoText(args.slice(0, -2)));
    ctx.print(echoText(args));
    return 0;
  },
};
