/**
 * The subnet manager of `--kube-subnet-mgr` (flannel pkg/subnet/kube/kube.go, v0.28): the subnet is the podCIDR of the
 * Node of this name, what the backend publishes are annotations of that Node, and a Node informer tells of the others.
 * There is no lease that runs out: a Node is there or is deleted.
 *
 * Leaves out: public-ip-overwrite, IPv6, the condition NetworkUnavailable, the informer's resync every 5 minutes.
 */
import type { KubeEvent, KubeNode } from '../../kernel/netlink';
import {
  formatIp4,
  formatMac,
  formatPrefix,
  parseMac,
  parsePrefix,
  prefixContains,
  type Mac,
  type Prefix,
} from '../../wire/index';
import { log, type Effect } from '../daemon';
import type { WatchEvent } from '../etcd/store';
import { subnetKey, type LeaseAttrs } from './lease';
import type { FlanneldState } from './state';

const PREFIX = 'flannel.alpha.coreos.com';
export const ANNOTATION = {
  data: `${PREFIX}/backend-data`,
  type: `${PREFIX}/backend-type`,
  managed: `${PREFIX}/kube-subnet-manager`,
  publicIp: `${PREFIX}/public-ip`,
} as const;
type Annotations = Readonly<Record<string, string>>;

function annotationsOf(attrs: LeaseAttrs): Annotations {
  // json.RawMessage(nil) is written as null.
  const data =
    attrs.vtepMac === undefined
      ? 'null'
      : `{"VNI":${attrs.vni ?? 1},"VtepMAC":"${formatMac(attrs.vtepMac)}"}`;
  return {
    [ANNOTATION.data]: data,
    [ANNOTATION.type]: attrs.backendType,
    [ANNOTATION.publicIp]: formatIp4(attrs.publicIp),
    [ANNOTATION.managed]: 'true',
  };
}

function cidrOf(node: KubeNode): Prefix | undefined {
  const parsed = parsePrefix(node.podCidr ?? '');
  return parsed.ok ? parsed.value : undefined;
}

/** Starts the informer. */
export function informerStarts(): Effect[] {
  return [
    log('I', 'Starting kube subnet manager'),
    log('I', 'Waiting 10m0s for node controller to sync'),
    { do: 'kube', request: { op: 'watch', kind: 'Node' }, to: 'nodes' },
  ];
}

/** GetStoredMacAddresses: the VTEP keeps its MAC over restarts, so that the others need not change anything. */
export function storedMac(state: FlanneldState): Mac | undefined {
  const { kube } = state.options;
  const data = kube && state.nodes.get(kube.node)?.annotations[ANNOTATION.data];
  const mac = parseMac(/"VtepMAC":"([^"]*)"/.exec(data ?? '')?.[1] ?? '');
  return mac.ok ? mac.value : undefined;
}

/** AcquireLease: the node's podCIDR, and the patch of its annotations unless they say the same already. */
export function acquire(
  state: FlanneldState,
): { readonly error: string } | { readonly subnet: Prefix; readonly patch?: Effect } {
  const name = state.options.kube?.node ?? '';
  const node = state.nodes.get(name);
  if (!node) return { error: `node "${name}" not found` };
  const subnet = cidrOf(node);
  if (!subnet) return { error: `node "${name}" pod cidr not assigned` };
  const network = state.config?.network;
  if (!network || network.len > subnet.len || !prefixContains(network.addr, network.len, subnet.addr)) {
    const [whole, part] = [network ? formatPrefix(network) : '', formatPrefix(subnet)];
    return {
      error: `subnet "${whole}" specified in the flannel net config doesn't contain "${part}" PodCIDR of the "${name}" node`,
    };
  }
  if (!state.attrs) return { subnet };
  const annotations = annotationsOf(state.attrs);
  if (Object.entries(annotations).every(([key, value]) => node.annotations[key] === value)) return { subnet };
  return {
    subnet,
    patch: { do: 'kube', request: { op: 'patch-node', name, annotations }, to: 'annotated' },
  };
}

function isManaged(node: KubeNode): boolean {
  return node.annotations[ANNOTATION.managed] === 'true';
}
function isSame(a: KubeNode, b: KubeNode): boolean {
  return [ANNOTATION.data, ANNOTATION.type, ANNOTATION.publicIp].every(
    (name) => a.annotations[name] === b.annotations[name],
  );
}

/** nodeToLease: in etcd's form, which the rest of flanneld reads. */
function leaseEvent(type: WatchEvent['type'], node: KubeNode, effects: Effect[]): WatchEvent[] {
  const { annotations } = node;
  const publicIp = annotations[ANNOTATION.publicIp];
  const fail = (why: string) => {
    effects.push(log('I', `Error turning node "${node.name}" to lease: ${why}`));
    return [];
  };
  if (publicIp === undefined) return fail('error parsing IPv4: ');
  effects.push(
    log('I', `Creating the node lease for IPv4. This is the n.Spec.PodCIDRs: [${node.podCidr ?? ''}]`),
  );
  const subnet = cidrOf(node);
  if (!subnet) return fail('invalid CIDR address: ');
  const backend = annotations[ANNOTATION.type] ?? '';
  const data = annotations[ANNOTATION.data] ?? 'null';
  const value = `{"PublicIP":"${publicIp}","PublicIPv6":null,"BackendType":"${backend}","BackendData":${data}}`;
  const [key, { version }] = [subnetKey(subnet), node];
  return [{ type, kv: { key, value, createRevision: version, modRevision: version, version: 1 } }];
}

/** The informer's handlers: events about the other nodes' leases, and what is known of all nodes. */
export function informed(
  state: FlanneldState,
  events: readonly KubeEvent[],
): { readonly state: FlanneldState; readonly leases: readonly WatchEvent[]; readonly effects: Effect[] } {
  const nodes = new Map(state.nodes);
  const leases: WatchEvent[] = [];
  const effects: Effect[] = [];
  for (const { type, object } of events) {
    if (object.kind !== 'Node') continue;
    const before = nodes.get(object.name);
    if (type === 'DELETED') nodes.delete(object.name);
    else nodes.set(object.name, object);
    if (object.name === state.options.kube?.node || !isManaged(object)) continue;
    if (type === 'MODIFIED' && before && isSame(before, object)) continue;
    leases.push(...leaseEvent(type === 'DELETED' ? 'DELETE' : 'PUT', object, effects));
  }
  return { state: { ...state, nodes }, leases, effects };
}
