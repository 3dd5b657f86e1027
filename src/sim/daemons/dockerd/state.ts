import type { DockerCreate, DockerPort } from '../../kernel/netlink';
import type { Ip4, Mac, Prefix } from '../../wire/index';
import type { Effect, Next } from '../daemon';

export interface DockerdOptions {
  readonly seed: string;
  readonly bridge: string;
  readonly mac?: Mac;
  /** Address of the bridge with its prefix length. */
  readonly bip: Prefix;
  readonly mtu: number;
  /** `--iptables`, `--ip-masq`; default true. */
  readonly iptables?: boolean;
  readonly ipMasq?: boolean;
  readonly containers: readonly DockerContainerSpec[];
  /** Where a container's namespace is, or will be. */
  readonly handleOf: (name: string) => { readonly id: string; readonly machine: string };
  /** Whether one more namespace may be made. Default yes. */
  readonly room?: () => boolean;
}
/** A container that is there from the beginning. */
export interface DockerContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly ip?: Ip4;
  /** Default 02:42 and the IPv4 address. */
  readonly mac?: Mac;
  /** Host end of the veth pair; default `veth` and 7 hex digits. */
  readonly veth?: string;
  readonly vethMac?: Mac;
  /** `--network host`: no namespace of its own. */
  readonly network?: 'bridge' | 'host';
  readonly ports?: readonly DockerPort[];
}

/** A container as dockerd keeps it. Times in ns. */
export interface Box extends Omit<DockerCreate, 'name' | 'ip'> {
  readonly id: string;
  readonly name: string;
  readonly wantedIp?: Ip4;
  readonly veth?: string;
  readonly vethMac?: Mac;
  readonly status: 'created' | 'running' | 'exited';
  readonly exit: number;
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** While it runs on the bridge. */
  readonly ip?: Ip4 | undefined;
  /** Its process, as long as dockerd runs one for it. */
  readonly process?: 'idle' | 'child' | 'attached' | undefined;
  /** `docker stop` ended it, so a restart policy leaves it alone. */
  readonly byHand?: boolean;
  /** Starts in a row that did not last, under a restart policy. */
  readonly restarts?: number;
  readonly output: string;
}

/** One thing after another; a later one may wait for the answer of an earlier one. */
export type Step =
  | { readonly kind: 'do'; readonly effects: readonly Effect[] }
  /** Runs only when the check fails, as dockerd does with every rule. */
  | { readonly kind: 'ensure'; readonly check: string; readonly run: string }
  /** Whose failure does not matter. */
  | { readonly kind: 'try'; readonly run: string }
  /** docker-proxy, which has to get its port. */
  | { readonly kind: 'proxy'; readonly name: string; readonly command: string }
  /** FORWARD's policy becomes DROP if nothing was forwarded before. */
  | { readonly kind: 'forwarding' };

export interface Job {
  /** The container that is being started; absent: dockerd itself. */
  readonly box?: string;
  readonly attached?: boolean;
  /** To be answered. */
  readonly ask?: number;
  readonly steps: readonly Step[];
}

export interface DockerdState {
  readonly running: boolean;
  /** Names of containers that start by themselves, one after another. */
  readonly queue: readonly string[];
  readonly boxes: readonly Box[];
  readonly job?: Job;
  /** Containers ever created, for ids and names. */
  readonly created: number;
  /** It has run before, so its chains may be there. */
  readonly before: boolean;
  /** `docker stop`s that wait for the end of a container, by name. */
  readonly stopping: readonly { readonly name: string; readonly ask: number }[];
}
export const NO_STATE: DockerdState = {
  running: false,
  queue: [],
  boxes: [],
  created: 0,
  before: false,
  stopping: [],
};

export type Move = Next<DockerdState>;

export function next(state: DockerdState, ...effects: readonly Effect[]): Move {
  return { state, effects };
}
export function and(first: Move, then: (state: DockerdState) => Move): Move {
  const second = then(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
export function boxOf(state: DockerdState, name: string): Box | undefined {
  return state.boxes.find((box) => box.name === name);
}
export function withBox(state: DockerdState, name: string, change: Partial<Box>): DockerdState {
  const boxes = state.boxes.map((box) => (box.name === name ? { ...box, ...change } : box));
  return { ...state, boxes };
}
