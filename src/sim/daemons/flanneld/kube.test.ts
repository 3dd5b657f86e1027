import { describe, expect, it } from 'vitest';
import type { KubeNode } from '../../kernel/netlink';
import { ANNOTATION } from './kube';
import { Bench, mac } from './testing/bench';

const CONF = '{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}';
const MAC = '5e:f8:4f:00:e3:37';

function node(name: string, podCidr: string | undefined, annotations: Record<string, string> = {}): KubeNode {
  return {
    kind: 'Node',
    name,
    uid: 1,
    version: 1,
    createdAt: 0,
    internalIp: '10.168.0.9',
    labels: {},
    annotations,
    unschedulable: false,
    ready: { status: 'True', reason: 'KubeletReady', message: '' },
    ...(podCidr === undefined ? {} : { podCidr }),
  };
}
const managed = (publicIp: string, vtep = MAC, type = 'vxlan') => ({
  [ANNOTATION.data]: type === 'vxlan' ? `{"VNI":1,"VtepMAC":"${vtep}"}` : 'null',
  [ANNOTATION.type]: type,
  [ANNOTATION.managed]: 'true',
  [ANNOTATION.publicIp]: publicIp,
});

function start(own: KubeNode | undefined, conf = CONF): Bench {
  const bench = new Bench({ kube: { node: 'node1', netConf: conf } }, '{}');
  bench.take({ on: 'start' });
  return tell(bench, own ? [own] : []);
}
function tell(
  bench: Bench,
  nodes: readonly KubeNode[],
  type: 'ADDED' | 'MODIFIED' | 'DELETED' = 'ADDED',
): Bench {
  const events = nodes.map((object) => ({ type, object }));
  return bench.take({ on: 'kube-watch', to: 'nodes', events });
}
/** The API server has taken the patch. */
function annotated(bench: Bench): Bench {
  return bench.take({
    on: 'kube',
    to: 'annotated',
    answer: { op: 'object', object: node('node1', undefined) },
  });
}
const patches = (bench: Bench) =>
  bench.done.flatMap((effect) =>
    effect.do === 'kube' && effect.request.op === 'patch-node' ? [effect.request.annotations] : [],
  );
const own = node('node1', '10.244.0.0/24');

describe('flanneld --kube-subnet-mgr', () => {
  it('takes its subnet from the podCIDR and publishes itself by annotations', () => {
    const bench = start(own);
    expect(patches(bench)).toEqual([
      {
        [ANNOTATION.data]: expect.stringMatching(
          /^\{"VNI":1,"VtepMAC":"([0-9a-f]{2}:){5}[0-9a-f]{2}"\}$/,
        ) as string,
        [ANNOTATION.type]: 'vxlan',
        [ANNOTATION.managed]: 'true',
        [ANNOTATION.publicIp]: '10.168.0.2',
      },
    ]);
    annotated(bench);
    const file = bench.done.find((effect) => effect.do === 'file');
    expect(file).toMatchObject({ text: expect.stringContaining('FLANNEL_SUBNET=10.244.0.1/24') as string });
    expect(bench.logs.slice(2, 6)).toEqual([
      'I Starting kube subnet manager',
      'I Waiting 10m0s for node controller to sync',
      'I Node controller sync successful',
      'I Created subnet manager: Kubernetes Subnet Manager - node1',
    ]);
    expect(bench.done.some((effect) => effect.do === 'etcd')).toBe(false);
  });

  it('keeps the MAC it had, and then has nothing to publish', () => {
    const bench = start(node('node1', '10.244.0.0/24', managed('10.168.0.2')));
    expect(patches(bench)).toEqual([]);
    expect(bench.logs).toContain(`I Interface flannel.1 mac address set to: ${MAC}`);
    expect(bench.requests()[0]).toContain(MAC);
    expect(bench.logs).toContain('I watching for new subnet leases');
    expect(mac(MAC)).toBeGreaterThan(0);
  });

  it('publishes null where the backend has no data', () => {
    const bench = start(own, '{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}');
    expect(patches(bench)).toMatchObject([{ [ANNOTATION.data]: 'null', [ANNOTATION.type]: 'host-gw' }]);
  });

  it.each([
    [undefined, 'node "node1" not found'],
    [node('node1', undefined), 'node "node1" pod cidr not assigned'],
    [
      node('node1', '10.9.0.0/24'),
      'subnet "10.244.0.0/16" specified in the flannel net config doesn\'t contain "10.9.0.0/24" PodCIDR of the "node1" node',
    ],
  ])('ends when it gets no subnet', (object, why) => {
    const bench = start(object);
    expect(bench.logs.at(-1)).toBe(`E Error registering network: failed to acquire lease: ${why}`);
    expect(bench.done.at(-1)).toMatchObject({ do: 'exit' });
  });

  it('follows the other nodes: those that were there, those that come, change and go', () => {
    const bench = new Bench({ kube: { node: 'node1', netConf: CONF } }, '{}').take({ on: 'start' });
    const two = node('node2', '10.244.1.0/24', managed('10.168.0.3'));
    tell(bench, [own, two]);
    bench.requests();
    annotated(bench);
    const added = [
      `neigh replace 10.244.1.0 ${MAC} PERMANENT`,
      `fdb replace ${MAC} dst 10.168.0.3 self`,
      'route replace 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink',
    ];
    expect(bench.requests().slice(-3)).toEqual(added);
    // A new node is nothing before its own flanneld has annotated it.
    const plain = node('node3', '10.244.2.0/24');
    tell(bench, [plain]);
    expect(bench.requests()).toEqual([]);
    const three = { ...plain, annotations: managed('10.168.0.4', '5e:f8:4f:00:00:03') };
    tell(bench, [three], 'MODIFIED');
    expect(bench.requests()).toHaveLength(3);
    // A status alone changes nothing.
    tell(bench, [{ ...three, unschedulable: true }], 'MODIFIED');
    expect(bench.requests()).toEqual([]);
    tell(bench, [three], 'DELETED');
    expect(bench.requests()).toEqual([
      'neigh del 10.244.2.0',
      'fdb del 5e:f8:4f:00:00:03 dst 10.168.0.4',
      'route del 10.244.2.0/24',
    ]);
    tell(bench, [own], 'DELETED');
    expect(bench.requests()).toEqual([]);
  });

  it('passes over a node of another backend, and one without an address', () => {
    const bench = annotated(start(own));
    bench.requests();
    tell(bench, [node('node2', '10.244.1.0/24', managed('10.168.0.3', MAC, 'host-gw'))]);
    expect(bench.logs.at(-1)).toBe(
      'W ignoring non-vxlan v4Subnet(10.244.1.0/24) v6Subnet(::/0): type=host-gw',
    );
    tell(bench, [node('node4', '10.244.3.0/24', { [ANNOTATION.managed]: 'true' })]);
    expect(bench.logs.at(-1)).toBe('I Error turning node "node4" to lease: error parsing IPv4: ');
    expect(bench.requests()).toEqual([]);
  });
});
