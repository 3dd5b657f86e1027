/**
 * dockerd's default bridge network (moby libnetwork/drivers/bridge, Docker ≤ 27): the bridge with the daemon's address,
 * then per container a namespace, a veth pair made on the host, one end a port of the bridge, the other end moved in,
 * renamed eth0 and given address and default route.
 *
 * Leaves out: iptables (DOCKER chains, masquerade), published ports, user-defined networks, embedded DNS, IPv6.
 */
import { Random } from '../../base/random';
import { broadcastOf, formatIp4, formatMac, networkOf, type Ip4, type Mac, type Prefix } from '../wire/index';
import { log, request, type Daemon, type Effect, type Input, type Next } from './daemon';

export interface DockerdOptions {
  readonly seed: string;
  readonly bridge: string;
  readonly mac?: Mac;
  /** Address of the bridge with its prefix length. */
  readonly bip: Prefix;
  readonly mtu: number;
  readonly containers: readonly DockerContainer[];
  readonly handleOf: (name: string) => { readonly id: string; readonly machine: string };
}
export interface DockerContainer {
  readonly name: string;
  readonly image: string;
  readonly ip?: Ip4;
  readonly mac?: Mac;
  readonly veth?: string;
  readonly vethMac?: Mac;
}
interface DockerdState {
  /** Containers started so far. */
  readonly started: number;
  readonly running: boolean;
  readonly used: readonly Ip4[];
}

/** Between two containers. */
const START_NS = 50_000;

export function hexDigits(random: Random, count: number): string {
  let text = '';
  while (text.length < count) text += random.below(16).toString(16);
  return text;
}

/** `02:42` and 32 bits. */
function dockerMac(bits: number): Mac {
  return 0x0242 * 2 ** 32 + bits;
}

function bridgeUp(options: DockerdOptions): Effect[] {
  const { bridge, bip, mtu } = options;
  const mac = options.mac ?? dockerMac(new Random(`${options.seed} bridge`).u32());
  const broadcast = broadcastOf(bip.addr, bip.len);
  return [
    log('I', 'Starting up'),
    request({ op: 'setSysctl', name: 'net.ipv4.ip_forward', value: '1' }),
    request({
      op: 'newLink',
      spec: { name: bridge, kind: 'bridge', mac, mtu, bridge: { mcastSnooping: false, stp: false } },
    }),
    request({ op: 'newAddr', spec: { dev: bridge, local: bip.addr, prefixlen: bip.len, broadcast } }),
    request({ op: 'setLink', name: bridge, change: { up: true } }),
    log('I', 'Daemon has completed initialization'),
  ];
}

/** The lowest free address of the bridge's network after the first; ascending, as libnetwork's IPAM hands them out. */
export function nextAddress(bip: Prefix, used: readonly Ip4[]): Ip4 | undefined {
  const last = broadcastOf(bip.addr, bip.len);
  for (let ip = networkOf(bip.addr, bip.len) + 1; ip < last; ip++) {
    if (ip !== bip.addr && !used.includes(ip)) return ip;
  }
  return undefined;
}

function createContainer(options: DockerdOptions, container: DockerContainer, ip: Ip4): Effect[] {
  const { bridge, bip, mtu } = options;
  const random = new Random(`${options.seed} container ${container.name}`);
  const veth = container.veth ?? `veth${hexDigits(random, 7)}`;
  const inside = `veth${hexDigits(random, 7)}`;
  const mac = container.mac ?? dockerMac(ip);
  const netns = container.name;
  const broadcast = broadcastOf(ip, bip.len);
  const host = container.vethMac === undefined ? {} : { mac: container.vethMac };
  return [
    { do: 'netns', name: netns, role: 'container', image: container.image },
    request({
      op: 'newLink',
      spec: { name: veth, kind: 'veth', mtu, ...host, peer: { name: inside, mac, mtu } },
    }),
    request({ op: 'setLink', name: veth, change: { master: bridge } }),
    request({ op: 'setLink', name: veth, change: { up: true } }),
    request({ op: 'setLink', name: inside, change: { netns: options.handleOf(netns) } }),
    request({ op: 'setLink', name: 'lo', change: { up: true } }, { netns }),
    request({ op: 'setLink', name: inside, change: { name: 'eth0' } }, { netns }),
    request({ op: 'newAddr', spec: { dev: 'eth0', local: ip, prefixlen: bip.len, broadcast } }, { netns }),
    request({ op: 'setLink', name: 'eth0', change: { up: true } }, { netns }),
    request(
      { op: 'newRoute', spec: { dst: { addr: 0, len: 0 }, gateway: bip.addr, dev: 'eth0' } },
      { netns },
    ),
    {
      do: 'tell',
      protocol: 'docker',
      action: 'start',
      text: `${container.name} (${container.image}) ${formatIp4(ip)}/${bip.len} ${formatMac(mac)} ${veth}`,
    },
  ];
}

function startNext(options: DockerdOptions, state: DockerdState): Next<DockerdState> {
  const container = options.containers[state.started];
  if (!container) return { state, effects: [] };
  const started = state.started + 1;
  const reserved = options.containers.flatMap((other) => (other.ip === undefined ? [] : [other.ip]));
  const ip = container.ip ?? nextAddress(options.bip, [...state.used, ...reserved]);
  const more: Effect[] =
    started < options.containers.length ? [{ do: 'timer', name: 'next', afterNs: START_NS }] : [];
  if (ip === undefined) {
    const text = `${container.name}: no available IPv4 addresses on this network's address pools: bridge`;
    return { state: { ...state, started }, effects: [log('E', text), ...more] };
  }
  const effects = [...createContainer(options, container, ip), ...more];
  return { state: { ...state, started, used: [...state.used, ip] }, effects };
}

export function dockerd(options: DockerdOptions): Daemon<DockerdState> {
  const initial: DockerdState = { started: 0, running: false, used: [] };
  const transition = (state: DockerdState, input: Input): Next<DockerdState> => {
    if (input.on === 'start') {
      const wait: Effect[] =
        options.containers.length > 0 ? [{ do: 'timer', name: 'next', afterNs: START_NS }] : [];
      return { state: { ...state, running: true }, effects: [...bridgeUp(options), ...wait] };
    }
    if (!state.running) return { state, effects: [] };
    if (input.on === 'timer') return startNext(options, state);
    if (input.on === 'stop') {
      // The bridge and the containers' plumbing stay when dockerd stops (live-restore aside, what it made is kernel state).
      return { state: { ...state, running: false }, effects: [{ do: 'exit', note: '' }] };
    }
    return { state, effects: [] };
  };
  return { name: 'dockerd', initial, transition };
}
