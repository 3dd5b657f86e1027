/**
 * flannel's Kubernetes manifest: the ConfigMap `kube-flannel-cfg`, alone or inside kube-flannel.yml. Its two documents,
 * cni-conf.json and net-conf.json, are what the cluster is rebuilt from: two nodes on one switch, one pod each.
 */
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Scalar } from 'yaml';
import { err, ok, type Result } from '../base/result';
import { builtBackends, parseNetConf, type NetConf } from '../sim/index';
import { formatIp4, formatPrefix } from '../sim/wire/index';
import type { NetworkFile } from './format';
import { jsonErrorLine } from './json-line';
import { fromValue } from './load';
import { netConfTextZh } from './net-conf-text';
import { problem, tooLong, type Bilingual, type InputProblem, type Loaded } from './types';

const CONFIG_MAP = 'kube-flannel-cfg';

interface CniConf {
  readonly hairpin: boolean;
  readonly isDefaultGateway: boolean;
  readonly notes: readonly Bilingual[];
}

type Json = Readonly<Record<string, unknown>>;

/** What the manifest says. */
interface Read {
  readonly conf: NetConf;
  readonly json: Json;
  readonly cni: CniConf;
  /** flanneld's command line in the DaemonSet; empty without one. */
  readonly args: readonly string[];
}
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

class Manifest {
  readonly problems: InputProblem[] = [];
  readonly notes: Bilingual[] = [];
  readonly #lines = new LineCounter();
  readonly #documents: readonly Document.Parsed[];

  constructor(text: string) {
    const parsed = parseAllDocuments(text, { lineCounter: this.#lines, maxAliasCount: 100 } as Parameters<
      typeof parseAllDocuments
    >[1]);
    this.#documents = Array.isArray(parsed) ? parsed : [];
    for (const { errors } of this.#documents) {
      for (const error of errors.slice(0, 10)) {
        const said = error.message.split('\n')[0] ?? '';
        this.fail(this.#at(error.pos[0]), `this is not valid YAML: ${said}`, `不是合法的 YAML：${said}`);
      }
    }
  }

  fail(place: string, en: string, zh: string): void {
    this.problems.push(problem(place, en, zh));
  }
  note(en: string, zh: string): void {
    this.notes.push({ en, zh });
  }
  #at(offset: number): string {
    return `line ${this.#lines.linePos(offset).line}`;
  }

  /** A document's `kind` and metadata.name. */
  #head(document: Document.Parsed): string {
    const [kind, name]: unknown[] = [document.get('kind'), document.getIn(['metadata', 'name'])];
    return `${typeof kind === 'string' ? kind : ''} ${typeof name === 'string' ? name : ''}`;
  }

  /** The entries of the ConfigMap's `data`. */
  config():
    { readonly entry: (name: string) => Scalar<string> | undefined; readonly place: string } | undefined {
    const found = this.#documents.find((document) => this.#head(document) === `ConfigMap ${CONFIG_MAP}`);
    if (!found) {
      this.fail('line 1', `there is no ConfigMap named ${CONFIG_MAP}`, `没有名为 ${CONFIG_MAP} 的 ConfigMap`);
      return undefined;
    }
    const data = found.get('data', true);
    const place = this.#at(found.contents?.range?.[0] ?? 0);
    if (!isMap(data)) {
      this.fail(place, 'the ConfigMap has no data', 'ConfigMap 没有 data');
      return undefined;
    }
    const entry = (name: string) => {
      const value = data.get(name, true);
      return isScalar(value) && typeof value.value === 'string' ? (value as Scalar<string>) : undefined;
    };
    return { entry, place };
  }

  /** Where in the file a field of a JSON text inside a block scalar stands: the line that names it. */
  placeIn(scalar: Scalar<string>, field: string): string {
    const start = this.#lines.linePos(scalar.range?.[0] ?? 0).line;
    const lines = scalar.value.split('\n');
    const name = field.split('.').at(-1) ?? '';
    // The whole text: where it stops being JSON, if it does.
    const at =
      name === ''
        ? (jsonErrorLine(scalar.value) ?? 1) - 1
        : lines.findIndex((line) => line.toLowerCase().includes(`"${name.toLowerCase()}"`));
    const first = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED' ? start + 1 : start;
    return `line ${first + Math.max(0, at)}`;
  }

  get daemonSetArgs(): readonly string[] {
    for (const document of this.#documents) {
      if (document.get('kind') !== 'DaemonSet') continue;
      // Only this one list is looked at: what else the file holds, and whether its aliases resolve, is no matter.
      const args = document.getIn(['spec', 'template', 'spec', 'containers', 0, 'args'], true);
      if (!isSeq(args)) continue;
      return args.items.flatMap((item) =>
        isScalar(item) && typeof item.value === 'string' ? [item.value] : [],
      );
    }
    return [];
  }
}

function readCni(manifest: Manifest, scalar: Scalar<string>): CniConf | undefined {
  let json: unknown;
  try {
    json = JSON.parse(scalar.value);
  } catch {
    manifest.fail(
      manifest.placeIn(scalar, ''),
      'cni-conf.json is not valid JSON',
      'cni-conf.json 不是合法的 JSON',
    );
    return undefined;
  }
  if (!isObject(json)) {
    manifest.fail(
      manifest.placeIn(scalar, ''),
      'cni-conf.json must be an object',
      'cni-conf.json 应为一个对象',
    );
    return undefined;
  }
  const list = Array.isArray(json.plugins) ? (json.plugins as unknown[]) : undefined;
  const plugins = (list ?? [json]).filter(isObject);
  const flannel = plugins.find((plugin) => plugin.type === 'flannel');
  if (!flannel) {
    manifest.fail(
      manifest.placeIn(scalar, 'type'),
      'no plugin of type "flannel" in cni-conf.json',
      'cni-conf.json 中没有类型为 "flannel" 的插件',
    );
    return undefined;
  }
  const notes: Bilingual[] = [];
  if (!list) {
    notes.push({
      en: 'cni-conf.json is a single plugin, the old .conf form without cniVersion; today it is a list under "plugins".',
      zh: 'cni-conf.json 只含一个插件，是不带 cniVersion 的旧 .conf 写法；现在写成 "plugins" 列表。',
    });
  }
  for (const { type } of plugins) {
    if (type === 'flannel') continue;
    const name = String(type);
    notes.push({
      en: `The CNI plugin "${name}" is not built yet and is passed over.`,
      zh: `CNI 插件 "${name}" 尚未实现，已跳过。`,
    });
  }
  const delegate = isObject(flannel.delegate) ? flannel.delegate : {};
  return {
    hairpin: delegate.hairpinMode === true,
    isDefaultGateway: delegate.isDefaultGateway === true,
    notes,
  };
}

function readNet(manifest: Manifest, scalar: Scalar<string>): { conf: NetConf; json: Json } | undefined {
  const parsed = parseNetConf(scalar.value);
  if (!parsed.ok) {
    const { field, text } = parsed.error;
    const what = field === '' ? 'net-conf.json' : `net-conf.json: ${field}`;
    const zh = netConfTextZh(parsed.error);
    manifest.fail(manifest.placeIn(scalar, field), `${what}: ${text}`, `${what}：${zh}`);
    return undefined;
  }
  return { conf: parsed.value, json: JSON.parse(scalar.value) as Json };
}

function addNotes(manifest: Manifest, conf: NetConf): void {
  if (!builtBackends.includes(conf.backendType)) {
    manifest.fail(
      'net-conf.json: Backend.Type',
      `the backend "${conf.backendType}" is not built yet; built are ${builtBackends.join(' and ')}`,
      `"${conf.backendType}" 后端尚未实现；已实现的有 ${builtBackends.join('、')}`,
    );
  }
  if (conf.enableIPv6)
    manifest.note(
      'EnableIPv6 is not built yet; the network is built for IPv4 alone.',
      'EnableIPv6 尚未实现，只构建 IPv4 网络。',
    );
  if (conf.enableNFTables)
    manifest.note(
      'EnableNFTables is not built yet; flanneld sets no packet filter rules.',
      'EnableNFTables 尚未实现；flanneld 不设置包过滤规则。',
    );
  if (conf.vxlan.gbp) manifest.note('GBP is not built yet and is passed over.', 'GBP 尚未实现，已跳过。');
  const args = manifest.daemonSetArgs;
  const iface = args.find((arg) => arg.startsWith('--iface='));
  if (iface?.includes('$')) {
    manifest.note(
      `${iface} would match no interface: Kubernetes does not put variables into it this way. Here flanneld uses eth0.`,
      `${iface} 匹配不到任何接口：Kubernetes 不会这样替换变量。这里 flanneld 使用 eth0。`,
    );
  }
}

/** podCIDRs are cut from the start of the network; etcd mode's SubnetMin skips the first one, unless it is set. */
function cluster({ conf, json, cni, args }: Read, name: string): NetworkFile {
  const kubeSubnetMgr = args.includes('--kube-subnet-mgr');
  const size = 2 ** (32 - conf.subnetLen);
  const nodes = [1, 2].map((n) => {
    const addr = conf.network.addr + (n - 1) * size;
    const subnet = { addr, len: conf.subnetLen };
    return { n, machine: `node${n}`, subnet: formatPrefix(subnet), pod: formatIp4(addr + n + 1) };
  });
  const plugin = {
    bridge: 'cni0',
    hairpin: cni.hairpin,
    isDefaultGateway: cni.isDefaultGateway,
    networkRoute: true,
    arpNotify: true,
  };
  const pods = nodes.map(({ n, machine, pod }) => ({ name: `pod-${n}`, machine, image: 'busybox', ip: pod }));
  return {
    version: 1,
    name,
    notes: [],
    switches: [{ name: 'lan', bridge: 'sw0', mac: '02:00:00:00:00:01', mtu: 1500 }],
    machines: nodes.map(({ n, machine }) => ({
      name: machine,
      role: 'host',
      routes: [],
      sysctls: {},
      nics: [
        {
          name: 'eth0',
          mac: `52:54:0a:a8:00:0${n + 1}`,
          mtu: 1500,
          up: true,
          addresses: [`10.168.0.${n + 1}/24`],
          cable: { switch: 'lan' },
        },
      ],
      cni: plugin,
    })),
    containers: [],
    pods,
    kubernetes: { on: 'node1' },
    ...(kubeSubnetMgr ? {} : { etcd: { on: 'node1' } }),
    flannel: {
      netConf: kubeSubnetMgr ? json : { ...json, SubnetMin: formatIp4(conf.network.addr) },
      iface: 'eth0',
      ipMasq: args.includes('--ip-masq'),
      forwardRules: !args.includes('--iptables-forward-rules=false'),
      kubeSubnetMgr,
      udpAddress: 'host',
      nodes: nodes.map(({ machine, subnet }) => ({ machine, subnet, join: true })),
    },
    setup: [],
    journal: [{ netns: 'pod-1', command: `ping -c 1 ${nodes[1]?.pod ?? ''}` }],
  };
}

function read(text: string): Result<Read & { notes: Bilingual[] }, InputProblem[]> {
  const manifest = new Manifest(text);
  const config = manifest.problems.length === 0 ? manifest.config() : undefined;
  if (!config) return err(manifest.problems);
  const take = (name: string) => {
    const scalar = config.entry(name);
    if (!scalar) manifest.fail(config.place, `the ConfigMap has no "${name}"`, `ConfigMap 没有 "${name}"`);
    return scalar;
  };
  const [cniText, netText] = [take('cni-conf.json'), take('net-conf.json')];
  const cni = cniText && readCni(manifest, cniText);
  const net = netText && readNet(manifest, netText);
  if (net) addNotes(manifest, net.conf);
  if (!cni || !net || manifest.problems.length > 0) return err(manifest.problems);
  return ok({ ...net, cni, args: manifest.daemonSetArgs, notes: [...cni.notes, ...manifest.notes] });
}

/** YAML text with the ConfigMap. */
export function scenarioFromManifest(text: string, name = 'kube-flannel'): Loaded {
  const long = tooLong(text, 'line 1');
  if (long.length > 0) return err(long);
  const parsed = read(text);
  if (!parsed.ok) return parsed;
  const { conf, notes } = parsed.value;
  const loaded = fromValue(cluster(parsed.value, name), name);
  if (!loaded.ok) return loaded;
  const network = formatPrefix(conf.network);
  const title = {
    en: `Two nodes with flannel ${conf.backendType} on ${network}`,
    zh: `两个节点，flannel ${conf.backendType}，网络 ${network}`,
  };
  return ok({ ...loaded.value, title, notes: [...notes, ...loaded.value.notes] });
}
