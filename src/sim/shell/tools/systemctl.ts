/**
 * systemctl of systemd 252 for the daemons of a machine. Units are there from the start; nothing is enabled, disabled or
 * edited here.
 */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { ago, fullStamp, hasSystemd, journalLines, unitName, unitsOf, type Unit } from './units';

const NO_SYSTEMD =
  "System has not been booted with systemd as init system (PID 1). Can't operate.\n" +
  'Failed to connect to bus: Host is down\n';
const LOG_LINES = 10;
/** Exit codes of the LSB init scripts. */
const NOT_RUNNING = 3;
const NO_UNIT = 4;
const NOT_LOADED = 5;

interface Options {
  readonly words: readonly string[];
  readonly all: boolean;
  readonly quiet: boolean;
  readonly lines: number;
  readonly type: string | undefined;
  readonly noLegend: boolean;
}
const PLAIN = new Set(['--no-pager', '--full', '-l', '--now', '--system', '--no-block', '--plain']);

function parse(args: readonly string[]): Options {
  const words: string[] = [];
  let [all, quiet, noLegend] = [false, false, false];
  let lines = LOG_LINES;
  let type: string | undefined;
  const rest = [...args];
  const value = (word: string, inline: string | undefined): string => {
    const found = inline ?? rest.shift();
    if (found === undefined)
      throw new Exit(1, `systemctl: option requires an argument -- '${word.slice(1)}'\n`);
    return found;
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = '', inline] = word.startsWith('--') ? word.split('=', 2) : [word];
    if (!word.startsWith('-')) words.push(word);
    else if (name === '--all' || name === '-a') all = true;
    else if (name === '--quiet' || name === '-q') quiet = true;
    else if (name === '--no-legend') noLegend = true;
    else if (name === '--type' || name === '-t') type = value(name, inline);
    else if (name === '--lines' || name === '-n') lines = Number(value(name, inline));
    else if (name === '--version') throw new Exit(0, 'systemd 252 (252.38-1~deb12u1)\n', 'stdout');
    else if (!PLAIN.has(name)) {
      const what = word.startsWith('--')
        ? `unrecognized option '${name}'`
        : `invalid option -- '${word[1] ?? ''}'`;
      throw new Exit(1, `systemctl: ${what}\n`);
    }
  }
  return { words, all, quiet, lines, type, noLegend };
}

function active({ service }: Unit): readonly [string, string] {
  if (service.state === 'running') return ['active', 'running'];
  return service.state === 'failed' ? ['failed', 'failed'] : ['inactive', 'dead'];
}

function find(ctx: ProcessContext, word: string): Unit | undefined {
  return unitsOf(ctx).find(({ name }) => name === unitName(word));
}

/** One after another; what fails does not keep the others from it. */
function act(ctx: ProcessContext, verb: 'start' | 'stop' | 'restart', words: readonly string[]): number {
  let exit = 0;
  for (const word of words) {
    const unit = find(ctx, word);
    if (!unit) {
      const why = verb === 'stop' ? 'not loaded' : 'not found';
      ctx.printError(`Failed to ${verb} ${unitName(word)}: Unit ${unitName(word)} ${why}.\n`);
      exit = NOT_LOADED;
      continue;
    }
    if (verb !== 'start') unit.service.stop();
    if (verb !== 'stop') unit.service.start();
  }
  return exit;
}

function stateLines(ctx: ProcessContext, unit: Unit): string {
  const { service, path, name } = unit;
  const [state] = active(unit);
  const at = service.since;
  const since = at === undefined ? '' : ` since ${fullStamp(at)}; ${ago(ctx.now() - at)}`;
  const program = path.split('/').at(-1) ?? '';
  if (state === 'active') {
    return (
      `     Active: active (running)${since}\n   Main PID: ${service.pid} (${program})\n` +
      `     CGroup: /system.slice/${name}\n             └─${service.pid} ${path}\n`
    );
  }
  if (state === 'inactive' && at === undefined) return '     Active: inactive (dead)\n';
  const [result, code] =
    state === 'failed' ? ['failed (Result: exit-code)', '1/FAILURE'] : ['inactive (dead)', '0/SUCCESS'];
  return (
    `     Active: ${result}${since}\n` +
    `    Process: ${service.pid} ExecStart=${path} (code=exited, status=${code})\n` +
    `   Main PID: ${service.pid} (code=exited, status=${code})\n`
  );
}

function status(ctx: ProcessContext, { words, lines }: Options): number {
  const units =
    words.length > 0
      ? words.map((word) => [word, find(ctx, word)] as const)
      : unitsOf(ctx).map((unit) => [unit.name, unit] as const);
  let exit = 0;
  units.forEach(([word, unit], at) => {
    if (at > 0) ctx.print('\n');
    if (!unit) {
      ctx.printError(`Unit ${unitName(word)} could not be found.\n`);
      exit = NO_UNIT;
      return;
    }
    const [state] = active(unit);
    if (state !== 'active' && exit === 0) exit = NOT_RUNNING;
    const dot = { active: '●', inactive: '○', failed: '×' }[state] ?? '●';
    ctx.print(`${dot} ${unit.name} - ${unit.description}\n`);
    ctx.print(`     Loaded: loaded (/lib/systemd/system/${unit.name}; enabled; preset: enabled)\n`);
    ctx.print(stateLines(ctx, unit));
    const log = journalLines(ctx, [unit]);
    const last = lines > 0 ? log.slice(-lines) : [];
    if (last.length > 0) ctx.print(`\n${last.join('\n')}\n`);
  });
  return exit;
}

function isActive(ctx: ProcessContext, { words, quiet }: Options): number {
  let exit = NOT_RUNNING;
  for (const word of words) {
    const unit = find(ctx, word);
    const state = unit ? active(unit)[0] : 'inactive';
    if (state === 'active') exit = 0;
    if (!quiet) ctx.print(`${state}\n`);
  }
  return exit;
}

function isFailed(ctx: ProcessContext, { words, quiet }: Options): number {
  const states = words.map((word) => find(ctx, word)).map((unit) => (unit ? active(unit)[0] : 'inactive'));
  if (!quiet) for (const state of states) ctx.print(`${state}\n`);
  return states.includes('failed') ? 0 : 1;
}

const LEGEND = `
LOAD   = Reflects whether the unit definition was properly loaded.
ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
SUB    = The low-level unit activation state, values depend on unit type.
`;

function listUnits(ctx: ProcessContext, { all, type, noLegend }: Options): number {
  if (type !== undefined && type !== 'service') {
    ctx.print('0 loaded units listed.\n');
    return 0;
  }
  const rows = unitsOf(ctx)
    .map((unit) => ({ unit, active: active(unit) }))
    .filter((row) => all || row.active[0] !== 'inactive')
    .map(({ unit, active: [state, sub] }) => [unit.name, 'loaded', state, sub, unit.description]);
  const table = noLegend ? rows : [['UNIT', 'LOAD', 'ACTIVE', 'SUB', 'DESCRIPTION'], ...rows];
  const width = [0, 1, 2, 3].map((at) => Math.max(0, ...table.map((row) => (row[at] ?? '').length)));
  for (const row of table) {
    const cells = row.map((cell, at) => cell.padEnd(width[at] ?? 0)).join(' ');
    ctx.print(`${row[2] === 'failed' ? '●' : ' '} ${cells}\n`);
  }
  if (noLegend) return 0;
  const pass = all ? '' : ' Pass --all to see loaded but inactive units, too.';
  ctx.print(`${LEGEND}${rows.length} loaded units listed.${pass}\n`);
  ctx.print("To show all installed unit files use 'systemctl list-unit-files'.\n");
  return 0;
}

const LEFT_OUT = new Set([
  ...['enable', 'disable', 'mask', 'unmask', 'edit', 'cat', 'show', 'reload', 'kill', 'is-enabled'],
  ...['list-unit-files', 'list-sockets', 'list-timers', 'reboot', 'poweroff', 'isolate', 'reset-failed'],
]);

export const systemctl: Program = {
  name: 'systemctl',
  group: 'containers and etcd',
  about:
    'daemons: status, start, stop, restart, is-active NAME (flanneld, docker, etcd, kubelet), list-units',
  slots: (words) =>
    words.length === 0
      ? { words: ['status', 'start', 'stop', 'restart', 'is-active', 'list-units'] }
      : { words: ['flanneld', 'docker', 'etcd', 'kubelet'] },
  run(ctx, args) {
    const options = parse(args);
    const [verb = 'list-units', ...words] = options.words;
    const given = { ...options, words };
    if (LEFT_OUT.has(verb)) throw new Exit(1, `systemctl: ${verb} is not modelled here\n`);
    const needsUnit = ['start', 'stop', 'restart', 'is-active', 'is-failed'].includes(verb);
    if (!needsUnit && !['status', 'list-units', 'daemon-reload'].includes(verb))
      throw new Exit(1, `Unknown command verb ${verb}.\n`);
    if (needsUnit && words.length === 0) throw new Exit(1, 'Too few arguments.\n');
    if (!hasSystemd(ctx)) throw new Exit(1, NO_SYSTEMD);
    switch (verb) {
      case 'start':
      case 'stop':
      case 'restart':
        return act(ctx, verb, words);
      case 'status':
        return status(ctx, given);
      case 'is-active':
        return isActive(ctx, given);
      case 'is-failed':
        return isFailed(ctx, given);
      case 'list-units':
        return listUnits(ctx, given);
      default:
        return 0;
    }
  },
};
