/** Kubernetes' share of the boot: where kube-apiserver runs, what it knows beforehand, and the nodes' kubelets. */
import { kubelet, parseNetConf, type KubeOptions } from '../daemons/index';
import type { Prefix } from '../wire/index';
import { hostDaemon, type DaemonHost } from './daemon-host';
import { KubeHost } from './kube-host';
import type { Machine } from './machine';
import type { CniSpec, Scenario } from './scenario';
import type { Site } from './site';

/**
 * The machine kube-apiserver runs on. A scenario that names none has one as soon as some machine runs pods: beside etcd,
 * or on the first of these machines.
 */
export function kubeHome(scenario: Scenario): string | undefined {
  if (scenario.kubernetes) return scenario.kubernetes.on;
  const first = scenario.machines.find((machine) => machine.cni);
  return first && (scenario.etcd?.on ?? first.name);
}

/** kube-controller-manager gives out podCIDRs only where flannel takes its subnets from them. */
function kubeOptions(scenario: Scenario): KubeOptions {
  const { flannel } = scenario;
  const conf = flannel?.kubeSubnetMgr ? parseNetConf(flannel.netConf) : undefined;
  const podCidrs = new Map<string, Prefix>();
  for (const node of flannel?.kubeSubnetMgr ? flannel.nodes : [])
    if (node.subnet) podCidrs.set(node.machine, node.subnet);
  const pods = scenario.machines.flatMap((machine) =>
    (machine.cni?.pods ?? []).map(({ name, image }) => ({
      name,
      image,
      restartPolicy: 'Always' as const,
      nodeName: machine.name,
    })),
  );
  return {
    ...(conf?.ok ? { clusterCidr: conf.value.network } : {}),
    nodeCidrLen: conf?.ok ? conf.value.subnetLen : 24,
    podCidrs,
    pods,
  };
}

export function kubeHost(site: Site, scenario: Scenario, machine: Machine): KubeHost {
  const host = new KubeHost(machine, kubeOptions(scenario), (name) => site.machines.get(name));
  site.kubeHost = host;
  return host;
}

/** `flannel`: the machine runs flanneld, whose subnet.env the pods' network comes from. */
export function kubeletHost(
  site: Site,
  scenario: Scenario,
  machine: Machine,
  spec: CniSpec,
  flannel: boolean,
): DaemonHost {
  const options = {
    ...spec,
    node: machine.name,
    seed: `${scenario.name}/${machine.name}`,
    flannel,
    hostHandle: machine.root.handle,
    room: () => machine.room,
  };
  return hostDaemon(machine, kubelet(options), site);
}
