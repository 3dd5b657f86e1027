/** `docker ps`, `logs`, `port` and `network ls`. */
import type { DockerContainer, DockerNetwork, ProcessContext } from '../../../kernel/netlink';
import { formatIp4 } from '../../../wire/index';
import { Exit } from '../../program';
import { containers } from './exec';
import { daemonOf, type Daemon, findContainer, noSuch } from './daemon';
import { argumentsError, parseFlags, type FlagSpec } from './flags';
import { PS_HEADER, psRow, table } from './text';

const PS_FLAGS: FlagSpec = {
  all: { letter: 'a' },
  quiet: { letter: 'q' },
  'no-trunc': {},
  latest: { letter: 'l' },
  last: { letter: 'n', value: true },
  format: { value: true },
  filter: { letter: 'f', value: true },
  size: { letter: 's' },
};
const COLUMNS = ['.ID', '.Image', '.Command', '.RunningFor', '.Status', '.Ports', '.Names'];

/** What a kubelet started, on a machine without dockerd. */
function foreign(ctx: ProcessContext): DockerContainer[] {
  return containers(ctx).map(({ id, name, image, running }) => ({
    id,
    name,
    image,
    command: '',
    network: 'cni',
    status: running ? 'running' : 'exited',
    exit: 0,
    pid: 0,
    createdAt: ctx.now(),
    startedAt: ctx.now(),
    finishedAt: ctx.now(),
    ports: [],
    exposed: [],
    output: '',
    restart: 'no',
  }));
}

export function ps(ctx: ProcessContext, args: readonly string[]): number {
  const flags = parseFlags('ps', args, PS_FLAGS);
  if (flags.words.length > 0) throw argumentsError('ps', 'no arguments');
  if (flags.last('filter') !== undefined) throw new Exit(1, 'docker: --filter is not modelled here\n');
  const service = ctx.host.service('dockerd');
  const all = service ? daemonOf(ctx).containers() : foreign(ctx);
  const newest = all.toReversed();
  const whole = flags.has('no-trunc');
  const count = flags.has('latest') ? 1 : Number(flags.last('last') ?? 0);
  const shown = flags.has('all') || count > 0 ? newest : newest.filter((row) => row.status === 'running');
  const rows = (count > 0 ? shown.slice(0, count) : shown).map((row) => psRow(row, ctx.now(), whole));
  const format = flags.last('format');
  if (flags.has('quiet')) ctx.print(rows.map(([id = '']) => `${id}\n`).join(''));
  else if (format !== undefined) ctx.print(formatted(format, rows));
  else ctx.print(table([PS_HEADER, ...rows]));
  return 0;
}

/** `{{.Names}} {{.Ports}}`, with `table` before it as a table. */
function formatted(format: string, rows: readonly (readonly string[])[]): string {
  const asTable = /^table\s+/.test(format);
  const line = format.replace(/^table\s+/, '').replaceAll('\\t', '\t');
  const fill = (row: readonly string[]): string =>
    line.replace(/\{\{\s*(\.\w+)\s*\}\}/g, (_whole, name: string) => {
      const at = COLUMNS.indexOf(name);
      if (at < 0) {
        const text = `template: :1:2: executing "" at <${name}>: can't evaluate field ${name.slice(1)} in type *formatter.ContainerContext`;
        throw new Exit(1, `failed to execute template: ${text}\n`);
      }
      return row[at] ?? '';
    });
  if (!asTable) return rows.map((row) => `${fill(row)}\n`).join('');
  return table([PS_HEADER, ...rows].map((row) => fill(row).split('\t')));
}

export function logs(ctx: ProcessContext, args: readonly string[]): number {
  const flags = parseFlags('logs', args, {
    follow: { letter: 'f' },
    timestamps: { letter: 't' },
    details: {},
    tail: { letter: 'n', value: true },
    since: { value: true },
    until: { value: true },
  });
  const [name, second] = flags.words;
  if (name === undefined || second !== undefined) throw argumentsError('logs', '1 argument');
  const row = findContainer(daemonOf(ctx).containers(), name);
  if (!row) throw new Exit(1, noSuch(name));
  const tail = flags.last('tail') ?? 'all';
  const lines = row.output.split(/(?<=\n)/).filter((line) => line !== '');
  ctx.print((/^\d+$/.test(tail) ? lines.slice(Math.max(0, lines.length - Number(tail))) : lines).join(''));
  return 0;
}

export function port(ctx: ProcessContext, args: readonly string[]): number {
  const [name, wanted, third] = parseFlags('port', args, {}).words;
  if (name === undefined || third !== undefined)
    throw argumentsError('port', 'at least 1 and at most 2 arguments');
  const row = findContainer(daemonOf(ctx).containers(), name);
  if (!row) throw new Exit(1, noSuch(name));
  const open = row.status === 'running' ? row.ports : [];
  const address = ({ hostIp, hostPort }: (typeof open)[number]): string =>
    `${hostIp === undefined ? '0.0.0.0' : formatIp4(hostIp)}:${hostPort}`;
  if (wanted === undefined) {
    for (const each of open) ctx.print(`${each.containerPort}/${each.protocol} -> ${address(each)}\n`);
    return 0;
  }
  const whole = wanted.includes('/') ? wanted : `${wanted}/tcp`;
  const found = open.filter((each) => `${each.containerPort}/${each.protocol}` === whole);
  if (found.length === 0) throw new Exit(1, `Error: No public port '${wanted}' published for ${name}\n`);
  for (const each of found) ctx.print(`${address(each)}\n`);
  return 0;
}

export function networksOf(daemon: Daemon): readonly DockerNetwork[] {
  let rows: readonly DockerNetwork[] = [];
  daemon.ask<'networks'>({ op: 'networks' }, (answer) => {
    if (answer.ok) rows = answer.value;
  });
  return rows;
}

export function networkLs(ctx: ProcessContext, args: readonly string[]): number {
  const flags = parseFlags('network ls', args, { quiet: { letter: 'q' }, 'no-trunc': {} });
  if (flags.words.length > 0) throw argumentsError('network ls', 'no arguments');
  const rows = networksOf(daemonOf(ctx)).map(({ id, name, driver }) => [
    flags.has('no-trunc') ? id : id.slice(0, 12),
    name,
    driver,
    'local',
  ]);
  if (flags.has('quiet')) ctx.print(rows.map(([id = '']) => `${id}\n`).join(''));
  else ctx.print(table([['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE'], ...rows]));
  return 0;
}
