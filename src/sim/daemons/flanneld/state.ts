import type { KubeNode, SimTime } from '../../kernel/netlink';
import type { Ip4, Mac, Prefix } from '../../wire/index';
import { log, type Effect, type Next } from '../daemon';
import type { WatchEvent } from '../etcd/store';
import type { NetConf } from './config';
import type { LeaseAttrs } from './lease';

/** The command line. */
export interface FlanneldOptions {
  /** Seeds the choice of a subnet and of the VTEP's MAC. */
  readonly seed: string;
  /** `--iface`: a name or an address. */
  readonly iface?: string;
  /** FLANNEL_SUBNET of an earlier subnet.env, as a network. */
  readonly previousSubnet?: Prefix;
  readonly vtepMac?: Mac;
  /** udp: `network` gives flannel0 the whole network's length, as flannel did up to 0.10; else /32. */
  readonly udpAddress?: 'host' | 'network';
  /** `--ip-masq`, `--iptables-forward-rules`. */
  readonly ipMasq?: boolean;
  readonly forwardRules?: boolean;
  /** `--kube-subnet-mgr`: NODE_NAME, and the file net-conf.json. */
  readonly kube?: { readonly node: string; readonly netConf: string };
}

export interface ExternalInterface {
  readonly name: string;
  readonly index: number;
  readonly addr: Ip4;
  readonly mtu: number;
}
export interface Peer {
  readonly subnet: Prefix;
  readonly attrs: LeaseAttrs;
  /** vxlan with DirectRouting: the peer is on our link, so its subnet is routed without encapsulation. */
  readonly direct?: boolean;
}
/** A command of iptables and what its end leads to. */
export interface Probe {
  readonly run: string;
  readonly worked?: string;
  readonly failed?: string;
  /** Its failure means that rules are missing. */
  readonly must?: true;
}
export interface OwnLease {
  readonly subnet: Prefix;
  readonly id: string;
  readonly expiresAt: SimTime;
}

/**
 * A map that is never changed, only replaced: one bucket is copied for a change, not all of it, as a cluster's nodes join
 * one by one and each of them sees all others.
 */
export class Peers {
  constructor(private readonly buckets: readonly ReadonlyMap<string, Peer>[]) {}

  get(key: string): Peer | undefined {
    return this.buckets[bucketOf(key)]?.get(key);
  }
  with(key: string, peer: Peer | undefined): Peers {
    const at = bucketOf(key);
    const bucket = new Map(this.buckets[at]);
    if (peer) bucket.set(key, peer);
    else bucket.delete(key);
    return new Peers(this.buckets.with(at, bucket));
  }
  entries(): [string, Peer][] {
    return this.buckets.flatMap((bucket) => [...bucket]);
  }
}
const BUCKETS = 32;
const NO_PEERS = new Peers(Array.from({ length: BUCKETS }, () => new Map<string, Peer>()));
function bucketOf(key: string): number {
  let sum = 0;
  for (let i = 0; i < key.length; i++) sum = (sum * 31 + key.charCodeAt(i)) % 65_521;
  return sum % BUCKETS;
}

export interface FlanneldState {
  readonly options: FlanneldOptions;
  /** off: not started, or ended. */
  readonly phase: 'off' | 'starting' | 'running';
  readonly ext?: ExternalInterface;
  readonly config?: NetConf;
  /** What is published about this node. */
  readonly attrs?: LeaseAttrs;
  /** udp: number of the TUN device, `flannel0`. */
  readonly tun?: number;
  /** How often a lease was tried for; another node may have been faster. */
  readonly tries: number;
  /** Being asked for. */
  readonly candidate?: Prefix;
  readonly lease?: OwnLease;
  /** FLANNEL_SUBNET of the subnet.env that an earlier process wrote. */
  readonly previous?: Prefix;
  /** iptables being worked on; `then`: what comes after the last command. */
  readonly tables?: { readonly queue: readonly Probe[]; readonly then: 'run' | 'wait' | 'rebuilt' };
  /** By subnet key. */
  readonly peers: Peers;
  /** The kube subnet manager's informer: all nodes by name, and what the backend has not been told yet. */
  readonly nodes: ReadonlyMap<string, KubeNode>;
  readonly untold: readonly WatchEvent[];
  /** The informer has its first list. */
  readonly synced: boolean;
}

export function flanneldState(options: FlanneldOptions): FlanneldState {
  return { options, phase: 'off', tries: 0, peers: NO_PEERS, nodes: new Map(), untold: [], synced: false };
}

export function next(state: FlanneldState, ...effects: readonly Effect[]): Next<FlanneldState> {
  return { state, effects };
}

export function withPeer(state: FlanneldState, key: string, peer: Peer | undefined): FlanneldState {
  return { ...state, peers: state.peers.with(key, peer) };
}

export type Step = Next<FlanneldState>;

export function fail(state: FlanneldState, text: string): Step {
  return next({ ...state, phase: 'off' }, log('E', text), { do: 'exit', note: text });
}

export function and(first: Step, then: (state: FlanneldState) => Step): Step {
  const second = then(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
