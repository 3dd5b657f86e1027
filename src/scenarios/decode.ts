/** From a valid scenario file to a world's description: addresses read, references checked, cables joined, defaults filled. */
import {
  builtBackends,
  parseNetConf,
  type CableEnd,
  type CableSpec,
  type ContainerSpec,
  type FlannelSpec,
  type JournalEntry,
  type MachineSpec,
  type PortSpec,
  type Scenario,
} from '../sim/index';
import {
  isMulticastMac,
  parseIp4,
  parseMac,
  parsePrefix,
  type Ip4,
  type Mac,
  type Prefix,
} from '../sim/wire/index';
import type { Result } from '../base/result';
import type { NetworkFile } from './format';
import { netConfTextZh } from './net-conf-text';
import { LIMITS, problem, SECOND_NS, type Bilingual, type InputProblem } from './types';

type MachineFile = NetworkFile['machines'][number];
type NicFile = MachineFile['nics'][number];
type ContainerFile = NetworkFile['pods'][number];
type DockerFile = NetworkFile['containers'][number];

/** Reads values and collects what is wrong with them; a wrong one becomes a harmless stand-in. */
class Decoder {
  readonly problems: InputProblem[] = [];
  readonly notes: Bilingual[] = [];

  fail(place: string, en: string, zh: string): void {
    this.problems.push(problem(place, en, zh));
  }

  #read<T>(place: string, text: string, read: (text: string) => Result<T>, zh: string): T | undefined {
    const value = read(text);
    if (value.ok) return value.value;
    this.fail(place, value.error, `${JSON.stringify(text)} ${zh}`);
    return undefined;
  }

  ip(place: string, text: string | undefined): Ip4 | undefined {
    return text === undefined
      ? undefined
      : this.#read(place, text, parseIp4, '不是 IPv4 地址，应为四个 0 到 255 之间的数');
  }
  prefix(place: string, text: string | undefined): Prefix | undefined {
    return text === undefined
      ? undefined
      : this.#read(place, text, parsePrefix, '不是带前缀长度的 IPv4 地址');
  }
  mac(place: string, text: string | undefined): Mac | undefined {
    if (text === undefined) return undefined;
    const mac = this.#read(place, text, parseMac, '不是 MAC 地址');
    if (mac === undefined) return undefined;
    if (mac !== 0 && !isMulticastMac(mac)) return mac;
    this.fail(
      place,
      `${text} cannot be a device's MAC address: it is all zero or a group address`,
      `${text} 不能作为设备的 MAC 地址：全零或组播地址`,
    );
    return undefined;
  }

  /** A name that must not occur twice among `seen`. */
  unique(place: string, name: string, seen: Set<string>): void {
    if (seen.has(name)) this.fail(place, `the name "${name}" is already taken`, `名称 "${name}" 已被使用`);
    seen.add(name);
  }
  known(place: string, name: string, names: ReadonlySet<string>, what: Bilingual): boolean {
    if (names.has(name)) return true;
    this.fail(place, `there is no ${what.en} "${name}"`, `没有名为 "${name}" 的${what.zh}`);
    return false;
  }
}

const MACHINE: Bilingual = { en: 'machine', zh: '机器' };
const SWITCH: Bilingual = { en: 'switch', zh: '交换机' };
const NETNS: Bilingual = { en: 'network namespace', zh: '网络命名空间' };

function checkNames(
  decoder: Decoder,
  file: NetworkFile,
): { netns: Set<string>; machines: Set<string>; switches: Set<string> } {
  const netns = new Set<string>();
  file.switches.forEach(({ name }, i) => decoder.unique(`switches[${i}].name`, name, netns));
  file.machines.forEach(({ name, nics }, i) => {
    decoder.unique(`machines[${i}].name`, name, netns);
    const seen = new Set(['lo']);
    nics.forEach((nic, j) => decoder.unique(`machines[${i}].nics[${j}].name`, nic.name, seen));
  });
  file.containers.forEach(({ name }, i) => decoder.unique(`containers[${i}].name`, name, netns));
  file.pods.forEach(({ name }, i) => decoder.unique(`pods[${i}].name`, name, netns));
  const count = file.containers.length + file.pods.length;
  if (count > LIMITS.containers) {
    const limit = LIMITS.containers;
    decoder.fail(
      'containers',
      `there are ${count} containers and pods; at most ${limit}`,
      `容器与 Pod 共 ${count} 个，最多 ${limit} 个`,
    );
  }
  return {
    netns,
    machines: new Set(file.machines.map(({ name }) => name)),
    switches: new Set(file.switches.map(({ name }) => name)),
  };
}

function cables(decoder: Decoder, file: NetworkFile, names: ReturnType<typeof checkNames>): CableSpec[] {
  const made: CableSpec[] = [];
  const used = new Set<string>();
  const ports = new Set<string>();
  const nicAt = (machine: string, nic: string): NicFile | undefined =>
    file.machines.find(({ name }) => name === machine)?.nics.find(({ name }) => name === nic);
  const connect = (place: string, machine: string, nic: NicFile) => {
    const a: CableEnd = { kind: 'nic', machine, nic: nic.name };
    const mine = `${machine} ${nic.name}`;
    const { cable } = nic;
    if (!cable || used.has(mine)) return;
    if ('switch' in cable) {
      if (!decoder.known(`${place}.switch`, cable.switch, names.switches, SWITCH)) return;
      const port = cable.port ?? `p-${machine}`.slice(0, 15);
      decoder.unique(`${place}.port`, `${cable.switch} ${port}`, ports);
      used.add(mine);
      made.push({
        a,
        b: { kind: 'port', switch: cable.switch, port, mac: decoder.mac(`${place}.mac`, cable.mac) },
      });
      return;
    }
    const far = nicAt(cable.machine, cable.nic);
    const other = `${cable.machine} ${cable.nic}`;
    if (!far || other === mine) {
      decoder.fail(
        place,
        `there is no other NIC "${cable.nic}" on a machine "${cable.machine}"`,
        `机器 "${cable.machine}" 上没有另一块网卡 "${cable.nic}"`,
      );
      return;
    }
    const back = far.cable;
    const elsewhere = back && !('machine' in back && back.machine === machine && back.nic === nic.name);
    if (used.has(other) || elsewhere) {
      decoder.fail(
        place,
        `${cable.nic} of ${cable.machine} already has a cable to somewhere else`,
        `${cable.machine} 的 ${cable.nic} 已接到别处`,
      );
      return;
    }
    used.add(mine);
    used.add(other);
    made.push({ a, b: { kind: 'nic', machine: cable.machine, nic: cable.nic } });
  };
  file.machines.forEach(({ name, nics }, i) => {
    nics.forEach((nic, j) => connect(`machines[${i}].nics[${j}].cable`, name, nic));
  });
  file.machines.forEach(({ name, nics }, i) => {
    nics.forEach((nic, j) => {
      if (used.has(`${name} ${nic.name}`) || nic.cable) return;
      decoder.fail(`machines[${i}].nics[${j}].cable`, 'no cable leads to this NIC', '没有网线接到这块网卡');
    });
  });
  return made;
}

/** `8080:80`, `127.0.0.1:53:53/udp`; the schema has seen to the form. */
function portSpec(decoder: Decoder, place: string, text: string): PortSpec {
  const [spec = '', protocol = 'tcp'] = text.split('/');
  const words = spec.split(':');
  const [host, inside] = words.slice(-2).map(Number);
  for (const port of [host, inside]) {
    if (port !== undefined && port >= 1 && port <= 65_535) continue;
    decoder.fail(place, `${port} is not a port: 1 to 65535`, `${port} 不是端口：应为 1 到 65535`);
  }
  return {
    hostIp: words.length > 2 ? decoder.ip(place, words[0]) : undefined,
    hostPort: host ?? 0,
    containerPort: inside ?? 0,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  };
}

function containerSpecs(
  decoder: Decoder,
  file: NetworkFile,
  kind: 'containers' | 'pods',
  machine: string,
): ContainerSpec[] {
  const items: readonly (ContainerFile & Partial<DockerFile>)[] = file[kind];
  return items.flatMap((item, i) => {
    if (item.machine !== machine) return [];
    const place = `${kind}[${i}]`;
    return [
      {
        name: item.name,
        image: item.image,
        ip: decoder.ip(`${place}.ip`, item.ip),
        mac: decoder.mac(`${place}.mac`, item.mac),
        veth: item.veth,
        vethMac: decoder.mac(`${place}.vethMac`, item.vethMac),
        network: item.network ?? 'bridge',
        ports: (item.ports ?? []).map((text, k) => portSpec(decoder, `${place}.ports[${k}]`, text)),
      },
    ];
  });
}

const DOCKER_DEFAULTS: NonNullable<MachineFile['docker']> = { bridge: 'docker0', iptables: true };
const CNI_DEFAULTS: NonNullable<MachineFile['cni']> = {
  bridge: 'cni0',
  hairpin: true,
  isDefaultGateway: true,
  networkRoute: true,
  arpNotify: true,
};

function machineSpec(decoder: Decoder, file: NetworkFile, spec: MachineFile, i: number): MachineSpec {
  const place = `machines[${i}]`;
  const containers = containerSpecs(decoder, file, 'containers', spec.name);
  const pods = containerSpecs(decoder, file, 'pods', spec.name);
  const docker = spec.docker ?? (containers.length > 0 ? DOCKER_DEFAULTS : undefined);
  // flanneld reads its subnet from the machine's Node, which a kubelet has to register.
  const isNode = pods.length > 0 || (file.flannel?.kubeSubnetMgr === true && flannelRunsOn(file, spec));
  const cni = spec.cni ?? (isNode ? CNI_DEFAULTS : undefined);
  if (cni && !cni.subnet && !flannelRunsOn(file, spec)) {
    const at = spec.cni ? `${place}.cni.subnet` : `${place}.cni`;
    decoder.fail(
      at,
      'without flannel on this machine the pods need a subnet: cni.subnet',
      '此机器没有 flannel，Pod 需要子网：cni.subnet',
    );
  }
  return {
    name: spec.name,
    role: spec.role,
    nics: spec.nics.map((nic, j) => ({
      name: nic.name,
      mtu: nic.mtu,
      up: nic.up,
      mac: decoder.mac(`${place}.nics[${j}].mac`, nic.mac),
      addresses: nic.addresses.flatMap(
        (text, k) => decoder.prefix(`${place}.nics[${j}].addresses[${k}]`, text) ?? [],
      ),
    })),
    routes: spec.routes,
    forward: spec.forward ?? spec.role === 'router',
    sysctls: Object.entries(spec.sysctls).map(([name, value]) => ({ name, value: String(value) })),
    ...(docker && {
      docker: {
        ...docker,
        mac: decoder.mac(`${place}.docker.mac`, docker.mac),
        bip: decoder.prefix(`${place}.docker.bip`, docker.bip),
        containers,
      },
    }),
    ...(cni && {
      cni: {
        ...cni,
        mac: decoder.mac(`${place}.cni.mac`, cni.mac),
        subnet: decoder.prefix(`${place}.cni.subnet`, cni.subnet),
        pods,
      },
    }),
  };
}

function flannelRunsOn(file: NetworkFile, machine: MachineFile): boolean {
  const { flannel } = file;
  if (!flannel) return false;
  return flannel.nodes
    ? flannel.nodes.some((node) => node.machine === machine.name)
    : machine.role === 'host';
}

function flannelSpec(
  decoder: Decoder,
  file: NetworkFile,
  machines: ReadonlySet<string>,
): FlannelSpec | undefined {
  const { flannel } = file;
  if (!flannel) return undefined;
  if (!file.etcd && !flannel.kubeSubnetMgr)
    decoder.fail(
      'etcd',
      'flannel keeps its subnets in etcd: name the machine it runs on',
      'flannel 把子网存放在 etcd 中：请写明 etcd 所在的机器',
    );
  const netConf = JSON.stringify(flannel.netConf, undefined, 2);
  const parsed = parseNetConf(netConf);
  if (!parsed.ok) {
    const { field, text } = parsed.error;
    decoder.fail(
      field === '' ? 'flannel.netConf' : `flannel.netConf.${field}`,
      text,
      `flannel 不接受这个配置：${netConfTextZh(parsed.error)}`,
    );
  } else noteUnbuilt(decoder, parsed.value.backendType, parsed.value.enableIPv6);
  const all = file.machines
    .filter((machine) => flannelRunsOn(file, machine))
    .map(({ name }) => ({ machine: name, join: true }));
  const listed = flannel.nodes ?? all;
  const seen = new Set<string>();
  const nodes = listed.map((node: NonNullable<typeof flannel.nodes>[number], i) => {
    const place = `flannel.nodes[${i}]`;
    if (decoder.known(`${place}.machine`, node.machine, machines, MACHINE))
      decoder.unique(`${place}.machine`, node.machine, seen);
    return {
      machine: node.machine,
      iface: node.iface ?? flannel.iface,
      subnet: decoder.prefix(`${place}.subnet`, node.subnet),
      vtepMac: decoder.mac(`${place}.vtepMac`, node.vtepMac),
      join: node.join,
    };
  });
  const { ipMasq, forwardRules, kubeSubnetMgr, udpAddress } = flannel;
  return { netConf, ipMasq, forwardRules, kubeSubnetMgr, udpAddress, nodes };
}

function noteUnbuilt(decoder: Decoder, backend: string, ipv6: boolean): void {
  if (!builtBackends.includes(backend)) {
    decoder.notes.push({
      en: `flannel's backend "${backend}" is not built yet: flanneld stops and says so. Built are ${builtBackends.join(' and ')}.`,
      zh: `flannel 的 "${backend}" 后端尚未实现：flanneld 会停止并说明原因。已实现的有 ${builtBackends.join('、')}。`,
    });
  }
  if (ipv6) {
    decoder.notes.push({
      en: 'EnableIPv6 is not built yet; the network is built for IPv4 alone.',
      zh: 'EnableIPv6 尚未实现，只构建 IPv4 网络。',
    });
  }
}

function references(decoder: Decoder, file: NetworkFile, names: ReturnType<typeof checkNames>): void {
  if (file.etcd) decoder.known('etcd.on', file.etcd.on, names.machines, MACHINE);
  if (file.kubernetes) decoder.known('kubernetes.on', file.kubernetes.on, names.machines, MACHINE);
  for (const kind of ['containers', 'pods'] as const) {
    file[kind].forEach(({ machine }, i) =>
      decoder.known(`${kind}[${i}].machine`, machine, names.machines, MACHINE),
    );
  }
  file.setup.forEach(({ netns }, i) => decoder.known(`setup[${i}].netns`, netns, names.netns, NETNS));
  file.journal.forEach(({ netns }, i) => {
    // Set-up commands may make further namespaces.
    const made = file.setup.some(({ command }) => command.includes('netns'));
    if (!made) decoder.known(`journal[${i}].netns`, netns, names.netns, NETNS);
  });
}

export function journalOf(file: { readonly journal?: NetworkFile['journal'] }): JournalEntry[] {
  return (file.journal ?? []).map(({ netns, command, at }) => ({
    netns,
    command,
    ...(at === undefined ? {} : { at: Math.round(at * SECOND_NS) }),
  }));
}

export function decodeNetwork(
  file: NetworkFile,
  fallbackName: string,
): Result<{ scenario: Scenario; journal: JournalEntry[]; notes: Bilingual[] }, InputProblem[]> {
  const decoder = new Decoder();
  const names = checkNames(decoder, file);
  references(decoder, file, names);
  const switches = file.switches.map(({ name, bridge, mac, mtu }, i) => ({
    name,
    bridge,
    mtu,
    mac: decoder.mac(`switches[${i}].mac`, mac),
  }));
  const scenario: Scenario = {
    name: file.name ?? fallbackName,
    switches,
    machines: file.machines.map((spec, i) => machineSpec(decoder, file, spec, i)),
    cables: cables(decoder, file, names),
    etcd: file.etcd,
    kubernetes: file.kubernetes,
    flannel: flannelSpec(decoder, file, names.machines),
    setup: file.setup.map((entry, i) => ({ ...entry, place: `setup[${i}]` })),
  };
  const { problems, notes } = decoder;
  return problems.length > 0
    ? { ok: false, error: problems }
    : { ok: true, value: { scenario, journal: journalOf(file), notes } };
}
