/**
 * The kubelet of one node: registers its Node, renews its Lease, follows the pods bound to it and makes them so: a
 * sandbox with CNI ADD, the container's process, the status back to the API server; at the end SIGTERM, CNI DEL and the
 * object's removal (kubernetes pkg/kubelet, with the container runtime folded in).
 *
 * Choices: images are there already and a container starts at once. A process ends on SIGTERM at once, as nginx does; the
 * kubelet notices with its next look at the runtime (PLEG, 1 s), so the grace period of 30 s is never waited out. Images
 * other than nginx run a process that only waits, which is not modelled. Probes, volumes, limits are left out.
 */
import type { KubeEvent, KubePod, KubePodStatus, KubeReady } from '../../kernel/netlink';
import { formatIp4, networkOf, parseIp4, parsePrefix, type Ip4, type Prefix } from '../../wire/index';
import {
  cniAdd,
  cniDel,
  EMPTY_RANGE,
  keepMac,
  type Added,
  type CniNet,
  type CniOptions,
  type CniPod,
  type HostLocal,
} from '../cni';
import type { Masquerade } from '../cni-masq';
import { log, type Daemon, type Effect, type Input, type Next } from '../daemon';
import { SUBNET_ENV } from '../flanneld/flanneld';

const SECOND = 1_000_000_000;
/** Between two pods. */
const ADD_NS = 50_000;
const LEASE_NS = 10 * SECOND;
const PLEG_NS = SECOND;
const RETRY_NS = SECOND;
const MAX_BACKOFF = 300;

export interface KubeletOptions extends CniOptions {
  readonly node: string;
  /** Instead of FLANNEL_SUBNET. */
  readonly subnet?: Prefix;
  /** Instead of FLANNEL_MTU. */
  readonly mtu?: number;
  /** Subnet and MTU come from flannel's subnet.env. */
  readonly flannel: boolean;
  /** The flannel plugin's extra route to the whole network. */
  readonly networkRoute: boolean;
  /** Of the pods that have it chosen beforehand; taken by the first pod of that name. */
  readonly pods: readonly CniPod[];
  /** Whether the machine can make one more namespace. */
  readonly room: () => boolean;
}
/** A pod as it is on the machine. */
interface Local {
  readonly name: string;
  readonly uid: number;
  readonly step: 'waiting' | 'running' | 'stopping';
  readonly ip?: Ip4;
  readonly masquerade?: Masquerade;
  readonly restarts: number;
  /** Failed attempts of a sandbox. */
  readonly tries: number;
  readonly restartedAt?: number;
}
interface KubeletState {
  readonly running: boolean;
  readonly nodeIp: Ip4;
  /** What the API server has been told of the condition Ready; absent before the node is registered. */
  readonly posted?: KubeReady['status'];
  readonly net?: CniNet;
  readonly range: HostLocal;
  /** How often a pod of this name has been here. */
  readonly seen: ReadonlyMap<string, number>;
  /** As the API server has them; absent until it has told. */
  readonly wanted?: ReadonlyMap<string, KubePod>;
  readonly local: ReadonlyMap<string, Local>;
  /** Waiting for a sandbox, in order. */
  readonly queue: readonly string[];
  /** One sandbox at a time. */
  readonly busy: boolean;
}
type Step = Next<KubeletState>;

function next(state: KubeletState, ...effects: readonly Effect[]): Step {
  return { state, effects };
}
function and(first: Step, then: (state: KubeletState) => Step): Step {
  const second = then(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
function withLocal(state: KubeletState, name: string, pod: Local | undefined): KubeletState {
  const local = new Map(state.local);
  if (pod) local.set(name, pod);
  else local.delete(name);
  return { ...state, local };
}

// ---- the node ----------------------------------------------------------------------------------------------------

function readiness(state: KubeletState): KubeReady {
  if (state.net)
    return { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  const message =
    'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady ' +
    'message:Network plugin returns error: cni plugin not initialized';
  return { status: 'False', reason: 'KubeletNotReady', message };
}

/** The address of the default route's device, else the machine's first (pkg/kubelet/nodestatus). */
function nodeAddress(survey: Extract<Input, { on: 'survey' }>): Ip4 {
  const dev = survey.routes.find((route) => route.dst === 'default')?.dev;
  const global = survey.addrs.filter((addr) => addr.scope === 'global');
  const nics = new Set(survey.links.filter((link) => link.kind === 'nic').map((link) => link.ifname));
  const own =
    global.find((addr) => addr.dev === dev) ?? global.find((addr) => nics.has(addr.dev)) ?? global[0];
  const parsed = parseIp4(own?.local ?? '');
  return parsed.ok ? parsed.value : 0;
}

function register(options: KubeletOptions, state: KubeletState): Effect[] {
  const node = { name: options.node, internalIp: formatIp4(state.nodeIp), ready: readiness(state) };
  return [
    log('I', `Attempting to register node ${options.node}`),
    { do: 'kube', request: { op: 'create-node', node }, to: 'register' },
  ];
}

function registered(options: KubeletOptions, state: KubeletState, existed: boolean): Step {
  const { node: name } = options;
  const ready = readiness(state);
  const patch: Effect = {
    do: 'kube',
    request: { op: 'patch-node', name, ready, internalIp: formatIp4(state.nodeIp) },
  };
  return next(
    { ...state, posted: ready.status },
    log('I', existed ? `Node was previously registered ${name}` : `Successfully registered node ${name}`),
    // The network may have come up since the object was sent.
    ...(existed || ready.status === 'True' ? [patch] : []),
    { do: 'kube', request: { op: 'watch', kind: 'Pod', node: name }, to: 'pods' },
    { do: 'timer', name: 'lease', afterNs: LEASE_NS },
  );
}

/** A range of its own, or what flanneld wrote. */
function network(options: KubeletOptions, env: ReadonlyMap<string, string>): CniNet | undefined {
  const prefix = (name: string) => {
    const parsed = parsePrefix(env.get(name) ?? '');
    return parsed.ok ? parsed.value : undefined;
  };
  const subnet = options.subnet ?? prefix('FLANNEL_SUBNET');
  if (!subnet) return undefined;
  const whole = options.networkRoute ? prefix('FLANNEL_NETWORK') : undefined;
  return {
    subnet: { addr: networkOf(subnet.addr, subnet.len), len: subnet.len },
    mtu: options.mtu ?? Number(env.get('FLANNEL_MTU') ?? 1500),
    ...(whole ? { network: whole } : {}),
    // A range of its own has no flannel plugin that would ask for it.
    ipMasq: env.get('FLANNEL_IPMASQ') === 'false',
  };
}

function readEnv(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

function networked(options: KubeletOptions, state: KubeletState, text: string): Step {
  const net = network(options, readEnv(text));
  const known = net ? { ...state, net } : state;
  const ready = readiness(known);
  const tell = state.posted !== undefined && state.posted !== ready.status;
  const patch: Effect = { do: 'kube', request: { op: 'patch-node', name: options.node, ready } };
  return and(next(tell ? { ...known, posted: ready.status } : known, ...(tell ? [patch] : [])), work);
}

// ---- pods --------------------------------------------------------------------------------------------------------

function tellStatus(pod: { readonly name: string; readonly uid: number }, status: KubePodStatus): Effect {
  return { do: 'kube', request: { op: 'pod-status', name: pod.name, uid: pod.uid, status } };
}

/** Compares what is wanted with what is there, for one name. */
function sync(state: KubeletState, name: string): Step {
  const wanted = state.wanted?.get(name);
  const local = state.local.get(name);
  const keep = wanted && wanted.deletedAt === undefined && (!local || wanted.uid === local.uid);
  if (local && !keep) return terminate(state, local);
  if (local || !wanted) return next(state);
  // Bound here and deleted before it came to be.
  if (wanted.deletedAt !== undefined) return next(state, forget(wanted.name, wanted.uid));
  if (wanted.status.phase === 'Succeeded' || wanted.status.phase === 'Failed') return next(state);
  const { uid } = wanted;
  const waiting: Local = { name, uid, step: 'waiting', restarts: 0, tries: 0 };
  const status = { phase: 'Pending' as const, reason: 'ContainerCreating', restarts: 0 };
  const known = { ...withLocal(state, name, waiting), queue: [...state.queue, name] };
  return and(next(known, tellStatus(wanted, status)), work);
}

function forget(name: string, uid: number): Effect {
  return { do: 'kube', request: { op: 'delete', kind: 'Pod', name, graceSec: 0, uid } };
}

/** The next sandbox, when nothing else is being made. */
function work(state: KubeletState): Step {
  if (state.busy || !state.net || state.queue.length === 0) return next(state);
  return next({ ...state, busy: true }, { do: 'timer', name: 'next', afterNs: ADD_NS });
}

function makeNext(state: KubeletState): Step {
  const [name, ...queue] = state.queue;
  const free = { ...state, busy: false };
  if (name === undefined || !state.net) return next(free);
  const pod = state.local.get(name);
  if (pod?.step !== 'waiting') return and(next({ ...free, queue }), work);
  return next(state, { do: 'survey', to: 'add' });
}

/** The program a pod's container runs. */
function commandOf(pod: KubePod): string | undefined {
  if (pod.command && pod.command.length > 0) return pod.command.join(' ');
  return /^(.*\/)?nginx(:.*)?$/.test(pod.image) ? 'nginx' : undefined;
}
function spawn(pod: KubePod): Effect[] {
  const command = commandOf(pod);
  return command === undefined ? [] : [{ do: 'spawn', name: pod.name, command, netns: pod.name }];
}

function noRoom(range: HostLocal, name: string): Added {
  const error = 'failed to create network namespace: no space left on device';
  return {
    range,
    error,
    effects: [{ do: 'tell', protocol: 'cni', action: 'ADD', text: `${name}: ${error}` }],
  };
}

function add(options: KubeletOptions, state: KubeletState, input: Extract<Input, { on: 'survey' }>): Step {
  const [name = '', ...queue] = state.queue;
  const [pod, local] = [state.wanted?.get(name), state.local.get(name)];
  const free = { ...state, queue, busy: false };
  if (!pod || !local || !state.net || pod.uid !== local.uid) return and(next(free), work);
  const nth = state.seen.get(name) ?? 0;
  const chosen = nth === 0 ? options.pods.find((other) => other.name === name) : undefined;
  const reserved = options.pods.flatMap((other) =>
    other.ip === undefined || state.seen.has(other.name) ? [] : [other.ip],
  );
  const asked = { ...(chosen ?? { name }), image: pod.image, nth };
  const made = options.room()
    ? cniAdd(options, state.net, state.range, asked, input, reserved)
    : noRoom(state.range, name);
  if (made.ip === undefined) {
    const tries = local.tries + 1;
    const again = Math.min(MAX_BACKOFF, 2 ** tries) * RETRY_NS;
    const failed = withLocal(free, name, { ...local, tries });
    return and(next(failed, ...made.effects, { do: 'timer', name: `retry ${name}`, afterNs: again }), work);
  }
  const seen = new Map(state.seen).set(name, nth + 1);
  const kept = made.masquerade ? { masquerade: made.masquerade } : {};
  const there: Local = { ...local, step: 'running', ip: made.ip, ...kept };
  const known = { ...withLocal(free, name, there), range: made.range, seen };
  const status = { phase: 'Running' as const, podIp: formatIp4(made.ip), restarts: 0 };
  return and(next(known, ...made.effects, ...spawn(pod), tellStatus(pod, status)), work);
}

/** Its process is told to end; the sandbox follows. */
function terminate(state: KubeletState, local: Local): Step {
  const { name, step } = local;
  if (step === 'stopping') return next(state);
  const queue = state.queue.filter((other) => other !== name);
  const stopping = { ...withLocal(state, name, { ...local, step: 'stopping' }), queue };
  return next(stopping, { do: 'kill', name }, { do: 'timer', name: `gone ${name}`, afterNs: PLEG_NS });
}

function gone(state: KubeletState, name: string): Step {
  const local = state.local.get(name);
  if (local?.step !== 'stopping') return next(state);
  const plugged = local.ip !== undefined;
  const done = plugged ? cniDel(state.range, local) : { range: state.range, effects: [] };
  const wanted = state.wanted?.get(name);
  const mine = wanted?.uid === local.uid ? [forget(name, local.uid)] : [];
  const known = { ...withLocal(state, name, undefined), range: done.range };
  // The object's removal comes back as an event; until then it is not wanted any more.
  const left = new Map(known.wanted);
  if (wanted?.uid === local.uid) left.delete(name);
  return and(next({ ...known, wanted: left }, ...done.effects, ...mine), (at) => sync(at, name));
}

/** The container's process has ended by itself. */
function exited(state: KubeletState, input: Extract<Input, { on: 'exited' }>, now: number): Step {
  const local = state.local.get(input.name);
  const pod = state.wanted?.get(input.name);
  if (local?.step !== 'running' || !pod || pod.uid !== local.uid) return next(state);
  const ok = input.exit === 0;
  const podIp = local.ip === undefined ? {} : { podIp: formatIp4(local.ip) };
  const again = pod.restartPolicy === 'Always' || (pod.restartPolicy === 'OnFailure' && !ok);
  if (!again) {
    const phase = ok ? ('Succeeded' as const) : ('Failed' as const);
    const reason = ok ? 'Completed' : 'Error';
    return next(state, tellStatus(pod, { phase, reason, restarts: local.restarts, ...podIp }));
  }
  const restarts = local.restarts + 1;
  const backoff = Math.min(MAX_BACKOFF, 10 * 2 ** local.restarts) * SECOND;
  return next(
    withLocal(state, local.name, { ...local, restarts, restartedAt: now }),
    tellStatus(pod, { phase: 'Running', reason: 'CrashLoopBackOff', restarts: local.restarts, ...podIp }),
    { do: 'timer', name: `again ${local.name} ${local.uid}`, afterNs: backoff },
  );
}

function restart(state: KubeletState, name: string, now: number): Step {
  const [local, pod] = [state.local.get(name), state.wanted?.get(name)];
  if (local?.step !== 'running' || pod?.uid !== local.uid) return next(state);
  const podIp = local.ip === undefined ? {} : { podIp: formatIp4(local.ip) };
  const status = { phase: 'Running' as const, restarts: local.restarts, restartedAt: now, ...podIp };
  return next(state, ...spawn(pod), tellStatus(pod, status));
}

function follow(state: KubeletState, events: readonly KubeEvent[]): Step {
  // The first list also tells what is not there any more.
  const first = state.wanted === undefined;
  const wanted = new Map(state.wanted);
  const names = new Set<string>(first ? state.local.keys() : []);
  for (const { type, object } of events) {
    if (object.kind !== 'Pod') continue;
    names.add(object.name);
    if (type !== 'DELETED') wanted.set(object.name, object);
    else if (wanted.get(object.name)?.uid === object.uid) wanted.delete(object.name);
  }
  let step = next({ ...state, wanted });
  for (const name of names) step = and(step, (at) => sync(at, name));
  return step;
}

// ---- inputs ------------------------------------------------------------------------------------------------------

function start(options: KubeletOptions, state: KubeletState): Step {
  // Pods outlive the kubelet; what was half done is looked at anew.
  const local = new Map<string, Local>();
  for (const [name, pod] of state.local) {
    if (pod.step === 'waiting') continue;
    local.set(name, { ...pod, step: 'running' });
  }
  const fixed = options.flannel && !options.subnet ? undefined : network(options, new Map());
  const { wanted: _wanted, net: _net, posted: _posted, ...kept } = state;
  const fresh = { ...kept, running: true, busy: false, queue: [], local, ...(fixed ? { net: fixed } : {}) };
  return next(fresh, { do: 'survey', to: 'node' });
}

function onTimer(options: KubeletOptions, state: KubeletState, timer: string, now: number): Step {
  const [kind = '', name = '', uid = ''] = timer.split(' ');
  switch (kind) {
    case 'next':
      return makeNext(state);
    case 'gone':
      return gone(state, name);
    case 'again':
      // A pod made anew under the name is not the one that crashed.
      return String(state.local.get(name)?.uid) === uid ? restart(state, name, now) : next(state);
    case 'retry':
      if (state.local.get(name)?.step !== 'waiting') return next(state);
      return and(next({ ...state, queue: [...state.queue, name] }), work);
    case 'lease':
      return next(
        state,
        { do: 'kube', request: { op: 'renew', name: options.node } },
        { do: 'timer', name: 'lease', afterNs: LEASE_NS },
      );
    default:
      return next(state);
  }
}

function onSurvey(
  options: KubeletOptions,
  state: KubeletState,
  input: Extract<Input, { on: 'survey' }>,
): Step {
  if (input.to === 'mac') return next(state, ...keepMac(options.bridge, input.links));
  if (input.to === 'add') return add(options, state, input);
  const known = { ...state, nodeIp: nodeAddress(input) };
  return next(known, ...register(options, known));
}

/** The daemon one sees is the kubelet: the plugins are its children. */
export function kubelet(options: KubeletOptions): Daemon<KubeletState> {
  const initial: KubeletState = {
    running: false,
    nodeIp: 0,
    range: EMPTY_RANGE,
    seen: new Map(),
    local: new Map(),
    queue: [],
    busy: false,
  };
  const transition = (state: KubeletState, input: Input, now: number): Step => {
    if (input.on === 'start') return start(options, state);
    if (!state.running) return next(state);
    switch (input.on) {
      case 'stop':
        return next({ ...state, running: false }, { do: 'exit', note: '' });
      case 'survey':
        return onSurvey(options, state, input);
      case 'kube':
        return registered(options, state, input.answer.op === 'error');
      case 'kube-watch':
        return follow(state, input.events);
      case 'file':
        return networked(options, state, input.text);
      case 'timer':
        return onTimer(options, state, input.name, now);
      case 'exited':
        return exited(state, input, now);
      default:
        return next(state);
    }
  };
  return { name: 'kubelet', initial, transition, watches: options.flannel ? [SUBNET_ENV] : [] };
}
