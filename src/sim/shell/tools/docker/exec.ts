/** `docker exec`, and which container a process runs in. */
import type { ProcessContext } from '../../../kernel/netlink';
import { Exit } from '../../program';
import { splitWords } from '../../words';
import { Daemon, findContainer, NO_DAEMON } from './daemon';
import { argumentsError, parseFlags } from './flags';

const SHELLS = new Set(['sh', 'bash', 'ash', '/bin/sh', '/bin/bash', '/bin/ash']);

type Container = ReturnType<ProcessContext['host']['containers']>[number];

/** The container this process runs in, if it does; one on the host's network looks like the machine. */
export function containerHere(ctx: ProcessContext): Container | undefined {
  if (ctx.netns.id === ctx.netns.machine) return undefined;
  return ctx.host.containers().find((row) => ctx.host.container(row.name)?.id === ctx.netns.id);
}

/** `sh -c 'ping …'` is the command itself; a shell to type into is a terminal of its own here. */
export function unwrapShell(command: readonly string[]): readonly string[] {
  const [shell = '', flag, line] = command;
  if (!SHELLS.has(shell)) return command;
  if (flag === '-c' && line !== undefined) {
    const words = splitWords(line);
    if (!words.ok) throw new Exit(2, `${shell}: ${words.error}\n`);
    return words.value;
  }
  throw new Exit(1, 'docker: open a terminal in the container for a shell, or give the command itself\n');
}

const EXEC_FLAGS = {
  detach: { letter: 'd' },
  interactive: { letter: 'i' },
  tty: { letter: 't' },
  privileged: {},
  env: { letter: 'e', value: true },
  user: { letter: 'u', value: true },
  workdir: { letter: 'w', value: true },
  'env-file': { value: true },
  'detach-keys': { value: true },
} as const;

/** Pods that a kubelet started are reached too, as the daemon's own containers. */
export function containers(ctx: ProcessContext): readonly Container[] {
  const rows = ctx.host.containers();
  const service = ctx.host.service('dockerd');
  const reachable = service ? service.state === 'running' : rows.length > 0;
  if (!reachable) throw new Exit(1, NO_DAEMON);
  return rows;
}

export function exec(ctx: ProcessContext, args: readonly string[]): number | 'running' {
  const [name, ...command] = parseFlags('exec', args, EXEC_FLAGS, false).words;
  if (name === undefined || command.length === 0) throw argumentsError('exec', 'at least 2 arguments');
  const rows = containers(ctx);
  const begun = rows.filter((row) => name !== '' && row.id.startsWith(name));
  const container = rows.find((row) => row.name === name) ?? (begun.length === 1 ? begun[0] : undefined);
  const netns = container ? ctx.host.container(container.name) : undefined;
  if (container && netns && container.running) {
    ctx.host.exec(netns, unwrapShell(command));
    return 'running';
  }
  const ended = container ?? endedContainer(ctx, name);
  const text = ended ? `container ${ended.id} is not running` : `No such container: ${name}`;
  throw new Exit(1, `Error response from daemon: ${text}\n`);
}

/** One that dockerd knows and that does not run. */
function endedContainer(ctx: ProcessContext, name: string): { readonly id: string } | undefined {
  const service = ctx.host.service('dockerd');
  return service && findContainer(new Daemon(service).containers(), name);
}
