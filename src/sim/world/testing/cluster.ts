/** A small Kubernetes cluster on one switch, and a session on it. */
import { scenarioFromJson } from '../../../scenarios/index';
import { World, type Scenario } from '../../index';

interface ClusterOptions {
  /** Machines node1, node2, … */
  readonly nodes?: number;
  /** Machines that do not join by themselves. */
  readonly later?: readonly number[];
  readonly backend?: 'vxlan' | 'host-gw';
  /** Subnets in etcd in place of podCIDRs. */
  readonly etcd?: boolean;
  readonly pods?: readonly {
    readonly name: string;
    readonly machine: string;
    readonly [more: string]: unknown;
  }[];
}

export function cluster(options: ClusterOptions = {}): Scenario {
  const { nodes = 2, later = [], backend = 'vxlan', etcd = false, pods = [] } = options;
  const numbers = Array.from({ length: nodes }, (_, i) => i + 1);
  const file = {
    version: 1,
    name: 'cluster',
    switches: [{ name: 'lan', bridge: 'sw0', mac: '02:00:00:00:00:01' }],
    machines: numbers.map((n) => ({
      name: `node${n}`,
      nics: [
        {
          name: 'eth0',
          mac: `52:54:0a:a8:00:0${n + 1}`,
          addresses: [`10.168.0.${n + 1}/24`],
          cable: { switch: 'lan' },
        },
      ],
      ...(etcd ? { cni: {} } : {}),
    })),
    pods,
    kubernetes: { on: 'node1' },
    ...(etcd ? { etcd: { on: 'node1' } } : {}),
    flannel: {
      netConf: { Network: '10.244.0.0/16', Backend: { Type: backend } },
      kubeSubnetMgr: !etcd,
      iface: 'eth0',
      nodes: numbers.map((n) => ({
        machine: `node${n}`,
        join: !later.includes(n),
        ...(etcd ? { subnet: `10.244.${n}.0/24` } : {}),
      })),
    },
  };
  const loaded = scenarioFromJson(JSON.stringify(file));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.scenario;
}

export class Session {
  readonly world: World;
  constructor(scenario: Scenario) {
    this.world = World.open(scenario);
  }

  /** Runs a command; what it and those still running printed meanwhile. */
  run(netns: string, command: string): string {
    const { events } = this.world.trace;
    const first = events.length;
    this.world.execute([{ netns, command }]);
    return events
      .slice(first)
      .map((event) => (event.kind === 'output' ? event.text : ''))
      .join('');
  }
  lines(netns: string, command: string): string[] {
    return this.run(netns, command)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');
  }
  wait(seconds: number): this {
    this.run('node1', `sleep ${seconds}`);
    return this;
  }
  exit(): number | undefined {
    const event = this.world.trace.events.findLast((each) => each.kind === 'exit');
    return event?.kind === 'exit' ? event.exit : undefined;
  }
}
