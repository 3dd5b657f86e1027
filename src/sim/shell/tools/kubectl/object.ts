/**
 * Objects as `-o json` and `-o yaml` print them: the fields that are kept here, in the API's shape. What a real server
 * fills in besides (defaults of containers, tolerations, managed fields, images) is left out.
 */
import type { KubeNode, KubeObject, KubePod, SimTime } from '../../../kernel/netlink';
import { isReady, KERNEL, OS_IMAGE, RUNTIME, VERSION } from './table';

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** RFC 3339; virtual time 0 is 1970-01-01T00:00:00Z. */
function stamp(ns: SimTime): string {
  const seconds = Math.floor(ns / 1e9);
  const day = ((seconds % 86_400) + 86_400) % 86_400;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const date = seconds < 0 ? '1969-12-31' : `1970-01-${two(1 + seconds / 86_400)}`;
  return `${date}T${two(day / 3600)}:${two((day / 60) % 60)}:${two(day % 60)}Z`;
}
/** A uid of the object's number: they are random in reality. */
function uid(object: KubeObject): string {
  return `00000000-0000-4000-8000-${object.uid.toString(16).padStart(12, '0')}`;
}

function nodeJson(node: KubeNode): Json {
  const { podCidr, unschedulable, annotations, labels, ready } = node;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      creationTimestamp: stamp(node.createdAt),
      labels,
      name: node.name,
      resourceVersion: String(node.version),
      uid: uid(node),
    },
    spec: {
      ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
      ...(unschedulable ? { unschedulable: true } : {}),
    },
    status: {
      addresses: [
        { address: node.internalIp, type: 'InternalIP' },
        { address: node.name, type: 'Hostname' },
      ],
      conditions: [{ message: ready.message, reason: ready.reason, status: ready.status, type: 'Ready' }],
      nodeInfo: {
        containerRuntimeVersion: RUNTIME,
        kernelVersion: KERNEL,
        kubeletVersion: VERSION,
        osImage: OS_IMAGE,
      },
    },
  };
}

function podJson(pod: KubePod): Json {
  const { status, command, nodeName, deletedAt, graceSec } = pod;
  const ends =
    deletedAt === undefined
      ? {}
      : { deletionGracePeriodSeconds: graceSec, deletionTimestamp: stamp(deletedAt + graceSec * 1e9) };
  const waits = status.reason === undefined ? {} : { state: { waiting: { reason: status.reason } } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      creationTimestamp: stamp(pod.createdAt),
      ...ends,
      labels: { run: pod.name },
      name: pod.name,
      namespace: 'default',
      resourceVersion: String(pod.version),
      uid: uid(pod),
    },
    spec: {
      containers: [{ ...(command ? { args: command } : {}), image: pod.image, name: pod.name }],
      ...(nodeName === undefined ? {} : { nodeName }),
      restartPolicy: pod.restartPolicy,
      terminationGracePeriodSeconds: graceSec,
    },
    status: {
      containerStatuses: [
        { image: pod.image, name: pod.name, ready: isReady(pod), restartCount: status.restarts, ...waits },
      ],
      phase: status.phase,
      ...(status.podIp === undefined ? {} : { podIP: status.podIp, podIPs: [{ ip: status.podIp }] }),
    },
  };
}

export function toJson(object: KubeObject): Json {
  return object.kind === 'Node' ? nodeJson(object) : podJson(object);
}
export function listJson(objects: readonly KubeObject[]): Json {
  return {
    apiVersion: 'v1',
    items: objects.map(toJson),
    kind: 'List',
    metadata: { resourceVersion: '' },
  };
}

/** Text that YAML would read as something else is quoted, as sigs.k8s.io/yaml does. */
function scalar(value: string | number | boolean | null | undefined): string {
  if (typeof value !== 'string') return String(value);
  const odd =
    value === '' ||
    /^(true|false|yes|no|on|off|null|~|y|n)$/i.test(value) ||
    /^[-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) ||
    /^\d{4}-\d\d-\d\dT/.test(value);
  if (odd) return `"${value}"`;
  return /^[[\]{}&*#?|<>=!%@`"'-]|: |:$| #/.test(value) ? `'${value.replaceAll("'", "''")}'` : value;
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Lists stand at the indentation of their key. */
export function yaml(value: Json, indent = ''): string {
  if (isList(value)) {
    return value
      .map((item) => {
        if (!isObject(item)) return `${indent}- ${isList(item) ? '[]' : scalar(item)}\n`;
        return `${indent}- ${yaml(item, `${indent}  `).slice(indent.length + 2)}`;
      })
      .join('');
  }
  if (!isObject(value)) return `${indent}${scalar(value)}\n`;
  return Object.entries(value)
    .map(([key, item]) => {
      if (isList(item))
        return item.length === 0 ? `${indent}${key}: []\n` : `${indent}${key}:\n${yaml(item, indent)}`;
      if (!isObject(item)) return `${indent}${key}: ${scalar(item)}\n`;
      if (Object.keys(item).length === 0) return `${indent}${key}: {}\n`;
      return `${indent}${key}:\n${yaml(item, `${indent}  `)}`;
    })
    .join('');
}
