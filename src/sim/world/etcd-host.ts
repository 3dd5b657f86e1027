/** Runs the etcd process on a machine: carries messages to and from it with a small delay, and shows its keys. */
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
  type WatchEvent,
} from '../daemons/index';
import { stamp } from './stamp';
import type { Netns } from '../kernel/index';
import type { EtcdClient, EtcdKeyValue, Timer } from '../kernel/netlink';
import type { EtcdRow, EventSeq } from '../kernel/trace';

/** Who speaks with etcd: a process in a namespace. */
export interface EtcdPeer {
  readonly name: string;
  readonly netns: Netns;
}
interface Pending {
  readonly peer: EtcdPeer;
  readonly onAnswer: (answer: EtcdAnswer, cause: EventSeq) => void;
  readonly onEvents: (events: readonly WatchEvent[], cause: EventSeq) => void;
}

function requestText(request: EtcdRequest): string {
  switch (request.op) {
    case 'range':
    case 'delete':
    case 'watch':
      return request.prefix ? `${request.key} --prefix` : request.key;
    case 'put':
      return `${request.key} ${request.value}`;
    case 'grant':
      return `${request.ttlSec}s`;
    case 'revoke':
      return request.lease;
    case 'txn':
      return [
        ...request.compare.map(({ key, version }) => `version("${key}") = ${version}`),
        ...request.puts.map(({ key, value }) => `put ${key} ${value}`),
      ].join('; ');
  }
}

function answerText(answer: EtcdAnswer): string {
  switch (answer.op) {
    case 'range':
      return answer.kvs.length === 0 ? 'no key' : answer.kvs.map((kv) => `${kv.key} ${kv.value}`).join('\n');
    case 'grant':
      return `lease ${answer.lease.id} granted with TTL(${answer.lease.ttlSec}s)`;
    case 'txn':
      return answer.succeeded ? `SUCCESS, revision ${answer.revision}` : 'FAILURE';
    case 'delete':
      return `${answer.deleted} deleted, revision ${answer.revision}`;
    case 'error':
      return answer.text;
    default:
      return `OK, revision ${answer.revision}`;
  }
}

function row(kv: KeyValue): EtcdRow {
  const { key, value, createRevision, modRevision, version, lease } = kv;
  return { key, value, createRevision, modRevision, version, ...(lease === undefined ? {} : { lease }) };
}
function keyValue(kv: KeyValue): EtcdKeyValue {
  return { ...row(kv), lease: kv.lease === undefined ? 0 : BigInt(`0x${kv.lease}`) };
}

export class EtcdHost {
  #server: EtcdServer = EMPTY_SERVER;
  readonly #pending = new Map<number, Pending>();
  #alarm: Timer | undefined;
  #nextId = 1;

  constructor(readonly netns: Netns) {}

  /** Sends a request; the answer comes back two delays later. Watches answer as often as there is news. */
  send(peer: EtcdPeer, request: EtcdRequest, cause: EventSeq, answers: Omit<Pending, 'peer'>): void {
    const id = this.#nextId++;
    this.#pending.set(id, { peer, ...answers });
    const asked = this.#tell(peer, 'out', request.op, requestText(request), cause);
    this.#later(() => this.#serve({ on: 'request', id, request }, asked));
  }

  /** etcdctl runs at the speed of its user: it is answered at once. */
  client(peer: EtcdPeer, cause: EventSeq): EtcdClient {
    return {
      revision: () => this.#server.store.revision,
      range: (key, prefix) => range(this.#server.store, key, prefix).map(keyValue),
      watch: (key, prefix, onEvent) => this.#watch(peer, key, prefix, onEvent, cause),
      put: (key, value) => {
        const answer = this.#now(peer, { op: 'put', key, value }, cause);
        return answer.op === 'put' ? ok({ revision: answer.revision }) : err(answerText(answer));
      },
      delete: (key, prefix): Result<{ deleted: number }, string> => {
        const answer = this.#now(peer, { op: 'delete', key, prefix }, cause);
        return answer.op === 'delete' ? ok({ deleted: answer.deleted }) : err(answerText(answer));
      },
    };
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
    this.#pending.set(id, { peer, onAnswer: () => undefined, onEvents });
    const from = this.#server.store.revision + 1;
    this.#serve({ on: 'request', id, request: { op: 'watch', key, prefix, from } }, cause);
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
        this.#alarm = this.netns.timerAt(effect.at, () => this.#serve({ on: 'timer' }, -1));
    }
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
      this.#server = etcdServer(this.#server, { on: 'cancel', watch: id }, this.netns.now).state;
    }
  }

  #later(action: () => void): void {
    this.netns.timerAt(this.netns.now + ETCD_LATENCY_NS, action);
  }

  #tell(peer: EtcdPeer, way: 'in' | 'out', action: string, text: string, cause: EventSeq): EventSeq {
    const { name, netns } = peer;
    const ends = way === 'out' ? { by: name, to: 'etcd' } : { by: 'etcd', to: name };
    return netns.emit({ ...stamp(netns, cause), kind: 'control', ...ends, protocol: 'etcd', action, text });
  }
}
