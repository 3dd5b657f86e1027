/** Keeping one's own lease (flannel pkg/subnet/etcd/local_manager.go CompleteLease, v0.28). */
import type { SimTime } from '../../kernel/netlink';
import { log } from '../daemon';
import type { EtcdAnswer, WatchEvent } from '../etcd/store';
import { durationText } from './gotext';
import { encodeAttrs, RENEW_MARGIN_SEC, subnetKey } from './lease';
import { fail, next, type FlanneldState, type Step } from './state';

const SECOND = 1_000_000_000;
const RETRY_NS = 60 * SECOND;

function waitToRenew(state: FlanneldState, now: SimTime): Step {
  const expiresAt = state.lease?.expiresAt ?? now;
  const afterNs = Math.max(0, expiresAt - now - RENEW_MARGIN_SEC * SECOND);
  return next(state, log('I', `Waiting for ${durationText(afterNs)} to renew lease`), {
    do: 'timer',
    name: 'renew',
    afterNs,
  });
}

/** News of the key that is ours. */
export function ownLease(state: FlanneldState, event: WatchEvent, now: SimTime): Step {
  if (event.type === 'DELETE') return fail(state, 'Lease has been revoked. Shutting down daemon.');
  return waitToRenew(state, now);
}

function failed(state: FlanneldState, why: string): Step {
  return next(state, log('E', `Error renewing lease (trying again in 1 min): ${why}`), {
    do: 'timer',
    name: 'renew',
    afterNs: RETRY_NS,
  });
}

/** A new lease has been granted; the key is put under it. */
export function renewing(state: FlanneldState, answer: EtcdAnswer): Step {
  const { attrs } = state;
  if (answer.op === 'error') return failed(state, answer.text);
  if (answer.op !== 'grant' || !state.lease || !attrs) return next(state);
  const { id, expiresAt } = answer.lease;
  const put = {
    op: 'put' as const,
    key: subnetKey(state.lease.subnet),
    value: encodeAttrs(attrs),
    lease: id,
  };
  const known = { ...state, lease: { ...state.lease, id, expiresAt } };
  return next(known, { do: 'etcd', request: put, to: 'renewed' });
}

export function renewed(state: FlanneldState, answer: EtcdAnswer, now: SimTime): Step {
  if (answer.op === 'error') return failed(state, answer.text);
  const left = durationText((state.lease?.expiresAt ?? now) - now);
  return next(state, log('I', `Lease renewed, new expiration: in ${left}`));
}
