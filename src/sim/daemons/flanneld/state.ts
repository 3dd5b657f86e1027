import type { SimTime } from '../../kernel/netlink';
import type { Ip4, Mac, Prefix } from '../../wire/index';
import type { Effect, Next } from '../daemon';
import type { NetConf } from './config';
import type { LeaseAttrs } from './lease';

/** The command line. `--ip-masq` is left out: its iptables rules are not built yet. */
export interface FlanneldOptions {
  /** Seeds the choice of a subnet and of the VTEP's MAC. */
  readonly seed: string;
  /** `--iface`: a name or an address. */
  readonly iface?: string;
  /** FLANNEL_SUBNET of an earlier subnet.env, as a network. */
  readonly previousSubnet?: Prefix;
  readonly vtepMac?: Mac;
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
  /** How often a lease was tried for; another node may have been faster. */
  readonly tries: number;
  /** Being asked for. */
  readonly candidate?: Prefix;
  readonly lease?: OwnLease;
  /** By subnet key. */
  readonly peers: Peers;
}

export function flanneldState(options: FlanneldOptions): FlanneldState {
  return { options, phase: 'off', tries: 0, peers: NO_PEERS };
}

export function next(state: FlanneldState, ...effects: readonly Effect[]): Next<FlanneldState> {
  return { state, effects };
}

export function withPeer(state: FlanneldState, key: string, peer: Peer | undefined): FlanneldState {
  return { ...state, peers: state.peers.with(key, peer) };
}
