/** One machine of the world: a kernel, its namespaces by the names people use, its containers, files and daemons. */
import { err, ok, type Result } from '../../base/result';
import type { Kernel, Netns } from '../kernel/index';
import type { Errno } from '../kernel/netlink';
import type { EventSeq } from '../kernel/trace';
import type { DaemonHost } from './daemon-host';

interface Container {
  readonly name: string;
  /** Hex digits, at least the 12 that `docker ps` prints. */
  readonly id: string;
  readonly image: string;
  readonly netns: Netns;
}

/** Namespace names become folder names of an export, so they are kept plain. */
const NETNS_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}$/;
const MAX_NETNS = 5_600;
const FIRST_PID = 400;

export class Machine {
  readonly containers = new Map<string, Container>();
  readonly files = new Map<string, string>();
  readonly daemons = new Map<string, DaemonHost>();
  /** Made by `ip netns add`, by name. */
  readonly named = new Map<string, Netns>();
  #nextPid = FIRST_PID;

  constructor(
    readonly name: string,
    readonly kernel: Kernel,
    readonly root: Netns,
  ) {}

  /** Pids leave gaps, as other processes come and go between. */
  takePid(): number {
    this.#nextPid += 37;
    return this.#nextPid;
  }

  /** Two machines may each have a container of the same name. */
  netnsIdOf(name: string): string {
    const existing = this.containers.get(name);
    if (existing) return existing.netns.id;
    const { namespaces } = this.kernel.ground;
    let id = name;
    for (let n = 1; namespaces.has(id); n++)
      id = n === 1 ? `${this.name}.${name}` : `${this.name}.${name}.${n}`;
    return id;
  }

  /** Whether one more namespace may be made. */
  get room(): boolean {
    return this.kernel.ground.namespaces.size < MAX_NETNS;
  }

  /** `id` in hex; `shared`: it stands for the machine's own namespace. */
  addContainer(
    name: string,
    role: 'container' | 'pod',
    image: string,
    cause: EventSeq,
    more: { readonly id?: string; readonly shared?: boolean } = {},
  ): Container {
    const netns = more.shared
      ? this.root
      : this.kernel.createNetns(this.netnsIdOf(name), { role, parent: this.root.id }, cause);
    const random = this.kernel.ground.random.fork(`container ${name}`);
    const id = more.id ?? (random.u32() * 2 ** 16 + random.u16()).toString(16).padStart(12, '0');
    const container = { name, id, image, netns };
    this.containers.set(name, container);
    return container;
  }

  /** Its namespace goes with it, and with that its devices and sockets; a container on the host's network has none. */
  removeContainer(name: string, cause: EventSeq): void {
    const container = this.containers.get(name);
    if (!container) return;
    this.containers.delete(name);
    if (container.netns !== this.root) this.kernel.deleteNetns(container.netns.id, cause);
  }

  /** `ip netns add`. The id is the name unless another machine's namespace has it. */
  addNetns(name: string, cause: EventSeq): Result<Netns, Errno> {
    if (this.named.has(name)) return err('EEXIST');
    if (!NETNS_NAME.test(name) || name.includes('..')) return err('EINVAL');
    const { namespaces } = this.kernel.ground;
    if (namespaces.size >= MAX_NETNS) return err('ENOSPC');
    let id = name;
    for (let n = 1; namespaces.has(id); n++)
      id = n === 1 ? `${this.name}.${name}` : `${this.name}.${name}.${n}`;
    const netns = this.kernel.createNetns(id, { role: 'netns', parent: this.root.id }, cause);
    netns.named = true;
    this.named.set(name, netns);
    return ok(netns);
  }

  deleteNetns(name: string, cause: EventSeq): Result<void, Errno> {
    const netns = this.named.get(name);
    if (!netns) return err('ENOENT');
    this.named.delete(name);
    this.kernel.deleteNetns(netns.id, cause);
    return ok(undefined);
  }
}
