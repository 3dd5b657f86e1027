import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Api, cidr, SECOND } from './testing/api';

describe('kube-apiserver', () => {
  it('refuses in the words of the API', () => {
    const api = new Api();
    api.pod('web');
    expect(api.pod('web')).toMatchObject({ reason: 'AlreadyExists', text: 'pods "web" already exists' });
    expect(api.ask({ op: 'get', kind: 'Node', name: 'n9' })).toMatchObject({
      reason: 'NotFound',
      text: 'nodes "n9" not found',
    });
    expect(api.pod('Web')).toMatchObject({
      reason: 'Invalid',
      text: expect.stringContaining('a lowercase RFC 1123 subdomain must consist of') as string,
    });
  });

  it('tells watches first what there is, then what changes, each by its field selector', () => {
    const api = new Api();
    api.node('a');
    api.node('b');
    api.pod('one', 'a');
    api.watch('Pod', 'a');
    api.watch('Node');
    api.pod('two', 'b');
    api.pod('three', 'a');
    api.ask({ op: 'delete', kind: 'Pod', name: 'three' });
    api.ask({ op: 'delete', kind: 'Pod', name: 'three', graceSec: 0 });
    expect(api.heard(100)).toEqual([
      'ADDED one Pending',
      'ADDED three Pending',
      'MODIFIED three Terminating',
      'DELETED three Terminating',
    ]);
    expect(api.heard(101)).toEqual(['ADDED a Ready', 'ADDED b Ready']);
    api.take({ on: 'cancel', watch: 101 });
    api.ask({ op: 'delete', kind: 'Node', name: 'b' });
    expect(api.heard(101)).toHaveLength(2);
  });

  it('leaves the version alone when a patch changes nothing', () => {
    const api = new Api();
    api.node('a');
    const before = api.server.store.version;
    api.ask({ op: 'patch-node', name: 'a', unschedulable: false });
    expect(api.server.store.version).toBe(before);
    api.ask({ op: 'patch-node', name: 'a', annotations: { b: '1', a: '2' } });
    api.ask({ op: 'patch-node', name: 'a', annotations: { b: null } });
    expect(api.get('Node', 'a')).toMatchObject({ annotations: { a: '2' }, version: before + 2 });
  });

  it('takes a status only for the very pod it is about', () => {
    const api = new Api();
    api.node('a');
    api.pod('web', 'a');
    const old = api.get('Pod', 'web')?.uid ?? 0;
    api.ask({ op: 'delete', kind: 'Pod', name: 'web', graceSec: 0 });
    api.pod('web', 'a');
    const status = { phase: 'Running', restarts: 0 } as const;
    expect(api.ask({ op: 'pod-status', name: 'web', uid: old, status })).toMatchObject({
      reason: 'NotFound',
    });
    expect(api.ask({ op: 'delete', kind: 'Pod', name: 'web', uid: old, graceSec: 0 })).toMatchObject({
      reason: 'NotFound',
    });
    expect(api.status('Pod', 'web')).toBe('Pending');
  });

  it('deletes at once what nobody runs', () => {
    const api = new Api();
    api.pod('web');
    api.ask({ op: 'delete', kind: 'Pod', name: 'web' });
    expect(api.get('Pod', 'web')).toBeUndefined();
  });
});

describe('the scheduler', () => {
  it('takes the node with the fewest pods, the older one first, and none that is cordoned or NotReady', () => {
    const api = new Api();
    api.pod('early');
    expect(api.nodeOf('early')).toBeUndefined();
    for (const name of ['b', 'a', 'c']) api.node(name);
    expect(api.nodeOf('early')).toBe('b');
    for (const name of ['p1', 'p2', 'p3']) api.pod(name);
    expect(['p1', 'p2', 'p3'].map((name) => api.nodeOf(name))).toEqual(['a', 'c', 'b']);
    api.ask({ op: 'patch-node', name: 'a', unschedulable: true });
    api.pod('p4');
    expect(api.nodeOf('p4')).toBe('c');
    const ready = { status: 'False', reason: 'KubeletNotReady', message: '' } as const;
    for (const name of ['b', 'c']) api.ask({ op: 'patch-node', name, ready });
    api.pod('p5');
    expect(api.nodeOf('p5')).toBeUndefined();
    api.ask({ op: 'patch-node', name: 'a', unschedulable: false });
    expect(api.nodeOf('p5')).toBe('a');
    api.pod('p6', 'nowhere');
    expect(api.nodeOf('p6')).toBe('nowhere');
  });
});

describe('node IPAM', () => {
  const options = { clusterCidr: cidr('10.244.0.0/16') };
  it('begins with the first subnet, and comes back to a freed one only after the round', () => {
    const api = new Api(options);
    for (const name of ['a', 'b']) api.node(name);
    expect([api.cidrOf('a'), api.cidrOf('b')]).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
    api.ask({ op: 'delete', kind: 'Node', name: 'b' });
    api.node('b');
    expect(api.cidrOf('b')).toBe('10.244.2.0/24');
  });

  it('gives a node the subnet it had before, once, and nobody else', () => {
    const api = new Api({ ...options, podCidrs: new Map([['b', cidr('10.244.0.0/24')]]) });
    for (const name of ['a', 'b']) api.node(name);
    expect([api.cidrOf('a'), api.cidrOf('b')]).toEqual(['10.244.1.0/24', '10.244.0.0/24']);
    api.ask({ op: 'delete', kind: 'Node', name: 'b' });
    api.node('b');
    expect(api.cidrOf('b')).toBe('10.244.2.0/24');
  });

  it('has an end, and goes on when a subnet comes free', () => {
    const api = new Api({ clusterCidr: cidr('10.0.0.0/23') });
    for (const name of ['a', 'b', 'c']) api.node(name);
    expect(api.cidrOf('c')).toBeUndefined();
    api.ask({ op: 'delete', kind: 'Node', name: 'a' });
    expect(api.cidrOf('c')).toBe('10.0.0.0/24');
  });

  it('never gives two nodes the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 60 }), (steps) => {
        const api = new Api({ clusterCidr: cidr('10.0.0.0/22') });
        for (const [n, add] of steps) {
          if (add) api.node(`n${n}`);
          else api.ask({ op: 'delete', kind: 'Node', name: `n${n}` });
          const cidrs = [0, 1, 2, 3, 4, 5].flatMap((i) => api.cidrOf(`n${i}`) ?? []);
          expect(new Set(cidrs).size).toBe(cidrs.length);
        }
      }),
    );
  });
});

describe('the node lifecycle controller', () => {
  it('calls a node NotReady 40 s after its last word, and Ready when it is heard again', () => {
    const api = new Api();
    api.node('a');
    for (let t = 10; t <= 50; t += 10) {
      api.until(t * SECOND);
      api.renew('a');
    }
    api.until(90 * SECOND - 1);
    expect(api.status('Node', 'a')).toBe('Ready');
    api.until(90 * SECOND);
    expect(api.status('Node', 'a')).toBe('NotReady');
    expect(api.get('Node', 'a')).toMatchObject({
      ready: { message: 'Kubelet stopped posting node status.' },
    });
    const ready = { status: 'True', reason: 'KubeletReady', message: '' } as const;
    api.ask({ op: 'patch-node', name: 'a', ready });
    expect(api.status('Node', 'a')).toBe('Ready');
    api.until(129 * SECOND);
    expect(api.status('Node', 'a')).toBe('Ready');
    api.until(131 * SECOND);
    expect(api.status('Node', 'a')).toBe('NotReady');
  });

  it('evicts the pods of a silent node after 300 s more', () => {
    const api = new Api();
    api.node('a');
    api.pod('web', 'a');
    api.until(339 * SECOND);
    expect(api.status('Pod', 'web')).toBe('Pending');
    api.until(340 * SECOND);
    expect(api.status('Pod', 'web')).toBe('Terminating');
  });

  it('removes the pods of a deleted node after 40 s, those of other nodes not', () => {
    const api = new Api();
    for (const name of ['a', 'b']) api.node(name);
    api.pod('web', 'a');
    api.pod('other', 'b');
    api.ask({ op: 'delete', kind: 'Node', name: 'a' });
    api.until(39 * SECOND);
    expect(api.status('Pod', 'web')).toBe('Pending');
    api.until(40 * SECOND);
    expect(api.get('Pod', 'web')).toBeUndefined();
    expect(api.get('Pod', 'other')).toBeDefined();
  });

  it('gives every node its time when the server has been away', () => {
    const api = new Api();
    api.node('a');
    api.now = 200 * SECOND;
    api.alarm = undefined;
    api.take({ on: 'start' });
    expect(api.status('Node', 'a')).toBe('Ready');
    api.until(240 * SECOND);
    expect(api.status('Node', 'a')).toBe('NotReady');
  });
});

describe('objects from before the start', () => {
  it('are there once, however often the server starts', () => {
    const pods = [{ name: 'web', image: 'nginx', restartPolicy: 'Always', nodeName: 'a' }] as const;
    const api = new Api({ pods });
    api.ask({ op: 'delete', kind: 'Pod', name: 'web', graceSec: 0 });
    api.take({ on: 'start' });
    expect(api.get('Pod', 'web')).toBeUndefined();
  });
});
