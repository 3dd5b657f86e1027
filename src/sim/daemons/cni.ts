/**
 * Pod plumbing: CNI ADD and DEL through flannel's plugin to `bridge` and `host-local` (flannel-io/cni-plugin,
 * containernetworking/plugins v1.9 main/bridge, ipam/host-local), as effects of the kubelet that runs them.
 *
 * The order is the plugin's: bridge, veth pair (made in the pod, its other end born in the host), port of the bridge,
 * address and routes in the pod, last the bridge's own address and forwarding. The bridge appears with the first pod and
 * stays after the last. DEL gives the address back, then deletes the pod's eth0 and with it the host's end.
 *
 * Leaves out: portmap and other chained plugins, VLANs, IPv6, CHECK.
 */
import { Random } from '../../base/random';
import type { AddrRow, LinkRow } from '../kernel/netlink';
import { broadcastOf, formatIp4, networkOf, parseMac, type Ip4, type Mac, type Prefix } from '../wire/index';
import { masqueradeDown, masqueradeUp, sandboxId, type Masquerade } from './cni-masq';
import { request, type Effect } from './daemon';
import { hexDigits } from './dockerd';

export interface CniOptions {
  readonly seed: string;
  readonly bridge: string;
  readonly mac?: Mac;
  readonly hairpin: boolean;
  readonly isDefaultGateway: boolean;
  /** arp_notify=1 in the pod. */
  readonly arpNotify: boolean;
  readonly hostHandle: { readonly id: string; readonly machine: string };
}
/** What the flannel plugin hands to the bridge plugin. */
export interface CniNet {
  /** host-local's range, a network; its first address is the gateway. */
  readonly subnet: Prefix;
  readonly mtu: number;
  /** FLANNEL_NETWORK: the flannel plugin's extra route. */
  readonly network?: Prefix;
  /** The opposite of FLANNEL_IPMASQ. */
  readonly ipMasq?: boolean;
}
/** A pod whose plumbing is chosen beforehand. */
export interface CniPod {
  readonly name: string;
  readonly ip?: Ip4;
  readonly mac?: Mac;
  readonly veth?: string;
  readonly vethMac?: Mac;
}
/** /var/lib/cni/networks/cbr0. */
export interface HostLocal {
  /** `last_reserved_ip.0`: host-local goes round from there, so a freed address is not taken up at once. */
  readonly last: Ip4;
  readonly used: readonly Ip4[];
}
export const EMPTY_RANGE: HostLocal = { last: 0, used: [] };

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

function ensureBridge(options: CniOptions, mtu: number): Effect[] {
  const { bridge } = options;
  const mac = options.mac === undefined ? {} : { mac: options.mac };
  return [
    request({
      op: 'newLink',
      spec: { name: bridge, kind: 'bridge', mtu, ...mac, bridge: { mcastSnooping: false, stp: false } },
    }),
    request({ op: 'setLink', name: bridge, change: { up: true } }),
  ];
}

function routes(options: CniOptions, net: CniNet): Prefix[] {
  return [...(options.isDefaultGateway ? [{ addr: 0, len: 0 }] : []), ...(net.network ? [net.network] : [])];
}

/** `nth`: the same name may come again, with a new pair of devices. */
function plug(options: CniOptions, net: CniNet, pod: CniPod, ip: Ip4, nth: number): Effect[] {
  const { bridge, hostHandle } = options;
  const { subnet, mtu } = net;
  const random = new Random(`${options.seed} pod ${pod.name}${nth === 0 ? '' : ` ${nth}`}`);
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
    ...routes(options, net).map((dst) =>
      request({ op: 'newRoute', spec: { dst, gateway, dev: 'eth0' } }, { netns }),
    ),
  ];
}

function gateway(options: CniOptions, subnet: Prefix): Effect[] {
  const { bridge } = options;
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

export function keepMac(bridge: string, links: readonly LinkRow[]): Effect[] {
  const mac = parseMac(links.find((link) => link.ifname === bridge)?.address ?? '');
  return mac.ok ? [request({ op: 'setLink', name: bridge, change: { mac: mac.value } })] : [];
}

function sandbox(pod: CniPod, image: string): Effect[] {
  return [
    { do: 'netns', name: pod.name, role: 'pod', image },
    request({ op: 'setLink', name: 'lo', change: { up: true } }, { netns: pod.name }),
  ];
}

export interface Added {
  readonly range: HostLocal;
  readonly effects: readonly Effect[];
  /** The pod's own masquerade, to be taken away with it. */
  readonly masquerade?: Masquerade;
  /** Absent: refused, for this reason. */
  readonly ip?: Ip4;
  readonly error?: string;
}

/**
 * A sandbox and ADD in it. `links` and `addrs` are the host's. `reserved` are addresses promised to other pods.
 */
export function cniAdd(
  options: CniOptions,
  net: CniNet,
  range: HostLocal,
  pod: CniPod & { readonly image: string; readonly nth: number },
  host: { readonly links: readonly LinkRow[]; readonly addrs: readonly AddrRow[] },
  reserved: readonly Ip4[],
): Added {
  const { subnet } = net;
  const refuse = (error: string): Added => ({
    range,
    error,
    effects: [{ do: 'tell', protocol: 'cni', action: 'ADD', text: `${pod.name}: ${error}` }],
  });
  const bridged = host.links.some((link) => link.ifname === options.bridge);
  const own = host.addrs.filter((addr) => addr.dev === options.bridge && addr.family === 'inet');
  const wanted = formatIp4(gatewayOf(subnet));
  const addressed = own.some((addr) => addr.local === wanted && addr.prefixlen === subnet.len);
  if (own.length > 0 && !addressed) {
    const text = `"${options.bridge}" already has an IP address different from ${wanted}/${subnet.len}`;
    return refuse(`failed to set bridge addr: ${text}`);
  }
  const ip = pod.ip ?? hostLocal(subnet, range.last, [...range.used, ...reserved]);
  if (ip === undefined) {
    const end = formatIp4(broadcastOf(subnet.addr, subnet.len) - 1);
    return refuse(`no IP addresses available in range set: ${wanted}-${end}`);
  }
  const text = `${pod.name} eth0 ${formatIp4(ip)}/${subnet.len}`;
  const sandboxed = { ip, len: subnet.len, sandbox: sandboxId(`${options.seed} ${pod.name} ${pod.nth}`) };
  const masquerade = net.ipMasq ? sandboxed : undefined;
  return {
    ip,
    ...(masquerade ? { masquerade } : {}),
    range: { last: ip, used: [...range.used, ip] },
    effects: [
      ...sandbox(pod, pod.image),
      { do: 'tell', protocol: 'cni', action: 'ADD', text },
      ...(bridged ? [] : ensureBridge(options, net.mtu)),
      ...plug(options, net, pod, ip, pod.nth),
      ...(addressed ? [] : gateway(options, subnet)),
      ...(masquerade ? masqueradeUp(masquerade) : []),
    ],
  };
}

/** DEL, and the sandbox's end. */
export function cniDel(
  range: HostLocal,
  pod: { readonly name: string; readonly ip?: Ip4; readonly masquerade?: Masquerade },
): { readonly range: HostLocal; readonly effects: readonly Effect[] } {
  const { name, ip, masquerade } = pod;
  const text = ip === undefined ? `${name} eth0` : `${name} eth0 ${formatIp4(ip)}`;
  return {
    range: { ...range, used: range.used.filter((other) => other !== ip) },
    effects: [
      { do: 'tell', protocol: 'cni', action: 'DEL', text },
      ...(ip === undefined ? [] : [request({ op: 'delLink', name: 'eth0' }, { netns: name })]),
      ...(masquerade ? masqueradeDown(masquerade) : []),
      { do: 'netns-delete', name },
    ],
  };
}
