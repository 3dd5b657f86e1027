/** The kernel of one machine: its network namespaces. And the ground that all kernels of a world stand on. */
import type { Random } from '../../base/random';
import type { Engine } from '../engine/index';
import { KernelLog } from './kernel-log';
import { Netns } from './netns';
import type { NetnsHandle } from './netlink';
import type { EventSeq, NetnsRow } from './trace';
import type { Tracer } from './tracer';

export interface Ground {
  readonly engine: Engine;
  readonly tracer: Tracer;
  readonly random: Random;
  /** Every namespace of the world by id; kernels keep it. */
  readonly namespaces: Map<string, Netns>;
}

export class Kernel {
  readonly #own = new Map<string, Netns>();
  /** Secret of this boot: seeds the hash behind VXLAN source ports. */
  readonly hashSeed: number;
  readonly log = new KernelLog();
  #qdiscHandle = 0x8000;

  constructor(
    readonly machine: string,
    readonly ground: Ground,
  ) {
    this.hashSeed = ground.random.fork(`kernel ${machine}`).u32();
  }

  get namespaces(): Iterable<Netns> {
    return this.#own.values();
  }

  netns(id: string): Netns | undefined {
    return this.#own.get(id);
  }

  /** A new namespace has a loopback device, down, and nothing else. */
  createNetns(id: string, row: Pick<NetnsRow, 'role' | 'parent'>, cause: EventSeq): Netns {
    const netns = new Netns(id, this, row, cause);
    this.#own.set(id, netns);
    this.ground.namespaces.set(id, netns);
    netns.boot(cause);
    return netns;
  }

  /** Deleting a namespace deletes its devices, and so both ends of its veths. */
  deleteNetns(id: string, cause: EventSeq): void {
    const netns = this.#own.get(id);
    if (!netns) return;
    netns.shutdown(cause);
    this.#own.delete(id);
    this.ground.namespaces.delete(id);
  }

  /** qdisc_alloc_handle: the next major number for a queueing discipline that was given none. */
  takeQdiscHandle(): number {
    return ++this.#qdiscHandle;
  }

  resolve(handle: NetnsHandle): Netns | undefined {
    return this.ground.namespaces.get(handle.id);
  }
}
