/**
 * The Kubernetes API as far as it moves pods and nodes: the objects as kube-apiserver keeps them, what may be asked of
 * it, and what it answers. Node and Pod are cut down to the fields that are used here (k8s.io/api/core/v1).
 */
import type { SimTime } from './trace';
import type { NetnsHandle } from './netlink';

interface KubeMeta {
  readonly name: string;
  /** Ascending in the order of creation. */
  readonly uid: number;
  /** metadata.resourceVersion, one count for all objects. */
  readonly version: number;
  readonly createdAt: SimTime;
}
export interface KubeNode extends KubeMeta {
  readonly kind: 'Node';
  readonly internalIp: string;
  /** spec.podCIDR, `10.244.0.0/24`. */
  readonly podCidr?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Cordoned. */
  readonly unschedulable: boolean;
  readonly ready: KubeReady;
}
/** The condition Ready. */
export interface KubeReady {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}
export interface KubePod extends KubeMeta {
  readonly kind: 'Pod';
  readonly image: string;
  /** In place of the image's own command. */
  readonly command?: readonly string[];
  readonly restartPolicy: KubeRestart;
  /** Absent until it is bound. */
  readonly nodeName?: string;
  readonly status: KubePodStatus;
  /** metadata.deletionTimestamp less the grace period: when deletion was asked for. */
  readonly deletedAt?: SimTime;
  readonly graceSec: number;
}
export type KubeRestart = 'Always' | 'OnFailure' | 'Never';
export interface KubePodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** Of the only container: why it waits or ended. */
  readonly reason?: string;
  readonly podIp?: string;
  readonly restarts: number;
  readonly restartedAt?: SimTime;
}
export type KubeObject = KubeNode | KubePod;
export type KubeKind = KubeObject['kind'];

export interface KubeNodeSpec {
  readonly name: string;
  readonly internalIp: string;
  readonly ready: KubeReady;
}
export interface KubePodSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly restartPolicy: KubeRestart;
  readonly nodeName?: string;
}

export type KubeRequest =
  | { readonly op: 'get'; readonly kind: KubeKind; readonly name: string }
  | { readonly op: 'list'; readonly kind: KubeKind }
  /** Told by events: first all that there is as ADDED, then the changes. `node`: the field selector spec.nodeName. */
  | { readonly op: 'watch'; readonly kind: KubeKind; readonly node?: string }
  | { readonly op: 'create-node'; readonly node: KubeNodeSpec }
  | { readonly op: 'create-pod'; readonly pod: KubePodSpec }
  /** A merge patch of a node; null takes an annotation away. */
  | {
      readonly op: 'patch-node';
      readonly name: string;
      readonly annotations?: Readonly<Record<string, string | null>>;
      readonly unschedulable?: boolean;
      readonly ready?: KubeReady;
      readonly internalIp?: string;
    }
  | { readonly op: 'pod-status'; readonly name: string; readonly uid: number; readonly status: KubePodStatus }
  /** `graceSec` 0: at once. `uid`: only that very object. */
  | {
      readonly op: 'delete';
      readonly kind: KubeKind;
      readonly name: string;
      readonly graceSec?: number;
      readonly uid?: number;
    }
  /** The kubelet's Lease in kube-node-lease: it lives. */
  | { readonly op: 'renew'; readonly name: string };

export type KubeAnswer =
  | { readonly op: 'object'; readonly object: KubeObject }
  | { readonly op: 'list'; readonly items: readonly KubeObject[] }
  /** `text` as the server words it: `pods "x" not found`. */
  | {
      readonly op: 'error';
      readonly reason: 'NotFound' | 'AlreadyExists' | 'Invalid' | 'Unavailable';
      readonly text: string;
    };

export interface KubeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** kubectl's way to the server. */
export interface KubeClient {
  /** `10.168.0.2:6443` */
  readonly server: string;
  readonly running: boolean;
  ask(request: KubeRequest): KubeAnswer;
  /** Changes from now on. */
  watch(kind: KubeKind, onEvent: (event: KubeEvent) => void): { cancel(): void };
  /** Through the API server and the kubelet into a pod; otherwise what kubectl says. */
  enter(pod: KubePod): { readonly netns?: NetnsHandle; readonly error?: string };
}

/** As kubectl's column STATUS prints it. */
export function kubeStatus(object: KubeObject): string {
  if (object.kind === 'Node') {
    const ready = object.ready.status === 'True' ? 'Ready' : 'NotReady';
    return object.unschedulable ? `${ready},SchedulingDisabled` : ready;
  }
  if (object.deletedAt !== undefined) return 'Terminating';
  return object.status.reason ?? object.status.phase;
}
