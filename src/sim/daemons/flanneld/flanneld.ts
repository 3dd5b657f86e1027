/**
 * flanneld with its subnet manager, etcd's or Kubernetes' (flannel main.go, v0.28; `local-manager.ts`, `kube.ts`): finds
 * the external interface, reads the network's configuration, gets a lease on a subnet, lets the backend build what it
 * needs, writes subnet.env, then follows the other nodes' leases and renews its own.
 *
 * Leaves out: IPv6, TLS; backends other than vxlan,
 * host-gw and udp. Log lines are flannel's; lines that only print Go structures are left out.
 */
import { Random } from '../../../base/random';
import type { KubeEvent, SimTime } from '../../kernel/netlink';
import { formatIp4, formatMac, formatPrefix, type Mac, type Prefix } from '../../wire/index';
import { log, request, type Daemon, type Effect, type Input } from '../daemon';
import type { EtcdAnswer, WatchEvent } from '../etcd/store';
import type { Backend } from './backend';
import { parseNetConf } from './config';
import { errnoText } from './gotext';
import { hostGw } from './hostgw';
import { externalInterface } from './iface';
import { acquire, informed, informerStarts, storedMac } from './kube';
import { CONFIG_KEY, decodeAttrs, parseSubnetKey, subnetKey, SUBNETS_KEY, type LeaseAttrs } from './lease';
import { ownLease, renewed, renewing } from './renewal';
import { onExec, recheck, setUp } from './iptables';
import { askGrant, askLeases, chooseSubnet, granted, noLease } from './local-manager';
import {
  and,
  fail,
  flanneldState,
  next,
  withPeer,
  type FlanneldOptions,
  type FlanneldState,
  type Peer,
  type Step,
} from './state';
import { udp } from './udp';
import { vtepAddress, vtepName, vxlan } from './vxlan';

export const SUBNET_ENV = '/run/flannel/subnet.env';
const SECOND = 1_000_000_000;
const RACE_RETRIES = 10;

const BACKENDS: ReadonlyMap<string, Backend> = new Map([
  ['vxlan', vxlan],
  ['host-gw', hostGw],
  ['udp', udp],
]);
/** Backend types this flanneld can run. */
export const builtBackends: readonly string[] = [...BACKENDS.keys()];

function backendOf(state: FlanneldState): Backend | undefined {
  return BACKENDS.get(state.config?.backendType ?? '');
}

// ---- Starting --------------------------------------------------------------------------------------------------

const askSnapshot: Effect = {
  do: 'etcd',
  request: { op: 'range', key: SUBNETS_KEY, prefix: true },
  to: 'snapshot',
};
const askConfig: Effect = {
  do: 'etcd',
  request: { op: 'range', key: CONFIG_KEY, prefix: false },
  to: 'config',
};

function surveyed(state: FlanneldState, input: Extract<Input, { on: 'survey' }>): Step {
  const found = externalInterface(input, state.options.iface);
  if (!found.ok) return fail(state, found.error);
  const ext = found.value;
  const { previous } = state;
  const using = [
    log('I', `Using interface with name ${ext.name} and address ${formatIp4(ext.addr)}`),
    log('I', `Defaulting external address to interface address (${formatIp4(ext.addr)})`),
  ];
  if (state.options.kube) return next({ ...state, ext }, ...using, ...informerStarts());
  return next(
    { ...state, ext },
    ...using,
    log(
      'I',
      `Created subnet manager: Etcd Local Manager with Previous Subnet: ${previous ? formatPrefix(previous) : 'None'}`,
    ),
    log('I', 'Installing signal handlers'),
    askConfig,
  );
}

function configured(state: FlanneldState, answer: EtcdAnswer): Step {
  if (answer.op === 'error') return noConfig(state, answer.text);
  return configuredBy(state, answer.op === 'range' ? answer.kvs[0]?.value : undefined);
}

function noConfig(state: FlanneldState, why: string): Step {
  return next(state, log('E', `Couldn't fetch network config: ${why}`), {
    do: 'timer',
    name: 'config',
    afterNs: SECOND,
  });
}

/** `text`: net-conf.json. */
function configuredBy(state: FlanneldState, text: string | undefined): Step {
  const parsed = text === undefined ? undefined : parseNetConf(text);
  if (!parsed?.ok) {
    const why = parsed
      ? parsed.error.text
      : 'flannel config not found in etcd store. Did you create your config using etcdv3 API?';
    return noConfig(state, why);
  }
  const config = parsed.value;
  const known = { ...state, config };
  const found = log('I', `Found network config - Backend type: ${config.backendType}`);
  if (config.backendType === 'vxlan') return and(next(known, found), makeDevice);
  if (!backendOf(known)) {
    return and(next(known, found), (at) =>
      fail(at, `backend type '${config.backendType}' is not built yet in this simulator`),
    );
  }
  // The udp backend publishes no type.
  const backendType = config.backendType === 'udp' ? '' : config.backendType;
  const ipv4Only = known.options.udpAddress === 'network';
  const attrs: LeaseAttrs = { publicIp: state.ext?.addr ?? 0, backendType, ipv4Only };
  return and(next({ ...known, attrs }, found), lease);
}

/** newHardwareAddr: random, locally administered, unicast. */
function randomMac(seed: string): Mac {
  const random = new Random(`${seed} VtepMAC`);
  const first = (random.below(256) & 0xfe) | 0x02;
  return first * 2 ** 40 + random.below(256) * 2 ** 32 + random.u32();
}

function makeDevice(state: FlanneldState): Step {
  const { ext, config, options } = state;
  if (!ext || !config) return next(state);
  const { vni, port, gbp, learning, directRouting } = config.vxlan;
  const stored = storedMac(state);
  const vtepMac = stored ?? options.vtepMac ?? randomMac(options.seed);
  const spec = {
    name: vtepName(state),
    kind: 'vxlan' as const,
    mac: vtepMac,
    mtu: vxlan.mtu(state),
    vxlan: { id: vni, local: ext.addr, dev: ext.name, port: port || 8472, learning },
  };
  return next(
    { ...state, attrs: { publicIp: ext.addr, backendType: 'vxlan', vni, vtepMac } },
    log(
      'I',
      `VXLAN config: VNI=${vni} Port=${port} GBP=${gbp} Learning=${learning} DirectRouting=${directRouting}`,
    ),
    ...(stored === undefined
      ? []
      : [log('I', `Interface ${spec.name} mac address set to: ${formatMac(stored)}`)]),
    request({ op: 'newLink', spec }, { to: 'device' }),
  );
}

// ---- A lease of our own ----------------------------------------------------------------------------------------

/** AcquireLease of the subnet manager in use. */
function lease(state: FlanneldState): Step {
  return state.options.kube ? kubeLease(state) : next(state, askLeases);
}

function kubeLease(state: FlanneldState): Step {
  const got = acquire(state);
  if ('error' in got) return fail(state, `Error registering network: failed to acquire lease: ${got.error}`);
  const known = { ...state, lease: { subnet: got.subnet, id: '', expiresAt: Number.MAX_SAFE_INTEGER } };
  return got.patch ? next(known, got.patch) : leased(known);
}

function created(state: FlanneldState, answer: EtcdAnswer): Step {
  const { lease } = state;
  if (!lease) return next(state);
  if (answer.op === 'error') return noLease(state, answer.text);
  if (answer.op === 'txn' && !answer.succeeded) {
    const tries = state.tries + 1;
    const undo: Effect = { do: 'etcd', request: { op: 'revoke', lease: lease.id }, to: 'ignored' };
    const again = next({ ...state, tries, lease: undefined }, undo, askLeases);
    return tries < RACE_RETRIES
      ? again
      : fail(state, 'failed to acquire lease: Max retries reached trying to acquire a subnet');
  }
  const where = `(ip: ${formatPrefix(lease.subnet)} ipv6: ::/0) to current node (${formatIp4(state.ext?.addr ?? 0)}) `;
  const told = next(state, ...(answer.op === 'txn' ? [log('I', `Allocated lease ${where}`)] : []));
  return and(told, leased);
}

/** What the backend does with its subnet. */
function leased(state: FlanneldState): Step {
  if (state.config?.backendType !== 'vxlan') return backendOf(state)?.leased?.(state) ?? run(state);
  return next(state, { do: 'survey', to: 'vtep' });
}

// ---- Running ---------------------------------------------------------------------------------------------------

function subnetEnv(network: Prefix, subnet: Prefix, mtu: number, ipMasq: boolean): string {
  const first = { addr: subnet.addr + 1, len: subnet.len };
  return `FLANNEL_NETWORK=${formatPrefix(network)}\nFLANNEL_SUBNET=${formatPrefix(first)}\nFLANNEL_MTU=${mtu}\nFLANNEL_IPMASQ=${String(ipMasq)}\n`;
}

function run(state: FlanneldState): Step {
  return setUp(state, runBackend);
}

function runBackend(state: FlanneldState): Step {
  const { config, lease } = state;
  const backend = backendOf(state);
  if (!config || !lease || !backend) return next(state);
  const text = subnetEnv(config.network, lease.subnet, backend.mtu(state), state.options.ipMasq === true);
  const watching = config.backendType === 'vxlan' ? 'watching' : 'Watching';
  const { kube } = state.options;
  const running = next(
    { ...state, phase: 'running', untold: [] },
    { do: 'file', path: SUBNET_ENV, text },
    log('I', `Wrote subnet file to ${SUBNET_ENV}`),
    log('I', 'Running backend.'),
    log('I', `${watching} for new subnet leases`),
    ...(kube ? [] : [askSnapshot]),
    ...(backend.timer
      ? [{ do: 'timer', name: backend.timer.name, afterNs: backend.timer.everyNs } as const]
      : []),
  );
  return state.untold.reduce((step, event) => and(step, (at) => peerChanged(at, event)), running);
}

/** The kube subnet manager's nodes: the first list makes it ready, later news are about the others' subnets. */
function nodesTold(state: FlanneldState, events: readonly KubeEvent[]): Step {
  const { kube } = state.options;
  const { state: known, leases, effects } = informed(state, events);
  const told = next(known, ...effects);
  if (state.phase === 'running')
    return leases.reduce((step, event) => and(step, (at) => peerChanged(at, event)), told);
  const waiting = next({ ...known, untold: [...known.untold, ...leases] }, ...effects);
  if (!kube || state.synced) return waiting;
  const ready = [
    log('I', 'Node controller sync successful'),
    log('I', `Created subnet manager: Kubernetes Subnet Manager - ${kube.node}`),
    log('I', 'Installing signal handlers'),
  ];
  return and(next({ ...waiting.state, synced: true }, ...effects, ...ready), (at) =>
    configuredBy(at, kube.netConf),
  );
}

function snapshot(state: FlanneldState, answer: EtcdAnswer, now: SimTime): Step {
  if (answer.op === 'error') {
    const again: Effect = { do: 'timer', name: 'snapshot', afterNs: SECOND };
    return next(state, log('E', `Watch subnets: ${answer.text}`), again);
  }
  if (answer.op !== 'range') return next(state);
  const events = answer.kvs.map((kv): WatchEvent => ({ type: 'PUT', kv }));
  const from = answer.revision + 1;
  const watch: Effect = {
    do: 'etcd',
    request: { op: 'watch', key: SUBNETS_KEY, prefix: true, from },
    to: 'subnets',
  };
  return and(followed(state, events, now), (at) => next(at, watch));
}

function isOwn(state: FlanneldState, key: string): boolean {
  return state.lease !== undefined && key === subnetKey(state.lease.subnet);
}

function peerChanged(state: FlanneldState, event: WatchEvent): Step {
  const backend = backendOf(state);
  const { key } = event.kv;
  const subnet = parseSubnetKey(key);
  if (!backend || !subnet)
    return next(state, log('E', `error parsing etcd event: ${event.type} "${key}": not a subnet, skipping`));
  if (event.type === 'DELETE') {
    const peer = state.peers.get(key);
    if (!peer)
      return next(
        state,
        log('E', `Removed subnet (${formatPrefix(subnet)}) and ipv6 subnet (::/0) were not found`),
      );
    return backend.removed(withPeer(state, key, undefined), key, peer);
  }
  const attrs = decodeAttrs(event.kv.value);
  if (!attrs) return next(state, log('W', `Ignoring bad subnet node: ${key}`));
  const mine = state.config?.backendType ?? '';
  // The udp backend writes no type, and asks for none.
  if (attrs.backendType !== mine && mine !== 'udp') {
    const text =
      mine === 'vxlan'
        ? `ignoring non-vxlan v4Subnet(${formatPrefix(subnet)}) v6Subnet(::/0): type=${attrs.backendType}`
        : `Ignoring non-${mine} subnet: type=${attrs.backendType}`;
    return next(state, log('W', text));
  }
  const peer: Peer = { subnet, attrs };
  return backend.added(withPeer(state, key, peer), key, peer);
}

function followed(state: FlanneldState, events: readonly WatchEvent[], now: SimTime): Step {
  let step = next(state);
  for (const event of events) {
    if (step.state.phase === 'off') break;
    step = and(step, (at) => (isOwn(at, event.kv.key) ? ownLease(at, event, now) : peerChanged(at, event)));
  }
  return step;
}

// ---- Inputs ----------------------------------------------------------------------------------------------------

function onEtcd(state: FlanneldState, to: string, answer: EtcdAnswer, now: SimTime): Step {
  switch (to) {
    case 'config':
      return configured(state, answer);
    case 'leases':
      return state.config ? chooseSubnet(state, state.config, answer) : next(state);
    case 'grant':
      return granted(state, answer, false);
    case 'grant-reuse':
      return granted(state, answer, true);
    case 'created':
      return created(state, answer);
    case 'snapshot':
      return snapshot(state, answer, now);
    case 'renew':
      return renewing(state, answer);
    case 'renewed':
      return renewed(state, answer, now);
    default:
      return next(state);
  }
}

function onDone(state: FlanneldState, input: Extract<Input, { on: 'done' }>): Step {
  const { to, reply } = input;
  if (to === 'device') {
    // After a restart the device is still there, and the data path with it.
    if (reply.ok || reply.error.errno === 'EEXIST') return lease(state);
    return fail(state, `Error registering network: ${errnoText(reply.error.errno)}`);
  }
  if (to === 'address') {
    const dev = vtepName(state);
    if (reply.ok) {
      return and(next(state, request({ op: 'setLink', name: dev, change: { up: true } })), run);
    }
    return fail(
      state,
      `Error registering network: failed to configure interface ${dev}: ${errnoText(reply.error.errno)}`,
    );
  }
  if (to === 'proxy' && reply.ok) return run(state);
  const [step = '', key = ''] = to.split(' ');
  return backendOf(state)?.done(state, step, key, reply) ?? next(state);
}

function onTimer(state: FlanneldState, name: string): Step {
  if (name === 'config') return next(state, askConfig);
  if (name === 'renew') return next(state, askGrant('renew'));
  if (name === 'snapshot') return next(state, askSnapshot);
  if (name === 'tables') return recheck(state);
  const { timer } = backendOf(state) ?? {};
  if (timer?.name !== name) return next(state);
  return next(state, { do: 'survey', to: 'check ' }, { do: 'timer', name, afterNs: timer.everyNs });
}

function transition(state: FlanneldState, input: Input, now: SimTime): Step {
  if (input.on === 'start') {
    const previous = state.lease?.subnet ?? state.previous ?? state.options.previousSubnet;
    const fresh: FlanneldState = {
      ...flanneldState(state.options),
      phase: 'starting',
      ...(previous === undefined ? {} : { previous }),
    };
    return next(fresh, { do: 'survey', to: 'interfaces' });
  }
  if (state.phase === 'off') return next(state);
  switch (input.on) {
    case 'stop':
      return next(
        { ...state, phase: 'off' },
        log('I', 'shutdownHandler sent cancel signal...'),
        log('I', 'Exiting cleanly...'),
        { do: 'exit', note: '' },
      );
    case 'survey': {
      if (input.to === 'interfaces') return surveyed(state, input);
      if (input.to === 'vtep') return next(state, ...vtepAddress(state, input.addrs));
      const [step = '', key = ''] = input.to.split(' ');
      return backendOf(state)?.routes(state, step, key, input.routes) ?? next(state);
    }
    case 'lookup': {
      const [step = '', key = ''] = input.to.split(' ');
      return backendOf(state)?.lookup(state, step, key, input.reply) ?? next(state);
    }
    case 'done':
      return onDone(state, input);
    case 'etcd':
      return onEtcd(state, input.to, input.answer, now);
    case 'watch':
      return followed(state, input.events, now);
    case 'kube-watch':
      return nodesTold(state, input.events);
    case 'kube':
      if (input.answer.op !== 'error') return leased(state);
      return fail(state, `Error registering network: failed to acquire lease: ${input.answer.text}`);
    case 'tun':
    case 'udp':
      return backendOf(state)?.packet?.(state, input) ?? next(state);
    case 'exec':
      return onExec(state, input, runBackend);
    case 'timer':
      return onTimer(state, input.name);
    default:
      return next(state);
  }
}

export function flanneld(options: FlanneldOptions): Daemon<FlanneldState> {
  return { name: 'flanneld', initial: flanneldState(options), transition };
}
