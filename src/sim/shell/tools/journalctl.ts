/** journalctl of systemd 252: what the daemons of this machine logged, and with -k what the kernel did. */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { printKernelJournal } from './kernel-log';
import { hasSystemd, journalLines, unitName, unitsOf } from './units';

const PLAIN = new Set([
  ...['--no-pager', '-e', '--pager-end', '-x', '--catalog', '-a', '--all', '-l', '--full', '-b', '--boot'],
  ...['-q', '--quiet', '--no-hostname'],
]);

interface Asked {
  readonly units: readonly string[];
  readonly lines: number | undefined;
  readonly reverse: boolean;
  readonly output: 'short' | 'cat';
  readonly quiet: boolean;
  readonly kernel: boolean;
}

function parse(args: readonly string[]): Asked {
  const units: string[] = [];
  let lines: number | undefined;
  let reverse = false;
  let kernel = false;
  let output: 'short' | 'cat' = 'short';
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const long = word.startsWith('--');
    const sign = word.indexOf('=');
    const name = long ? word.slice(0, sign < 0 ? undefined : sign) : word.slice(0, 2);
    const inline = long ? (sign < 0 ? undefined : word.slice(sign + 1)) : word.slice(2) || undefined;
    const value = (): string => {
      const found = inline ?? rest.shift();
      if (found === undefined)
        throw new Exit(1, `journalctl: option requires an argument -- '${name.slice(1)}'\n`);
      return found;
    };
    if (name === '-u' || name === '--unit') units.push(unitName(value()));
    else if (name === '-n' || name === '--lines') lines = lineCount(inline ?? nextNumber(rest));
    else if (name === '-k' || name === '--dmesg') kernel = true;
    else if (name === '-r' || name === '--reverse') reverse = true;
    else if (name === '-o' || name === '--output') output = outputMode(value());
    else if (name === '-f' || name === '--follow')
      throw new Exit(1, 'journalctl: following is not modelled here\n');
    else if (!PLAIN.has(long ? name : word)) {
      if (!word.startsWith('-')) throw new Exit(1, `Failed to add match '${word}': Invalid argument\n`);
      const what = long ? `unrecognized option '${name}'` : `invalid option -- '${word[1] ?? ''}'`;
      throw new Exit(1, `journalctl: ${what}\n`);
    }
  }
  return { units, lines, reverse, output, quiet: args.includes('-q') || args.includes('--quiet'), kernel };
}

/** -n alone means 10. */
function nextNumber(rest: string[]): string {
  return /^\d+$|^all$/.test(rest[0] ?? '') ? (rest.shift() ?? '') : '10';
}
function lineCount(text: string): number | undefined {
  if (text === 'all') return undefined;
  if (!/^\d+$/.test(text)) throw new Exit(1, `Failed to parse lines '${text}'\n`);
  return Number(text);
}
function outputMode(text: string): 'short' | 'cat' {
  if (text === 'short' || text === 'cat') return text;
  throw new Exit(1, `journalctl: output format ${text} is not modelled here\n`);
}

export const journalctl: Program = {
  name: 'journalctl',
  group: 'containers and etcd',
  about: 'what a daemon logged: journalctl -u flanneld [-n 20]; the kernel: -k',
  slots: (words) => ({
    words: words.at(-1) === '-u' ? ['flanneld', 'docker', 'etcd', 'kubelet'] : ['-u', '-n', '--no-pager'],
  }),
  run(ctx: ProcessContext, args) {
    const asked = parse(args);
    if (!hasSystemd(ctx)) {
      ctx.printError('No journal files were found.\n');
      ctx.print('-- No entries --\n');
      return 0;
    }
    if (asked.kernel) {
      printKernelJournal(ctx, asked.lines);
      return 0;
    }
    const units = unitsOf(ctx).filter(({ name }) => asked.units.length === 0 || asked.units.includes(name));
    const all = journalLines(ctx, units, asked.output);
    const shown = asked.lines === undefined ? all : asked.lines === 0 ? [] : all.slice(-asked.lines);
    const lines = asked.reverse ? shown.toReversed() : shown;
    if (lines.length > 0) ctx.print(`${lines.join('\n')}\n`);
    else if (!asked.quiet) ctx.print('-- No entries --\n');
    return 0;
  },
};
