import { describe, expect, it } from 'vitest';
import { run, type ChangeEvent, type TraceEvent } from '../index';
import { cluster, Session } from './testing/cluster';

const SECOND = 1_000_000_000;
const onNode2 = `--overrides='{"spec":{"nodeName":"node2"}}'`;
const pod1 = { name: 'pod-1', machine: 'node1', image: 'busybox' };

function statuses(events: readonly TraceEvent[], key: string): string[] {
  return events.flatMap((event) => {
    if (event.kind !== 'change' || event.table !== 'kube' || event.key !== key) return [];
    return [(event as ChangeEvent<'kube'>).after?.status ?? 'gone'];
  });
}

describe('a pod', () => {
  it('is made on the node it is meant for, answers to pods elsewhere, and is taken away again', () => {
    const session = new Session(cluster({ pods: [pod1] }));
    session.run('node1', `kubectl run web --image=nginx ${onNode2}`);
    session.wait(1);
    expect(session.run('pod-1', 'ping -c 1 10.244.1.2')).toContain(
      '64 bytes from 10.244.1.2: icmp_seq=1 ttl=62',
    );
    expect(session.lines('node2', 'bridge link show')).toHaveLength(1);
    session.run('node1', 'kubectl delete pod web');
    expect(session.exit()).toBe(0);
    expect(session.world.namespaces).not.toContain('web');
    expect(session.lines('node2', 'bridge link show')).toEqual([]);
    expect(session.run('node2', 'ip -br link show cni0')).toContain('NO-CARRIER');
    const { events } = session.world.trace;
    expect(statuses(events, 'Pod/default/web')).toEqual([
      'Pending',
      'ContainerCreating',
      'Running',
      'Terminating',
      'gone',
    ]);
    expect(session.run('pod-1', 'ping -c 1 -W 1 10.244.1.2')).toContain('100% packet loss');
  });

  it('gets the next address when it is made again', () => {
    const session = new Session(cluster());
    for (const ip of ['10.244.1.2', '10.244.1.3']) {
      session.run('node1', `kubectl run web --image=nginx ${onNode2}`);
      session.wait(1);
      expect(session.lines('node1', 'kubectl get pods -o wide')[1]).toContain(` ${ip} `);
      session.run('node1', 'kubectl delete pod web');
    }
  });

  it('goes where the fewest are', () => {
    const session = new Session(cluster({ pods: [pod1] }));
    for (const name of ['a', 'b', 'c']) session.run('node1', `kubectl run ${name} --image=busybox`);
    session.wait(1);
    const nodes = session.lines('node1', 'kubectl get pods -o wide').slice(1);
    expect(nodes.map((line) => line.split(/\s+/)[6])).toEqual(['node2', 'node1', 'node2', 'node1']);
  });

  it('shares its name with a namespace of another machine', () => {
    const session = new Session(cluster());
    session.run('node1', 'ip netns add web');
    session.run('node1', `kubectl run web --image=nginx ${onNode2}`);
    session.wait(1);
    expect(session.world.namespaces).toContain('node2.web');
    expect(session.run('node1', 'kubectl exec web -- ip -br addr show eth0')).toContain('10.244.1.2/24');
    session.run('node1', 'kubectl delete pod web');
    expect(session.world.namespaces).not.toContain('node2.web');
    expect(session.world.namespaces).toContain('web');
  });

  it('hangs, in the trace, on the command that made it', () => {
    const session = new Session(cluster());
    session.run('node1', `kubectl run web --image=nginx ${onNode2}`);
    session.wait(1);
    const { events } = session.world.trace;
    const command = events.find((event) => event.kind === 'command' && event.text.startsWith('kubectl run'));
    const made = events.find(
      (event) => event.kind === 'change' && event.table === 'netns' && event.key === 'web',
    );
    let at = made;
    const seen: string[] = [];
    while (at && at.cause >= 0) {
      at = events[at.cause];
      if (at?.kind === 'control') seen.push(`${at.protocol} ${at.action}`);
    }
    expect(at).toBe(command);
    expect(seen).toEqual(['kube watch', 'kube create-pod']);
  });
});

describe('a node', () => {
  const tables = (session: Session, dev: string) => [
    ...session.lines('node1', `ip route show dev ${dev}`),
    ...session.lines('node1', `ip neigh show dev ${dev} nud permanent`),
    ...session.lines('node1', `bridge fdb show dev ${dev}`).filter((line) => line.includes('dst')),
  ];

  it('that is deleted is forgotten by the others', () => {
    const session = new Session(cluster());
    expect(tables(session, 'flannel.1')).toHaveLength(3);
    session.run('node1', 'kubectl delete node node2');
    session.wait(1);
    expect(tables(session, 'flannel.1')).toEqual([]);
  });

  it('that is deleted keeps its lease where the leases are in etcd', () => {
    const session = new Session(cluster({ etcd: true }));
    const before = tables(session, 'flannel.1');
    expect(before).toHaveLength(3);
    session.run('node1', 'kubectl delete node node2');
    session.wait(1);
    expect(tables(session, 'flannel.1')).toEqual(before);
  });

  it('with host-gw is a route that comes and goes', () => {
    const session = new Session(cluster({ backend: 'host-gw' }));
    expect(session.run('node1', 'ip route')).toContain('10.244.1.0/24 via 10.168.0.3 dev eth0');
    session.run('node1', 'kubectl delete node node2');
    session.wait(1);
    expect(session.run('node1', 'ip route')).not.toContain('10.244.1.0/24');
  });

  it('that joins gets the next subnet, and the others learn the way to it', () => {
    const session = new Session(cluster({ nodes: 3, later: [3] }));
    expect(session.lines('node1', 'kubectl get nodes')).toHaveLength(3);
    expect(tables(session, 'flannel.1')).toHaveLength(3);
    session.run('node3', 'systemctl start kubelet');
    session.wait(1);
    expect(session.run('node1', 'kubectl get node node3')).toMatch(/node3 +NotReady/);
    session.run('node3', 'systemctl start flanneld');
    session.wait(1);
    expect(session.run('node1', 'kubectl get node node3')).toMatch(/node3 +Ready/);
    expect(session.run('node1', 'ip route')).toContain('10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink');
    expect(tables(session, 'flannel.1')).toHaveLength(6);
  });

  it('that comes back after it was deleted has another subnet, and its bridge is in the way', () => {
    const session = new Session(cluster({ pods: [{ name: 'pod-2', machine: 'node2', image: 'busybox' }] }));
    session.run('node1', 'kubectl delete node node2');
    session.wait(45);
    for (const name of ['kubelet', 'flanneld']) {
      session.run('node2', `systemctl stop ${name}`);
      session.run('node2', `systemctl start ${name}`);
      session.wait(1);
    }
    expect(session.run('node2', 'ip -br addr show flannel.1')).toMatch(/ 10\.244\.2\.0\/32 *\n$/);
    expect(session.run('node1', 'ip route')).toContain('10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink');
    session.run('node1', `kubectl run web --image=nginx ${onNode2}`);
    session.wait(1);
    expect(session.run('node1', 'kubectl get pod web')).toMatch(/web +0\/1 +ContainerCreating/);
    const told = session.world.trace.events.find(
      (event) => event.kind === 'control' && event.action === 'ADD' && event.text.startsWith('web:'),
    );
    expect(told).toMatchObject({
      text: 'web: failed to set bridge addr: "cni0" already has an IP address different from 10.244.2.1/24',
    });
    session.run('node2', 'ip link del cni0');
    session.wait(5);
    expect(session.run('node1', 'kubectl get pod web -o wide')).toContain(' 10.244.2.2 ');
  });

  it('whose kubelet stops is NotReady after 40 s, its pods run on', () => {
    const session = new Session(
      cluster({ pods: [pod1, { name: 'pod-2', machine: 'node2', image: 'busybox' }] }),
    );
    session.run('node2', 'systemctl stop kubelet');
    session.wait(25);
    expect(session.run('node1', 'kubectl get node node2')).toMatch(/node2 +Ready/);
    session.wait(20);
    expect(session.run('node1', 'kubectl get node node2')).toMatch(/node2 +NotReady/);
    expect(session.run('pod-1', 'ping -c 1 10.244.1.2')).toContain(' 0% packet loss');
    expect(session.run('node1', 'kubectl exec pod-2 -- ip link')).toBe(
      'Error from server: error dialing backend: dial tcp 10.168.0.3:10250: connect: connection refused\n',
    );
    session.run('node2', 'systemctl start kubelet');
    session.wait(1);
    expect(session.run('node1', 'kubectl get node node2')).toMatch(/node2 +Ready/);
  });

  it('keeps the MAC of its flannel.1 when flanneld starts again', () => {
    const session = new Session(cluster());
    const mac = session.run('node2', 'ip -br link show flannel.1');
    session.run('node2', 'systemctl stop flanneld');
    session.run('node2', 'ip link del flannel.1');
    session.run('node2', 'systemctl start flanneld');
    session.wait(1);
    expect(session.run('node2', 'ip -br link show flannel.1')).toBe(mac);
    const told = session.world.trace.events.filter(
      (event) => event.kind === 'control' && event.text.includes('mac address set to'),
    );
    expect(told).toHaveLength(1);
  });
});

describe('kube-apiserver', () => {
  it('when it stops nothing is scheduled, what runs runs on, and what was asked is done afterwards', () => {
    const session = new Session(cluster({ pods: [pod1] }));
    session.run('node1', `kubectl run web --image=nginx ${onNode2}`);
    session.run('node1', 'systemctl stop kube-apiserver');
    session.wait(2);
    expect(session.run('node1', 'kubectl get pods')).toBe(
      'The connection to the server 10.168.0.2:6443 was refused - did you specify the right host or port?\n',
    );
    expect(session.exit()).toBe(1);
    session.wait(100);
    session.run('node1', 'systemctl start kube-apiserver');
    session.wait(2);
    expect(session.lines('node1', 'kubectl get nodes').join('\n')).not.toContain('NotReady');
    expect(session.run('node1', 'kubectl get pod web')).toMatch(/web +1\/1 +Running/);
  });

  it('is not there where there are no pods, and nothing is paid for it', () => {
    const session = new Session({
      ...cluster({ etcd: true }),
      kubernetes: undefined,
      machines: cluster().machines.map(({ cni: _, ...machine }) => machine),
    });
    expect(session.run('node1', 'kubectl get pods')).toBe(
      'The connection to the server localhost:8080 was refused - did you specify the right host or port?\n',
    );
    const kube = session.world.trace.events.filter(
      (event) => event.kind === 'control' && (event.protocol === 'kube' || event.by === 'kubelet'),
    );
    expect(kube).toEqual([]);
  });
});

describe('a run with pods', () => {
  const journal = [
    { netns: 'node1', command: `kubectl run web --image=nginx ${onNode2}` },
    { netns: 'node1', command: 'sleep 1' },
    { netns: 'pod-1', command: 'ping -c 1 10.244.1.2' },
    { netns: 'node1', command: 'kubectl delete pod web' },
    { netns: 'node1', command: 'sleep 60' },
  ];
  it('is the same every time', () => {
    const scenario = cluster({ pods: [pod1] });
    expect(run(scenario, journal).events).toEqual(run(scenario, journal).events);
  });
  it('is not changed by a look at it', () => {
    const { world } = new Session(cluster());
    const before = world.trace.events.length;
    expect(world.query('node1', 'kubectl get nodes,pods -o wide')).toContain('node/node2');
    expect(world.trace.events.length).toBe(before);
  });
  it('says nothing of Leases that are renewed', () => {
    const { events } = run(cluster({ pods: [pod1] }), [{ netns: 'node1', command: 'sleep 100' }]);
    expect(
      events.filter((event) => event.at > 0 && event.at < 100 * SECOND && event.kind === 'control'),
    ).toEqual([]);
  });
});
