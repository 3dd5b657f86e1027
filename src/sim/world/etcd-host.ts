/**
 * Runs the etcd process on a machine: carries messages to and from it with a small delay, and shows its keys. While it is
 * stopped its data stay; clients try on for a while, watches until it is back.
 */
import { err, ok, type Result } from '../../base/result';
import {
  EMPTY_SERVER,
  etcdServer,
  ETCD_LATENCY_NS,
  range,
  type EtcdAnswer,
  type EtcdEffect,
  type EtcdInput,
  type EtcdRequest,
  type EtcdServer,
  type KeyValue,
  type Lease,
  type WatchEvent,
} from '../daemons/index';
import { control } from './stamp';
import type { Netns } from '../kernel/index';
import type { EtcdClient, EtcdKeyValue, EtcdLease, Service, Timer } from '../kernel/netlink';
import type { EtcdRow, EventSeq } from '../kernel/trace';
import type { DaemonHost } from './daemon-host';
import { answerText, requestText } from './etcd-text';
import type { Machine } from './machine';
import { ServerProcess } from './server-process';

/** Who speaks with etcd: a process in a namespace. */
export interface EtcdPeer {
  readonly name: string;
  readonly netns: Netns;
}
interface Pending {
  readonly peer: EtcdPeer;
  /** Of a watch: what to ask for when etcd has been away. */
  watch?: Extract<EtcdRequest, { op: 'watch' }>;
  readonly onAnswer: (answer: EtcdAnswer, cause: EventSeq) => void;
  readonly onEvents: (events: readonly WatchEvent[], cause: EventSeq) => void;
}

function row(kv: KeyValue): EtcdRow {
  const { key, value, createRevision, modRevision, version, lease } = kv;
  return { key, value, createRevision, modRevision, version, ...(lease === undefined ? {} : { lease }) };
}
function keyValue(kv: KeyValue): EtcdKeyValue {
  return { ...row(kv), lease: kv.lease === undefined ? 0 : BigInt(`0x${kv.lease}`) };
}

/** How long a client tries before it says why it cannot: clientv3 tries a hundred times, 25 ms apart. */
const GIVE_UP_NS = 2_500_000_000;
/** After etcd is back, until its clients have noticed. */
const RECONNECT_NS = 25_000_000;
const CLIENT_PORT = 2379;

export class EtcdHost implements DaemonHost {
  readonly name = 'etcd';
  #server: EtcdServer = EMPTY_SERVER;
  readonly #pending = new Map<number, Pending>();
  #alarm: Timer | undefined;
  #nextId = 1;
  readonly #process: ServerProcess;
  /** Requests that found nobody, by id. */
  readonly #unheard = new Map<number, { readonly request: EtcdRequest; readonly timer: Timer }>();

  constructor(readonly machine: Machine) {
    this.#process = new ServerProcess(this.name, machine);
  }

  get netns(): Netns {
    return this.machine.root;
  }

  // ---- the process -------------------------------------------------------------------------------------------------

  get running(): boolean {
    return this.#process.running;
  }

  start(cause: EventSeq): void {
    const again = this.#process.known;
    this.#process.start(cause);
    if (!again) return;
    this.#serve({ on: 'restart' }, cause);
    this.netns.timerAt(this.netns.now + RECONNECT_NS, () => this.#reconnect(cause));
  }

  stop(cause: EventSeq): void {
    if (!this.#process.known) return;
    this.#alarm?.cancel();
    this.#say('received signal terminated, shutting down', cause);
    this.#process.stop(cause);
  }

  wrote(): void {
    // It follows no files.
  }

  service(cause: EventSeq): Service {
    return this.#process.service(this, cause);
  }

  #say(text: string, cause: EventSeq): void {
    const { netns } = this;
    this.#process.log(text);
    control(netns, cause, { by: this.name, protocol: 'log', action: 'I', text });
  }

  /** Clients find their way back: watches go on from the revision they had come to. */
  #reconnect(cause: EventSeq): void {
    if (!this.running) return;
    for (const [id, { watch }] of this.#pending) {
      if (watch) this.#serve({ on: 'request', id, request: watch }, cause);
    }
    for (const [id, { request, timer }] of this.#unheard) {
      timer.cancel();
      this.#unheard.delete(id);
      this.#serve({ on: 'request', id, request }, cause);
    }
  }

  #refused(): string {
    const address = this.netns
      .netlink({ by: this.name, cause: -1 })
      .getAddrs()
      .find((addr) => addr.dev !== 'lo' && addr.family === 'inet')?.local;
    const at = `dial tcp ${address ?? '127.0.0.1'}:${CLIENT_PORT}: connect: connection refused`;
    return `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: ${at}"`;
  }

  // ---- clients -----------------------------------------------------------------------------------------------------

  /** Sends a request; the answer comes back two delays later. Watches answer as often as there is news. */
  send(
    peer: EtcdPeer,
    request: EtcdRequest,
    cause: EventSeq,
    answers: Omit<Pending, 'peer' | 'watch'>,
  ): void {
    const id = this.#nextId++;
    const watch = request.op === 'watch' ? { watch: request } : {};
    this.#pending.set(id, { peer, ...answers, ...watch });
    const asked = this.#tell(peer, 'out', request.op, requestText(request), cause);
    this.#later(() => {
      if (this.running) this.#serve({ on: 'request', id, request }, asked);
      else if (request.op !== 'watch' && this.#pending.has(id)) this.#wait(id, request, asked);
    });
  }

  #wait(id: number, request: EtcdRequest, cause: EventSeq): void {
    const timer = this.netns.timerAt(this.netns.now + GIVE_UP_NS, () => {
      this.#unheard.delete(id);
      this.#answer(id, { op: 'error', text: this.#refused() }, cause);
    });
    this.#unheard.set(id, { request, timer });
  }

  /** etcdctl runs at the speed of its user: it is answered at once. */
  client(peer: EtcdPeer, cause: EventSeq): EtcdClient {
    return {
      revision: () => this.#server.store.revision,
      range: (key, prefix) => range(this.#server.store, key, prefix).map(keyValue),
      watch: (key, prefix, onEvent) => this.#watch(peer, key, prefix, onEvent, cause),
      put: (key, value, lease) => {
        const held = lease === undefined ? {} : { lease };
        const answer = this.#now(peer, { op: 'put', key, value, ...held }, cause);
        return answer.op === 'put' ? ok({ revision: answer.revision }) : err(answerText(answer));
      },
      delete: (key, prefix): Result<{ deleted: number }, string> => {
        const answer = this.#now(peer, { op: 'delete', key, prefix }, cause);
        return answer.op === 'delete' ? ok({ deleted: answer.deleted }) : err(answerText(answer));
      },
      leases: () => [...this.#server.store.leases.values()].map((lease) => this.#lease(lease)),
      grant: (ttlSec) => {
        const answer = this.#now(peer, { op: 'grant', ttlSec }, cause);
        return answer.op === 'grant' ? ok(this.#lease(answer.lease)) : err(answerText(answer));
      },
      revoke: (lease) => {
        const answer = this.#now(peer, { op: 'revoke', lease }, cause);
        return answer.op === 'revoke' ? ok(undefined) : err(answerText(answer));
      },
      keepAlive: (lease) => {
        const answer = this.#now(peer, { op: 'keepalive', lease }, cause);
        return answer.op === 'keepalive' ? ok(this.#lease(answer.lease)) : err(answerText(answer));
      },
    };
  }

  #lease({ id, ttlSec, expiresAt }: Lease): EtcdLease {
    const keys = range(this.#server.store, '', true).flatMap((kv) => (kv.lease === id ? [kv.key] : []));
    // Some of the first second is always gone when somebody asks.
    const remainingSec = Math.floor((expiresAt - this.netns.now - 1) / 1_000_000_000);
    return { id, ttlSec, remainingSec, keys };
  }

  #watch(
    peer: EtcdPeer,
    key: string,
    prefix: boolean,
    onEvent: Parameters<EtcdClient['watch']>[2],
    cause: EventSeq,
  ): { cancel(): void } {
    const id = this.#nextId++;
    const onEvents = (events: readonly WatchEvent[]) => {
      for (const { type, kv } of events) onEvent({ type, kv: keyValue(kv) });
    };
    const watch = { op: 'watch' as const, key, prefix, from: this.#server.store.revision + 1 };
    this.#pending.set(id, { peer, onAnswer: () => undefined, onEvents, watch });
    this.#serve({ on: 'request', id, request: watch }, cause);
    return {
      cancel: () => {
        this.#pending.delete(id);
        this.#serve({ on: 'cancel', watch: id }, cause);
      },
    };
  }

  #now(peer: EtcdPeer, request: EtcdRequest, cause: EventSeq): EtcdAnswer {
    const id = this.#nextId++;
    const asked = this.#tell(peer, 'out', request.op, requestText(request), cause);
    let answered: EtcdAnswer | undefined;
    for (const effect of this.#step({ on: 'request', id, request })) {
      if (effect.do === 'answer') answered = effect.answer;
      else this.#carryOut(effect, asked);
    }
    return answered ?? { op: 'error', text: 'etcdserver: no answer' };
  }

  #step(input: EtcdInput): readonly EtcdEffect[] {
    const { state, effects } = etcdServer(this.#server, input, this.netns.now);
    this.#server = state;
    return effects;
  }

  #serve(input: EtcdInput, cause: EventSeq): void {
    for (const effect of this.#step(input)) this.#carryOut(effect, cause);
  }

  #carryOut(effect: EtcdEffect, cause: EventSeq): void {
    switch (effect.do) {
      case 'row': {
        const [before, after] = [effect.before && row(effect.before), effect.after && row(effect.after)];
        this.netns.change('etcd', effect.key, before, after, cause);
        return;
      }
      case 'answer':
        this.#answer(effect.id, effect.answer, cause);
        return;
      case 'deliver':
        this.#deliver(effect.watch, effect.events, cause);
        return;
      case 'alarm':
        this.#alarm?.cancel();
        this.#alarm = this.netns.timerAt(effect.at, () => this.#expire());
    }
  }

  #expire(): void {
    const { netns } = this;
    const over = [...this.#server.store.leases.values()].filter(({ expiresAt }) => expiresAt <= netns.now);
    const text = over.map(({ id }) => `lease ${id} expired`).join('\n');
    const said = control(netns, -1, { by: this.name, protocol: 'etcd', action: 'expire', text });
    this.#serve({ on: 'timer' }, said);
  }

  #answer(id: number, answer: EtcdAnswer, cause: EventSeq): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (!pending) return;
    this.#later(() => {
      const told = this.#tell(pending.peer, 'in', `${answer.op}-answer`, answerText(answer), cause);
      pending.onAnswer(answer, told);
    });
  }

  #deliver(watch: number, events: readonly WatchEvent[], cause: EventSeq): void {
    const pending = this.#pending.get(watch);
    if (!pending) return;
    const last = Math.max(...events.map(({ kv }) => kv.modRevision));
    if (pending.watch) pending.watch = { ...pending.watch, from: Math.max(pending.watch.from, last + 1) };
    this.#later(() => {
      if (!this.#pending.has(watch)) return;
      const text = events
        .map(({ type, kv }) => `${type} ${kv.key}${kv.value === '' ? '' : ` ${kv.value}`}`)
        .join('\n');
      pending.onEvents(events, this.#tell(pending.peer, 'in', 'watch', text, cause));
    });
  }

  /** A daemon that is gone hears nothing more. */
  forget(peer: EtcdPeer): void {
    for (const [id, pending] of this.#pending) {
      if (pending.peer !== peer) continue;
      this.#pending.delete(id);
      this.#unheard.get(id)?.timer.cancel();
      this.#unheard.delete(id);
      this.#server = etcdServer(this.#server, { on: 'cancel', watch: id }, this.netns.now).state;
    }
  }

  #later(action: () => void): void {
    this.netns.timerAt(this.netns.now + ETCD_LATENCY_NS, action);
  }

  #tell(peer: EtcdPeer, way: 'in' | 'out', action: string, text: string, cause: EventSeq): EventSeq {
    const { name, netns } = peer;
    const [by, to] = way === 'out' ? [name, 'etcd'] : ['etcd', name];
    return control(netns, cause, { by, to, protocol: 'etcd', action, text });
  }
}
