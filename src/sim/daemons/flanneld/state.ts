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
  readonly peers: ReadonlyMap<string, Peer>;
}

export function flanneldState(options: FlanneldOptions): FlanneldState {
  return { options, phase: 'off', tries: 0, peers: new Map() };
}

export function next(state: FlanneldState, ...effects: readonly Effect[]): Next<FlanneldState> {
  return { state, effects };
}

export function withPeer(state: FlanneldState, key: string, peer: Peer | undefined): FlanneldState {
  const peers = new Map(state.peers);
  if (peer) peers.set(key, peer);
  else peers.delete(key);
  return { ...state, peers };
}
