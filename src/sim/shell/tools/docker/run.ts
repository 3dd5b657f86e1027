/** `docker run`, `create`, `start`, `stop`, `restart`, `kill`, `rm` (Docker CLI 28.2, cli/command/container). */
import type { DockerCreate, DockerRequest, ProcessContext } from '../../../kernel/netlink';
import { parseIp4, parseMac } from '../../../wire/index';
import { Exit } from '../../program';
import { programs } from '../../registry';
import { daemonOf, type Daemon } from './daemon';
import { unwrapShell } from './exec';
import { argumentsError, parseFlags, type Command, type Flags, type FlagSpec } from './flags';
import { checkReference, parsePublish, runError, runErrorText } from './publish';

/** Read and without effect on the network. */
const HARMLESS = [
  'env',
  'volume',
  'hostname',
  'workdir',
  'user',
  'label',
  'memory',
  'cpus',
  'dns',
  'add-host',
];
const HARMLESS_LETTERS: Readonly<Record<string, string>> = {
  env: 'e',
  volume: 'v',
  hostname: 'h',
  workdir: 'w',
  user: 'u',
  label: 'l',
  memory: 'm',
};
const RUN_FLAGS: FlagSpec = {
  detach: { letter: 'd' },
  interactive: { letter: 'i' },
  tty: { letter: 't' },
  rm: {},
  init: {},
  privileged: {},
  quiet: { letter: 'q' },
  name: { value: true },
  publish: { letter: 'p', value: true },
  network: { value: true },
  net: { value: true },
  ip: { value: true },
  'mac-address': { value: true },
  restart: { value: true },
  pull: { value: true },
  'cap-add': { value: true },
  ...Object.fromEntries(
    HARMLESS.map((name) => {
      const letter = HARMLESS_LETTERS[name];
      return [name, { value: true as const, ...(letter === undefined ? {} : { letter }) }];
    }),
  ),
};
const SHELLS = new Set(['sh', 'bash', 'ash', '/bin/sh', '/bin/bash', '/bin/ash']);
const IDLE = 'tail -f /dev/null';
const NOT_FOUND = 127;
const FAILED = 125;

function restartPolicy(text: string): DockerCreate['restart'] {
  const [name = ''] = text.split(':');
  if (name === 'no' || name === '') return 'no';
  if (name === 'always' || name === 'unless-stopped' || name === 'on-failure') return name;
  throw runError(
    `Error response from daemon: invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
  );
}

function createSpec(command: 'run' | 'create', flags: Flags): DockerCreate {
  const [image, ...words] = flags.words;
  if (image === undefined) throw argumentsError(command, 'at least 1 argument');
  const ports = flags.all('publish').map(parsePublish);
  const mac = flags.last('mac-address');
  const macValue = mac === undefined ? undefined : parseMac(mac);
  if (macValue && !macValue.ok) throw runError(`${mac ?? ''} is not a valid mac address`);
  const ip = flags.last('ip');
  const ipValue = ip === undefined ? undefined : parseIp4(ip);
  if (ipValue && !ipValue.ok)
    throw runError(`invalid argument "${ip ?? ''}" for "--ip" flag: failed to parse IP: "${ip ?? ''}"`);
  checkReference(image);
  const networks = [...flags.all('network'), ...flags.all('net')];
  const network = networks.at(-1) ?? 'bridge';
  if (network.startsWith('container:'))
    throw runError('sharing a container’s network is not modelled here', 1);
  if (flags.has('rm') && restartPolicy(flags.last('restart') ?? 'no') !== 'no')
    throw runError('conflicting options: cannot specify both --restart and --rm');
  const name = flags.last('name');
  return {
    ...(name === undefined ? {} : { name }),
    image,
    command: words,
    network,
    ...(ipValue?.ok ? { ip: ipValue.value } : {}),
    ...(macValue?.ok ? { mac: macValue.value } : {}),
    ports,
    interactive: flags.has('interactive') || flags.has('tty'),
    restart: restartPolicy(flags.last('restart') ?? 'no'),
    remove: flags.has('rm'),
  };
}

/** A program the image does not have; shells are part of every image here. */
function missing(words: readonly string[]): string | undefined {
  const [name] = words;
  if (name === undefined || SHELLS.has(name) || words.join(' ') === IDLE || programs.has(name))
    return undefined;
  return name;
}

class Failure {
  constructor(
    private readonly ctx: ProcessContext,
    private readonly daemon: Daemon,
  ) {}

  create(error: string): void {
    const absent = /^No such image: (.*)$/.exec(error);
    if (absent) {
      this.ctx.printError(`Unable to find image '${absent[1] ?? ''}' locally\n`);
      const dial = 'dial tcp: lookup registry-1.docker.io: Temporary failure in name resolution';
      this.ctx.printError(
        runErrorText(`Error response from daemon: Get "https://registry-1.docker.io/v2/": ${dial}`),
      );
    } else this.ctx.printError(runErrorText(`Error response from daemon: ${error}`));
    this.ctx.exit(FAILED);
  }

  start(spec: DockerCreate, id: string, error: string, exit: number): void {
    this.ctx.printError(runErrorText(`Error response from daemon: ${error}`));
    if (!spec.remove) return this.ctx.exit(exit);
    this.daemon.ask<'remove'>({ op: 'remove', container: id, force: true }, () => this.ctx.exit(exit));
  }
}

export function run(ctx: ProcessContext, args: readonly string[]): 'running' {
  const flags = parseFlags('run', args, RUN_FLAGS, false);
  const spec = createSpec('run', flags);
  const detached = flags.has('detach');
  const shell = spec.command.length === 0 && !/nginx/.test(spec.image) && spec.interactive;
  if (!detached && shell) unwrapShell(['sh']);
  let daemon: Daemon;
  try {
    daemon = daemonOf(ctx);
  } catch (error) {
    if (error instanceof Exit) throw runError(error.message.trimEnd());
    throw error;
  }
  const failure = new Failure(ctx, daemon);
  daemon.ask<'create'>({ op: 'create', spec }, (created) => {
    if (!created.ok) return failure.create(created.error);
    const { id } = created.value;
    if (detached) ctx.print(`${id}\n`);
    const absent = missing(spec.command);
    if (absent !== undefined) {
      const runc =
        'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed';
      const why = `${runc}: unable to start container process: error during container init: exec: "${absent}": executable file not found in $PATH: unknown`;
      return failure.start(spec, id, why, NOT_FOUND);
    }
    daemon.ask<'start'>({ op: 'start', container: id, attached: !detached }, (started) => {
      if (!started.ok) return failure.start(spec, id, started.error, FAILED);
      if (detached) return ctx.exit(0);
      const netns = ctx.host.container(started.value.name);
      if (!netns) return ctx.exit(FAILED);
      ctx.host.exec(netns, started.value.words, (exit) => {
        daemon.ask<'ended'>({ op: 'ended', container: id, exit }, () => undefined);
      });
    });
  });
  return 'running';
}

export function create(ctx: ProcessContext, args: readonly string[]): 'running' {
  const spec = createSpec('create', parseFlags('create', args, RUN_FLAGS, false));
  const daemon = daemonOf(ctx);
  daemon.ask<'create'>({ op: 'create', spec }, (created) => {
    if (created.ok) {
      ctx.print(`${created.value.id}\n`);
      ctx.exit(0);
    } else new Failure(ctx, daemon).create(created.error);
  });
  return 'running';
}

/** One request for each container named; what succeeded is printed, what failed is said at the end. */
function forEach(
  ctx: ProcessContext,
  names: readonly string[],
  requests: (name: string) => readonly DockerRequest[],
  atEnd: (failed: readonly string[]) => string,
): 'running' {
  const daemon = daemonOf(ctx);
  const errors: string[] = [];
  const failed: string[] = [];
  const step = (at: number): void => {
    const name = names[at];
    if (name === undefined) {
      if (errors.length > 0) ctx.printError(`${errors.join('\n')}\n${atEnd(failed)}`);
      return ctx.exit(errors.length > 0 ? 1 : 0);
    }
    const wanted = requests(name);
    const ask = (which: number): void => {
      const request = wanted[which];
      if (!request) {
        ctx.print(`${name}\n`);
        return step(at + 1);
      }
      daemon.ask(request, (answer) => {
        if (answer.ok) return ask(which + 1);
        errors.push(`Error response from daemon: ${answer.error}`);
        failed.push(name);
        step(at + 1);
      });
    };
    ask(0);
  };
  step(0);
  return 'running';
}

function named(command: Command, args: readonly string[], spec: FlagSpec): Flags {
  const flags = parseFlags(command, args, spec);
  if (flags.words.length === 0) throw argumentsError(command, 'at least 1 argument');
  return flags;
}

const GRACE_SEC = 10;
const STOP_FLAGS: FlagSpec = {
  time: { letter: 't', value: true },
  timeout: { value: true },
  signal: { letter: 's', value: true },
};

function grace(command: Command, flags: Flags): number {
  const text = flags.last('time') ?? flags.last('timeout') ?? String(GRACE_SEC);
  if (/^-?\d+$/.test(text)) return Math.max(0, Number(text));
  throw new Exit(
    FAILED,
    `invalid argument "${text}" for "-t, --time" flag: strconv.ParseInt: parsing "${text}": invalid syntax\n\n` +
      `Usage:  docker ${command} [OPTIONS] CONTAINER [CONTAINER...]\n\nRun 'docker ${command} --help' for more information\n`,
  );
}

export function stop(ctx: ProcessContext, args: readonly string[]): 'running' {
  const flags = named('stop', args, STOP_FLAGS);
  const graceSec = grace('stop', flags);
  return forEach(
    ctx,
    flags.words,
    (container) => [{ op: 'stop', container, graceSec, why: 'stop' }],
    () => '',
  );
}
export function restart(ctx: ProcessContext, args: readonly string[]): 'running' {
  const flags = named('restart', args, STOP_FLAGS);
  const graceSec = grace('restart', flags);
  return forEach(
    ctx,
    flags.words,
    (container) => [
      { op: 'stop', container, graceSec, why: 'stop' },
      { op: 'start', container, attached: false },
    ],
    () => '',
  );
}
export function kill(ctx: ProcessContext, args: readonly string[]): 'running' {
  const flags = named('kill', args, { signal: { letter: 's', value: true } });
  return forEach(
    ctx,
    flags.words,
    (container) => [{ op: 'stop', container, graceSec: 0, why: 'kill' }],
    () => '',
  );
}
export function start(ctx: ProcessContext, args: readonly string[]): 'running' {
  const flags = named('start', args, { attach: { letter: 'a' }, interactive: { letter: 'i' } });
  return forEach(
    ctx,
    flags.words,
    (container) => [{ op: 'start', container, attached: false }],
    (failed) => `Error: failed to start containers: ${failed.join(', ')}\n`,
  );
}
export function remove(ctx: ProcessContext, args: readonly string[]): 'running' {
  const flags = named('rm', args, {
    force: { letter: 'f' },
    volumes: { letter: 'v' },
    link: { letter: 'l' },
  });
  const force = flags.has('force');
  return forEach(
    ctx,
    flags.words,
    (container) => [{ op: 'remove', container, force }],
    () => '',
  );
}
