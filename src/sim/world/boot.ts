/**
 * Builds the world before time 0, in the order in which it happens in a machine room: switches and machines get power,
 * cables carry, etcd starts, the nodes join one after another, containers start, the scenario's own set-up runs.
 */
import type { DaemonHost } from './daemon-host';
import { hostDaemon } from './daemon-host';
import { CONFIG_KEY, dockerd, flanneld, SUBNET_ENV } from '../daemons/index';
import type { EventSeq } from '../kernel/trace';
import { parsePrefix, type Prefix } from '../wire/index';
import { kubeHome, kubeHost, kubeletHost } from './boot-kube';
import { EtcdHost } from './etcd-host';
import { control } from './stamp';
import type { Machine } from './machine';
import type {
  CableEnd,
  CableSpec,
  DockerSpec,
  FlannelNodeSpec,
  MachineSpec,
  NicSpec,
  Scenario,
} from './scenario';
import { BOOT_START, type Site } from './site';

const MS = 1_000_000;
const ETCD_AT = -1_500 * MS;
const NODES_AT = -1_400 * MS;
const SETUP_AT = -300 * MS;
/** Between two set-up commands. */
const SETUP_STEP = 10_000;
const LAST_SETUP_AT = -2 * MS;

export interface SetupFailure {
  /** `line 12`, `setup[3]`, `machines[0].routes[1]`. */
  readonly place: string;
  readonly command: string;
  readonly output: string;
  /** -1: it did not end before the network was up. */
  readonly exit: number;
}

interface DockerDefaults {
  readonly bip: Prefix;
  readonly mtu: number;
  readonly ipMasq: boolean;
}
const DOCKER_ALONE: DockerDefaults = { bip: { addr: 0xac110001, len: 16 }, mtu: 1500, ipMasq: true };

export class Boot {
  readonly failures: SetupFailure[] = [];
  readonly #waiting = new Map<string, (env: ReadonlyMap<string, string>, cause: EventSeq) => void>();

  constructor(
    private readonly site: Site,
    private readonly scenario: Scenario,
  ) {}

  /** Puts everything that happens before time 0 into the queue. */
  schedule(): void {
    const { site, scenario } = this;
    const { engine } = site.ground;
    site.onFile = (machine, path, text, cause) => {
      if (path === SUBNET_ENV) this.#waiting.get(machine.name)?.(readEnv(text), cause);
      this.#waiting.delete(machine.name);
    };
    engine.at(BOOT_START, () => this.#power());
    if (scenario.etcd) engine.at(ETCD_AT, () => this.#startEtcd());
    const apiserver = kubeHome(scenario);
    if (apiserver !== undefined) engine.at(ETCD_AT, () => this.#startKube(apiserver));
    this.#scheduleNodes();
    this.#scheduleSetup();
  }

  #control(machine: Machine, by: string, action: string, text: string): EventSeq {
    return control(machine.root, -1, { by, protocol: 'log', action, text });
  }

  // ---- machines and cables -----------------------------------------------------------------------------------------

  #power(): void {
    const { site, scenario } = this;
    for (const { name, bridge, mac, mtu } of scenario.switches) {
      const machine = site.addMachine(name, 'switch', -1);
      const cause = this.#control(machine, 'init', 'boot', `${name} starts`);
      const netlink = machine.root.netlink({ by: 'init', cause });
      netlink.setLink('lo', { up: true });
      netlink.newLink({
        name: bridge,
        kind: 'bridge',
        mac,
        mtu,
        up: true,
        bridge: { stp: false, mcastSnooping: false },
      });
    }
    const boots = new Map<string, EventSeq>();
    for (const { name, role } of scenario.machines) {
      const machine = site.addMachine(name, role, -1);
      const cause = this.#control(machine, 'init', 'boot', `${name} starts`);
      boots.set(name, cause);
      machine.root.netlink({ by: 'init', cause }).setLink('lo', { up: true });
    }
    const plugged = new Set<CableSpec>();
    for (const spec of scenario.machines) {
      const cause = boots.get(spec.name) ?? -1;
      for (const nic of spec.nics) this.#plug(spec, nic, plugged, cause);
      this.#configure(spec, cause);
    }
  }

  #plug(spec: MachineSpec, nic: NicSpec, plugged: Set<CableSpec>, cause: EventSeq): void {
    const isMine = (end: CableEnd) => end.kind === 'nic' && end.machine === spec.name && end.nic === nic.name;
    const cable = this.scenario.cables.find(({ a, b }) => isMine(a) || isMine(b));
    if (!cable || plugged.has(cable)) return;
    plugged.add(cable);
    const far = isMine(cable.a) ? cable.b : cable.a;
    const other = this.site.machines.get(far.kind === 'nic' ? far.machine : far.switch);
    const own = this.site.machines.get(spec.name);
    if (!other || !own) return;
    const farNic = far.kind === 'nic' ? this.#nic(far.machine, far.nic) : undefined;
    const peer =
      far.kind === 'nic'
        ? { name: far.nic, netns: other.root.handle, mac: farNic?.mac, mtu: farNic?.mtu ?? nic.mtu }
        : { name: far.port, netns: other.root.handle, mac: far.mac, mtu: nic.mtu };
    own.root
      .netlink({ by: 'init', cause })
      .newLink({ name: nic.name, kind: 'nic', mac: nic.mac, mtu: nic.mtu, peer });
    if (far.kind === 'nic') return;
    const lan = this.scenario.switches.find(({ name }) => name === far.switch);
    if (lan) other.root.netlink({ by: 'init', cause }).setLink(far.port, { master: lan.bridge, up: true });
  }

  #nic(machine: string, nic: string): NicSpec | undefined {
    return this.scenario.machines.find(({ name }) => name === machine)?.nics.find(({ name }) => name === nic);
  }

  #configure(spec: MachineSpec, cause: EventSeq): void {
    const root = this.site.machines.get(spec.name)?.root;
    if (!root) return;
    const netlink = root.netlink({ by: 'init', cause });
    if (spec.forward) netlink.setSysctl('net.ipv4.ip_forward', '1');
    for (const nic of spec.nics) {
      for (const { addr, len } of nic.addresses)
        netlink.newAddr({ dev: nic.name, local: addr, prefixlen: len });
      if (nic.up) netlink.setLink(nic.name, { up: true });
    }
    const index = this.scenario.machines.indexOf(spec);
    spec.sysctls.forEach(({ name, value }) => {
      const done = netlink.setSysctl(name, value);
      const place = `machines[${index}].sysctls["${name}"]`;
      if (!done.ok)
        this.failures.push({ place, command: `sysctl -w ${name}=${value}`, output: done.error, exit: 255 });
    });
    // Routes wait until every cable of the room carries.
    spec.routes.forEach((words, i) => {
      const place = `machines[${index}].routes[${i}]`;
      this.site.ground.engine.at(BOOT_START + MS, () =>
        this.#run(spec.name, `ip route add ${words}`, place, false),
      );
    });
  }

  // ---- daemons -----------------------------------------------------------------------------------------------------

  #startEtcd(): void {
    const { site, scenario } = this;
    const machine = site.machines.get(scenario.etcd?.on ?? '');
    if (!machine) return;
    const { root } = machine;
    const etcd = new EtcdHost(machine);
    site.etcdHost = etcd;
    machine.daemons.set(etcd.name, etcd);
    const cause = this.#control(machine, 'etcd', 'start', 'etcd starts');
    etcd.start(cause);
    if (!scenario.flannel) return;
    const peer = { name: 'etcdctl', netns: root };
    etcd.client(peer, cause).put(CONFIG_KEY, scenario.flannel.netConf);
  }

  #startKube(name: string): void {
    const machine = this.site.machines.get(name);
    if (machine) this.#start(machine, kubeHost(this.site, this.scenario, machine));
  }

  #scheduleNodes(): void {
    const { machines, flannel } = this.scenario;
    const nodes = new Map(flannel?.nodes.map((node) => [node.machine, node] as const));
    const order = [...machines].sort((a, b) => place(nodes, a.name) - place(nodes, b.name));
    const step = Math.floor(Math.min(20 * MS, (500 * MS) / Math.max(1, machines.length)));
    order.forEach((spec, i) => {
      this.site.ground.engine.at(NODES_AT + i * step, () => this.#startNode(spec, nodes.get(spec.name)));
    });
  }

  #startNode(spec: MachineSpec, node: FlannelNodeSpec | undefined): void {
    const machine = this.site.machines.get(spec.name);
    if (!machine) return;
    const { flannel } = this.scenario;
    if (spec.cni) {
      const kubelet = kubeletHost(this.site, this.scenario, machine, spec.cni, node !== undefined);
      if (node?.join !== false) this.#start(machine, kubelet);
    }
    if (!node) {
      if (spec.docker) this.#startDocker(machine, spec.docker, DOCKER_ALONE);
      return;
    }
    const host = hostDaemon(
      machine,
      flanneld({
        seed: `${this.scenario.name}/${spec.name}`,
        iface: node.iface,
        previousSubnet: node.subnet,
        vtepMac: node.vtepMac,
        ...(flannel ? { ipMasq: flannel.ipMasq, forwardRules: flannel.forwardRules } : {}),
        udpAddress: flannel?.udpAddress,
        ...(flannel?.kubeSubnetMgr ? { kube: { node: spec.name, netConf: flannel.netConf } } : {}),
      }),
      this.site,
    );
    // dockerd is started with flannel's values (--bip, --mtu): it needs subnet.env first.
    this.#waiting.set(spec.name, (env, cause) => {
      const bip = prefixIn(env, 'FLANNEL_SUBNET') ?? DOCKER_ALONE.bip;
      const mtu = Number(env.get('FLANNEL_MTU') ?? DOCKER_ALONE.mtu);
      // mk-docker-opts.sh: the one of the two that does not masquerade leaves it to the other.
      const ipMasq = env.get('FLANNEL_IPMASQ') !== 'true';
      if (spec.docker) this.#startDocker(machine, spec.docker, { bip, mtu, ipMasq }, cause);
    });
    if (!node.join) return;
    if (!flannel?.kubeSubnetMgr) return this.#start(machine, host);
    // It reads its subnet from the Node that the kubelet registers.
    this.site.ground.engine.after(MS, () => this.#start(machine, host));
  }

  #start(machine: Machine, host: DaemonHost, cause?: EventSeq): void {
    const text = `${host.name} starts`;
    const by = host.name;
    host.start(control(machine.root, cause ?? -1, { by, protocol: 'log', action: 'start', text }));
  }

  #startDocker(machine: Machine, spec: DockerSpec, defaults: DockerDefaults, cause?: EventSeq): void {
    const options = {
      ...spec,
      seed: `${this.scenario.name}/${machine.name}`,
      bip: spec.bip ?? defaults.bip,
      mtu: spec.mtu ?? defaults.mtu,
      ipMasq: spec.ipMasq ?? defaults.ipMasq,
      handleOf: (name: string) => ({ id: machine.netnsIdOf(name), machine: machine.name }),
      room: () => machine.room,
    };
    this.#start(machine, hostDaemon(machine, dockerd(options), this.site), cause);
  }

  // ---- set-up commands ---------------------------------------------------------------------------------------------

  #scheduleSetup(): void {
    const { setup } = this.scenario;
    const step = Math.min(SETUP_STEP, Math.floor((LAST_SETUP_AT - SETUP_AT) / Math.max(1, setup.length)));
    setup.forEach(({ netns, command, place, mayFail }, i) => {
      this.site.ground.engine.at(SETUP_AT + i * step, () =>
        this.#run(netns, command, place, mayFail ?? false),
      );
    });
    // What has not ended by then would run into the time of the journal.
    this.site.ground.engine.at(-MS, () => {
      for (const stop of this.#running) stop();
    });
  }

  readonly #running = new Set<() => void>();

  #run(id: string, command: string, place: string, mayFail: boolean): void {
    const netns = this.site.netns(id);
    if (!netns) {
      this.failures.push({ place, command, output: `there is no namespace "${id}"`, exit: 1 });
      return;
    }
    let late = false;
    let ended = false;
    // The command's own event is the next one.
    const first = this.site.lastSeq + 1;
    const run = this.site.startCommand(netns, command, 'boot', (exit) => {
      ended = true;
      if ((exit === 0 && !late) || mayFail) return;
      this.failures.push({ place, command, output: this.#outputSince(first), exit: late ? -1 : exit });
    });
    if (ended) return;
    this.#running.add(() => {
      late = true;
      run.process.interrupt();
    });
  }

  #outputSince(seq: EventSeq): string {
    const { events } = this.site.ground.tracer;
    return events
      .slice(seq)
      .map((event) => (event.kind === 'output' && event.cause === seq ? event.text : ''))
      .join('')
      .trim();
  }
}

function place(nodes: ReadonlyMap<string, FlannelNodeSpec>, name: string): number {
  const at = [...nodes.keys()].indexOf(name);
  return at < 0 ? nodes.size : at;
}

function readEnv(text: string): Map<string, string> {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
  });
  return new Map(pairs);
}
function prefixIn(env: ReadonlyMap<string, string>, name: string): Prefix | undefined {
  const prefix = parsePrefix(env.get(name) ?? '');
  return prefix.ok ? prefix.value : undefined;
}
