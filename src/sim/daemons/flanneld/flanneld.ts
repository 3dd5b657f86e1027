/**
 * flanneld with its etcd subnet manager (flannel main.go, pkg/subnet/etcd/local_manager.go, v0.28): finds the external
 * interface, reads the network's configuration, gets a lease on a subnet, lets the backend build what it needs, writes
 * subnet.env, then follows the other nodes' leases and renews its own.
 *
 * Leaves out: the kube subnet manager, IPv6, `--ip-masq` and the FORWARD rules (iptables), TLS; backends other than vxlan
 * and host-gw. Log lines are flannel's; lines that only print Go structures are left out.
 */
import { Random } from '../../../base/random';
import type { SimTime } from '../../kernel/netlink';
import { formatIp4, formatPrefix, type Mac, type Prefix } from '../../wire/index';
import { log, request, type Daemon, type Effect, type Input, type Next } from '../daemon';
import type { EtcdAnswer, Lease, WatchEvent } from '../etcd/store';
import type { Backend } from './backend';
import { parseNetConf, type NetConf } from './config';
import { durationText, errnoText } from './gotext';
import { hostGw } from './hostgw';
import { externalInterface } from './iface';
import {
  CONFIG_KEY,
  decodeAttrs,
  encodeAttrs,
  fitsConfig,
  freeSubnets,
  parseSubnetKey,
  RENEW_MARGIN_SEC,
  SUBNET_TTL_SEC,
  subnetKey,
  SUBNETS_KEY,
  type LeaseAttrs,
} from './lease';
import { flanneldState, next, withPeer, type FlanneldOptions, type FlanneldState, type Peer } from './state';
import { vtepName, vxlan } from './vxlan';

export const SUBNET_ENV = '/run/flannel/subnet.env';
const SECOND = 1_000_000_000;
const RACE_RETRIES = 10;

const BACKENDS: ReadonlyMap<string, Backend> = new Map([
  ['vxlan', vxlan],
  ['host-gw', hostGw],
]);
/** Backend types this flanneld can run. */
export const builtBackends: readonly string[] = [...BACKENDS.keys()];

type Step = Next<FlanneldState>;

function backendOf(state: FlanneldState): Backend | undefined {
  return BACKENDS.get(state.config?.backendType ?? '');
}

function fail(state: FlanneldState, text: string): Step {
  return next({ ...state, phase: 'off' }, log('E', text), { do: 'exit', note: text });
}

function and(first: Step, then: (state: FlanneldState) => Step): Step {
  const second = then(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}

// ---- Starting --------------------------------------------------------------------------------------------------

const askConfig: Effect = {
  do: 'etcd',
  request: { op: 'range', key: CONFIG_KEY, prefix: false },
  to: 'config',
};

function surveyed(state: FlanneldState, input: Extract<Input, { on: 'survey' }>): Step {
  const found = externalInterface(input, state.options.iface);
  if (!found.ok) return fail(state, found.error);
  const ext = found.value;
  const previous = state.options.previousSubnet;
  return next(
    { ...state, ext },
    log('I', `Using interface with name ${ext.name} and address ${formatIp4(ext.addr)}`),
    log('I', `Defaulting external address to interface address (${formatIp4(ext.addr)})`),
    log(
      'I',
      `Created subnet manager: Etcd Local Manager with Previous Subnet: ${previous ? formatPrefix(previous) : 'None'}`,
    ),
    log('I', 'Installing signal handlers'),
    askConfig,
  );
}

function configured(state: FlanneldState, answer: EtcdAnswer): Step {
  const text = answer.op === 'range' ? answer.kvs[0]?.value : undefined;
  const parsed = text === undefined ? undefined : parseNetConf(text);
  if (!parsed?.ok) {
    const why = parsed
      ? parsed.error.text
      : 'flannel config not found in etcd store. Did you create your config using etcdv3 API?';
    return next(state, log('E', `Couldn't fetch network config: ${why}`), {
      do: 'timer',
      name: 'config',
      afterNs: SECOND,
    });
  }
  const config = parsed.value;
  const known = { ...state, config };
  const found = log('I', `Found network config - Backend type: ${config.backendType}`);
  if (config.backendType === 'vxlan') return and(next(known, found), makeDevice);
  if (config.backendType !== 'host-gw') {
    return and(next(known, found), (at) =>
      fail(at, `backend type '${config.backendType}' is not built yet in this simulator`),
    );
  }
  const attrs: LeaseAttrs = { publicIp: state.ext?.addr ?? 0, backendType: 'host-gw' };
  return next({ ...known, attrs }, found, askLeases);
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
  const vtepMac = options.vtepMac ?? randomMac(options.seed);
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
    request({ op: 'newLink', spec }, { to: 'device' }),
  );
}

// ---- A lease of our own ----------------------------------------------------------------------------------------

const askLeases: Effect = {
  do: 'etcd',
  request: { op: 'range', key: SUBNETS_KEY, prefix: true },
  to: 'leases',
};

function askGrant(to: string): Effect {
  return { do: 'etcd', request: { op: 'grant', ttlSec: SUBNET_TTL_SEC }, to };
}

/** tryAcquireLease: ours by address, else the previous subnet, else a free one. */
function chooseSubnet(state: FlanneldState, config: NetConf, answer: EtcdAnswer): Step {
  const kvs = answer.op === 'range' ? answer.kvs : [];
  const leases = kvs.flatMap((kv) => {
    const [subnet, attrs] = [parseSubnetKey(kv.key), decodeAttrs(kv.value)];
    return subnet && attrs ? [{ subnet, attrs }] : [];
  });
  const publicIp = state.ext?.addr ?? 0;
  const own = leases.find((lease) => lease.attrs.publicIp === publicIp);
  if (own && fitsConfig(config, own.subnet)) {
    const text = `Found lease (ip: ${formatPrefix(own.subnet)} ipv6: ::/0) for current IP (${formatIp4(publicIp)}), reusing`;
    return next({ ...state, candidate: own.subnet }, log('I', text), askGrant('grant-reuse'));
  }
  const effects: Effect[] = [];
  if (own) {
    effects.push(
      log(
        'I',
        `Found lease (${formatPrefix(own.subnet)}) for current IP (${formatIp4(publicIp)}) but not compatible with current config, deleting`,
      ),
    );
    effects.push({
      do: 'etcd',
      request: { op: 'delete', key: subnetKey(own.subnet), prefix: false },
      to: 'ignored',
    });
  }
  const previous = state.options.previousSubnet;
  if (previous && !leases.some((lease) => subnetKey(lease.subnet) === subnetKey(previous))) {
    if (fitsConfig(config, previous)) {
      effects.push(log('I', `Found previously leased subnet (${formatPrefix(previous)}), reusing`));
      return next({ ...state, candidate: previous }, ...effects, askGrant('grant'));
    }
    const why = 'that is not compatible with the Etcd network config, ignoring';
    effects.push(log('E', `Found previously leased subnet (${formatPrefix(previous)}) ${why}`));
  }
  effects.push(
    log('I', `Picking subnet in range ${formatIp4(config.subnetMin)} ... ${formatIp4(config.subnetMax)}`),
  );
  const free = freeSubnets(
    config,
    leases.map((lease) => lease.subnet),
  );
  const random = new Random(`${state.options.seed} subnet ${state.tries}`);
  const candidate = free.length > 0 ? free[random.below(free.length)] : undefined;
  if (!candidate)
    return and(next(state, ...effects), (at) => fail(at, 'failed to acquire lease: out of subnets'));
  return next({ ...state, candidate }, ...effects, askGrant('grant'));
}

function granted(state: FlanneldState, answer: EtcdAnswer, reuse: boolean): Step {
  const { candidate, attrs } = state;
  if (answer.op !== 'grant' || !candidate || !attrs) return next(state);
  const { lease } = answer;
  const put = { key: subnetKey(candidate), value: encodeAttrs(attrs), lease: lease.id };
  const known = { ...state, lease: { subnet: candidate, id: lease.id, expiresAt: lease.expiresAt } };
  if (reuse) return next(known, { do: 'etcd', request: { op: 'put', ...put }, to: 'created' });
  const compare = [{ key: put.key, version: 0 }];
  return next(known, { do: 'etcd', request: { op: 'txn', compare, puts: [put] }, to: 'created' });
}

function created(state: FlanneldState, answer: EtcdAnswer): Step {
  const { lease } = state;
  if (!lease) return next(state);
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
  if (state.config?.backendType !== 'vxlan') return and(told, run);
  // A /32: no broadcast routes; it is only the host's own source address towards pods.
  const spec = { dev: vtepName(state), local: lease.subnet.addr, prefixlen: 32 };
  return and(told, (at) => next(at, request({ op: 'newAddr', spec, mode: 'replace' }, { to: 'address' })));
}

// ---- Running ---------------------------------------------------------------------------------------------------

function subnetEnv(network: Prefix, subnet: Prefix, mtu: number): string {
  const first = { addr: subnet.addr + 1, len: subnet.len };
  return `FLANNEL_NETWORK=${formatPrefix(network)}\nFLANNEL_SUBNET=${formatPrefix(first)}\nFLANNEL_MTU=${mtu}\nFLANNEL_IPMASQ=false\n`;
}

function run(state: FlanneldState): Step {
  const { config, lease } = state;
  const backend = backendOf(state);
  if (!config || !lease || !backend) return next(state);
  const text = subnetEnv(config.network, lease.subnet, backend.mtu(state));
  const watching = config.backendType === 'vxlan' ? 'watching' : 'Watching';
  return next(
    { ...state, phase: 'running' },
    { do: 'file', path: SUBNET_ENV, text },
    log('I', `Wrote subnet file to ${SUBNET_ENV}`),
    log('I', 'Running backend.'),
    log('I', `${watching} for new subnet leases`),
    { do: 'etcd', request: { op: 'range', key: SUBNETS_KEY, prefix: true }, to: 'snapshot' },
    ...(backend.timer
      ? [{ do: 'timer', name: backend.timer.name, afterNs: backend.timer.everyNs } as const]
      : []),
  );
}

function waitToRenew(state: FlanneldState, now: SimTime, expiresAt: SimTime): Step {
  const afterNs = Math.max(0, expiresAt - now - RENEW_MARGIN_SEC * SECOND);
  const lease = state.lease && { ...state.lease, expiresAt };
  return next({ ...state, lease }, log('I', `Waiting for ${durationText(afterNs)} to renew lease`), {
    do: 'timer',
    name: 'renew',
    afterNs,
  });
}

function snapshot(state: FlanneldState, answer: EtcdAnswer, now: SimTime): Step {
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

function ownLease(state: FlanneldState, event: WatchEvent, now: SimTime): Step {
  if (event.type === 'DELETE') return fail(state, 'Lease has been revoked. Shutting down daemon.');
  return waitToRenew(state, now, state.lease?.expiresAt ?? now);
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
  if (attrs.backendType !== mine) {
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

function renewing(state: FlanneldState, lease: Lease): Step {
  const { attrs } = state;
  if (!state.lease || !attrs) return next(state);
  const put = {
    op: 'put' as const,
    key: subnetKey(state.lease.subnet),
    value: encodeAttrs(attrs),
    lease: lease.id,
  };
  const known = { ...state, lease: { ...state.lease, id: lease.id, expiresAt: lease.expiresAt } };
  return next(known, { do: 'etcd', request: put, to: 'renewed' });
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
      return answer.op === 'grant' ? renewing(state, answer.lease) : next(state);
    case 'renewed':
      return next(
        state,
        log('I', `Lease renewed, new expiration: in ${durationText((state.lease?.expiresAt ?? now) - now)}`),
      );
    default:
      return next(state);
  }
}

function onDone(state: FlanneldState, input: Extract<Input, { on: 'done' }>): Step {
  const { to, reply } = input;
  if (to === 'device') {
    // After a restart the device is still there, and the data path with it.
    if (reply.ok || reply.error.errno === 'EEXIST') return next(state, askLeases);
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
  const [step = '', key = ''] = to.split(' ');
  return backendOf(state)?.done(state, step, key, reply) ?? next(state);
}

function onTimer(state: FlanneldState, name: string): Step {
  if (name === 'config') return next(state, askConfig);
  if (name === 'renew') return next(state, askGrant('renew'));
  const { timer } = backendOf(state) ?? {};
  if (timer?.name !== name) return next(state);
  return next(state, { do: 'survey', to: 'check ' }, { do: 'timer', name, afterNs: timer.everyNs });
}

function transition(state: FlanneldState, input: Input, now: SimTime): Step {
  if (input.on === 'start') {
    const fresh: FlanneldState = { ...flanneldState(state.options), phase: 'starting' };
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
    case 'timer':
      return onTimer(state, input.name);
    default:
      return next(state);
  }
}

export function flanneld(options: FlanneldOptions): Daemon<FlanneldState> {
  return { name: 'flanneld', initial: flanneldState(options), transition };
}
