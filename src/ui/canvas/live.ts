/**
 * What lights up on the stage in the current step. One small store beside the big one, so that of hundreds of devices
 * only those are drawn again that change.
 */
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { StageLayout } from './layout';
import type { Link } from './plan';

/** How much of a machine can be told apart at the current zoom. */
export type Detail = 'near' | 'far' | 'tiny';

export interface Crossing {
  readonly up: boolean;
  readonly down: boolean;
  /** Its bytes are copied, as seen; a packet that is only just made is not. */
  readonly copied: boolean;
}

export interface LiveState {
  /** Places that the current step is about. */
  readonly active: ReadonlySet<string>;
  /** Place and reason in two words. */
  readonly dropped: { readonly key: string; readonly reason: string } | null;
  /** Links that the packet has come along, and that others of the same command have. */
  readonly lit: ReadonlySet<string>;
  readonly trail: ReadonlySet<string>;
  /** Where something is looked up and decided. */
  readonly decides: string | null;
  /** Namespaces where a packet passes between user space and the kernel, and which way. */
  readonly crossed: ReadonlyMap<string, Crossing>;
  readonly detail: Detail;
  /** Whose card is shown. */
  readonly hovered: string | null;
  /** The one device that Tab leads to. */
  readonly tabStop: string | null;
}

const INITIAL: LiveState = {
  active: new Set(),
  dropped: null,
  lit: new Set(),
  trail: new Set(),
  decides: null,
  crossed: new Map(),
  detail: 'near',
  hovered: null,
  tabStop: null,
};

export class Live {
  private state = INITIAL;
  private readonly listeners = new Set<() => void>();

  readonly get = (): LiveState => this.state;

  set(change: Partial<LiveState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** What every part of the stage needs; the same object until the layout changes. */
export interface Scene {
  readonly live: Live;
  readonly layout: StageLayout;
  readonly linkOf: ReadonlyMap<string, Link>;
  readonly rooms: ReadonlyMap<string, StageLayout['rooms'][number]>;
  readonly chips: ReadonlyMap<string, StageLayout['chips'][number]>;
  /** What all machines' names begin with; left out where there is no room. */
  readonly commonPrefix: string;
}

export const SceneContext = createContext<Scene | null>(null);

export function useScene(): Scene {
  const scene = useContext(SceneContext);
  if (scene === null) throw new Error('a part of the stage outside of the stage');
  return scene;
}

/** The selector's answer is compared with `Object.is`. */
export function useLive<T>(selector: (state: LiveState) => T): T {
  const { live } = useScene();
  return useSyncExternalStore(live.subscribe, () => selector(live.get()));
}
