/** A kube-apiserver that answers at once. */
import type { KubeAnswer, KubeEvent, KubeObject, KubeRequest, SimTime } from '../../../kernel/netlink';
import { kubeStatus } from '../../../kernel/netlink';
import { parsePrefix } from '../../../wire/index';
import { kubeServer, kubeServerState, type KubeInput, type KubeOptions, type KubeServer } from '../server';

export const SECOND = 1_000_000_000;
const READY = { status: 'True', reason: 'KubeletReady', message: '' } as const;

export function cidr(text: string) {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

export class Api {
  now: SimTime = 0;
  server: KubeServer;
  /** What watches were told, by id. */
  readonly told = new Map<number, KubeEvent[]>();
  readonly rows: string[] = [];
  alarm: SimTime | undefined;
  #nextId = 100;

  constructor(options: Partial<KubeOptions> = {}) {
    this.server = kubeServerState({ nodeCidrLen: 24, podCidrs: new Map(), pods: [], ...options });
    this.take({ on: 'start' });
  }

  take(input: KubeInput): KubeAnswer | undefined {
    const { state, effects } = kubeServer(this.server, input, this.now);
    this.server = state;
    let answer: KubeAnswer | undefined;
    for (const effect of effects) {
      if (effect.do === 'answer') answer = effect.answer;
      else if (effect.do === 'alarm') this.alarm = effect.at;
      else if (effect.do === 'deliver')
        this.told.set(effect.watch, [...(this.told.get(effect.watch) ?? []), ...effect.events]);
      else this.rows.push(`${effect.key} ${effect.after ? kubeStatus(effect.after) : 'gone'}`);
    }
    return answer;
  }
  ask(request: KubeRequest): KubeAnswer {
    const answer = this.take({ on: 'request', id: 1, request });
    if (!answer) throw new Error('no answer');
    return answer;
  }
  watch(kind: KubeObject['kind'], node?: string): KubeEvent[] {
    const id = this.#nextId++;
    this.told.set(id, []);
    const request = { op: 'watch', kind, ...(node === undefined ? {} : { node }) } as const;
    this.take({ on: 'request', id, request });
    return this.told.get(id) ?? [];
  }
  heard(id: number): string[] {
    return (this.told.get(id) ?? []).map(
      ({ type, object }) => `${type} ${object.name} ${kubeStatus(object)}`,
    );
  }
  /** Lets time pass, with the alarms in it. */
  until(time: SimTime): void {
    while (this.alarm !== undefined && this.alarm <= time) {
      this.now = this.alarm;
      this.alarm = undefined;
      this.take({ on: 'timer' });
    }
    this.now = time;
  }
  node(name: string): void {
    this.ask({ op: 'create-node', node: { name, internalIp: '10.0.0.1', ready: READY } });
  }
  renew(name: string): void {
    this.take({ on: 'request', id: 0, request: { op: 'renew', name } });
  }
  pod(name: string, nodeName?: string): KubeAnswer {
    const pod = { name, image: 'nginx', restartPolicy: 'Always' as const };
    return this.ask({ op: 'create-pod', pod: { ...pod, ...(nodeName === undefined ? {} : { nodeName }) } });
  }
  get(kind: KubeObject['kind'], name: string): KubeObject | undefined {
    const answer = this.ask({ op: 'get', kind, name });
    return answer.op === 'object' ? answer.object : undefined;
  }
  nodeOf(pod: string): string | undefined {
    const object = this.get('Pod', pod);
    return object?.kind === 'Pod' ? object.nodeName : undefined;
  }
  cidrOf(node: string): string | undefined {
    const object = this.get('Node', node);
    return object?.kind === 'Node' ? object.podCidr : undefined;
  }
  status(kind: KubeObject['kind'], name: string): string | undefined {
    const object = this.get(kind, name);
    return object && kubeStatus(object);
  }
}
