import { describe, expect, it } from 'vitest';
import { cluster, Session } from '../../../world/testing/cluster';
import { age } from './table';

const pod1 = { name: 'pod-1', machine: 'node1', image: 'busybox' };
const onNode2 = `--overrides='{"spec":{"nodeName":"node2"}}'`;
const open = () => new Session(cluster({ pods: [pod1] }));

/** What a command prints on a new cluster with one pod, and its exit code. */
function typed(command: string, ...before: string[]): { text: string; exit: number | undefined } {
  const session = open();
  for (const line of before) {
    session.run('node1', line);
    session.wait(1);
  }
  const text = session.run('node2', command);
  return { text, exit: session.exit() };
}

describe('kubectl get', () => {
  it.each([
    [
      'kubectl get nodes',
      'NAME    STATUS   ROLES    AGE   VERSION\nnode1   Ready    <none>   1s    v1.31.4\nnode2   Ready    <none>   1s    v1.31.4\n',
    ],
    [
      'kubectl get no node2 -o wide',
      'NAME    STATUS   ROLES    AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE                         KERNEL-VERSION   CONTAINER-RUNTIME\n' +
        'node2   Ready    <none>   1s    v1.31.4   10.168.0.3    <none>        Debian GNU/Linux 12 (bookworm)   6.18.0           containerd://1.7.24\n',
    ],
    ['kubectl get po', 'NAME    READY   STATUS    RESTARTS   AGE\npod-1   1/1     Running   0          1s\n'],
    [
      'kubectl get pods -o wide',
      'NAME    READY   STATUS    RESTARTS   AGE   IP           NODE    NOMINATED NODE   READINESS GATES\n' +
        'pod-1   1/1     Running   0          1s    10.244.0.2   node1   <none>           <none>\n',
    ],
    [
      'kubectl get pods -A',
      'NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE\ndefault     pod-1   1/1     Running   0          1s\n',
    ],
    [
      'kubectl get nodes,pods',
      'NAME         STATUS   ROLES    AGE   VERSION\nnode/node1   Ready    <none>   1s    v1.31.4\nnode/node2   Ready    <none>   1s    v1.31.4\n\n' +
        'NAME        READY   STATUS    RESTARTS   AGE\npod/pod-1   1/1     Running   0          1s\n',
    ],
    ['kubectl get pod/pod-1 node/node2 -o name', 'pod/pod-1\nnode/node2\n'],
    ['kubectl get pods --no-headers', 'pod-1   1/1   Running   0     1s\n'],
    ['kubectl -n default get pods pod-1 -oname', 'pod/pod-1\n'],
    ['kubectl version --client', 'Client Version: v1.31.4\nKustomize Version: v5.4.2\n'],
  ])('%s', (command, text) => {
    expect(typed(command)).toEqual({ text, exit: 0 });
  });

  it('prints an object as YAML and as JSON', () => {
    const { text } = typed('kubectl get node node2 -o yaml');
    expect(text).toContain('    flannel.alpha.coreos.com/backend-data: \'{"VNI":1,"VtepMAC":"');
    expect(text).toContain('    flannel.alpha.coreos.com/kube-subnet-manager: "true"\n');
    expect(text).toContain('    flannel.alpha.coreos.com/public-ip: 10.168.0.3\n');
    expect(text).toContain('spec:\n  podCIDR: 10.244.1.0/24\n  podCIDRs:\n  - 10.244.1.0/24\n');
    const pod = JSON.parse(typed('kubectl get pod pod-1 -o json').text) as object;
    expect(pod).toMatchObject({
      kind: 'Pod',
      spec: { nodeName: 'node1', containers: [{ image: 'busybox' }] },
      status: { phase: 'Running', podIP: '10.244.0.2' },
    });
    const list = JSON.parse(typed('kubectl get nodes -o json').text) as object;
    expect(list).toMatchObject({ kind: 'List', items: [{ kind: 'Node' }, { kind: 'Node' }] });
  });

  it('follows changes with -w', () => {
    const session = open();
    session.world.execute([
      { netns: 'node1', command: 'kubectl get pods -w &' },
      { netns: 'node1', command: `kubectl run web --image=nginx ${onNode2}` },
      { netns: 'node1', command: 'sleep 1' },
      { netns: 'node1', command: 'kubectl delete pod web' },
    ]);
    session.world.finish();
    const lines = session.world.trace.events
      .flatMap((event) => (event.kind === 'output' ? event.text.split('\n') : []))
      .filter((line) => /^web /.test(line));
    expect(lines.map((line) => line.split(/\s+/).slice(0, 3).join(' '))).toEqual([
      'web 0/1 Pending',
      'web 0/1 ContainerCreating',
      'web 1/1 Running',
      'web 1/1 Terminating',
      'web 1/1 Terminating',
    ]);
  });
});

describe('kubectl says what it does', () => {
  it.each([
    [`kubectl run web --image=nginx ${onNode2}`, 'pod/web created\n'],
    ['kubectl delete pod pod-1', 'pod "pod-1" deleted\n'],
    ['kubectl delete pod/pod-1 --wait=false', 'pod "pod-1" deleted\n'],
    [
      'kubectl delete pod pod-1 --force',
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\npod "pod-1" force deleted\n',
    ],
    ['kubectl delete node node2', 'node "node2" deleted\n'],
    ['kubectl cordon node2', 'node/node2 cordoned\n'],
    ['kubectl uncordon node2', 'node/node2 already uncordoned\n'],
    ['kubectl annotate node node2 a=b', 'node/node2 annotated\n'],
    [
      'kubectl drain node1 --force',
      'node/node1 cordoned\nWarning: deleting Pods that declare no controller: default/pod-1\nevicting pod default/pod-1\npod/pod-1 evicted\nnode/node1 drained\n',
    ],
  ])('%s', (command, text) => {
    expect(typed(command)).toEqual({ text, exit: 0 });
  });

  it('shows a cordoned node', () => {
    expect(typed('kubectl get node node2', 'kubectl cordon node2').text).toContain(
      'NAME    STATUS                     ROLES    AGE   VERSION\nnode2   Ready,SchedulingDisabled   <none>   2s    v1.31.4\n',
    );
    expect(typed('kubectl get pods -o wide', 'kubectl cordon node2', 'kubectl run a --image=x').text).toMatch(
      /^a .* node1 /m,
    );
  });

  it('runs a command in a pod, wherever it is', () => {
    const session = open();
    expect(session.run('node2', 'kubectl exec -it pod-1 -- ip -br addr show eth0')).toMatch(
      /^eth0@if\d+ +UP +10\.244\.0\.2\/24/,
    );
    expect(session.run('node2', 'kubectl exec pod-1 -- ping -c 1 -W 1 10.99.0.1')).toContain(
      '100% packet loss',
    );
    expect(session.exit()).toBe(1);
  });

  it('runs a pod for one command', () => {
    const session = open();
    const line = `kubectl run -it --rm tmp --image=busybox ${onNode2} -- ping -c 1 10.244.0.2`;
    const text = session.run('node1', line);
    expect(text).toContain('64 bytes from 10.244.0.2: icmp_seq=1 ttl=62');
    expect(text).toMatch(/\npod "tmp" deleted\n$/);
    expect(session.exit()).toBe(0);
    session.wait(2);
    expect(session.world.namespaces).not.toContain('tmp');
    expect(session.run('node1', 'kubectl run --rm x --image=a')).toBe(
      'error: --rm should only be used for attached containers\n',
    );
  });

  it('describes', () => {
    expect(typed('kubectl describe node node1').text).toMatch(/^PodCIDR: +10\.244\.0\.0\/24$/m);
    expect(typed('kubectl describe pod pod-1').text).toMatch(/^Node: +node1\/10\.168\.0\.2$/m);
  });
});

describe('kubectl refuses', () => {
  it.each([
    ['kubectl get pod x', 'Error from server (NotFound): pods "x" not found\n'],
    ['kubectl get nodes x', 'Error from server (NotFound): nodes "x" not found\n'],
    ['kubectl get foo', 'error: the server doesn\'t have a resource type "foo"\n'],
    ['kubectl delete pod x', 'Error from server (NotFound): pods "x" not found\n'],
    ['kubectl delete pod', 'error: resource(s) were provided, but no name was specified\n'],
    ['kubectl run pod-1 --image=nginx', 'Error from server (AlreadyExists): pods "pod-1" already exists\n'],
    ['kubectl run web', 'error: required flag(s) "image" not set\n'],
    [
      'kubectl run web --image=nginx --restart=Sometimes',
      "error: invalid restart policy: Sometimes\nSee 'kubectl run -h' for help and examples\n",
    ],
    ["kubectl run web --image='a b'", 'error: Invalid image name "a b": invalid reference format\n'],
    ["kubectl run web --image=nginx --overrides='{'", 'error: Invalid JSON Patch\n'],
    ['kubectl get pods --foo', "error: unknown flag: --foo\nSee 'kubectl get --help' for usage.\n"],
    [
      'kubectl get pods -o',
      "error: flag needs an argument: 'o' in -o\nSee 'kubectl get --help' for usage.\n",
    ],
    ['kubectl frob', 'error: unknown command "frob" for "kubectl"\n'],
    ['kubectl exec pod-1', 'error: you must specify at least one command for the container\n'],
    ['kubectl cordon x', 'Error from server (NotFound): nodes "x" not found\n'],
    [
      'kubectl annotate node node2 flannel.alpha.coreos.com/backend-type=udp',
      "error: --overwrite is false but found the following declared annotation(s): 'flannel.alpha.coreos.com/backend-type' already has a value (vxlan)\n",
    ],
    [
      'kubectl run Web --image=nginx',
      "The Pod \"Web\" is invalid: metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n",
    ],
  ])('%s', (command, text) => {
    expect(typed(command)).toEqual({ text, exit: 1 });
  });

  it('what is there besides what is not', () => {
    expect(typed('kubectl get pods pod-1 x')).toEqual({
      text: 'NAME    READY   STATUS    RESTARTS   AGE\npod-1   1/1     Running   0          1s\nError from server (NotFound): pods "x" not found\n',
      exit: 1,
    });
  });

  it('has nothing to show', () => {
    const none = new Session(cluster());
    expect(none.run('node1', 'kubectl get pods')).toBe('No resources found in default namespace.\n');
    expect(none.run('node1', 'kubectl get pods -n kube-system')).toBe(
      'No resources found in kube-system namespace.\n',
    );
    expect(none.run('node1', 'kubectl get pods -A')).toBe('No resources found\n');
    expect(none.exit()).toBe(0);
  });

  it('drains only what can be made anew, unless told to', () => {
    const { text, exit } = typed('kubectl drain node1');
    expect(exit).toBe(1);
    expect(text).toContain('node/node1 cordoned\nerror: unable to drain node "node1" due to error: ');
  });

  it('is not there inside a pod', () => {
    const session = open();
    expect(session.run('pod-1', 'kubectl get pods')).toBe('bash: kubectl: command not found\n');
    expect(session.exit()).toBe(127);
  });
});

describe('AGE', () => {
  it.each([
    [-1, '0s'],
    [119, '119s'],
    [120, '2m'],
    [185, '3m5s'],
    [600, '10m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [9 * 3600 + 60, '9h'],
    [49 * 3600, '2d1h'],
  ])('%s s is %s', (seconds, text) => {
    expect(age(seconds * 1e9)).toBe(text);
  });
});
