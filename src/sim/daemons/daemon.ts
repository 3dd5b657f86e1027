/**
 * What all daemons have in common. A daemon is a pure transition: (state, input, now) → (state, effects). It never calls
 * anything; the world carries its effects out, one after another, and answers with inputs. So a daemon can be tested
 * without a network, and the trace knows which input led to which request.
 */
import type {
  AddrRow,
  AddrSpec,
  EventSeq,
  FdbSpec,
  KubeAnswer,
  KubeEvent,
  KubeRequest,
  LinkChange,
  LinkRow,
  LinkSpec,
  NeighSpec,
  Reply,
  RouteAnswer,
  RouteMatch,
  RouteMode,
  RouteRow,
  RouteSpec,
  SimTime,
} from '../kernel/netlink';
import type { Result } from '../../base/result';
import type { Ip4 } from '../wire/index';
import type { EtcdAnswer, EtcdRequest, WatchEvent } from './etcd/store';

/** A changing netlink request, as data. Carried out at once. */
export type Request =
  | { readonly op: 'newLink'; readonly spec: LinkSpec }
  | { readonly op: 'setLink'; readonly name: string; readonly change: LinkChange }
  | { readonly op: 'delLink'; readonly name: string }
  | { readonly op: 'newAddr'; readonly spec: AddrSpec; readonly mode?: 'add' | 'replace' }
  | { readonly op: 'delAddr'; readonly spec: Pick<AddrSpec, 'dev' | 'local' | 'prefixlen'> }
  | { readonly op: 'newRoute'; readonly spec: RouteSpec; readonly mode?: RouteMode }
  | { readonly op: 'delRoute'; readonly match: RouteMatch }
  | { readonly op: 'newNeigh'; readonly spec: NeighSpec; readonly mode?: 'add' | 'replace' | 'change' }
  | { readonly op: 'delNeigh'; readonly spec: Pick<NeighSpec, 'dev' | 'dst'> }
  | { readonly op: 'newFdb'; readonly spec: FdbSpec; readonly mode?: 'add' | 'append' | 'replace' }
  | { readonly op: 'delFdb'; readonly spec: FdbSpec }
  | { readonly op: 'setSysctl'; readonly name: string; readonly value: string };

export type Effect =
  /** `netns` is an id; absent: the machine's own. Answered by `done` when `to` is given; else a refusal is only logged. */
  | { readonly do: 'request'; readonly request: Request; readonly netns?: string; readonly to?: string }
  /** Dumps links, addresses and the main table; answered by `survey`. */
  | { readonly do: 'survey'; readonly to: string }
  /** `ip route get`; answered by `lookup`. */
  | { readonly do: 'lookup'; readonly dst: Ip4; readonly to: string }
  /** Answered by `etcd`, watches by `watch` as often as there is something to tell. */
  | { readonly do: 'etcd'; readonly request: EtcdRequest; readonly to: string }
  /** Asks kube-apiserver; answered by `kube` when `to` is given, watches by `kube-watch` as often as there is something to tell. */
  | { readonly do: 'kube'; readonly request: KubeRequest; readonly to?: string }
  /** Answered by `timer`; a second one of the same name replaces the first. */
  | { readonly do: 'timer'; readonly name: string; readonly afterNs: number }
  | { readonly do: 'log'; readonly level: 'I' | 'W' | 'E'; readonly text: string }
  /** A message worth a line of its own in the story (container started, CNI ADD). */
  | {
      readonly do: 'tell';
      readonly protocol: 'docker' | 'cni' | 'kube';
      readonly action: string;
      readonly text: string;
      /** What the transition does after it hangs on it. */
      readonly lead?: true;
    }
  | { readonly do: 'file'; readonly path: string; readonly text: string }
  /** A new network namespace for a container or pod, which then exists under this name. */
  | {
      readonly do: 'netns';
      readonly name: string;
      readonly role: 'container' | 'pod';
      readonly image: string;
      /** 64 hex digits; absent: one is made up. */
      readonly id?: string;
      /** On the host's network: the name stands for the machine's own namespace. */
      readonly shared?: true;
    }
  /** A container or pod is gone, its namespace and its processes with it. */
  | { readonly do: 'netns-delete'; readonly name: string }
  /**
   * Runs a program that ends at once (`iptables -t nat -N DOCKER`) as the daemon's child; answered by `exec` when `to` is
   * given, else a failure is logged. `netns` as for requests.
   */
  | { readonly do: 'exec'; readonly command: string; readonly netns?: string; readonly to?: string }
  /** Starts a program that stays (`nginx`), under a name; `exited` tells of its end. */
  | { readonly do: 'spawn'; readonly name: string; readonly command: string; readonly netns?: string }
  | { readonly do: 'kill'; readonly name: string }
  /** The answer to an `ask`. */
  | { readonly do: 'answer'; readonly id: number; readonly reply: Result<unknown, string> }
  /** Opens /dev/net/tun as this device (TUNSETIFF, IFF_TUN|IFF_NO_PI), making it; answered by `done`, packets read by `tun`. */
  | { readonly do: 'tun-open'; readonly dev: string; readonly to: string }
  /** write() on it: the packet appears as received on the device. */
  | { readonly do: 'tun-write'; readonly packet: Uint8Array; readonly cause?: EventSeq }
  /** A bound UDP socket; answered by `done`, datagrams by `udp`. */
  | { readonly do: 'udp-open'; readonly address: Ip4; readonly port: number; readonly to: string }
  | {
      readonly do: 'udp-send';
      readonly dst: Ip4;
      readonly port: number;
      readonly payload: Uint8Array;
      readonly cause?: EventSeq;
    }
  | { readonly do: 'exit'; readonly note: string };

export type Input =
  | { readonly on: 'start' }
  | { readonly on: 'stop' }
  | { readonly on: 'done'; readonly to: string; readonly reply: Reply }
  | {
      readonly on: 'survey';
      readonly to: string;
      readonly links: readonly LinkRow[];
      readonly addrs: readonly AddrRow[];
      readonly routes: readonly RouteRow[];
    }
  | { readonly on: 'lookup'; readonly to: string; readonly reply: Reply<RouteAnswer> }
  | { readonly on: 'etcd'; readonly to: string; readonly answer: EtcdAnswer }
  | { readonly on: 'watch'; readonly to: string; readonly events: readonly WatchEvent[] }
  | { readonly on: 'kube'; readonly to: string; readonly answer: KubeAnswer }
  | { readonly on: 'kube-watch'; readonly to: string; readonly events: readonly KubeEvent[] }
  /** A file of `watches` has been written, or was there at the start. */
  | { readonly on: 'file'; readonly path: string; readonly text: string }
  | { readonly on: 'timer'; readonly name: string }
  | { readonly on: 'exec'; readonly to: string; readonly exit: number; readonly output: string }
  /** A program that was spawned has written something. */
  | { readonly on: 'printed'; readonly name: string; readonly text: string }
  | { readonly on: 'exited'; readonly name: string; readonly exit: number; readonly output: string }
  /** Somebody asks the daemon (docker asks dockerd); answered by the effect `answer` with the same id. */
  | { readonly on: 'ask'; readonly id: number; readonly request: unknown }
  /** Read from the TUN; `cause` is the copy event. */
  | { readonly on: 'tun'; readonly packet: Uint8Array; readonly cause: EventSeq }
  | {
      readonly on: 'udp';
      readonly src: Ip4;
      readonly srcPort: number;
      readonly payload: Uint8Array;
      readonly cause: EventSeq;
    };

export interface Next<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
}
export interface Daemon<State> {
  /** Process name. */
  readonly name: string;
  readonly initial: State;
  /** Files it follows (inotify). */
  readonly watches?: readonly string[];
  transition(state: State, input: Input, now: SimTime): Next<State>;
}

export function request(request: Request, more: { netns?: string; to?: string } = {}): Effect {
  return { do: 'request', request, ...more };
}
export function log(level: 'I' | 'W' | 'E', text: string): Effect {
  return { do: 'log', level, text };
}
