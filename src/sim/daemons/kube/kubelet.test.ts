import { describe, expect, it } from 'vitest';
import type { AddrRow, KubeEvent, LinkRow } from '../../kernel/netlink';
import type { Effect, Input } from '../daemon';
import { SUBNET_ENV } from '../flanneld/flanneld';
import { kubelet, type KubeletOptions } from './kubelet';
import { Api, cidr, SECOND } from './testing/api';

const ENV = 'FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\n';
const NIC = { ifname: 'eth0', kind: 'nic' } as LinkRow;
const address = (dev: string, local: string) =>
  ({ dev, family: 'inet', local, prefixlen: 24, scope: 'global', label: dev }) as AddrRow;

/** A kubelet on a machine that does what it is told, before an API server that answers at once. */
class Bench {
  readonly api = new Api();
  readonly done: string[] = [];
  readonly timers = new Map<string, number>();
  cni0: string | undefined;
  readonly #daemon;
  #state;
  /** Events the watch 100 has been told of already. */
  #seen = 0;

  constructor(options: Partial<KubeletOptions> = {}) {
    this.#daemon = kubelet({
      node: 'a',
      seed: 't',
      bridge: 'cni0',
      hairpin: true,
      isDefaultGateway: true,
      arpNotify: true,
      networkRoute: true,
      flannel: true,
      pods: [],
      room: () => true,
      hostHandle: { id: 'a', machine: 'a' },
      ...options,
    });
    this.#state = this.#daemon.initial;
  }

  take(input: Input): this {
    const inbox = [input];
    for (let next = inbox.shift(); next; next = inbox.shift()) {
      const step = this.#daemon.transition(this.#state, next, this.api.now);
      this.#state = step.state;
      for (const effect of step.effects) inbox.push(...this.#carryOut(effect));
    }
    return this;
  }

  #carryOut(effect: Effect): Input[] {
    switch (effect.do) {
      case 'kube': {
        if (effect.request.op === 'watch') {
          this.api.take({ on: 'request', id: 100, request: effect.request });
          return [{ on: 'kube-watch', to: 'pods', events: this.#news() }];
        }
        if (effect.request.op === 'renew') {
          this.api.renew('a');
          return [];
        }
        const answer = this.api.ask(effect.request);
        const said: Input[] = effect.to === undefined ? [] : [{ on: 'kube', to: effect.to, answer }];
        const events = this.#news();
        return events.length > 0 ? [...said, { on: 'kube-watch', to: 'pods', events }] : said;
      }
      case 'survey': {
        const addrs = [address('eth0', '10.0.0.1')];
        if (this.cni0 !== undefined) addrs.push(address('cni0', this.cni0));
        const links = this.cni0 === undefined ? [NIC] : [NIC, { ifname: 'cni0', kind: 'bridge' } as LinkRow];
        return [{ on: 'survey', to: effect.to, links, addrs, routes: [] }];
      }
      case 'timer':
        this.timers.set(effect.name, this.api.now + effect.afterNs);
        return [];
      case 'tell':
        this.done.push(`${effect.action} ${effect.text}`);
        return [];
      case 'spawn':
        this.done.push(`spawn ${effect.name} ${effect.command}`);
        return [];
      case 'kill':
      case 'netns-delete':
        this.done.push(`${effect.do} ${effect.name}`);
        return [];
      case 'request':
        if (effect.request.op === 'newLink' && effect.request.spec.name === 'cni0') this.cni0 = '10.244.1.1';
        return [];
      default:
        return [];
    }
  }
  #news(): KubeEvent[] {
    const all = this.api.told.get(100) ?? [];
    const events = all.slice(this.#seen);
    this.#seen = all.length;
    return events;
  }

  /** What the API server has to tell. */
  hear(): this {
    const events = this.#news();
    return events.length > 0 ? this.take({ on: 'kube-watch', to: 'pods', events }) : this;
  }
  /** The process is gone: its timers and watches too. */
  forget(): void {
    this.timers.clear();
    this.api.take({ on: 'cancel', watch: 100 });
    this.#news();
  }
  /** Lets the timers of that long run out, in their order. */
  pass(ns: number): this {
    const end = this.api.now + ns;
    for (;;) {
      const [due] = [...this.timers].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1]);
      if (!due) break;
      this.timers.delete(due[0]);
      this.api.until(due[1]);
      this.take({ on: 'timer', name: due[0] });
    }
    this.api.until(end);
    return this;
  }
  start(): this {
    return this.take({ on: 'start' });
  }
  env(text = ENV): this {
    return this.take({ on: 'file', path: SUBNET_ENV, text });
  }
  pod(
    name: string,
    more: { command?: string[]; restartPolicy?: 'Always' | 'Never'; image?: string } = {},
  ): this {
    const pod = { name, image: 'nginx', restartPolicy: 'Always', nodeName: 'a', ...more } as const;
    this.api.ask({ op: 'create-pod', pod });
    return this.hear();
  }
  delete(name: string, graceSec?: number): this {
    this.api.ask({ op: 'delete', kind: 'Pod', name, ...(graceSec === undefined ? {} : { graceSec }) });
    return this.hear();
  }
  said(): string[] {
    return this.done.splice(0);
  }
}

describe('the kubelet', () => {
  it('registers its node, which is Ready when the pod network is known', () => {
    const bench = new Bench().start();
    expect(bench.api.status('Node', 'a')).toBe('NotReady');
    expect(bench.api.get('Node', 'a')).toMatchObject({
      internalIp: '10.0.0.1',
      ready: { message: expect.stringContaining('cni plugin not initialized') as string },
    });
    expect(bench.env().api.status('Node', 'a')).toBe('Ready');
    expect(new Bench({ flannel: false, subnet: cidr('10.1.0.0/24') }).start().api.status('Node', 'a')).toBe(
      'Ready',
    );
  });

  it('renews its Lease as long as it runs', () => {
    const bench = new Bench()
      .start()
      .env()
      .pass(300 * SECOND);
    expect(bench.api.status('Node', 'a')).toBe('Ready');
    bench.timers.clear();
    bench.take({ on: 'stop' }).pass(41 * SECOND);
    expect(bench.api.status('Node', 'a')).toBe('NotReady');
    expect(bench.start().env().api.status('Node', 'a')).toBe('Ready');
  });

  it('makes pods one after another, once there is a network', () => {
    const bench = new Bench().start().pod('one').pod('two').pass(SECOND);
    expect(bench.said()).toEqual([]);
    expect(bench.api.status('Pod', 'one')).toBe('ContainerCreating');
    bench.env().pass(SECOND);
    expect(bench.said()).toEqual([
      'ADD one eth0 10.244.1.2/24',
      'spawn one nginx',
      'ADD two eth0 10.244.1.3/24',
      'spawn two nginx',
    ]);
    expect(bench.api.get('Pod', 'two')).toMatchObject({ status: { phase: 'Running', podIp: '10.244.1.3' } });
  });

  it('ends a pod: the process, then its network, then the object; the next one gets the next address', () => {
    const bench = new Bench().start().env().pod('web').pass(SECOND);
    bench.said();
    bench.delete('web');
    expect(bench.api.status('Pod', 'web')).toBe('Terminating');
    expect(bench.said()).toEqual(['kill web']);
    bench.pass(SECOND);
    expect(bench.said()).toEqual(['DEL web eth0 10.244.1.2', 'netns-delete web']);
    expect(bench.api.get('Pod', 'web')).toBeUndefined();
    bench.pod('web').pass(SECOND);
    expect(bench.said()).toEqual(['ADD web eth0 10.244.1.3/24', 'spawn web nginx']);
  });

  it('clears away a pod that was deleted at once before it makes another of the same name', () => {
    const bench = new Bench().start().env().pod('web').pass(SECOND);
    bench.said();
    bench.delete('web', 0).pod('web');
    expect(bench.api.status('Pod', 'web')).toBe('Pending');
    bench.pass(3 * SECOND);
    expect(bench.said()).toEqual([
      'kill web',
      'DEL web eth0 10.244.1.2',
      'netns-delete web',
      'ADD web eth0 10.244.1.3/24',
      'spawn web nginx',
    ]);
    expect(bench.api.status('Pod', 'web')).toBe('Running');
  });

  it('gives a chosen address to the first pod of that name only, and to no other pod', () => {
    const bench = new Bench({ pods: [{ name: 'web', ip: cidr('10.244.1.2/32').addr }] }).start().env();
    bench.pod('other').pod('web').pass(SECOND);
    expect(bench.said()).toContain('ADD web eth0 10.244.1.2/24');
    bench
      .delete('web')
      .pass(2 * SECOND)
      .pod('web')
      .pass(SECOND);
    expect(bench.said()).toContain('ADD web eth0 10.244.1.4/24');
  });

  it('tries again and again while the bridge has another address', () => {
    const bench = new Bench();
    bench.cni0 = '10.244.9.1';
    bench.start().env().pod('web').pass(SECOND);
    const refusal =
      'ADD web: failed to set bridge addr: "cni0" already has an IP address different from 10.244.1.1/24';
    expect(bench.said()).toEqual([refusal]);
    bench.pass(6 * SECOND);
    expect(bench.said()).toEqual([refusal, refusal]);
    expect(bench.api.status('Pod', 'web')).toBe('ContainerCreating');
    bench.cni0 = undefined;
    bench.pass(8 * SECOND);
    expect(bench.said()).toEqual(['ADD web eth0 10.244.1.2/24', 'spawn web nginx']);
  });

  it('leaves pods alone when it stops, and clears away afterwards what was deleted meanwhile', () => {
    const bench = new Bench().start().env().pod('stays').pod('goes').pass(SECOND);
    bench.said();
    bench.take({ on: 'stop' });
    bench.api.ask({ op: 'delete', kind: 'Pod', name: 'goes', graceSec: 0 });
    bench.forget();
    bench
      .start()
      .env()
      .hear()
      .pass(2 * SECOND);
    expect(bench.said()).toEqual(['kill goes', 'DEL goes eth0 10.244.1.3', 'netns-delete goes']);
    expect(bench.api.status('Pod', 'stays')).toBe('Running');
  });

  it.each([
    ['Always', 1, 'CrashLoopBackOff'],
    ['Never', 1, 'Error'],
    ['Never', 0, 'Completed'],
  ] as const)('with restartPolicy %s and exit code %s a pod is %s', (restartPolicy, exit, status) => {
    const bench = new Bench()
      .start()
      .env()
      .pod('job', { command: ['sleep', '1'], restartPolicy });
    bench.pass(SECOND).take({ on: 'exited', name: 'job', exit, output: '' }).hear();
    expect(bench.api.status('Pod', 'job')).toBe(status);
    bench.said();
    bench.pass(10 * SECOND);
    expect(bench.said()).toEqual(restartPolicy === 'Always' ? ['spawn job sleep 1'] : []);
    if (restartPolicy === 'Always')
      expect(bench.api.get('Pod', 'job')).toMatchObject({ status: { phase: 'Running', restarts: 1 } });
  });

  it('runs nothing for an image whose program is not known', () => {
    const bench = new Bench().start().env().pod('p', { image: 'busybox' }).pass(SECOND);
    expect(bench.said()).toEqual(['ADD p eth0 10.244.1.2/24']);
    expect(bench.api.status('Pod', 'p')).toBe('Running');
  });
});
