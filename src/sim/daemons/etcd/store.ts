/**
 * etcd's store: keys with revisions, leases, transactions, and a history from which watches are served
 * (etcd 3.4, Documentation/learning/api.md). Pure: every function takes a store and gives the next one.
 *
 * Models: the global revision (an empty store is at 1), create and mod revision and version per key, ranges by key or
 * prefix in key order, leases with a TTL that delete their keys when they run out, put with a lease (which leaves the key's
 * former lease), a transaction of "version is" comparisons with puts.
 * Leaves out: Raft and members, compaction, authentication, nested transactions, previous values in watches.
 */
import type { SimTime } from '../../kernel/netlink';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** Lease id in hex; absent without one. */
  readonly lease?: string;
}
export interface Lease {
  /** 16 hex digits, as etcdctl prints it. */
  readonly id: string;
  readonly ttlSec: number;
  readonly expiresAt: SimTime;
}
export interface WatchEvent {
  readonly type: 'PUT' | 'DELETE';
  /** For DELETE only `key` and `modRevision` mean something. */
  readonly kv: KeyValue;
}
export interface Store {
  readonly revision: number;
  readonly keys: ReadonlyMap<string, KeyValue>;
  readonly leases: ReadonlyMap<string, Lease>;
  readonly granted: number;
  /** Every event so far, in order of revision. */
  readonly history: readonly WatchEvent[];
}

export const EMPTY_STORE: Store = {
  revision: 1,
  keys: new Map(),
  leases: new Map(),
  granted: 0,
  history: [],
};

export interface Put {
  readonly key: string;
  readonly value: string;
  readonly lease?: string;
}
export type EtcdRequest =
  | { readonly op: 'range'; readonly key: string; readonly prefix: boolean }
  | ({ readonly op: 'put' } & Put)
  | { readonly op: 'delete'; readonly key: string; readonly prefix: boolean }
  | { readonly op: 'grant'; readonly ttlSec: number }
  | { readonly op: 'revoke'; readonly lease: string }
  | { readonly op: 'keepalive'; readonly lease: string }
  /** The puts happen when every key has the version it is said to have; 0: it does not exist. */
  | {
      readonly op: 'txn';
      readonly compare: readonly { readonly key: string; readonly version: number }[];
      readonly puts: readonly Put[];
    }
  /** `from` is the first revision to be told of. */
  | { readonly op: 'watch'; readonly key: string; readonly prefix: boolean; readonly from: number };

export type EtcdAnswer =
  | {
      readonly op: 'range';
      readonly revision: number;
      readonly kvs: readonly KeyValue[];
      readonly leases: readonly Lease[];
    }
  | { readonly op: 'put'; readonly revision: number }
  | { readonly op: 'delete'; readonly revision: number; readonly deleted: number }
  | { readonly op: 'grant'; readonly lease: Lease }
  | { readonly op: 'revoke'; readonly revision: number }
  | { readonly op: 'keepalive'; readonly lease: Lease }
  | { readonly op: 'txn'; readonly revision: number; readonly succeeded: boolean }
  | { readonly op: 'error'; readonly text: string };

interface Applied {
  readonly store: Store;
  readonly answer: EtcdAnswer;
  /** What changed, for watchers and the trace. */
  readonly events: readonly WatchEvent[];
}

const SECOND = 1_000_000_000;
/** etcd's lease ids carry the member's id and its start time; here they only look like it. */
const LEASE_ID_BASE = 0x694da1fb84777300n;

export function inRange(key: string, wanted: string, prefix: boolean): boolean {
  return prefix ? key.startsWith(wanted) : key === wanted;
}

/** Keys in byte order, as etcd answers. */
export function range(store: Store, key: string, prefix: boolean): KeyValue[] {
  if (!prefix) {
    const one = store.keys.get(key);
    return one ? [one] : [];
  }
  return [...store.keys.values()]
    .filter((kv) => kv.key.startsWith(key))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** What a watch that starts at `from` has to be told of at once. */
export function since(store: Store, key: string, prefix: boolean, from: number): WatchEvent[] {
  return store.history.filter((event) => event.kv.modRevision >= from && inRange(event.kv.key, key, prefix));
}

function put(
  store: Store,
  revision: number,
  { key, value, lease }: Put,
): { kv: KeyValue; keys: Map<string, KeyValue> } {
  const old = store.keys.get(key);
  const kv: KeyValue = {
    key,
    value,
    createRevision: old?.createRevision ?? revision,
    modRevision: revision,
    version: (old?.version ?? 0) + 1,
    ...(lease === undefined ? {} : { lease }),
  };
  return { kv, keys: new Map(store.keys).set(key, kv) };
}

function putAll(store: Store, puts: readonly Put[]): { store: Store; events: WatchEvent[] } {
  if (puts.length === 0) return { store, events: [] };
  const revision = store.revision + 1;
  const events: WatchEvent[] = [];
  let next = store;
  for (const one of puts) {
    const { kv, keys } = put(next, revision, one);
    events.push({ type: 'PUT', kv });
    next = { ...next, keys };
  }
  return { store: { ...next, revision, history: [...store.history, ...events] }, events };
}

function remove(store: Store, kvs: readonly KeyValue[]): { store: Store; events: WatchEvent[] } {
  if (kvs.length === 0) return { store, events: [] };
  const revision = store.revision + 1;
  const keys = new Map(store.keys);
  const events = kvs.map((kv): WatchEvent => {
    keys.delete(kv.key);
    return {
      type: 'DELETE',
      kv: { key: kv.key, value: '', createRevision: 0, modRevision: revision, version: 0 },
    };
  });
  return { store: { ...store, revision, keys, history: [...store.history, ...events] }, events };
}

function dropLease(store: Store, id: string): { store: Store; events: WatchEvent[] } {
  const leases = new Map(store.leases);
  leases.delete(id);
  const held = range(store, '', true).filter((kv) => kv.lease === id);
  return remove({ ...store, leases }, held);
}

const refused = (store: Store, text: string): Applied => ({
  store,
  answer: { op: 'error', text },
  events: [],
});
const NO_LEASE = 'etcdserver: requested lease not found';

/** minLeaseTTL: one and a half election timeouts, in whole seconds; MaxLeaseTTL. */
const MIN_TTL_SEC = 2;
const MAX_TTL_SEC = 9_000_000_000;

function grant(store: Store, wantedSec: number, now: SimTime): Applied {
  if (wantedSec > MAX_TTL_SEC) return refused(store, 'etcdserver: too large lease TTL');
  const ttlSec = Math.max(wantedSec, MIN_TTL_SEC);
  const granted = store.granted + 1;
  const id = (LEASE_ID_BASE + BigInt(granted)).toString(16);
  const lease: Lease = { id, ttlSec, expiresAt: now + ttlSec * SECOND };
  const leases = new Map(store.leases).set(id, lease);
  return { store: { ...store, granted, leases }, answer: { op: 'grant', lease }, events: [] };
}

function commit(store: Store, request: Extract<EtcdRequest, { op: 'txn' }>): Applied {
  const succeeded = request.compare.every(
    ({ key, version }) => (store.keys.get(key)?.version ?? 0) === version,
  );
  if (!succeeded) return { store, answer: { op: 'txn', revision: store.revision, succeeded }, events: [] };
  if (request.puts.some((one) => one.lease !== undefined && !store.leases.has(one.lease)))
    return refused(store, NO_LEASE);
  const done = putAll(store, request.puts);
  return { ...done, answer: { op: 'txn', revision: done.store.revision, succeeded } };
}

/** Carries out one request. Watches are the server's affair and are answered by `error` here. */
export function apply(store: Store, request: EtcdRequest, now: SimTime): Applied {
  switch (request.op) {
    case 'range': {
      const kvs = range(store, request.key, request.prefix);
      const leases = kvs.flatMap((kv) => (kv.lease === undefined ? [] : (store.leases.get(kv.lease) ?? [])));
      return { store, answer: { op: 'range', revision: store.revision, kvs, leases }, events: [] };
    }
    case 'put': {
      if (request.lease !== undefined && !store.leases.has(request.lease)) return refused(store, NO_LEASE);
      const done = putAll(store, [request]);
      return { ...done, answer: { op: 'put', revision: done.store.revision } };
    }
    case 'delete': {
      const kvs = range(store, request.key, request.prefix);
      const done = remove(store, kvs);
      return { ...done, answer: { op: 'delete', revision: done.store.revision, deleted: kvs.length } };
    }
    case 'grant':
      return grant(store, request.ttlSec, now);
    case 'revoke': {
      if (!store.leases.has(request.lease)) return refused(store, NO_LEASE);
      const done = dropLease(store, request.lease);
      return { ...done, answer: { op: 'revoke', revision: done.store.revision } };
    }
    case 'keepalive': {
      const old = store.leases.get(request.lease);
      if (!old) return refused(store, NO_LEASE);
      const lease = { ...old, expiresAt: now + old.ttlSec * SECOND };
      const leases = new Map(store.leases).set(lease.id, lease);
      return { store: { ...store, leases }, answer: { op: 'keepalive', lease }, events: [] };
    }
    case 'txn':
      return commit(store, request);
    case 'watch':
      return refused(store, 'etcdserver: a watch is a stream');
  }
}

/** Ends the leases whose time has come, with the keys they hold. */
export function expire(store: Store, now: SimTime): { store: Store; events: readonly WatchEvent[] } {
  const events: WatchEvent[] = [];
  let next = store;
  for (const lease of store.leases.values()) {
    if (lease.expiresAt > now) continue;
    const done = dropLease(next, lease.id);
    next = done.store;
    events.push(...done.events);
  }
  return { store: next, events };
}

/** lessor.Promote: a new leader gives every lease its whole time again. */
export function promote(store: Store, now: SimTime): Store {
  const leases = new Map(
    [...store.leases].map(([id, lease]) => [id, { ...lease, expiresAt: now + lease.ttlSec * SECOND }]),
  );
  return { ...store, leases };
}

/** When the next lease ends, if no one renews it. */
export function nextExpiry(store: Store): SimTime | undefined {
  let first: SimTime | undefined;
  for (const { expiresAt } of store.leases.values())
    if (first === undefined || expiresAt < first) first = expiresAt;
  return first;
}
