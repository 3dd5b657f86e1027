/**
 * docker as far as the simulated machine can answer: exec, ps. Complaints as Docker 28.2 words them.
 *
 * Left out: everything that would create, inspect or change containers and networks; in `ps` the command, age and ports.
 */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { splitWords } from '../words';

const NO_DAEMON =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n';
const SHELLS = new Set(['sh', 'bash', 'ash', '/bin/sh', '/bin/bash', '/bin/ash']);
const USAGE = {
  exec: 'docker exec [OPTIONS] CONTAINER COMMAND [ARG...]',
  ps: 'docker ps [OPTIONS]',
} as const;

type Container = ReturnType<ProcessContext['host']['containers']>[number];

/** The container this process runs in, if it does. */
export function containerHere(ctx: ProcessContext): Container | undefined {
  return ctx.host.containers().find((row) => ctx.host.container(row.name)?.id === ctx.netns.id);
}

function needs(command: 'exec', count: number): Exit {
  return new Exit(
    1,
    `docker: 'docker ${command}' requires at least ${count} arguments\n\nUsage:  ${USAGE[command]}\n\n` +
      `See 'docker ${command} --help' for more information\n`,
  );
}
function unknownFlag(command: keyof typeof USAGE, word: string, letter: string): Exit {
  const what = word.startsWith('--')
    ? `unknown flag: ${word.split('=')[0] ?? word}`
    : `unknown shorthand flag: '${letter}' in ${word}`;
  return new Exit(
    125,
    `${what}\n\nUsage:  ${USAGE[command]}\n\nRun 'docker ${command} --help' for more information\n`,
  );
}

/** Options stand before the container; what follows it belongs to the command. */
function execWords(args: readonly string[]): readonly string[] {
  const plain = 'itd';
  const withValue = 'euw';
  let at = 0;
  for (; at < args.length && /^-./.test(args[at] ?? ''); at++) {
    const word = args[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (word.startsWith('--')) {
      const name = word.slice(2).split('=')[0] ?? '';
      if (['interactive', 'tty', 'detach', 'privileged'].includes(name)) continue;
      if (!['env', 'user', 'workdir', 'env-file', 'detach-keys'].includes(name))
        throw unknownFlag('exec', word, '');
      if (!word.includes('=')) at++;
      continue;
    }
    for (let index = 1; index < word.length; index++) {
      const letter = word[index] ?? '';
      if (plain.includes(letter)) continue;
      if (!withValue.includes(letter)) throw unknownFlag('exec', word, letter);
      if (index === word.length - 1) at++;
      break;
    }
  }
  return args.slice(at);
}

function exec(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const [name, ...command] = execWords(args);
  if (name === undefined || command.length === 0) throw needs('exec', 2);
  const container = containers(ctx).find(
    (row) => row.name === name || (name !== '' && row.id.startsWith(name)),
  );
  const netns = container ? ctx.host.container(container.name) : undefined;
  if (!container || !netns) throw new Exit(1, `Error response from daemon: No such container: ${name}\n`);
  if (!container.running)
    throw new Exit(1, `Error response from daemon: container ${container.id} is not running\n`);
  ctx.host.exec(netns, unwrapShell(command));
  return 'running';
}

/** `sh -c 'ping …'` is the command itself; a shell to type into is a terminal of its own here. */
function unwrapShell(command: readonly string[]): readonly string[] {
  const [shell = '', flag, line] = command;
  if (!SHELLS.has(shell)) return command;
  if (flag === '-c' && line !== undefined) {
    const words = splitWords(line);
    if (!words.ok) throw new Exit(2, `${shell}: ${words.error}\n`);
    return words.value;
  }
  throw new Exit(1, 'docker: open a terminal in the container for a shell, or give the command itself\n');
}

/** A machine without containers has no daemon that could be asked. */
function containers(ctx: ProcessContext): readonly Container[] {
  const rows = ctx.host.containers();
  if (rows.length === 0) throw new Exit(1, NO_DAEMON);
  return rows;
}

/** As `docker ps --format 'table {{.ID}}\t{{.Image}}\t{{.State}}\t{{.Names}}'`. */
function ps(ctx: ProcessContext, args: readonly string[]): number {
  let all = false;
  let quiet = false;
  let whole = false;
  for (const word of args) {
    if (word === '--all') all = true;
    else if (word === '--quiet') quiet = true;
    else if (word === '--no-trunc') whole = true;
    else if (/^-[aq]+$/.test(word)) {
      all ||= word.includes('a');
      quiet ||= word.includes('q');
    } else if (word.startsWith('-')) throw unknownFlag('ps', word, /[^aq-]/.exec(word)?.[0] ?? '');
  }
  const rows = containers(ctx)
    .filter((row) => all || row.running)
    .map((row) => [
      whole ? row.id : row.id.slice(0, 12),
      row.image,
      row.running ? 'running' : 'exited',
      row.name,
    ]);
  if (quiet) {
    for (const [id = ''] of rows) ctx.print(`${id}\n`);
    return 0;
  }
  const table = [['CONTAINER ID', 'IMAGE', 'STATE', 'NAMES'], ...rows];
  const width = [0, 1, 2].map((column) => Math.max(7, ...table.map((row) => (row[column] ?? '').length)) + 3);
  for (const row of table)
    ctx.print(`${row.map((cell, column) => cell.padEnd(width[column] ?? 0)).join('')}\n`);
  return 0;
}

export const docker: Program = {
  name: 'docker',
  group: 'containers and etcd',
  about: 'run a command in a container (docker exec NAME COMMAND…), list them (docker ps)',
  run(ctx, args) {
    if (containerHere(ctx)) throw new Exit(127, 'bash: docker: command not found\n');
    const [command, ...rest] = args;
    if (command === 'container' && rest[0] === 'ls') return ps(ctx, rest.slice(1));
    if (command === 'exec') return exec(ctx, rest);
    if (command === 'ps') return ps(ctx, rest);
    if (command === undefined)
      throw new Exit(0, 'Usage:  docker [OPTIONS] COMMAND\n\nModelled here: exec, ps\n');
    throw new Exit(1, `docker: '${command}' is not modelled here: exec and ps are\n`);
  },
};
