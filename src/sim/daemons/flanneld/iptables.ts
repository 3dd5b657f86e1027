/**
 * flanneld's iptables rules (flannel pkg/trafficmngr/iptables/iptables.go, v0.28): `--ip-masq` in nat FLANNEL-POSTRTG and
 * `--iptables-forward-rules` in filter FLANNEL-FWD. They are looked at every 5 s and, when one is missing, all made anew.
 * They stay when flanneld stops; a new subnet takes the old one's away.
 */
import { formatPrefix, type Prefix } from '../../wire/index';
import { log, type Effect, type Input } from '../daemon';
import { and, next, type FlanneldState, type Probe, type Step } from './state';

const CHECK_NS = 5_000_000_000;
const KUBE_PROXY_MARK = '0x4000/0x4000';
const MASQ = '-m comment --comment "flanneld masq" -j';
const FORWARD = '-m comment --comment "flanneld forward" -j';

interface Rule {
  readonly table: 'nat' | 'filter';
  readonly chain: string;
  readonly words: string;
}

function masqRules(network: Prefix, subnet: Prefix): Rule[] {
  const [cluster, pod] = [formatPrefix(network), formatPrefix(subnet)];
  const words = [
    `-m mark --mark ${KUBE_PROXY_MARK} ${MASQ} RETURN`,
    `-s ${pod} -d ${cluster} ${MASQ} RETURN`,
    `-s ${cluster} -d ${pod} ${MASQ} RETURN`,
    `! -s ${cluster} -d ${pod} ${MASQ} RETURN`,
    `-s ${cluster} ! -d 224.0.0.0/4 ${MASQ} MASQUERADE --random-fully`,
    `! -s ${cluster} -d ${cluster} ${MASQ} MASQUERADE --random-fully`,
  ];
  return [
    { table: 'nat', chain: 'POSTROUTING', words: `${MASQ} FLANNEL-POSTRTG` },
    ...words.map((each): Rule => ({ table: 'nat', chain: 'FLANNEL-POSTRTG', words: each })),
  ];
}

function forwardRules(network: Prefix): Rule[] {
  const cluster = formatPrefix(network);
  return [
    { table: 'filter', chain: 'FORWARD', words: `${FORWARD} FLANNEL-FWD` },
    { table: 'filter', chain: 'FLANNEL-FWD', words: `-s ${cluster} ${FORWARD} ACCEPT` },
    { table: 'filter', chain: 'FLANNEL-FWD', words: `-d ${cluster} ${FORWARD} ACCEPT` },
  ];
}

/** go-iptables: `-t TABLE … --wait`. */
function command({ table, chain, words }: Rule, action: 'A' | 'C' | 'D'): string {
  return `iptables -t ${table} -${action} ${chain} ${words} --wait`;
}
function chainProbe(table: string, chain: string): Probe {
  return {
    run: `iptables -t ${table} -N ${chain} --wait`,
    failed: `iptables -t ${table} -F ${chain} --wait`,
  };
}
const away = (rule: Rule): Probe => ({ run: command(rule, 'C'), worked: command(rule, 'D') });

/**
 * ipTablesBootstrap: what is there goes first, so that all stand in order and together. `cleared`: our own chain is empty,
 * so that only the jump into it may be there.
 */
function bootstrap(rules: readonly Rule[], cleared: boolean): Probe[] {
  const old = cleared ? rules.slice(0, 1) : rules;
  return [...old.map(away), ...rules.map((rule): Probe => ({ run: command(rule, 'A') }))];
}

function groups(state: FlanneldState): { readonly masq: Rule[]; readonly forward: Rule[] } {
  const { config, lease, options } = state;
  if (!config || !lease) return { masq: [], forward: [] };
  return {
    masq: options.ipMasq ? masqRules(config.network, lease.subnet) : [],
    forward: options.forwardRules ? forwardRules(config.network) : [],
  };
}

/** Makes the rules; `then` goes on when they stand. */
export function setUp(state: FlanneldState, then: (state: FlanneldState) => Step): Step {
  const { config, lease, options, previous } = state;
  if (!config || !lease || !(options.ipMasq || options.forwardRules)) return then(state);
  const { masq, forward } = groups(state);
  const network = formatPrefix(config.network);
  const moved = previous === undefined || formatPrefix(previous) !== formatPrefix(lease.subnet);
  const before = previous === undefined ? '0.0.0.0/0, 0.0.0.0/0' : `${network}, ${formatPrefix(previous)}`;
  const effects: Effect[] = [];
  const queue: Probe[] = [];
  if (options.ipMasq) {
    if (moved) {
      const now = `Current network or subnet (${network}, ${formatPrefix(lease.subnet)})`;
      effects.push(
        log('I', `${now} is not equal to previous one (${before}), trying to recycle old iptables rules`),
      );
    }
    effects.push(log('I', 'Setting up masking rules'));
    if (moved && previous) queue.push(...masqRules(config.network, previous).map(away));
    queue.push(chainProbe('nat', 'FLANNEL-POSTRTG'), ...bootstrap(masq, true));
  }
  if (options.forwardRules) {
    effects.push(log('I', 'Changing default FORWARD chain policy to ACCEPT'));
    queue.push(chainProbe('filter', 'FLANNEL-FWD'), ...bootstrap(forward, true));
  }
  return and(next({ ...state, tables: { queue, then: 'run' } }, ...effects), ask);
}

function ask(state: FlanneldState): Step {
  const [first] = state.tables?.queue ?? [];
  return first ? next(state, { do: 'exec', command: first.run, to: 'tables' }) : next(state);
}

/** Every 5 s: one look at each rule, as long as all are there. */
export function recheck(state: FlanneldState): Step {
  const again: Effect = { do: 'timer', name: 'tables', afterNs: CHECK_NS };
  if (state.tables) return next(state, again);
  const { masq, forward } = groups(state);
  const queue = [...masq, ...forward].map((rule): Probe => ({ run: command(rule, 'C'), must: true }));
  return and(next({ ...state, tables: { queue, then: 'wait' } }, again), ask);
}

export function onExec(
  state: FlanneldState,
  input: Extract<Input, { on: 'exec' }>,
  then: (state: FlanneldState) => Step,
): Step {
  const { tables } = state;
  const [probe, ...queue] = tables?.queue ?? [];
  if (!tables || !probe) return next(state);
  if (probe.must && input.exit !== 0) return rebuild(state);
  const follow = input.exit === 0 ? probe.worked : probe.failed;
  const effects: Effect[] = follow === undefined ? [] : [{ do: 'exec', command: follow }];
  if (queue.length > 0) return and(next({ ...state, tables: { ...tables, queue } }, ...effects), ask);
  const { tables: _over, ...rest } = state;
  if (tables.then === 'wait') return next(rest, ...effects);
  if (tables.then === 'rebuilt') return next(rest, ...effects, log('I', 'bootstrap done'));
  const done = next(rest, ...effects, log('I', 'bootstrap done'), {
    do: 'timer',
    name: 'tables',
    afterNs: CHECK_NS,
  });
  return and(done, then);
}

function rebuild(state: FlanneldState): Step {
  const { masq, forward } = groups(state);
  const chains = [
    ...(masq.length > 0 ? [{ run: 'iptables -t nat -N FLANNEL-POSTRTG --wait' }] : []),
    ...(forward.length > 0 ? [{ run: 'iptables -t filter -N FLANNEL-FWD --wait' }] : []),
  ];
  const queue: Probe[] = [...chains, ...bootstrap(masq, false), ...bootstrap(forward, false)];
  const missing = log('I', 'Some iptables rules are missing; deleting and recreating rules');
  return and(next({ ...state, tables: { queue, then: 'rebuilt' } }, missing), ask);
}
