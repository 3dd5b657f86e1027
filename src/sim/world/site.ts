/**
 * Everything that exists in a world: its ground (clock, trace, chance), machines, etcd; and how a command is run on it.
 * The world is built by `boot.ts`, the journal is run by `runner.ts`.
 */
import { Random } from '../../base/random';
import { Engine } from '../engine/index';
import { Kernel, Tracer, type Ground, type Netns } from '../kernel/index';
import type { EtcdClient, HostApi, KubeClient, NetnsHandle } from '../kernel/netlink';
import type { EventSeq, NetnsRow } from '../kernel/trace';
import type { DaemonWorld } from './daemon-host';
import type { EtcdHost } from './etcd-host';
import type { KubeHost } from './kube-host';
import { Machine } from './machine';
import { stamp } from './stamp';
import { Process, type Terminal } from './process';

/** Building happens before 0, from here. */
export const BOOT_START = -2_000_000_000;

export interface CommandRun {
  /** Number in the trace's command events. */
  readonly command: number;
  readonly process: Process;
  readonly startSeq: EventSeq;
}

export class Site implements DaemonWorld {
  readonly ground: Ground;
  readonly machines = new Map<string, Machine>();
  etcdHost: EtcdHost | undefined;
  kubeHost: KubeHost | undefined;
  /** Called when flanneld has written subnet.env, to start what waits for it. */
  onFile: (machine: Machine, path: string, text: string, cause: EventSeq) => void = () => undefined;
  #commands = 0;
  #children = 0;
  /** Events looked at by `followRoles`. */
  #seen = 0;

  constructor(name: string, maxEvents: number) {
    const engine = new Engine(BOOT_START);
    const tracer = new Tracer(engine, maxEvents);
    this.ground = { engine, tracer, random: new Random(name), namespaces: new Map() };
  }

  get now(): number {
    return this.ground.engine.now;
  }
  get lastSeq(): EventSeq {
    return this.ground.tracer.events.length - 1;
  }

  addMachine(name: string, role: NetnsRow['role'], cause: EventSeq): Machine {
    const kernel = new Kernel(name, this.ground);
    const machine = new Machine(name, kernel, kernel.createNetns(name, { role }, cause));
    this.machines.set(name, machine);
    return machine;
  }

  netns(id: string): Netns | undefined {
    return this.ground.namespaces.get(id);
  }

  // ---- what daemons reach ------------------------------------------------------------------------------------------

  etcd(): EtcdHost | undefined {
    return this.etcdHost;
  }
  kube(): KubeHost | undefined {
    return this.kubeHost;
  }
  wrote(machine: Machine, path: string, text: string, cause: EventSeq): void {
    for (const daemon of machine.daemons.values()) daemon.wrote(path, text, cause);
    this.onFile(machine, path, text, cause);
  }

  // ---- commands ----------------------------------------------------------------------------------------------------

  /** Starts a command. `onEnd` is called at its end, which may be before this returns. */
  startCommand(
    netns: Netns,
    text: string,
    origin: 'boot' | 'journal',
    onEnd: (exit: number) => void,
  ): CommandRun {
    const command = this.#commands++;
    const startSeq = netns.emit({ ...stamp(netns, -1), kind: 'command', command, text, origin });
    const terminal: Terminal = {
      cause: startSeq,
      output: (stream, output) => {
        netns.emit({ ...stamp(netns, startSeq), kind: 'output', command, stream, text: output });
      },
      ended: (exit) => {
        netns.emit({ ...stamp(netns, startSeq), kind: 'exit', command, exit });
        this.followRoles();
        onEnd(exit);
      },
    };
    const process = this.#process(terminal, undefined, this.#chance(`command ${command}`));
    process.start(netns, text);
    return { command, process, startSeq };
  }

  /** A command that cannot be started; `answer` says why. */
  refuseCommand(id: string, text: string, answer: string, exit: number): EventSeq {
    const command = this.#commands++;
    const { tracer } = this.ground;
    const machine = this.netns(id)?.machine ?? '';
    const at = (cause: EventSeq) => ({ seq: 0, at: 0, machine, netns: id, cause });
    const startSeq = tracer.add({ ...at(-1), kind: 'command', command, text, origin: 'journal' });
    tracer.add({ ...at(startSeq), kind: 'output', command, stream: 'stderr', text: answer });
    tracer.add({ ...at(startSeq), kind: 'exit', command, exit });
    return startSeq;
  }

  /** Runs a command that only asks, without a trace of it; what it printed. */
  query(netns: Netns, text: string): string {
    let printed = '';
    const terminal: Terminal = {
      cause: -1,
      output: (_stream, output) => {
        printed += output;
      },
      ended: () => undefined,
    };
    const process = this.#process(terminal, undefined, this.#chance('query'));
    process.start(netns, text);
    process.exit(0);
    return printed;
  }

  /** A daemon's child: what it does hangs on `terminal.cause` and is done in the daemon's name. */
  child(netns: Netns, by: string, command: string, terminal: Terminal): Process {
    const number = this.#children++;
    const process = this.#process(terminal, by, () => this.ground.random.fork(`${netns.id} ${by} ${number}`));
    process.start(netns, command);
    return process;
  }

  #chance(label: string): () => Random {
    const random = this.ground.random.fork(label);
    return () => random;
  }

  #process(terminal: Terminal, by: string | undefined, random: () => Random): Process {
    return new Process(
      terminal,
      by,
      random,
      (netns, process) => this.#hostApi(netns, process),
      (handle) => this.netns(handle.id),
    );
  }

  machineOf(netns: Netns): Machine {
    const machine = this.machines.get(netns.machine);
    if (!machine) throw new Error(`no machine ${netns.machine}`);
    return machine;
  }

  #hostApi(netns: Netns, process: Process): HostApi {
    const machine = this.machineOf(netns);
    const by = (handle: NetnsHandle) => this.netns(handle.id) ?? netns;
    return {
      netnsList: () =>
        [...machine.named].reverse().map(([name, other]) => ({ name, id: netns.knownNsid(other) })),
      netnsAdd: (name) => {
        const added = machine.addNetns(name, process.cause);
        return added.ok ? { ok: true, value: undefined } : added;
      },
      netnsDelete: (name) => machine.deleteNetns(name, process.cause),
      netnsByName: (name) => machine.named.get(name)?.handle,
      container: (name) => this.#container(machine, name),
      containers: () =>
        [...machine.containers.values()].map(({ name, id, image }) => ({ name, id, image, running: true })),
      exec: (handle, words, onEnd) => process.runIn(handle, words, onEnd),
      enter: (handle) => by(handle).netlink({ by: 'ip', cause: process.cause }),
      etcd: (): EtcdClient | undefined =>
        this.etcdHost?.running === true
          ? this.etcdHost.client({ name: 'etcdctl', netns }, process.cause)
          : undefined,
      kube: (): KubeClient | undefined => this.kubeHost?.client({ name: 'kubectl', netns }, process.cause),
      file: (path) => machine.files.get(path),
      services: () => [...machine.daemons.values()].map((daemon) => daemon.service(process.cause)),
      service: (name) => machine.daemons.get(name)?.service(process.cause),
    };
  }

  /** By name or by the beginning of its id. */
  #container(machine: Machine, name: string): NetnsHandle | undefined {
    const exact = machine.containers.get(name);
    if (exact) return exact.netns.handle;
    const byId = [...machine.containers.values()].filter(
      (each) => name.length >= 4 && each.id.startsWith(name),
    );
    return byId.length === 1 ? byId[0]?.netns.handle : undefined;
  }

  // ---- roles -------------------------------------------------------------------------------------------------------

  /** Namespaces made by hand take the part they play: a switch, a router, or plain. */
  followRoles(): void {
    const { events } = this.ground.tracer;
    const touched = new Map<string, EventSeq>();
    for (; this.#seen < events.length; this.#seen++) {
      const event = events[this.#seen];
      if (event?.kind !== 'change') continue;
      if (event.table === 'link' || event.table === 'addr' || event.table === 'sysctl')
        touched.set(event.netns, event.seq);
    }
    for (const [id, cause] of touched) {
      const netns = this.netns(id);
      if (netns?.named) netns.setRole(roleOf(netns), cause);
    }
  }
}

function roleOf(netns: Netns): NetnsRow['role'] {
  const netlink = netns.netlink({ by: 'kernel', cause: -1 });
  const links = netlink.getLinks().filter((link) => link.kind !== 'loopback');
  const addressed = new Set(netlink.getAddrs().map((addr) => addr.dev));
  const isSwitch = links.every(
    (link) => !addressed.has(link.ifname) && (link.kind === 'bridge' || link.master !== undefined),
  );
  if (isSwitch && links.some((link) => link.kind === 'bridge')) return 'switch';
  const forwards = netlink.getSysctl('net.ipv4.ip_forward');
  const joined = links.filter((link) => addressed.has(link.ifname)).length;
  return joined > 1 && forwards.ok && forwards.value === '1' ? 'router' : 'netns';
}
