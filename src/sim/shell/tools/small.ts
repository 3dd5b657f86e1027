/** sleep, hostname, true, false, clear. */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { containerHere } from './docker/index';

const SECOND = 1_000_000_000;
/** Longer than any run: 30 days. */
const LONGEST = 30 * 86_400;
const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

function tryHelp(name: string, message: string): Exit {
  return new Exit(1, `${message}Try '${name} --help' for more information.\n`);
}

/** Seconds; undefined when it is no interval. */
function interval(word: string): number | undefined {
  const match = /^\+?(inf|infinity|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([smhd]?)$/i.exec(word);
  if (!match) return undefined;
  const number = /^inf/i.test(match[1] ?? '') ? Number.POSITIVE_INFINITY : Number(match[1]);
  const unit = UNITS[match[2] ?? ''];
  return unit === undefined ? undefined : number * unit;
}

export const sleep: Program = {
  name: 'sleep',
  group: 'shell',
  about: 'let time pass (sleep 1.5, sleep 2m)',
  run(ctx, args) {
    if (args.length === 0) throw tryHelp('sleep', 'sleep: missing operand\n');
    const option = args.find((word) => /^-./.test(word));
    if (option !== undefined) {
      const what = option.startsWith('--')
        ? `unrecognized option '${option}'`
        : `invalid option -- '${option[1] ?? ''}'`;
      throw tryHelp('sleep', `sleep: ${what}\n`);
    }
    const bad = args.filter((word) => interval(word) === undefined);
    if (bad.length > 0)
      throw tryHelp('sleep', bad.map((word) => `sleep: invalid time interval ‘${word}’\n`).join(''));
    const seconds = args.reduce((sum, word) => sum + (interval(word) ?? 0), 0);
    ctx.after(Math.round(Math.min(seconds, LONGEST) * SECOND), () => ctx.exit(0));
    return 'running';
  },
};

function addresses(ctx: ProcessContext): string {
  const loopback = new Set(
    ctx.netlink
      .getLinks()
      .filter((row) => row.flags.includes('LOOPBACK'))
      .map((row) => row.ifname),
  );
  const rows = ctx.netlink.getAddrs().filter((row) => !loopback.has(row.dev));
  return `${rows.map((row) => `${row.local} `).join('')}\n`;
}

/** A container's host name is its name, any other namespace's its machine's. */
function hostName(ctx: ProcessContext): string {
  return containerHere(ctx)?.name ?? ctx.netns.machine;
}

export const hostname: Program = {
  name: 'hostname',
  group: 'shell',
  about: "print this machine's name (-I: its addresses)",
  run(ctx, args) {
    const [word] = args;
    if (word === undefined) ctx.print(`${hostName(ctx)}\n`);
    else if (word === '-s' || word === '--short') ctx.print(`${hostName(ctx).split('.')[0] ?? ''}\n`);
    else if (word === '-I' || word === '--all-ip-addresses') ctx.print(addresses(ctx));
    else if (word.startsWith('-')) throw new Exit(255, `hostname: invalid option -- '${word[1] ?? ''}'\n`);
    else throw new Exit(1, 'hostname: names cannot be changed here\n');
    return 0;
  },
};

function silent(name: string, about: string, code: number): Program {
  return { name, group: 'shell', about, run: () => code };
}
export const trueProgram = silent('true', 'succeed', 0);
export const falseProgram = silent('false', 'fail', 1);
/** The terminal on screen clears itself; a transcript keeps what was printed. */
export const clear = silent('clear', 'clear the terminal', 0);
