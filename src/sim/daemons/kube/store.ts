/**
 * The objects behind kube-apiserver, and the changes requests make to them (k8s.io/apiserver's registry for nodes and
 * pods): what exists, what is refused and in which words. Deleting a pod that runs only marks it; its kubelet takes it
 * away. All pods are in the namespace `default`.
 */
import type {
  KubeAnswer,
  KubeEvent,
  KubeKind,
  KubeNode,
  KubeNodeSpec,
  KubeObject,
  KubePod,
  KubePodSpec,
  KubeRequest,
  SimTime,
} from '../../kernel/netlink';

/** spec.terminationGracePeriodSeconds, as it is filled in. */
const GRACE_SEC = 30;

export interface KubeStore {
  /** By `keyOf`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  readonly version: number;
  readonly lastUid: number;
}
export const EMPTY_KUBE: KubeStore = { objects: new Map(), version: 0, lastUid: 0 };

export interface Change {
  readonly key: string;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}
export interface Changed {
  readonly store: KubeStore;
  readonly answer: KubeAnswer;
  readonly changes: readonly Change[];
}

/** `Node/node1`, `Pod/default/web`. */
export function keyOf(kind: KubeKind, name: string): string {
  return kind === 'Node' ? `Node/${name}` : `Pod/default/${name}`;
}
const PLURAL = { Node: 'nodes', Pod: 'pods' } as const;

export function nodesOf(store: KubeStore): KubeNode[] {
  return [...store.objects.values()].filter((object) => object.kind === 'Node');
}
export function podsOf(store: KubeStore): KubePod[] {
  return [...store.objects.values()].filter((object) => object.kind === 'Pod');
}
export function isOver(pod: KubePod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

function refused(store: KubeStore, reason: 'NotFound' | 'AlreadyExists' | 'Invalid', text: string): Changed {
  return { store, answer: { op: 'error', reason, text }, changes: [] };
}
function notFound(store: KubeStore, kind: KubeKind, name: string): Changed {
  return refused(store, 'NotFound', `${PLURAL[kind]} "${name}" not found`);
}
function exists(store: KubeStore, kind: KubeKind, name: string): Changed {
  return refused(store, 'AlreadyExists', `${PLURAL[kind]} "${name}" already exists`);
}

/** Puts an object in the place of the one before it, under the next resource version. */
export function put(store: KubeStore, object: KubeObject): Changed {
  const key = keyOf(object.kind, object.name);
  const before = store.objects.get(key);
  const version = store.version + 1;
  const after = { ...object, version };
  const objects = new Map(store.objects).set(key, after);
  const lastUid = Math.max(store.lastUid, object.uid);
  return {
    store: { objects, version, lastUid },
    answer: { op: 'object', object: after },
    changes: [{ key, after, ...(before ? { before } : {}) }],
  };
}

export function remove(store: KubeStore, object: KubeObject): Changed {
  const key = keyOf(object.kind, object.name);
  const objects = new Map(store.objects);
  objects.delete(key);
  return {
    store: { ...store, objects, version: store.version + 1 },
    answer: { op: 'object', object },
    changes: [{ key, before: object }],
  };
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((part) => LABEL.test(part));
}

export function createPod(store: KubeStore, spec: KubePodSpec, now: SimTime): Changed {
  const { name } = spec;
  if (!isName(name))
    return refused(
      store,
      'Invalid',
      `Pod "${name}" is invalid: metadata.name: Invalid value: "${name}": ${NAME_RULE}`,
    );
  if (store.objects.has(keyOf('Pod', name))) return exists(store, 'Pod', name);
  const meta = { kind: 'Pod' as const, uid: store.lastUid + 1, version: 0, createdAt: now };
  return put(store, {
    ...meta,
    ...spec,
    status: { phase: 'Pending', restarts: 0 },
    graceSec: GRACE_SEC,
  });
}

function createNode(store: KubeStore, spec: KubeNodeSpec, now: SimTime): Changed {
  if (store.objects.has(keyOf('Node', spec.name))) return exists(store, 'Node', spec.name);
  return put(store, {
    kind: 'Node',
    ...spec,
    uid: store.lastUid + 1,
    version: 0,
    createdAt: now,
    labels: { 'kubernetes.io/hostname': spec.name, 'kubernetes.io/os': 'linux' },
    annotations: {},
    unschedulable: false,
  });
}

function annotated(
  before: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = new Map<string, string>(Object.entries(before));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  // Kept as they are printed, by name.
  return Object.fromEntries([...merged].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function patchNode(store: KubeStore, request: Extract<KubeRequest, { op: 'patch-node' }>): Changed {
  const node = store.objects.get(keyOf('Node', request.name));
  if (node?.kind !== 'Node') return notFound(store, 'Node', request.name);
  const { annotations, unschedulable, ready, internalIp } = request;
  const patched: KubeNode = {
    ...node,
    annotations: annotations ? annotated(node.annotations, annotations) : node.annotations,
    unschedulable: unschedulable ?? node.unschedulable,
    ready: ready ?? node.ready,
    internalIp: internalIp ?? node.internalIp,
  };
  // A patch that changes nothing leaves the resource version alone and tells nobody.
  if (sameText(patched, node)) return { store, answer: { op: 'object', object: node }, changes: [] };
  return put(store, patched);
}

function podStatus(store: KubeStore, request: Extract<KubeRequest, { op: 'pod-status' }>): Changed {
  const pod = store.objects.get(keyOf('Pod', request.name));
  if (pod?.kind !== 'Pod' || pod.uid !== request.uid) return notFound(store, 'Pod', request.name);
  if (sameText(pod.status, request.status))
    return { store, answer: { op: 'object', object: pod }, changes: [] };
  return put(store, { ...pod, status: request.status });
}

function deleted(store: KubeStore, request: Extract<KubeRequest, { op: 'delete' }>, now: SimTime): Changed {
  const { kind, name, uid } = request;
  const object = store.objects.get(keyOf(kind, name));
  if (!object || (uid !== undefined && object.uid !== uid)) return notFound(store, kind, name);
  if (object.kind === 'Node') return remove(store, object);
  const graceSec = request.graceSec ?? object.graceSec;
  // Nobody runs it, so nobody has to be waited for.
  if (graceSec === 0 || object.nodeName === undefined) return remove(store, object);
  if (object.deletedAt !== undefined && graceSec >= object.graceSec)
    return { store, answer: { op: 'object', object }, changes: [] };
  return put(store, { ...object, deletedAt: object.deletedAt ?? now, graceSec });
}

/** Every request but `watch` and `renew`, which are the server's. */
export function apply(store: KubeStore, request: KubeRequest, now: SimTime): Changed {
  switch (request.op) {
    case 'get': {
      const object = store.objects.get(keyOf(request.kind, request.name));
      if (!object) return notFound(store, request.kind, request.name);
      return { store, answer: { op: 'object', object }, changes: [] };
    }
    case 'create-pod':
      return createPod(store, request.pod, now);
    case 'create-node':
      return createNode(store, request.node, now);
    case 'patch-node':
      return patchNode(store, request);
    case 'pod-status':
      return podStatus(store, request);
    case 'delete':
      return deleted(store, request, now);
    case 'list':
    case 'watch':
    case 'renew': {
      const kind = request.op === 'renew' ? 'Node' : request.kind;
      const items = kind === 'Node' ? nodesOf(store) : podsOf(store);
      return { store, answer: { op: 'list', items }, changes: [] };
    }
  }
}

/** What a watch sees of a change; with a field selector, a pod that comes to match has been added. */
export function eventOf(change: Change, kind: KubeKind, node: string | undefined): KubeEvent | undefined {
  const sees = (object: KubeObject | undefined) =>
    object?.kind === kind && (node === undefined || (object.kind === 'Pod' && object.nodeName === node));
  const [was, is] = [sees(change.before), sees(change.after)];
  if (is && change.after) return { type: was ? 'MODIFIED' : 'ADDED', object: change.after };
  if (was && change.before) return { type: 'DELETED', object: change.before };
  return undefined;
}
