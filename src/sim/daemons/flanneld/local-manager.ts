/** A lease from etcd (flannel pkg/subnet/etcd/local_manager.go, v0.28): which subnet is asked for, and how. */
import { Random } from '../../../base/random';
import { formatIp4, formatPrefix } from '../../wire/index';
import { log, type Effect } from '../daemon';
import type { EtcdAnswer } from '../etcd/store';
import type { NetConf } from './config';
import {
  decodeAttrs,
  encodeAttrs,
  fitsConfig,
  freeSubnets,
  parseSubnetKey,
  SUBNET_TTL_SEC,
  subnetKey,
  SUBNETS_KEY,
} from './lease';
import { and, fail, next, type FlanneldState, type Step } from './state';

export const askLeases: Effect = {
  do: 'etcd',
  request: { op: 'range', key: SUBNETS_KEY, prefix: true },
  to: 'leases',
};

export function askGrant(to: string): Effect {
  return { do: 'etcd', request: { op: 'grant', ttlSec: SUBNET_TTL_SEC }, to };
}

/** The backend's RegisterNetwork fails, and flanneld with it. */
export function noLease(state: FlanneldState, why: string): Step {
  return fail(state, `Error registering network: failed to acquire lease: ${why}`);
}

/** tryAcquireLease: ours by address, else the previous subnet, else a free one. */
export function chooseSubnet(state: FlanneldState, config: NetConf, answer: EtcdAnswer): Step {
  if (answer.op === 'error') return noLease(state, answer.text);
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
  const previous = state.previous ?? state.options.previousSubnet;
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

export function granted(state: FlanneldState, answer: EtcdAnswer, reuse: boolean): Step {
  if (answer.op === 'error') return noLease(state, answer.text);
  const { candidate, attrs } = state;
  if (answer.op !== 'grant' || !candidate || !attrs) return next(state);
  const { lease } = answer;
  const put = { key: subnetKey(candidate), value: encodeAttrs(attrs), lease: lease.id };
  const known = { ...state, lease: { subnet: candidate, id: lease.id, expiresAt: lease.expiresAt } };
  if (reuse) return next(known, { do: 'etcd', request: { op: 'put', ...put }, to: 'created' });
  const compare = [{ key: put.key, version: 0 }];
  return next(known, { do: 'etcd', request: { op: 'txn', compare, puts: [put] }, to: 'created' });
}
