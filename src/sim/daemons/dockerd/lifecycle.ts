/** From `docker start` to a container's end (moby daemon/{start,monitor,container_operations}.go). */
import { err, ok } from '../../../base/result';
import { Random } from '../../../base/random';
import type { DockerPort, SimTime } from '../../kernel/netlink';
import { formatIp4, formatMac, type Ip4 } from '../../wire/index';
import { log, type Effect } from '../daemon';
import { imageOf, isShell, quoted } from './images';
import { dockerMac, endpoint, hexDigits, loopback, nextAddress, sandbox, vethOf } from './network';
import { portRules, portRulesAway } from './rules';
import {
  and,
  boxOf,
  next,
  withBox,
  type Box,
  type DockerdOptions,
  type DockerdState,
  type Move,
  type Step,
} from './state';

const KILLED = 137;
const MS = 1_000_000;
const RESTART_NS = 100 * MS;
const RESTART_MOST_NS = 60_000 * MS;
const SHELL_LINE = new Set(['sh', 'bash', 'ash', '/bin/sh', '/bin/bash', '/bin/ash']);

/** Its events in `docker events`. */
export function event(box: Pick<Box, 'name' | 'image'>, action: string, more = '', lead?: true): Effect {
  const text = `${box.name} (${box.image})${more}`;
  return { do: 'tell', protocol: 'docker', action, text, ...(lead ? { lead } : {}) };
}

function proxyName(box: Box, { hostPort, protocol }: DockerPort): string {
  return `proxy ${box.name} ${hostPort}/${protocol}`;
}

function publish(options: DockerdOptions, box: Box, ip: Ip4): Step[] {
  return box.ports.flatMap((port): Step[] => {
    const { hostIp, hostPort, containerPort, protocol } = port;
    const host = hostIp === undefined ? '0.0.0.0' : formatIp4(hostIp);
    const command =
      `docker-proxy -proto ${protocol} -host-ip ${host} -host-port ${hostPort} ` +
      `-container-ip ${formatIp4(ip)} -container-port ${containerPort}`;
    const proxy = { kind: 'proxy', name: proxyName(box, port), command } as const;
    return [...(options.iptables === false ? [] : portRules(options.bridge, ip, port)), proxy];
  });
}

/** portallocator: a port is taken on one address or, if it is taken on all of them, everywhere. */
function clash(state: DockerdState, box: Box): DockerPort | undefined {
  const taken = state.boxes.filter((other) => other.status === 'running' && other.ip !== undefined);
  return box.ports.find((port) =>
    taken.some((other) =>
      other.ports.some(
        ({ hostIp, hostPort, protocol }) =>
          hostPort === port.hostPort &&
          protocol === port.protocol &&
          (hostIp === undefined || port.hostIp === undefined || hostIp === port.hostIp),
      ),
    ),
  );
}

function addressFor(options: DockerdOptions, state: DockerdState, box: Box): Ip4 | undefined {
  if (box.wantedIp !== undefined) return box.wantedIp;
  const waiting = state.boxes.flatMap((other) =>
    other.wantedIp === undefined || other.status === 'exited' ? [] : [other.wantedIp],
  );
  const used = state.boxes.flatMap((other) => (other.ip === undefined ? [] : [other.ip]));
  return nextAddress(options.bip, [...used, ...waiting]);
}

interface StartOptions {
  readonly ask?: number;
  readonly attached: boolean;
}

/** What `docker start` does before the container's process runs. */
export function startBox(
  options: DockerdOptions,
  state: DockerdState,
  name: string,
  how: StartOptions,
): Move {
  const box = boxOf(state, name);
  if (!box) return next(state);
  const job = { box: name, attached: how.attached, ...(how.ask === undefined ? {} : { ask: how.ask }) };
  const begin = (steps: readonly Step[], change: Partial<Box> = {}): Move =>
    next({ ...withBox(state, name, change), job: { ...job, steps } });
  if (options.room?.() === false) {
    return failStart(options, { ...state, job: { ...job, steps: [] } }, 'no space left on device');
  }
  if (box.network === 'host') return begin([{ kind: 'do', effects: [sandbox(box)] }]);
  if (box.network === 'none') return begin([{ kind: 'do', effects: [sandbox(box), loopback(box)] }]);
  if (box.network !== 'bridge' && box.network !== 'default') {
    return failStart(options, { ...state, job: { ...job, steps: [] } }, `network ${box.network} not found`);
  }
  const ip = addressFor(options, state, box);
  if (ip === undefined) {
    const why = "no available IPv4 addresses on this network's address pools: bridge";
    return failStart(options, { ...state, job: { ...job, steps: [] } }, why);
  }
  const plumb: Step = { kind: 'do', effects: [sandbox(box), ...endpoint(options, box, ip)] };
  const taken = clash(state, box);
  if (taken) {
    const at = taken.hostIp === undefined ? '0.0.0.0' : formatIp4(taken.hostIp);
    const made = next({ ...withBox(state, name, { ip }), job: { ...job, steps: [] } }, ...plumb.effects);
    const why = `Bind for ${at}:${taken.hostPort} failed: port is already allocated`;
    return and(made, (known) => failStart(options, known, external(options, box, why)));
  }
  return begin([plumb, ...publish(options, box, ip)], { ip });
}

/** How libnetwork words a published port's trouble. */
export function external(options: DockerdOptions, box: Box, why: string): string {
  const id = hexDigits(new Random(`${options.seed} endpoint ${box.id} ${box.startedAt}`), 64);
  return `driver failed programming external connectivity on endpoint ${box.name} (${id}): ${why}`;
}

/** Address, rules, proxies and namespace are gone; the state still knows of the box. */
function unplug(options: DockerdOptions, box: Box): Effect[] {
  const { ip } = box;
  const rules =
    ip === undefined || options.iptables === false
      ? []
      : box.ports.flatMap((port) => portRulesAway(options.bridge, ip, port));
  return [
    ...(ip === undefined
      ? []
      : box.ports.map((port): Effect => ({ do: 'kill', name: proxyName(box, port) }))),
    ...rules.map((command): Effect => ({ do: 'exec', command, to: 'ignored' })),
    { do: 'netns-delete', name: box.name },
  ];
}

/** The job's container does not come up; everything that was made for it goes. */
export function failStart(options: DockerdOptions, state: DockerdState, why: string): Move {
  const { job } = state;
  const box = boxOf(state, job?.box ?? '');
  const { job: _done, ...rest } = state;
  if (!job || !box) return next(rest, log('E', why));
  const free = withBox(rest, box.name, { ip: undefined });
  const reply: Effect[] = job.ask === undefined ? [] : [{ do: 'answer', id: job.ask, reply: err(why) }];
  return next(free, ...unplug(options, box), log('E', why), ...reply);
}

/** What its process is: a command line, or `idle` for one that neither listens nor sends. */
function mainProcess(
  box: Box,
): { readonly kind: 'idle' } | { readonly kind: 'child'; readonly line: string } {
  const image = imageOf(box.image);
  const words = box.command;
  if (words.length === 0) {
    if (image?.program !== undefined) return { kind: 'child', line: image.program };
    if (!image || box.interactive) return { kind: 'idle' };
    // A shell that reads the end of its input at once.
    return { kind: 'child', line: 'true' };
  }
  if (isShell(words)) return box.interactive ? { kind: 'idle' } : { kind: 'child', line: 'true' };
  if (words.join(' ') === 'tail -f /dev/null') return { kind: 'idle' };
  if (SHELL_LINE.has(words[0] ?? '') && words[1] === '-c') return { kind: 'child', line: words[2] ?? 'true' };
  const own = words[0] === 'nginx' ? ['nginx'] : words;
  return { kind: 'child', line: quoted(own) };
}

/** Words for the command that runs an attached container's process itself. */
function attachedWords(box: Box): readonly string[] {
  const process = mainProcess(box);
  if (process.kind === 'idle') return ['sleep', 'infinity'];
  return box.command.length > 0 && process.line === quoted(box.command)
    ? box.command
    : process.line.split(' ');
}

/** Everything is in place: the process starts. */
export function started(options: DockerdOptions, state: DockerdState, now: SimTime): Move {
  const { job, ...rest } = state;
  const box = boxOf(state, job?.box ?? '');
  if (!job || !box) return next(rest);
  const main = mainProcess(box);
  const process = job.attached ? 'attached' : main.kind;
  const running = withBox(rest, box.name, {
    status: 'running',
    startedAt: now,
    process,
    byHand: false,
    exit: 0,
  });
  const { ip } = box;
  const where =
    ip === undefined
      ? ` network ${box.network}`
      : ` ${formatIp4(ip)}/${options.bip.len} ${formatMac(box.mac ?? dockerMac(ip))} ${vethOf(options, box)}`;
  const netns = box.network === 'host' ? {} : { netns: box.name };
  const spawn: Effect[] =
    !job.attached && main.kind === 'child'
      ? [{ do: 'spawn', name: box.name, command: main.line, ...netns }]
      : [];
  const reply: Effect[] =
    job.ask === undefined
      ? []
      : [
          {
            do: 'answer',
            id: job.ask,
            reply: ok({ name: box.name, words: job.attached ? attachedWords(box) : [] }),
          },
        ];
  return next(running, event(box, 'start', where), ...spawn, ...reply);
}

/** Its process has ended. */
export function ended(
  options: DockerdOptions,
  state: DockerdState,
  name: string,
  exit: number,
  now: SimTime,
): Move {
  const box = boxOf(state, name);
  if (box?.status !== 'running') return next(state);
  const waiting = state.stopping.filter((one) => one.name === name);
  const quiet: DockerdState = {
    ...withBox(state, name, {
      status: 'exited',
      exit,
      finishedAt: now,
      ip: undefined,
      process: undefined,
    }),
    stopping: state.stopping.filter((one) => one.name !== name),
  };
  const effects: Effect[] = [
    event(box, 'die', ` exitCode=${exit}`, true),
    ...unplug(options, box),
    ...waiting.map(({ ask }): Effect => ({ do: 'answer', id: ask, reply: ok(undefined) })),
  ];
  if (box.remove) return and(next(quiet, ...effects), (at) => forget(at, name));
  const again =
    box.byHand !== true &&
    (box.restart === 'always' ||
      box.restart === 'unless-stopped' ||
      (box.restart === 'on-failure' && exit !== 0));
  if (!again) return next(quiet, ...effects);
  // A process that ran for ten seconds counts as one that came up.
  const tries = now - box.startedAt >= 10_000 * MS ? 0 : (box.restarts ?? 0);
  const afterNs = Math.min(RESTART_NS * 2 ** tries, RESTART_MOST_NS);
  const known = withBox(quiet, name, { restarts: tries + 1 });
  return next(known, ...effects, { do: 'timer', name: `restart ${name}`, afterNs });
}

/** A signal to its process: at once for one that heeds it, else when the grace is over. */
export function signal(
  options: DockerdOptions,
  state: DockerdState,
  box: Box,
  graceSec: number,
  now: SimTime,
): Move {
  const known = withBox(state, box.name, { byHand: true });
  // PID 1 without a handler ignores SIGTERM; nginx has one.
  const heeds = box.process === 'child' && mainProcess(box).kind === 'child' && isServer(box);
  if (graceSec > 0 && !heeds) {
    return next(known, { do: 'timer', name: `kill ${box.name}`, afterNs: graceSec * 1_000 * MS });
  }
  return end(options, known, box, graceSec > 0 ? 0 : KILLED, now);
}
/** Exit code of a process that is told to end, and killed if it does not. */
export function exitAtEnd(box: Box): number {
  return box.process === 'child' && isServer(box) ? 0 : KILLED;
}
function isServer(box: Box): boolean {
  const main = mainProcess(box);
  return main.kind === 'child' && main.line === 'nginx';
}

/** Its process is ended now. */
export function end(
  options: DockerdOptions,
  state: DockerdState,
  box: Box,
  exit: number,
  now: SimTime,
): Move {
  const kill: Effect[] = box.process === 'child' ? [{ do: 'kill', name: box.name }] : [];
  return and(next(state, ...kill), (at) => ended(options, at, box.name, exit, now));
}

export function forget(state: DockerdState, name: string): Move {
  const box = boxOf(state, name);
  if (!box) return next(state);
  const boxes = state.boxes.filter((other) => other !== box);
  return next({ ...state, boxes }, event(box, 'destroy'));
}
