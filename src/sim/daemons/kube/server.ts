/**
 * kube-apiserver with the controllers that move nodes and pods folded into it: scheduler, node IPAM, node lifecycle,
 * pod garbage collection. A transition as etcd's server is: requests and watches travel as messages with a small fixed
 * delay, not as frames. Its objects survive a restart, as those in a real cluster's etcd do.
 *
 * Scheduler: the Ready, uncordoned node with the fewest pods, the older node first. Node IPAM (`--allocate-node-cidrs`,
 * pkg/controller/nodeipam/ipam/cidrset): subnets of the cluster's network one after another from the first, round and
 * round. Node lifecycle: a node whose Lease is not renewed for node-monitor-grace-period is NotReady; 300 s later
 * (the toleration every pod gets) its pods are marked for deletion. Pod GC: pods of a node that is gone go 40 s later.
 *
 * Leaves out: namespaces, resources, affinity and taints, owners (ReplicaSets), authentication, etcd underneath.
 */
import type {
  KubeAnswer,
  KubeEvent,
  KubeKind,
  KubeNode,
  KubeObject,
  KubePodSpec,
  KubeRequest,
  SimTime,
} from '../../kernel/netlink';
import { formatPrefix, type Prefix } from '../../wire/index';
import {
  apply,
  createPod,
  EMPTY_KUBE,
  eventOf,
  isOver,
  keyOf,
  nodesOf,
  podsOf,
  put,
  remove,
  type Change,
  type Changed,
  type KubeStore,
} from './store';

/** One way between a client and the server. */
export const KUBE_LATENCY_NS = 200_000;
const SECOND = 1_000_000_000;
const NODE_GRACE_NS = 40 * SECOND;
const EVICTION_NS = 300 * SECOND;
const ORPHAN_NS = 40 * SECOND;

export interface KubeOptions {
  /** `--cluster-cidr`; absent: nodes get no podCIDR. */
  readonly clusterCidr?: Prefix;
  readonly nodeCidrLen: number;
  /** podCIDRs that nodes have had before. */
  readonly podCidrs: ReadonlyMap<string, Prefix>;
  /** Objects from before the start. */
  readonly pods: readonly KubePodSpec[];
}
export interface KubeServer {
  readonly options: KubeOptions;
  readonly store: KubeStore;
  readonly loaded: boolean;
  readonly watches: readonly { readonly id: number; readonly kind: KubeKind; readonly node?: string }[];
  /** Where the search for a free podCIDR goes on. */
  readonly nextCidr: number;
  /** Nodes that have had a podCIDR. */
  readonly served: ReadonlySet<string>;
  /** Of each node's Lease, by name. */
  readonly renewedAt: ReadonlyMap<string, SimTime>;
  /** When the pods of a node go, by node: it is NotReady, or gone. */
  readonly doomedAt: ReadonlyMap<string, SimTime>;
}
export function kubeServerState(options: KubeOptions): KubeServer {
  return {
    options,
    store: EMPTY_KUBE,
    loaded: false,
    watches: [],
    nextCidr: 0,
    served: new Set(),
    renewedAt: new Map(),
    doomedAt: new Map(),
  };
}

export type KubeInput =
  | { readonly on: 'start' }
  | { readonly on: 'request'; readonly id: number; readonly request: KubeRequest }
  | { readonly on: 'cancel'; readonly watch: number }
  | { readonly on: 'timer' };
export type KubeEffect =
  | { readonly do: 'answer'; readonly id: number; readonly answer: KubeAnswer }
  | { readonly do: 'deliver'; readonly watch: number; readonly events: readonly KubeEvent[] }
  | { readonly do: 'row'; readonly key: string; readonly before?: KubeObject; readonly after?: KubeObject }
  /** Wakes the server then; a new one replaces the old one. */
  | { readonly do: 'alarm'; readonly at: SimTime };

/** A server on its way to the next state, with what has changed so far. */
interface Work {
  readonly server: KubeServer;
  readonly changes: readonly Change[];
}

function and(work: Work, changed: Changed, more: Partial<KubeServer> = {}): Work {
  const server = { ...work.server, ...more, store: changed.store };
  return { server, changes: [...work.changes, ...changed.changes] };
}

// ---- controllers -------------------------------------------------------------------------------------------------

/** The next subnet of the cluster's network that no node has. */
function allocateCidr(server: KubeServer, node: KubeNode): { cidr: Prefix; next: number } | undefined {
  const { clusterCidr, nodeCidrLen, podCidrs } = server.options;
  if (!clusterCidr) return undefined;
  const taken = new Set(nodesOf(server.store).map((other) => other.podCidr));
  const kept = [...podCidrs].filter(([name]) => !server.served.has(name));
  for (const [name, cidr] of kept) if (name !== node.name) taken.add(formatPrefix(cidr));
  const before = kept.find(([name]) => name === node.name)?.[1];
  if (before && !taken.has(formatPrefix(before))) return { cidr: before, next: server.nextCidr };
  const count = 2 ** Math.max(0, nodeCidrLen - clusterCidr.len);
  const size = 2 ** (32 - nodeCidrLen);
  for (let i = 0; i < count; i++) {
    const at = (server.nextCidr + i) % count;
    const cidr = { addr: clusterCidr.addr + at * size, len: nodeCidrLen };
    if (!taken.has(formatPrefix(cidr))) return { cidr, next: (at + 1) % count };
  }
  return undefined;
}

function giveCidrs(work: Work): Work {
  let done = work;
  for (const node of nodesOf(work.server.store)) {
    if (node.podCidr !== undefined) continue;
    const found = allocateCidr(done.server, node);
    if (!found) continue;
    const given = put(done.server.store, { ...node, podCidr: formatPrefix(found.cidr) });
    const served = new Set(done.server.served).add(node.name);
    done = and(done, given, { nextCidr: found.next, served });
  }
  return done;
}

/** Ready, not cordoned, the fewest pods; the oldest of these. */
function chooseNode(store: KubeStore): KubeNode | undefined {
  const load = new Map<string, number>();
  for (const { nodeName, status } of podsOf(store)) {
    if (nodeName === undefined || status.phase === 'Succeeded' || status.phase === 'Failed') continue;
    load.set(nodeName, (load.get(nodeName) ?? 0) + 1);
  }
  let best: KubeNode | undefined;
  for (const node of nodesOf(store)) {
    if (node.ready.status !== 'True' || node.unschedulable) continue;
    const [mine, least] = [load.get(node.name) ?? 0, load.get(best?.name ?? '') ?? 0];
    if (!best || mine < least || (mine === least && node.uid < best.uid)) best = node;
  }
  return best;
}

function schedule(work: Work): Work {
  let done = work;
  for (const pod of podsOf(work.server.store)) {
    if (pod.nodeName !== undefined) continue;
    const node = chooseNode(done.server.store);
    if (!node) break;
    done = and(done, put(done.server.store, { ...pod, nodeName: node.name }));
  }
  return done;
}

const SILENT = {
  status: 'Unknown',
  reason: 'NodeStatusUnknown',
  message: 'Kubelet stopped posting node status.',
} as const;

/** Nodes that have fallen silent, and the pods of those that have been so for long or are gone. */
function monitor(work: Work, now: SimTime): Work {
  let done = work;
  const doomedAt = new Map(work.server.doomedAt);
  for (const node of nodesOf(work.server.store)) {
    if (node.ready.status === 'Unknown') continue;
    const last = work.server.renewedAt.get(node.name) ?? node.createdAt;
    if (now < last + NODE_GRACE_NS) continue;
    done = and(done, put(done.server.store, { ...node, ready: SILENT }));
    doomedAt.set(node.name, now + EVICTION_NS);
  }
  for (const [name, at] of doomedAt) {
    if (now < at) continue;
    doomedAt.delete(name);
    const there = done.server.store.objects.has(keyOf('Node', name));
    for (const pod of podsOf(done.server.store)) {
      if (pod.nodeName !== name || (there && (pod.deletedAt !== undefined || isOver(pod)))) continue;
      done = and(
        done,
        there ? put(done.server.store, { ...pod, deletedAt: now }) : remove(done.server.store, pod),
      );
    }
  }
  return { ...done, server: { ...done.server, doomedAt } };
}

/** Pods of a node that was deleted have nobody to look after them; a node that is heard again keeps its own. */
function follow(work: Work, now: SimTime): Work {
  const { changes, server } = work;
  if (!changes.some(({ key }) => key.startsWith('Node/'))) return work;
  const doomedAt = new Map(server.doomedAt);
  for (const { before, after } of changes) {
    if (after?.kind === 'Node' && after.ready.status !== 'Unknown') doomedAt.delete(after.name);
    if (before?.kind === 'Node' && !after) doomedAt.set(before.name, now + ORPHAN_NS);
  }
  return { changes, server: { ...server, doomedAt } };
}

/** The next moment at which something is due. */
function due(server: KubeServer): SimTime | undefined {
  let at: SimTime | undefined;
  const sooner = (time: SimTime) => (at = at === undefined ? time : Math.min(at, time));
  for (const node of nodesOf(server.store)) {
    if (node.ready.status !== 'Unknown')
      sooner((server.renewedAt.get(node.name) ?? node.createdAt) + NODE_GRACE_NS);
  }
  for (const time of server.doomedAt.values()) sooner(time);
  return at;
}

// ---- the server --------------------------------------------------------------------------------------------------

/** `before` undefined: the alarm has gone off. */
function finish(
  before: KubeServer | undefined,
  work: Work,
  now: SimTime,
  answer: readonly KubeEffect[] = [],
): { readonly state: KubeServer; readonly effects: readonly KubeEffect[] } {
  const done = work.changes.length === 0 ? work : schedule(giveCidrs(follow(work, now)));
  const rows = done.changes.map((change) => ({ do: 'row' as const, ...change }));
  const deliveries = done.server.watches.flatMap(({ id, kind, node }): KubeEffect[] => {
    const events = done.changes.flatMap((change) => eventOf(change, kind, node) ?? []);
    return events.length === 0 ? [] : [{ do: 'deliver', watch: id, events }];
  });
  const at = due(done.server);
  const alarm: KubeEffect[] = at === undefined || (before && at === due(before)) ? [] : [{ do: 'alarm', at }];
  return { state: done.server, effects: [...rows, ...answer, ...deliveries, ...alarm] };
}

function load(server: KubeServer, now: SimTime): Work {
  // Nobody could renew while the server was away.
  const renewedAt = new Map([...server.renewedAt.keys()].map((name) => [name, now] as const));
  let work: Work = { server: { ...server, loaded: true, renewedAt }, changes: [] };
  if (server.loaded) return work;
  for (const spec of server.options.pods) work = and(work, createPod(work.server.store, spec, now));
  return work;
}

export function kubeServer(
  server: KubeServer,
  input: KubeInput,
  now: SimTime,
): { readonly state: KubeServer; readonly effects: readonly KubeEffect[] } {
  const still: Work = { server, changes: [] };
  if (input.on === 'start') return finish(undefined, load(server, now), now);
  if (input.on === 'cancel') {
    const watches = server.watches.filter((watch) => watch.id !== input.watch);
    return { state: { ...server, watches }, effects: [] };
  }
  if (input.on === 'timer') return finish(undefined, monitor(still, now), now);
  const { id, request } = input;
  if (request.op === 'renew') {
    const renewedAt = new Map(server.renewedAt).set(request.name, now);
    return { state: { ...server, renewedAt }, effects: [] };
  }
  if (request.op === 'watch') {
    const { kind, node } = request;
    const events = [...server.store.objects.values()].flatMap(
      (after) => eventOf({ key: '', after }, kind, node) ?? [],
    );
    const watches = [...server.watches, { id, kind, ...(node === undefined ? {} : { node }) }];
    return { state: { ...server, watches }, effects: [{ do: 'deliver', watch: id, events }] };
  }
  const done = apply(server.store, request, now);
  const alive = request.op === 'create-node' && done.answer.op === 'object' ? request.node.name : undefined;
  const heard = request.op === 'patch-node' && request.ready ? request.name : alive;
  const renewedAt = heard === undefined ? {} : { renewedAt: new Map(server.renewedAt).set(heard, now) };
  return finish(server, and(still, done, renewedAt), now, [{ do: 'answer', id, answer: done.answer }]);
}
