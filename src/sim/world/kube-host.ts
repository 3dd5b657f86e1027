/**
 * Runs kube-apiserver on a machine: carries messages to and from it with a small delay, and shows its objects. While it
 * is stopped its clients try again every second, as client-go's reflectors do; what runs on the nodes runs on.
 */
import {
  KUBE_LATENCY_NS,
  kubeServer,
  kubeServerState,
  type KubeEffect,
  type KubeInput,
  type KubeOptions,
  type KubeServer,
} from '../daemons/index';
import type {
  KubeAnswer,
  KubeClient,
  KubeEvent,
  KubeObject,
  KubePod,
  KubeRequest,
  Service,
  Timer,
} from '../kernel/netlink';
import { kubeStatus } from '../kernel/netlink';
import type { EventSeq, KubeRow, SimTime } from '../kernel/trace';
import type { DaemonHost } from './daemon-host';
import type { EtcdPeer } from './etcd-host';
import type { Machine } from './machine';
import { ServerProcess } from './server-process';
import { control } from './stamp';

const RETRY_NS = 1_000_000_000;
const API_PORT = 6443;

type Answers = {
  readonly onAnswer: (answer: KubeAnswer, cause: EventSeq) => void;
  readonly onEvents: (events: readonly KubeEvent[], cause: EventSeq) => void;
};
interface Pending extends Answers {
  readonly peer: EtcdPeer;
  /** kubectl is answered at once. */
  readonly direct: boolean;
}

function named(object: KubeObject): string {
  const name = `${object.kind.toLowerCase()}/${object.name}`;
  const node = object.kind === 'Pod' && object.nodeName !== undefined ? ` on ${object.nodeName}` : '';
  const ip = object.kind === 'Pod' ? object.status.podIp : object.internalIp;
  const cidr = object.kind === 'Node' && object.podCidr !== undefined ? ` podCIDR ${object.podCidr}` : '';
  return `${name} ${kubeStatus(object)}${ip === undefined ? '' : ` ${ip}`}${cidr}${node}`;
}

function requestText(request: KubeRequest): string {
  switch (request.op) {
    case 'get':
    case 'delete':
      return `${request.kind.toLowerCase()}/${request.name}`;
    case 'list':
      return `${request.kind.toLowerCase()}s`;
    case 'watch': {
      const selector = request.node === undefined ? '' : ` spec.nodeName=${request.node}`;
      return `${request.kind.toLowerCase()}s${selector}`;
    }
    case 'create-node':
      return `node/${request.node.name} ${request.node.internalIp}`;
    case 'create-pod':
      return `pod/${request.pod.name} ${request.pod.image}`;
    case 'patch-node': {
      const notes = Object.entries(request.annotations ?? {}).map(
        ([name, value]) => `${name}=${value ?? ''}`,
      );
      const ready = request.ready ? [`Ready=${request.ready.status}`] : [];
      const cordon = request.unschedulable === undefined ? [] : [`unschedulable=${request.unschedulable}`];
      return [`node/${request.name}`, ...ready, ...cordon, ...notes].join('\n');
    }
    case 'pod-status':
      return [
        `pod/${request.name}`,
        request.status.reason ?? request.status.phase,
        ...(request.status.podIp === undefined ? [] : [request.status.podIp]),
      ].join(' ');
    case 'renew':
      return `lease/${request.name}`;
  }
}

function answerText(answer: KubeAnswer): string {
  if (answer.op === 'error') return answer.text;
  return answer.op === 'list' ? answer.items.map(named).join('\n') : named(answer.object);
}

function row(object: KubeObject): KubeRow {
  const { kind, name } = object;
  const status = kubeStatus(object);
  if (object.kind === 'Pod') {
    const { nodeName: node, status: told } = object;
    return {
      kind,
      name,
      status,
      ...(told.podIp === undefined ? {} : { ip: told.podIp }),
      ...(node === undefined ? {} : { node }),
    };
  }
  const { internalIp: ip, podCidr, annotations } = object;
  return {
    kind,
    name,
    status,
    ip,
    ...(podCidr === undefined ? {} : { podCidr }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

export class KubeHost implements DaemonHost {
  readonly name = 'kube-apiserver';
  #server: KubeServer;
  readonly #pending = new Map<number, Pending>();
  #alarm: Timer | undefined;
  #nextId = 1;
  readonly #process: ServerProcess;

  constructor(
    private readonly machine: Machine,
    options: KubeOptions,
    private readonly node: (name: string) => Machine | undefined,
  ) {
    this.#server = kubeServerState(options);
    this.#process = new ServerProcess(this.name, machine);
    machine.daemons.set(this.name, this);
  }

  // ---- as a service --------------------------------------------------------------------------------------------------

  get running(): boolean {
    return this.#process.running;
  }

  start(cause: EventSeq): void {
    this.#process.start(cause);
    this.#process.log(`Serving securely on [::]:${API_PORT}`);
    this.#serve({ on: 'start' }, cause);
  }

  stop(cause: EventSeq): void {
    if (!this.#process.known) return;
    this.#process.stop(cause);
    this.#process.log('[graceful-termination] apiserver is exiting');
    this.#alarm?.cancel();
  }

  wrote(): void {
    // It reads no files.
  }

  service(cause: EventSeq): Service {
    return this.#process.service(this, cause);
  }

  // ---- clients -------------------------------------------------------------------------------------------------------

  /** Sends a daemon's request; the answer comes back two delays later. Watches answer as often as there is news. */
  send(peer: EtcdPeer, request: KubeRequest, cause: EventSeq, answers: Answers | undefined): void {
    // Every node renews its Lease every 10 s: that it still does is no news.
    if (request.op === 'renew') {
      if (this.running) this.#serve({ on: 'request', id: 0, request }, cause);
      return;
    }
    const id = this.#nextId++;
    if (answers) this.#pending.set(id, { peer, direct: false, ...answers });
    const asked = this.#tell(peer, 'out', request.op, requestText(request), cause);
    this.#later(KUBE_LATENCY_NS, () => this.#attempt(id, request, asked, answers !== undefined));
  }

  #attempt(id: number, request: KubeRequest, cause: EventSeq, wanted: boolean): void {
    if (wanted && !this.#pending.has(id)) return;
    if (this.running) this.#serve({ on: 'request', id, request }, cause);
    else this.#later(RETRY_NS, () => this.#attempt(id, request, cause, wanted));
  }

  /** kubectl runs at the speed of its user: it is answered at once. */
  client(peer: EtcdPeer, cause: EventSeq): KubeClient {
    return {
      server: this.address(),
      running: this.running,
      ask: (request) => this.#now(peer, request, cause),
      watch: (kind, onEvent) => {
        const id = this.#nextId++;
        let first = true;
        const onEvents = (events: readonly KubeEvent[]) => {
          // What there is already has been asked for before.
          if (!first) for (const event of events) onEvent(event);
          first = false;
        };
        this.#pending.set(id, { peer, direct: true, onAnswer: () => undefined, onEvents });
        this.#serve({ on: 'request', id, request: { op: 'watch', kind } }, cause);
        return {
          cancel: () => {
            this.#pending.delete(id);
            this.#serve({ on: 'cancel', watch: id }, cause);
          },
        };
      },
      enter: (pod) => this.#enter(pod),
    };
  }

  /** exec goes through the API server to the kubelet's port 10250. */
  #enter(pod: KubePod): ReturnType<KubeClient['enter']> {
    const { name, nodeName } = pod;
    if (nodeName === undefined)
      return { error: `Error from server (BadRequest): pod ${name} does not have a host assigned` };
    const machine = this.node(nodeName);
    const node = this.#server.store.objects.get(`Node/${nodeName}`);
    const ip = node?.kind === 'Node' ? node.internalIp : nodeName;
    if (!machine?.daemons.get('kubelet')?.running)
      return {
        error: `Error from server: error dialing backend: dial tcp ${ip}:10250: connect: connection refused`,
      };
    const netns = pod.status.phase === 'Running' ? machine.containers.get(name)?.netns : undefined;
    if (netns) return { netns: netns.handle };
    return { error: `error: unable to upgrade connection: container not found ("${name}")` };
  }

  /** `10.168.0.2:6443`: the machine's first address that is not its own loopback's. */
  address(): string {
    const addrs = this.machine.root.netlink({ by: 'kernel', cause: -1 }).getAddrs();
    return `${addrs.find((addr) => addr.scope === 'global')?.local ?? '127.0.0.1'}:${API_PORT}`;
  }

  /** A daemon that is gone hears nothing more. */
  forget(peer: EtcdPeer): void {
    for (const [id, pending] of this.#pending) {
      if (pending.peer !== peer) continue;
      this.#pending.delete(id);
      this.#server = kubeServer(this.#server, { on: 'cancel', watch: id }, this.machine.root.now).state;
    }
  }

  // ---- the server ----------------------------------------------------------------------------------------------------

  #now(peer: EtcdPeer, request: KubeRequest, cause: EventSeq): KubeAnswer {
    const id = this.#nextId++;
    // A query leaves no trace.
    const asked = cause < 0 ? cause : this.#tell(peer, 'out', request.op, requestText(request), cause);
    let answered: KubeAnswer = { op: 'error', reason: 'Unavailable', text: 'no answer' };
    for (const effect of this.#step({ on: 'request', id, request })) {
      if (effect.do === 'answer') answered = effect.answer;
      else this.#carryOut(effect, asked);
    }
    return answered;
  }

  #step(input: KubeInput): readonly KubeEffect[] {
    const { state, effects } = kubeServer(this.#server, input, this.machine.root.now);
    this.#server = state;
    return effects;
  }

  #serve(input: KubeInput, cause: EventSeq): void {
    for (const effect of this.#step(input)) this.#carryOut(effect, cause);
  }

  #carryOut(effect: KubeEffect, cause: EventSeq): void {
    switch (effect.do) {
      case 'row': {
        const [before, after] = [effect.before && row(effect.before), effect.after && row(effect.after)];
        // Not all of an object is shown.
        if (before && after && JSON.stringify(before) === JSON.stringify(after)) return;
        this.machine.root.change('kube', effect.key, before, after, cause);
        return;
      }
      case 'answer':
        return this.#answer(effect.id, effect.answer, cause);
      case 'deliver':
        return this.#deliver(effect.watch, effect.events, cause);
      case 'alarm':
        this.#alarm?.cancel();
        this.#wake(effect.at);
    }
  }

  /** What fell due while the server was stopped is due now. */
  #wake(at: SimTime): void {
    const { root } = this.machine;
    this.#alarm = root.timerAt(Math.max(root.now, at), () => this.#serve({ on: 'timer' }, -1));
  }

  #answer(id: number, answer: KubeAnswer, cause: EventSeq): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (!pending) return;
    this.#later(KUBE_LATENCY_NS, () => {
      pending.onAnswer(answer, this.#tell(pending.peer, 'in', 'answer', answerText(answer), cause));
    });
  }

  #deliver(watch: number, events: readonly KubeEvent[], cause: EventSeq): void {
    const pending = this.#pending.get(watch);
    if (!pending) return;
    if (pending.direct) return pending.onEvents(events, cause);
    this.#later(KUBE_LATENCY_NS, () => {
      if (!this.#pending.has(watch)) return;
      const text = events.map(({ type, object }) => `${type} ${named(object)}`).join('\n');
      pending.onEvents(events, this.#tell(pending.peer, 'in', 'watch', text, cause));
    });
  }

  #later(afterNs: number, action: () => void): void {
    const { root } = this.machine;
    root.timerAt(root.now + afterNs, action);
  }

  #tell(peer: EtcdPeer, way: 'in' | 'out', action: string, text: string, cause: EventSeq): EventSeq {
    const { name, netns } = peer;
    const ends = way === 'out' ? { by: name, to: this.name } : { by: this.name, to: name };
    return control(netns, cause, { by: ends.by, to: ends.to, protocol: 'kube', action, text });
  }
}
