import type { Reply, RouteAnswer, RouteRow } from '../../kernel/netlink';
import type { Input, Next } from '../daemon';
import type { FlanneldState, Peer } from './state';

/** What a backend does about other nodes' leases. `key` is the etcd key of the peer's subnet. */
export interface Backend {
  /** Of the pods' devices. */
  mtu(state: FlanneldState): number;
  added(state: FlanneldState, key: string, peer: Peer): Next<FlanneldState>;
  /** The peer has already been forgotten. */
  removed(state: FlanneldState, key: string, peer: Peer): Next<FlanneldState>;
  /** Answers to its own requests: `to` is `STEP KEY`. */
  done(state: FlanneldState, step: string, key: string, reply: Reply): Next<FlanneldState>;
  lookup(state: FlanneldState, step: string, key: string, reply: Reply<RouteAnswer>): Next<FlanneldState>;
  /** The main table, asked for by the backend's own timer. */
  routes(state: FlanneldState, step: string, key: string, routes: readonly RouteRow[]): Next<FlanneldState>;
  /** Builds what it needs once the node has its subnet; the last request is answered to `proxy`. Absent: nothing. */
  leased?(state: FlanneldState): Next<FlanneldState>;
  /** Of a backend through which the packets themselves go. */
  packet?(state: FlanneldState, input: Extract<Input, { on: 'tun' | 'udp' }>): Next<FlanneldState>;
  /** Started when the backend runs. */
  readonly timer?: { readonly name: string; readonly everyNs: number };
}
