/**
 * Pod plumbing: the kubelet's CNI ADD through flannel's plugin to `bridge` and `host-local`
 * (flannel-io/cni-plugin, containernetworking/plugins v1.9 main/bridge, ipam/host-local).
 *
 * The order is the plugin's: bridge, veth pair (made in the pod, its other end born in the host), port of the bridge,
 * address and routes in the pod, last the bridge's own address and forwarding. The bridge appears with the first pod.
 *
 * Leaves out: portmap and other chained plugins, ipMasq, VLANs, IPv6, DEL.
 */
import { Random } from '../../base/random';
import type { LinkRow } from '../kernel/netlink';
import { broadcastOf, formatIp4, networkOf, parseMac, type Ip4, type Mac, type Prefix } from '../wire/index';
import { request, type Daemon, type Effect, type Input, type Next } from './daemon';
import { hexDigits } from './dockerd';

export interface CniOptions {
  readonly seed: string;
  readonly bridge: string;
  readonly mac?: Mac;
  readonly mtu: number;
  /** host-local's range; its first address is the gateway. */
  readonly subnet: Prefix;
  readonly hairpin: boolean;
  readonly isDefaultGateway: boolean;
  /** arp_notify=1 in the pod. */
  readonly arpNotify: boolean;
  /** FLANNEL_NETWORK: the flannel plugin's extra route. */
  readonly network?: Prefix;
  readonly pods: readonly CniPod[];
  readonly hostHandle: { readonly id: string; readonly machine: string };
}
export interface CniPod {
  readonly name: string;
  readonly image: string;
  readonly ip?: Ip4;
  readonly mac?: Mac;
  readonly veth?: string;
  readonly vethMac?: Mac;
}
interface CniState {
  readonly added: number;
  readonly running: boolean;
  /** `last_reserved_ip.0`: host-local goes round from there, so a freed address is not taken up at once. */
  readonly lastReserved: Ip4;
  readonly used: readonly Ip4[];
}

const ADD_NS = 50_000;

function gatewayOf(subnet: Prefix): Ip4 {
  return networkOf(subnet.addr, subnet.len) + 1;
}

/** host-local: the next free address after the last one given, round the range. */
export function hostLocal(subnet: Prefix, last: Ip4, used: readonly Ip4[]): Ip4 | undefined {
  const first = gatewayOf(subnet) + 1;
  const end = broadcastOf(subnet.addr, subnet.len) - 1;
  const count = end - first + 1;
  for (let i = 1; i <= count; i++) {
    const ip = first + ((Math.max(last, first - 1) - first + i + count) % count);
    if (!used.includes(ip)) return ip;
  }
  return undefined;
}

function ensureBridge(options: CniOptions): Effect[] {
  const { bridge, mtu } = options;
  const mac = options.mac === undefined ? {} : { mac: options.mac };
  return [
    request({
      op: 'newLink',
      spec: { name: bridge, kind: 'bridge', mtu, ...mac, bridge: { mcastSnooping: false, stp: false } },
    }),
    request({ op: 'setLink', name: bridge, change: { up: true } }),
  ];
}

function routes(options: CniOptions): Prefix[] {
  return [
    ...(options.isDefaultGateway ? [{ addr: 0, len: 0 }] : []),
    ...(options.network ? [options.network] : []),
  ];
}

function plug(options: CniOptions, pod: CniPod, ip: Ip4): Effect[] {
  const { bridge, mtu, subnet, hostHandle } = options;
  const random = new Random(`${options.seed} pod ${pod.name}`);
  const veth = pod.veth ?? `veth${hexDigits(random, 8)}`;
  const netns = pod.name;
  const gateway = gatewayOf(subnet);
  const inside = pod.mac === undefined ? {} : { mac: pod.mac };
  const outside = pod.vethMac === undefined ? {} : { mac: pod.vethMac };
  const peer = { name: veth, netns: hostHandle, mtu, ...outside };
  const broadcast = broadcastOf(ip, subnet.len);
  return [
    request({ op: 'newLink', spec: { name: 'eth0', kind: 'veth', mtu, ...inside, peer } }, { netns }),
    request({ op: 'setLink', name: veth, change: { up: true } }),
    request({ op: 'setLink', name: veth, change: { master: bridge } }),
    ...(options.hairpin ? [request({ op: 'setLink', name: veth, change: { port: { hairpin: true } } })] : []),
    ...(options.arpNotify
      ? [request({ op: 'setSysctl', name: 'net.ipv4.conf.eth0.arp_notify', value: '1' }, { netns })]
      : []),
    request({ op: 'newAddr', spec: { dev: 'eth0', local: ip, prefixlen: subnet.len, broadcast } }, { netns }),
    request({ op: 'setLink', name: 'eth0', change: { up: true } }, { netns }),
    ...routes(options).map((dst) =>
      request({ op: 'newRoute', spec: { dst, gateway, dev: 'eth0' } }, { netns }),
    ),
  ];
}

function gateway(options: CniOptions): Effect[] {
  const { bridge, subnet } = options;
  const local = gatewayOf(subnet);
  const broadcast = broadcastOf(local, subnet.len);
  return [
    request({
      op: 'newAddr',
      spec: { dev: bridge, local, prefixlen: subnet.len, broadcast },
      mode: 'replace',
    }),
    // Its MAC is taken from its first port; asked for here, it is set below, so that it does not change with later ports.
    { do: 'survey', to: 'mac' },
    request({ op: 'setSysctl', name: 'net.ipv4.ip_forward', value: '1' }),
  ];
}

function keepMac(bridge: string, links: readonly LinkRow[]): Effect[] {
  const mac = parseMac(links.find((link) => link.ifname === bridge)?.address ?? '');
  return mac.ok ? [request({ op: 'setLink', name: bridge, change: { mac: mac.value } })] : [];
}

function addNext(options: CniOptions, state: CniState): Next<CniState> {
  const pod = options.pods[state.added];
  if (!pod) return { state, effects: [] };
  const added = state.added + 1;
  const more: Effect[] = added < options.pods.length ? [{ do: 'timer', name: 'next', afterNs: ADD_NS }] : [];
  const reserved = options.pods.flatMap((other) => (other.ip === undefined ? [] : [other.ip]));
  const ip = pod.ip ?? hostLocal(options.subnet, state.lastReserved, [...state.used, ...reserved]);
  const sandbox: Effect[] = [
    { do: 'netns', name: pod.name, role: 'pod', image: pod.image },
    request({ op: 'setLink', name: 'lo', change: { up: true } }, { netns: pod.name }),
  ];
  if (ip === undefined) {
    const range = `${formatIp4(gatewayOf(options.subnet))}-${formatIp4(broadcastOf(options.subnet.addr, options.subnet.len) - 1)}`;
    const text = `${pod.name}: no IP addresses available in range set: ${range}`;
    return {
      state: { ...state, added },
      effects: [...sandbox, { do: 'tell', protocol: 'cni', action: 'ADD', text }, ...more],
    };
  }
  const text = `${pod.name} eth0 ${formatIp4(ip)}/${options.subnet.len}`;
  const effects: Effect[] = [
    ...sandbox,
    { do: 'tell', protocol: 'cni', action: 'ADD', text },
    ...(state.added === 0 ? ensureBridge(options) : []),
    ...plug(options, pod, ip),
    ...(state.added === 0 ? gateway(options) : []),
    ...more,
  ];
  return { state: { ...state, added, lastReserved: ip, used: [...state.used, ip] }, effects };
}

export function cni(options: CniOptions): Daemon<CniState> {
  const initial: CniState = { added: 0, running: false, lastReserved: 0, used: [] };
  const transition = (state: CniState, input: Input): Next<CniState> => {
    if (input.on === 'start') {
      const wait: Effect[] = options.pods.length > 0 ? [{ do: 'timer', name: 'next', afterNs: ADD_NS }] : [];
      return { state: { ...state, running: true }, effects: wait };
    }
    if (!state.running) return { state, effects: [] };
    if (input.on === 'timer') return addNext(options, state);
    if (input.on === 'survey') return { state, effects: keepMac(options.bridge, input.links) };
    if (input.on === 'stop')
      return { state: { ...state, running: false }, effects: [{ do: 'exit', note: '' }] };
    return { state, effects: [] };
  };
  // The plugins are run by the kubelet, which is the process one sees.
  return { name: 'kubelet', initial, transition };
}
