/**
 * The etcd process: serves requests, keeps the watches, ends leases. Requests and deliveries travel as messages with a
 * small fixed delay, not as frames: how etcd's own TCP connections look on the wire is not what these networks teach.
 */
import type { SimTime } from '../../kernel/netlink';
import {
  apply,
  expire,
  inRange,
  nextExpiry,
  promote,
  since,
  EMPTY_STORE,
  type EtcdAnswer,
  type EtcdRequest,
  type KeyValue,
  type Store,
  type WatchEvent,
} from './store';

/** One way between a client and etcd. */
export const ETCD_LATENCY_NS = 200_000;

export interface Watch {
  /** Chosen by the world, unique. */
  readonly id: number;
  readonly key: string;
  readonly prefix: boolean;
}
export interface EtcdServer {
  readonly store: Store;
  readonly watches: readonly Watch[];
}
export const EMPTY_SERVER: EtcdServer = { store: EMPTY_STORE, watches: [] };

export type EtcdInput =
  | { readonly on: 'request'; readonly id: number; readonly request: EtcdRequest }
  | { readonly on: 'cancel'; readonly watch: number }
  | { readonly on: 'timer' }
  /** The process starts again on its data; clients have to ask for their watches again. */
  | { readonly on: 'restart' };
export type EtcdEffect =
  | { readonly do: 'answer'; readonly id: number; readonly answer: EtcdAnswer }
  | { readonly do: 'deliver'; readonly watch: number; readonly events: readonly WatchEvent[] }
  /** A row of the table as people see it. */
  | { readonly do: 'row'; readonly key: string; readonly before?: KeyValue; readonly after?: KeyValue }
  /** Wakes the server then; a new one replaces the old one. */
  | { readonly do: 'alarm'; readonly at: SimTime };

/** Rows that differ between two stores, of the keys that events speak of. */
function rows(before: Store, after: Store, events: readonly WatchEvent[]): EtcdEffect[] {
  return [...new Set(events.map((event) => event.kv.key))].map((key) => {
    const [old, now] = [before.keys.get(key), after.keys.get(key)];
    return { do: 'row', key, ...(old ? { before: old } : {}), ...(now ? { after: now } : {}) };
  });
}

function deliveries(server: EtcdServer, events: readonly WatchEvent[]): EtcdEffect[] {
  return server.watches.flatMap((watch) => {
    const mine = events.filter((event) => inRange(event.kv.key, watch.key, watch.prefix));
    return mine.length === 0 ? [] : [{ do: 'deliver', watch: watch.id, events: mine } as const];
  });
}

function alarm(before: Store, after: Store): EtcdEffect[] {
  const at = nextExpiry(after);
  return at === undefined || at === nextExpiry(before) ? [] : [{ do: 'alarm', at }];
}

export function etcdServer(
  server: EtcdServer,
  input: EtcdInput,
  now: SimTime,
): { readonly state: EtcdServer; readonly effects: readonly EtcdEffect[] } {
  const { store } = server;
  if (input.on === 'cancel') {
    return {
      state: { store, watches: server.watches.filter((watch) => watch.id !== input.watch) },
      effects: [],
    };
  }
  if (input.on === 'restart') {
    const promoted = promote(store, now);
    const at = nextExpiry(promoted);
    return {
      state: { store: promoted, watches: [] },
      effects: at === undefined ? [] : [{ do: 'alarm', at }],
    };
  }
  if (input.on === 'timer') {
    const done = expire(store, now);
    const state = { ...server, store: done.store };
    const effects = [...rows(store, done.store, done.events), ...deliveries(server, done.events)];
    return { state, effects: [...effects, ...alarm(store, done.store)] };
  }
  const { id, request } = input;
  if (request.op === 'watch') {
    const { key, prefix } = request;
    const missed = since(store, key, prefix, request.from);
    const effects: EtcdEffect[] = missed.length > 0 ? [{ do: 'deliver', watch: id, events: missed }] : [];
    return { state: { store, watches: [...server.watches, { id, key, prefix }] }, effects };
  }
  const done = apply(store, request, now);
  const state = { ...server, store: done.store };
  return {
    state,
    effects: [
      ...rows(store, done.store, done.events),
      { do: 'answer', id, answer: done.answer },
      ...deliveries(server, done.events),
      ...alarm(store, done.store),
    ],
  };
}
