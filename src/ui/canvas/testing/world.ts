/** Worlds for tests, told as the trace tells them: by changes of the tables. */
import type {
  AddrRow,
  ChangeEvent,
  FdbRow,
  LinkKind,
  LinkRow,
  NetnsRow,
  ProcessRow,
  TableName,
  TableRows,
  TraceEvent,
} from '../../../sim/kernel/trace';

interface LinkOptions {
  readonly master?: string;
  readonly peer?: readonly [netns: string, dev: string];
  readonly address?: string;
  readonly local?: string;
}

export class WorldScript {
  readonly events: TraceEvent[] = [];
  private indexes = 0;

  netns(id: string, role: NetnsRow['role'], parent?: string): this {
    const row: NetnsRow = { id, machine: parent ?? id, role, ...(parent === undefined ? {} : { parent }) };
    this.change(id, 'netns', id, undefined, row);
    return this.link(id, 'lo', 'loopback');
  }

  link(netns: string, ifname: string, kind: LinkKind, options: LinkOptions = {}): this {
    const ifindex = ++this.indexes;
    const row: LinkRow = {
      ifindex,
      ifname,
      flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
      mtu: 1500,
      qdisc: 'noqueue',
      operstate: 'UP',
      group: 'default',
      txqlen: 1000,
      link_type: 'ether',
      address: `02:00:00:00:${String(ifindex >> 8).padStart(2, '0')}:${(ifindex & 255).toString(16).padStart(2, '0')}`,
      broadcast: 'ff:ff:ff:ff:ff:ff',
      kind,
      ...(options.master === undefined ? {} : { master: options.master }),
      ...(options.peer === undefined ? {} : { peer: { netns: options.peer[0], dev: options.peer[1] } }),
      ...(kind === 'vxlan' ? { vxlan: vxlan(options.local) } : {}),
    };
    this.change(netns, 'link', String(ifindex).padStart(6, '0'), undefined, row);
    if (options.address !== undefined) this.address(netns, ifname, options.address);
    return this;
  }

  /** Both ends at once. */
  cable(
    a: readonly [string, string],
    b: readonly [string, string],
    kind: LinkKind = 'nic',
    master?: string,
  ): this {
    this.link(a[0], a[1], kind, { peer: b });
    return this.link(b[0], b[1], kind, { peer: a, ...(master === undefined ? {} : { master }) });
  }

  address(netns: string, dev: string, cidr: string): this {
    const [local = '', prefixlen = '32'] = cidr.split('/');
    const row: AddrRow = {
      dev,
      family: 'inet',
      local,
      prefixlen: Number(prefixlen),
      scope: 'global',
      label: dev,
    };
    return this.change(netns, 'addr', `${dev} ${local}`, undefined, row);
  }

  fdb(netns: string, ifname: string, mac: string, dst: string): this {
    const row: FdbRow = { mac, ifname, dst, flags: ['self'], state: 'permanent' };
    return this.change(netns, 'fdb', `${ifname} ${mac}`, undefined, row);
  }

  process(netns: string, name: string): this {
    const row: ProcessRow = { name, pid: 100 + this.events.length, state: 'running' };
    return this.change(netns, 'process', name, undefined, row);
  }

  /** A program reads from a TUN device, or writes to it. */
  tunnels(netns: string, process: string, dev: string): this {
    const copy: TraceEvent = {
      kind: 'copy',
      seq: this.events.length,
      at: this.events.length,
      machine: netns,
      netns,
      cause: -1,
      frame: 0,
      direction: 'to-user',
      process,
      via: `read ${dev}`,
      bytes: 84,
      switches: 1,
    };
    this.events.push(copy);
    return this;
  }

  removeProcess(netns: string, name: string): this {
    return this.change(netns, 'process', name, { name, pid: 1, state: 'running' }, undefined);
  }

  removeLink(netns: string, ifname: string): this {
    const added = this.events.findLast(
      (event) =>
        event.kind === 'change' &&
        event.netns === netns &&
        'ifname' in (event.after ?? {}) &&
        (event.after as LinkRow).ifname === ifname,
    ) as ChangeEvent<'link'>;
    return this.change(netns, 'link', added.key, added.after, undefined);
  }

  removeNetns(id: string): this {
    const row = { id, machine: id, role: 'pod' } as const;
    return this.change(id, 'netns', id, row, undefined);
  }

  private change<T extends TableName>(
    netns: string,
    table: T,
    key: string,
    before: TableRows[T] | undefined,
    after: TableRows[T] | undefined,
  ): this {
    const event: ChangeEvent<T> = {
      kind: 'change',
      seq: this.events.length,
      at: this.events.length,
      machine: netns,
      netns,
      cause: -1,
      table,
      key,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
    this.events.push(event);
    return this;
  }
}

const vxlan = (local = '0.0.0.0') => ({
  id: 1,
  local,
  dev: 'eth0',
  port: 8472,
  learning: false,
  ttl: 0,
  ageing: 300,
  udpCsum: true,
});

/** Machines on one switch, each with a bridge, pods and what the network plugin makes. */
export function cluster(
  pods: readonly number[],
  plugin: 'vxlan' | 'host-gw' | 'routed' = 'vxlan',
): WorldScript {
  const world = new WorldScript();
  world.netns('lan', 'switch').link('lan', 'sw0', 'bridge');
  pods.forEach((count, i) => {
    const node = `node${i + 1}`;
    world.netns(node, 'host');
    world.cable([node, 'eth0'], ['lan', `p-${node}`], 'nic', 'sw0');
    world.address(node, 'eth0', `10.168.${i >> 8}.${(i & 255) + 2}/16`);
    for (const name of ['etcd', 'flanneld', 'dockerd'].slice(i === 0 ? 0 : 1)) world.process(node, name);
    if (plugin !== 'routed') world.link(node, 'docker0', 'bridge', { address: `10.${i}.15.1/24` });
    if (plugin === 'vxlan') {
      world.link(node, 'flannel.1', 'vxlan', {
        local: `10.168.${i >> 8}.${(i & 255) + 2}`,
        address: `10.${i}.15.0/32`,
      });
    }
    for (let pod = 1; pod <= count; pod++) {
      const id = `container-${i + 1}-${pod}`;
      const port = plugin === 'routed' ? `cali${i}x${pod}` : `veth${i + 1}container-${pod}`.slice(0, 15);
      world.netns(id, 'container', node);
      world.cable([id, 'eth0'], [node, port], 'veth', plugin === 'routed' ? undefined : 'docker0');
      world.address(id, 'eth0', `10.${i}.15.${pod + 1}/24`);
    }
  });
  return world;
}
