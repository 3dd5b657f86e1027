/**
 * docker as far as the simulated machine can answer: containers, their life and their networks, by asking dockerd. Words as
 * Docker CLI 28.2 prints them.
 *
 * Left out: images, volumes, user-defined networks, compose, swarm, following logs.
 */
import type { ProcessContext } from '../../../kernel/netlink';
import { Exit, type Program } from '../../program';
import { containerHere, exec } from './exec';
import { inspect, networkInspect } from './inspect';
import { logs, networkLs, port, ps } from './list';
import { create, kill, remove, restart, run, start, stop } from './run';

export { containerHere } from './exec';

type Action = (ctx: ProcessContext, args: readonly string[]) => number | 'running';

const COMMANDS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['run', run],
  ['create', create],
  ['start', start],
  ['stop', stop],
  ['restart', restart],
  ['kill', kill],
  ['rm', remove],
  ['ps', ps],
  ['exec', exec],
  ['logs', logs],
  ['port', port],
  ['inspect', inspect],
]);
const LEFT_OUT = [
  'pull',
  'push',
  'build',
  'images',
  'image',
  'volume',
  'compose',
  'swarm',
  'attach',
  'cp',
  'info',
];
const NETWORK_LEFT_OUT = ['connect', 'create', 'disconnect', 'prune', 'rm'];

function network(ctx: ProcessContext, [name, ...rest]: readonly string[]): number {
  if (name === 'ls' || name === 'list') return networkLs(ctx, rest);
  if (name === 'inspect') return networkInspect(ctx, rest);
  if (name === undefined)
    throw new Exit(0, 'Usage:  docker network COMMAND\n\nModelled here: inspect, ls\n', 'stdout');
  if (NETWORK_LEFT_OUT.includes(name)) throw new Exit(1, `docker: 'network ${name}' is not modelled here\n`);
  throw new Exit(
    1,
    `docker: unknown command: docker network ${name}\n\nUsage:  docker network\n\nRun 'docker network --help' for more information\n`,
  );
}

export const docker: Program = {
  name: 'docker',
  group: 'containers and etcd',
  about:
    'containers: run -d [-p 8080:80] [--network host] IMAGE, exec, ps -a, logs, stop, start, rm -f, inspect',
  run(ctx, args) {
    if (containerHere(ctx)) throw new Exit(127, 'bash: docker: command not found\n');
    const [first, ...more] = args;
    // `docker container ls` is the long form of `docker ps`.
    const [name, rest] =
      first === 'container' ? [more[0] === 'ls' ? 'ps' : more[0], more.slice(1)] : [first, more];
    if (name === undefined) {
      const names = [...COMMANDS.keys(), 'network'].sort().join(', ');
      throw new Exit(0, `Usage:  docker [OPTIONS] COMMAND\n\nModelled here: ${names}\n`, 'stdout');
    }
    if (name === 'network') return network(ctx, rest);
    const action = COMMANDS.get(name);
    if (action) return action(ctx, rest);
    if (LEFT_OUT.includes(name)) throw new Exit(1, `docker: '${name}' is not modelled here\n`);
    throw new Exit(
      1,
      `docker: unknown command: docker ${name}\n\nRun 'docker --help' for more information\n`,
    );
  },
};
