/**
 * The machine's kernel log as people read it: dmesg (util-linux 2.38), journalctl -k, and the files that rsyslog keeps of
 * it. Stamps count from virtual time 0; what was logged while the network was being built has stamp 0.
 */
import type { ProcessContext } from '../../kernel/netlink';
import { ctime } from '../iptables/index';
import { Exit, type Program } from '../program';

type Line = ReturnType<ProcessContext['netlink']['netfilter']['kernelLog']>[number];

const tryHelp = (name: string, message: string): Exit =>
  new Exit(1, `${name}: ${message}\nTry '${name} --help' for more information.\n`);

/** Seconds with six digits, in a field of `width` as the kernel pads them. */
function stamp(at: number, width: number): string {
  const micros = Math.max(0, Math.floor(at / 1000));
  const seconds = Math.floor(micros / 1_000_000);
  return `[${`${seconds}.${String(micros % 1_000_000).padStart(6, '0')}`.padStart(width)}]`;
}
const DMESG_WIDTH = 12;
/** What rsyslog writes: its own date without a year, the machine, and the line with its stamp. */
function syslogLine(machine: string, { at, text }: Line): string {
  const [, month = '', day = '', clock = ''] = ctime(at).split(/ +/);
  return `${month} ${day.padStart(2)} ${clock} ${machine} kernel: ${stamp(at, DMESG_WIDTH)} ${text}`;
}

const FILES: readonly string[] = ['/var/log/syslog', '/var/log/kern.log'];
/** Lines of a file that holds the kernel log; undefined: another file. */
export function logFile(ctx: ProcessContext, path: string): readonly string[] | undefined {
  if (!FILES.includes(path.replace(/\/+/g, '/'))) return undefined;
  return ctx.netlink.netfilter.kernelLog().map((line) => syslogLine(ctx.netns.machine, line));
}

const SILENT_DMESG: readonly string[] = [
  '-k',
  '--kernel',
  '-P',
  '--nopager',
  '-S',
  '--syslog',
  '-L',
  '--color',
];
const OTHER_DMESG =
  /^(?:-[CcDEFfHJlnprsuwWxde]|--(?:clear|read-clear|follow|human|json|level|decode|since|until).*)$/;

export const dmesg: Program = {
  name: 'dmesg',
  group: 'shell',
  about: 'print the kernel log: what LOG and TRACE rules write (-T with dates, -t without stamps)',
  slots: () => ({ words: ['-T', '-t'] }),
  run(ctx, args) {
    let form: 'stamp' | 'date' | 'none' = 'stamp';
    for (const word of args) {
      if (word === '-T' || word === '--ctime') form = 'date';
      else if (word === '-t' || word === '--notime') form = 'none';
      else if (word === '-V' || word === '--version')
        throw new Exit(0, 'dmesg from util-linux 2.38.1\n', 'stdout');
      else if (SILENT_DMESG.includes(word)) continue;
      else if (OTHER_DMESG.test(word)) throw new Exit(1, `dmesg: ${word} is not modelled here.\n`);
      else if (word.startsWith('--')) throw tryHelp('dmesg', `unrecognized option '${word}'`);
      else if (word.startsWith('-')) throw tryHelp('dmesg', `invalid option -- '${word[1] ?? ''}'`);
      else throw tryHelp('dmesg', 'bad usage');
    }
    for (const { at, text } of ctx.netlink.netfilter.kernelLog()) {
      const before =
        form === 'stamp' ? `${stamp(at, DMESG_WIDTH)} ` : form === 'date' ? `[${ctime(at)}] ` : '';
      ctx.print(`${before}${text}\n`);
    }
    return 0;
  },
};

/** `journalctl -k`. */
export function printKernelJournal(ctx: ProcessContext, most = Number.POSITIVE_INFINITY): void {
  const lines = ctx.netlink.netfilter.kernelLog();
  const shown = lines.slice(Math.max(0, lines.length - most));
  if (shown.length === 0) ctx.print('-- No entries --\n');
  for (const line of shown)
    ctx.print(`${syslogLine(ctx.netns.machine, line).replace(/ kernel: \[[ \d.]+\] /, ' kernel: ')}\n`);
}
const DEFAULT_TAIL = 10;
export const tail: Program = {
  name: 'tail',
  group: 'shell',
  about: 'print the last lines of the kernel log: tail -n 20 /var/log/syslog',
  run(ctx, args) {
    let most = DEFAULT_TAIL;
    const paths: string[] = [];
    const rest = [...args];
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      const attached = /^(?:-n|--lines=|-)(\d\S*)$/.exec(word)?.[1];
      if (word === '-n' || word === '--lines' || attached !== undefined) {
        const text = attached ?? rest.shift();
        if (text === undefined) throw tryHelp('tail', "option requires an argument -- 'n'");
        if (!/^\d+$/.test(text)) throw new Exit(1, `tail: invalid number of lines: ‘${text}’\n`);
        most = Number(text);
      } else if (/^-[fF]$/.test(word) || word.startsWith('--follow'))
        throw new Exit(1, `tail: ${word} is not modelled here.\n`);
      else if (word.startsWith('--')) throw tryHelp('tail', `unrecognized option '${word}'`);
      else if (word.startsWith('-') && word.length > 1)
        throw tryHelp('tail', `invalid option -- '${word[1] ?? ''}'`);
      else paths.push(word);
    }
    if (paths.length === 0)
      throw new Exit(1, 'tail: there is no standard input here: name /var/log/syslog\n');
    let code = 0;
    let shown = 0;
    for (const path of paths) {
      const lines = logFile(ctx, path);
      if (!lines) {
        ctx.printError(`tail: cannot open '${path}' for reading: No such file or directory\n`);
        code = 1;
        continue;
      }
      if (paths.length > 1) ctx.print(`${shown++ > 0 ? '\n' : ''}==> ${path} <==\n`);
      for (const line of lines.slice(Math.max(0, lines.length - most))) ctx.print(`${line}\n`);
    }
    return code;
  },
};
