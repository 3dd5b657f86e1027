import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cluster, Session } from './testing/cluster';

const node = fc.constantFrom('node1', 'node2', 'node3');
const pod = fc.constantFrom('a', 'b', 'c');
const command = fc.oneof(
  { weight: 4, arbitrary: pod.map((name) => `node1 kubectl run ${name} --image=nginx`) },
  fc
    .tuple(pod, node)
    .map(([p, n]) => `node1 kubectl run ${p} --image=x --overrides='{"spec":{"nodeName":"${n}"}}'`),
  { weight: 3, arbitrary: pod.map((name) => `node1 kubectl delete pod ${name} --wait=false`) },
  pod.map((name) => `node1 kubectl delete pod ${name} --force`),
  pod.map((name) => `node1 kubectl exec ${name} -- ping -i 0.3 10.244.1.1 &`),
  node.map((name) => `node1 kubectl delete node ${name}`),
  node.map((name) => `node1 kubectl cordon ${name}`),
  node.map((name) => `node1 kubectl uncordon ${name}`),
  fc
    .tuple(node, fc.constantFrom('kubelet', 'flanneld'), fc.constantFrom('stop', 'start', 'restart'))
    .map(([n, unit, verb]) => `${n} systemctl ${verb} ${unit}`),
  fc.constantFrom('node1 systemctl stop kube-apiserver', 'node1 systemctl start kube-apiserver'),
  fc.constantFrom('0.0003', '0.5', '1.2', '45').map((time) => `node1 sleep ${time}`),
);

/** Objects, machines and addresses agree once everything runs and has had its time. */
function check(session: Session): void {
  const pods = session
    .lines('node1', 'kubectl get pods -o wide --no-headers')
    .map((line) => line.split(/\s+/));
  // A name that is taken on another machine stands with its own machine's.
  const made = session.world.namespaces.flatMap((id) => /^(?:node\d\.)?([abc])$/.exec(id)?.[1] ?? []).sort();
  const running = pods.filter((row) => row[2] === 'Running');
  expect(running.map((row) => row[0]).sort()).toEqual(made);
  const ips = running.map((row) => row[5] ?? '');
  expect(new Set(ips).size).toBe(ips.length);
  for (const [name = '', , , , , ip = ''] of running) {
    expect(session.run('node1', `kubectl exec ${name} -- ip -br addr show eth0`)).toContain(`${ip}/24`);
  }
}

describe('whatever is done to a cluster', () => {
  it('it comes to rest as its objects say', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 14 }), (commands) => {
        const session = new Session(cluster({ nodes: 3 }));
        for (const line of commands) {
          const at = line.indexOf(' ');
          session.run(line.slice(0, at), line.slice(at + 1));
        }
        session.run('node1', 'systemctl start kube-apiserver');
        for (const name of ['node1', 'node2', 'node3']) session.run(name, 'systemctl restart kubelet');
        session.wait(60);
        check(session);
        expect(session.world.stopped).toBe(false);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
