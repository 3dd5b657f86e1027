/** Runs one daemon on a machine: feeds its inputs, carries its effects out, and ties both together in the trace. */
import { unreachable } from '../../base/assert';
import type { Daemon, Effect, Input, Request } from '../daemons/index';
import { control } from './stamp';
import type { Netns } from '../kernel/index';
import type { KubeAnswer, KubeEvent, Netlink, Reply, Service, Timer } from '../kernel/netlink';
import { strerror, type Errno } from '../kernel/netlink';
import type { EventSeq, ProcessRow } from '../kernel/trace';
import { err, ok, type Result } from '../../base/result';
import type { EtcdHost, EtcdPeer } from './etcd-host';
import type { KubeHost } from './kube-host';
import { Children } from './daemon-children';
import { DaemonIo } from './daemon-io';
import type { Machine } from './machine';
import type { Process, Terminal } from './process';

/** What a daemon reaches beyond its machine. */
export interface DaemonWorld {
  etcd(): EtcdHost | undefined;
  kube(): KubeHost | undefined;
  /** A daemon wrote a file. */
  wrote(machine: Machine, path: string, text: string, cause: EventSeq): void;
  /** Starts a program in a daemon's name. */
  child(netns: Netns, by: string, command: string, terminal: Terminal): Process;
}

/** The part that does not depend on the daemon's state. */
export interface DaemonHost {
  readonly name: string;
  start(cause: EventSeq): void;
  stop(cause: EventSeq): void;
  /** A file has been written on its machine. */
  wrote(path: string, text: string, cause: EventSeq): void;
  readonly running: boolean;
  /** As systemctl and its clients see it. */
  service(cause: EventSeq): Service;
}

function carry(netlink: Netlink, request: Request): Reply {
  switch (request.op) {
    case 'newLink':
      return netlink.newLink(request.spec);
    case 'setLink':
      return netlink.setLink(request.name, request.change);
    case 'delLink':
      return netlink.delLink(request.name);
    case 'newAddr':
      return netlink.newAddr(request.spec, request.mode);
    case 'delAddr':
      return netlink.delAddr(request.spec);
    case 'newRoute':
      return netlink.newRoute(request.spec, request.mode);
    case 'delRoute':
      return netlink.delRoute(request.match);
    case 'newNeigh':
      return netlink.newNeigh(request.spec, request.mode);
    case 'delNeigh':
      return netlink.delNeigh(request.spec);
    case 'newFdb':
      return netlink.newFdb(request.spec, request.mode);
    case 'delFdb':
      return netlink.delFdb(request.spec);
    case 'setSysctl': {
      const done = netlink.setSysctl(request.name, request.value);
      return done.ok ? ok(undefined) : err({ errno: done.error });
    }
    default:
      return unreachable(request);
  }
}

function errorText({ errno, extack }: { readonly errno: Errno; readonly extack?: string }): string {
  return extack ?? strerror[errno];
}

class Host<State> implements DaemonHost {
  readonly name: string;
  #state: State;
  #row: ProcessRow | undefined;
  #since: number | undefined;
  #busy = false;
  readonly #inbox: { input: Input; cause: EventSeq }[] = [];
  readonly #timers = new Map<string, Timer>();
  readonly #peer: EtcdPeer;
  readonly #children: Children;
  readonly #io: DaemonIo;
  readonly #log: { readonly at: number; readonly text: string }[] = [];
  readonly #asked = new Map<number, (reply: Result<unknown, string>) => void>();
  #nextAsk = 1;

  constructor(
    private readonly machine: Machine,
    private readonly daemon: Daemon<State>,
    private readonly world: DaemonWorld,
  ) {
    this.name = daemon.name;
    this.#state = daemon.initial;
    this.#peer = { name: daemon.name, netns: machine.root };
    const take = (input: Input, cause: EventSeq) => this.#take(input, cause);
    this.#children = new Children(machine, daemon.name, world, take);
    this.#io = new DaemonIo(machine, daemon.name, take);
  }

  get running(): boolean {
    return this.#row?.state === 'running';
  }

  start(cause: EventSeq): void {
    const pid = this.machine.takePid();
    this.#show({ name: this.name, pid, state: 'running' }, cause);
    this.#take({ on: 'start' }, cause);
    for (const path of this.daemon.watches ?? []) {
      const text = this.machine.files.get(path);
      if (text !== undefined) this.#take({ on: 'file', path, text }, cause);
    }
  }

  wrote(path: string, text: string, cause: EventSeq): void {
    if (this.running && this.daemon.watches?.includes(path)) this.#take({ on: 'file', path, text }, cause);
  }

  stop(cause: EventSeq): void {
    this.#take({ on: 'stop' }, cause);
  }

  service(cause: EventSeq): Service {
    const row = this.#row;
    return {
      name: this.name,
      state: row?.state ?? 'stopped',
      pid: row?.pid ?? 0,
      ...(this.#since === undefined ? {} : { since: this.#since }),
      note: row?.note ?? '',
      start: () => {
        if (!this.running) this.start(cause);
      },
      stop: () => {
        if (this.running) this.stop(cause);
      },
      ask: (request, onAnswer) => {
        if (!this.running) return onAnswer(err(`${this.name} is not running`));
        const id = this.#nextAsk++;
        this.#asked.set(id, onAnswer);
        this.#take({ on: 'ask', id, request }, cause);
      },
      log: () => this.#log,
    };
  }

  #show(row: ProcessRow, cause: EventSeq): void {
    const key = (pid: number) => String(pid).padStart(7, '0');
    const { root } = this.machine;
    // A restarted daemon is a new process in the old one's place.
    if (this.#row && this.#row.pid !== row.pid)
      root.change('process', key(this.#row.pid), this.#row, undefined, cause);
    const before = this.#row?.pid === row.pid ? this.#row : undefined;
    root.change('process', key(row.pid), before, row, cause);
    this.#row = row;
    this.#since = root.now;
  }

  /** Inputs are worked off one after another, each with all its effects. */
  #take(input: Input, cause: EventSeq): void {
    this.#inbox.push({ input, cause });
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) {
      const { state, effects } = this.daemon.transition(this.#state, next.input, this.machine.root.now);
      this.#state = state;
      let { cause } = next;
      for (const effect of effects) {
        if (effect.do === 'tell' && effect.lead) {
          cause = this.#control(effect.protocol, effect.action, effect.text, cause);
        } else this.#carryOut(effect, cause);
      }
    }
    this.#busy = false;
  }

  #carryOut(effect: Effect, cause: EventSeq): void {
    switch (effect.do) {
      case 'request':
        return this.#request(effect, cause);
      case 'survey':
        return this.#survey(effect.to, cause);
      case 'lookup': {
        const reply = this.machine.root.netlink({ by: this.name, cause }).lookupRoute({ dst: effect.dst });
        return this.#take({ on: 'lookup', to: effect.to, reply }, cause);
      }
      case 'etcd':
        return this.#etcd(effect, cause);
      case 'kube':
        return this.#kube(effect, cause);
      case 'timer':
        return this.#timer(effect.name, effect.afterNs, cause);
      case 'log':
        this.#log.push({ at: this.machine.root.now, text: effect.text });
        this.#control('log', effect.level, effect.text, cause);
        return;
      case 'tell':
        this.#control(effect.protocol, effect.action, effect.text, cause);
        return;
      case 'file': {
        this.machine.files.set(effect.path, effect.text);
        const seq = this.#control('log', 'write', `${effect.path}\n${effect.text}`, cause);
        return this.world.wrote(this.machine, effect.path, effect.text, seq);
      }
      case 'netns':
        this.machine.addContainer(effect.name, effect.role, effect.image, cause, effect);
        return;
      case 'netns-delete':
        this.machine.removeContainer(effect.name, cause);
        return;
      case 'exec': {
        const failed = (text: string) => this.#control('log', 'E', text, cause);
        return this.#children.exec(effect, this.#netns(effect.netns), cause, failed);
      }
      case 'spawn':
        return this.#children.spawn(effect, this.#netns(effect.netns), cause);
      case 'kill':
        return this.#children.kill(effect.name);
      case 'answer': {
        const answer = this.#asked.get(effect.id);
        this.#asked.delete(effect.id);
        return answer?.(effect.reply);
      }
      case 'tun-open':
      case 'tun-write':
      case 'udp-open':
      case 'udp-send':
        return this.#io.carryOut(effect, cause);
      case 'exit':
        return this.#exit(effect.note, cause);
    }
  }

  #netns(id: string | undefined): Netns {
    if (id === undefined) return this.machine.root;
    return this.machine.containers.get(id)?.netns ?? this.machine.kernel.netns(id) ?? this.machine.root;
  }

  #request({ request, netns, to }: Extract<Effect, { do: 'request' }>, cause: EventSeq): void {
    const where = this.#netns(netns);
    const first = where.tracer.events.length;
    const reply = carry(where.netlink({ by: this.name, cause }), request);
    // The request's own event, on which what follows from the answer hangs.
    const own = where.tracer.events.length > first ? first : cause;
    if (to !== undefined) this.#take({ on: 'done', to, reply }, own);
    else if (!reply.ok) this.#control('log', 'E', `${request.op}: ${errorText(reply.error)}`, own);
  }

  #survey(to: string, cause: EventSeq): void {
    const netlink = this.machine.root.netlink({ by: this.name, cause });
    // Dumped when looked at: most want one of the three.
    const survey: Extract<Input, { on: 'survey' }> = {
      on: 'survey',
      to,
      get links() {
        return netlink.getLinks();
      },
      get addrs() {
        return netlink.getAddrs();
      },
      get routes() {
        return netlink.getRoutes();
      },
    };
    this.#take(survey, cause);
  }

  #etcd({ request, to }: Extract<Effect, { do: 'etcd' }>, cause: EventSeq): void {
    this.world.etcd()?.send(this.#peer, request, cause, {
      onAnswer: (answer, seq) => this.#take({ on: 'etcd', to, answer }, seq),
      onEvents: (events, seq) => this.#take({ on: 'watch', to, events }, seq),
    });
  }

  #kube({ request, to }: Extract<Effect, { do: 'kube' }>, cause: EventSeq): void {
    const answers = to !== undefined && {
      onAnswer: (answer: KubeAnswer, seq: EventSeq) => this.#take({ on: 'kube', to, answer }, seq),
      onEvents: (events: readonly KubeEvent[], seq: EventSeq) =>
        this.#take({ on: 'kube-watch', to, events }, seq),
    };
    this.world.kube()?.send(this.#peer, request, cause, answers || undefined);
  }

  #timer(name: string, afterNs: number, cause: EventSeq): void {
    this.#timers.get(name)?.cancel();
    const { root } = this.machine;
    const timer = root.timerAt(root.now + afterNs, () => this.#take({ on: 'timer', name }, cause));
    this.#timers.set(name, timer);
  }

  #control(
    protocol: 'log' | 'docker' | 'cni' | 'kube',
    action: string,
    text: string,
    cause: EventSeq,
  ): EventSeq {
    return control(this.machine.root, cause, { by: this.name, protocol, action, text });
  }

  #exit(note: string, cause: EventSeq): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.world.etcd()?.forget(this.#peer);
    this.world.kube()?.forget(this.#peer);
    this.#io.close(cause);
    for (const answer of this.#asked.values()) answer(err(`${this.name} has stopped`));
    this.#asked.clear();
    if (!this.#row) return;
    this.#show(
      note === '' ? { ...this.#row, state: 'stopped' } : { ...this.#row, state: 'failed', note },
      cause,
    );
  }
}

export function hostDaemon<State>(machine: Machine, daemon: Daemon<State>, world: DaemonWorld): DaemonHost {
  const host = new Host(machine, daemon, world);
  machine.daemons.set(daemon.name, host);
  return host;
}
