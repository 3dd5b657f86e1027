/**
 * dockerd's default networks (moby libnetwork/drivers/bridge, Docker ≤ 27): the bridge with the daemon's address, its
 * iptables rules, then per container a namespace, a veth pair made on the host, one end a port of the bridge, the other end
 * moved in, renamed eth0 and given address and default route; published ports by rules and docker-proxy. A container on
 * the host's network has none of that.
 *
 * Stopping dockerd stops its containers (no live-restore) and leaves bridge and rules.
 *
 * Leaves out: user-defined networks, embedded DNS, IPv6, images, volumes, limits.
 */
import type { DockerRequest, SimTime } from '../../kernel/netlink';
import { log, request, type Daemon, type Effect, type Input } from '../daemon';
import { end, ended, exitAtEnd, external, failStart, started, startBox } from './lifecycle';
import { bridgeUp } from './network';
import { makeBox, onAsk } from './requests';
import { bridgeRules, chains, oldChainsAway } from './rules';
import {
  and,
  boxOf,
  next,
  NO_STATE,
  withBox,
  type DockerdOptions,
  type DockerdState,
  type Move,
  type Step,
} from './state';

/** Between two containers that start by themselves. */
const START_NS = 50_000;
const LOG_CHARS = 65_536;

function initSteps(options: DockerdOptions, before: boolean): Step[] {
  const tables = options.iptables !== false;
  return [
    { kind: 'do', effects: [log('I', 'Starting up')] },
    ...(tables ? written(before, [...(before ? oldChainsAway() : []), ...chains()]) : []),
    { kind: 'forwarding' },
    { kind: 'do', effects: bridgeUp(options) },
    ...(tables ? written(before, bridgeRules(options)) : []),
    { kind: 'do', effects: [log('I', 'Daemon has completed initialization')] },
  ];
}

/** On a machine that has just come up no rule is there yet, so nothing has to be looked for. */
function written(before: boolean, steps: readonly Step[]): readonly Step[] {
  if (before) return steps;
  const commands = steps.flatMap((step): Effect[] => {
    if (step.kind === 'do') return [...step.effects];
    return step.kind === 'ensure' ? [{ do: 'exec', command: step.run }] : [];
  });
  return [{ kind: 'do', effects: commands }];
}

function exec(command: string, to: string): Effect {
  return { do: 'exec', command, to };
}

/** Works the job's steps off until one has to wait for an answer. */
function advance(options: DockerdOptions, state: DockerdState, now: SimTime): Move {
  const { job } = state;
  if (!job) return next(state);
  const effects: Effect[] = [];
  for (let at = 0; at < job.steps.length; at++) {
    const step = job.steps[at];
    const waiting = { ...state, job: { ...job, steps: job.steps.slice(at) } };
    if (step?.kind === 'do') effects.push(...step.effects);
    else if (step?.kind === 'ensure') return next(waiting, ...effects, exec(step.check, 'check'));
    else if (step?.kind === 'try') return next(waiting, ...effects, exec(step.run, 'tried'));
    else if (step?.kind === 'forwarding')
      return next(waiting, ...effects, exec('sysctl -n net.ipv4.ip_forward', 'forwarding'));
    else if (step?.kind === 'proxy') {
      // It is asked after at once: a proxy that did not get its port has ended by then.
      const spawn: Effect = { do: 'spawn', name: step.name, command: step.command };
      return next(waiting, ...effects, spawn, exec('true', 'tried'));
    }
  }
  const done = { ...state, job: { ...job, steps: [] } };
  return and(next(done, ...effects), (at) => finished(options, at, now));
}

function finished(options: DockerdOptions, state: DockerdState, now: SimTime): Move {
  const { job, ...rest } = state;
  if (job?.box !== undefined) return and(started(options, state, now), startLater);
  const queue = rest.boxes
    .filter(
      ({ status, restart, byHand }) => !rest.before || (status === 'exited' && mayRestart(restart, byHand)),
    )
    .map((box) => box.name);
  return startLater({ ...rest, queue, before: true });
}
function mayRestart(policy: string, byHand: boolean | undefined): boolean {
  return policy === 'always' || (policy === 'unless-stopped' && byHand !== true);
}
function startLater(state: DockerdState): Move {
  return next(
    state,
    ...(state.queue.length > 0 ? [{ do: 'timer', name: 'next', afterNs: START_NS } as const] : []),
  );
}

/** The first step is over. */
function stepDone(
  options: DockerdOptions,
  state: DockerdState,
  now: SimTime,
  effects: readonly Effect[],
): Move {
  const { job } = state;
  if (!job) return next(state, ...effects);
  const rest = { ...state, job: { ...job, steps: job.steps.slice(1) } };
  return and(next(rest, ...effects), (at) => advance(options, at, now));
}

function onExec(
  options: DockerdOptions,
  state: DockerdState,
  { to, exit, output }: Extract<Input, { on: 'exec' }>,
  now: SimTime,
): Move {
  const step = state.job?.steps[0];
  if (!step) return next(state);
  if (to === 'check' && step.kind === 'ensure' && exit !== 0) return next(state, exec(step.run, 'run'));
  if (to === 'run' && step.kind === 'ensure' && exit !== 0) {
    const text = `iptables failed: ${step.run}: ${output.trim()}\n (exit status ${exit})`;
    if (state.job?.box !== undefined) return failStart(options, state, text);
    return stepDone(options, state, now, [log('W', text)]);
  }
  if (to === 'forwarding' && output.trim() !== '1') {
    const on = request({ op: 'setSysctl', name: 'net.ipv4.ip_forward', value: '1' });
    const policy: Effect = { do: 'exec', command: 'iptables --wait -t filter -P FORWARD DROP' };
    return stepDone(options, state, now, options.iptables === false ? [on] : [on, policy]);
  }
  return to === 'ignored' ? next(state) : stepDone(options, state, now, []);
}

function onExited(
  options: DockerdOptions,
  state: DockerdState,
  { name, exit, output }: Extract<Input, { on: 'exited' }>,
  now: SimTime,
): Move {
  const step = state.job?.steps[0];
  if (step?.kind === 'proxy' && step.name === name) {
    const box = boxOf(state, state.job?.box ?? '');
    if (!box) return next(state);
    const why = `Error starting userland proxy: ${output.trim()}`;
    return and(failStart(options, state, external(options, box, why)), startLater);
  }
  if (name.startsWith('proxy ')) return next(state);
  return ended(options, state, name, exit, now);
}

/** The json-file log of a container, of which the end is kept. */
function logged(state: DockerdState, name: string, text: string): DockerdState {
  const box = boxOf(state, name);
  return box ? withBox(state, name, { output: (box.output + text).slice(-LOG_CHARS) }) : state;
}

function onTimer(options: DockerdOptions, state: DockerdState, name: string, now: SimTime): Move {
  if (name === 'next') {
    const [first, ...queue] = state.queue;
    if (first === undefined || state.job) return startLater(state);
    const begun = startBox(options, { ...state, queue }, first, { attached: false });
    return and(begun, (at) => (at.job ? advance(options, at, now) : startLater(at)));
  }
  const [what, of = ''] = name.split(' ');
  const box = boxOf(state, of);
  // A run that ended by itself is awaited no longer: its timer must not hit the next one.
  if (what === 'kill' && box?.status === 'running' && state.stopping.some((one) => one.name === of))
    return end(options, state, box, 137, now);
  if (what === 'restart' && box?.status === 'exited' && box.byHand !== true) {
    const begun = startBox(options, state, of, { attached: false });
    return and(begun, (at) => advance(options, at, now));
  }
  return next(state);
}

function stopped(options: DockerdOptions, state: DockerdState, now: SimTime): Move {
  let move = next({ ...state, queue: [] }, log('I', "Processing signal 'terminated'"));
  for (const box of state.boxes) {
    if (box.status !== 'running') continue;
    move = and(move, (at) => end(options, at, box, exitAtEnd(box), now));
  }
  const { state: last, effects } = move;
  const { job: _none, ...rest } = last;
  // Nothing comes back before dockerd does.
  const kept = effects.filter((effect) => effect.do !== 'timer');
  return next({ ...rest, running: false, stopping: [] }, ...kept, log('I', 'Daemon shutdown complete'), {
    do: 'exit',
    note: '',
  });
}

export function dockerd(options: DockerdOptions): Daemon<DockerdState> {
  const begin = (state: DockerdState, now: SimTime): Move => {
    const boxes = state.before
      ? state.boxes
      : options.containers.map((spec, i) => ({
          ...makeBox(
            options,
            { ...state, created: i },
            {
              ...spec,
              // Kept from the scenario, where the address may be given.
              command: [],
              network: spec.network ?? 'bridge',
              ports: spec.ports ?? [],
              interactive: true,
              restart: 'no',
              remove: false,
            },
            now,
          ),
          ...(spec.veth === undefined ? {} : { veth: spec.veth }),
          ...(spec.vethMac === undefined ? {} : { vethMac: spec.vethMac }),
        }));
    const created = Math.max(state.created, boxes.length);
    const job = { steps: initSteps(options, state.before) };
    return advance(options, { ...state, boxes, created, running: true, job }, now);
  };
  const transition = (state: DockerdState, input: Input, now: SimTime): Move => {
    if (input.on === 'start') return begin(state, now);
    if (!state.running) return next(state);
    switch (input.on) {
      case 'exec':
        return onExec(options, state, input, now);
      case 'exited':
        return onExited(options, state, input, now);
      case 'printed':
        return next(logged(state, input.name, input.text));
      case 'timer':
        return onTimer(options, state, input.name, now);
      case 'ask': {
        const moved = onAsk(options, state, input.id, input.request as DockerRequest, now);
        return moved.state.job && !state.job ? and(moved, (at) => advance(options, at, now)) : moved;
      }
      case 'done':
        return next(
          state,
          ...(input.reply.ok || input.reply.error.errno === 'EEXIST'
            ? []
            : [
                log(
                  'E',
                  `failed to set up the bridge: ${input.reply.error.extack ?? input.reply.error.errno}`,
                ),
              ]),
        );
      case 'stop':
        return stopped(options, state, now);
      default:
        return next(state);
    }
  };
  return { name: 'dockerd', initial: NO_STATE, transition };
}
