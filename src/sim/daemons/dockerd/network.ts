/** Bridge and veth pairs of the default network (moby libnetwork/drivers/bridge, libnetwork/osl). */
import { Random } from '../../../base/random';
import { broadcastOf, networkOf, type Ip4, type Mac, type Prefix } from '../../wire/index';
import { request, type Effect } from '../daemon';
import type { Box, DockerdOptions } from './state';

export function hexDigits(random: Random, count: number): string {
  let text = '';
  while (text.length < count) text += random.below(16).toString(16);
  return text;
}

/** `02:42` and 32 bits. */
export function dockerMac(bits: number): Mac {
  return 0x0242 * 2 ** 32 + bits;
}

export function bridgeUp(options: DockerdOptions): Effect[] {
  const { bridge, bip, mtu } = options;
  const mac = options.mac ?? dockerMac(new Random(`${options.seed} bridge`).u32());
  const broadcast = broadcastOf(bip.addr, bip.len);
  return [
    // It may be there from an earlier start.
    request(
      {
        op: 'newLink',
        spec: { name: bridge, kind: 'bridge', mac, mtu, bridge: { mcastSnooping: false, stp: false } },
      },
      { to: 'bridge' },
    ),
    request(
      { op: 'newAddr', spec: { dev: bridge, local: bip.addr, prefixlen: bip.len, broadcast } },
      { to: 'bridge' },
    ),
    request({ op: 'setLink', name: bridge, change: { up: true } }),
  ];
}

/** The lowest free address of the bridge's network after the first, as libnetwork's IPAM finds it. */
export function nextAddress(bip: Prefix, used: readonly Ip4[]): Ip4 | undefined {
  const last = broadcastOf(bip.addr, bip.len);
  const taken = new Set(used);
  for (let ip = networkOf(bip.addr, bip.len) + 1; ip < last; ip++) {
    if (ip !== bip.addr && !taken.has(ip)) return ip;
  }
  return undefined;
}

export function vethOf(options: DockerdOptions, box: Pick<Box, 'name' | 'veth'>): string {
  return box.veth ?? `veth${hexDigits(new Random(`${options.seed} container ${box.name}`), 7)}`;
}

/** The namespace, made or shared. */
export function sandbox(box: Box): Effect {
  const { name, image, id } = box;
  const shared = box.network === 'host' ? { shared: true as const } : {};
  return { do: 'netns', name, role: 'container', image, id, ...shared };
}

export function loopback(box: Box): Effect {
  return request({ op: 'setLink', name: 'lo', change: { up: true } }, { netns: box.name });
}

export function endpoint(options: DockerdOptions, box: Box, ip: Ip4): Effect[] {
  const { bridge, bip, mtu } = options;
  const random = new Random(`${options.seed} container ${box.name}`);
  const drawn = `veth${hexDigits(random, 7)}`;
  const veth = box.veth ?? drawn;
  // A veth that was named does not use up a draw.
  const inside = box.veth === undefined ? `veth${hexDigits(random, 7)}` : drawn;
  const mac = box.mac ?? dockerMac(ip);
  const netns = box.name;
  const broadcast = broadcastOf(ip, bip.len);
  const host = box.vethMac === undefined ? {} : { mac: box.vethMac };
  return [
    request({
      op: 'newLink',
      spec: { name: veth, kind: 'veth', mtu, ...host, peer: { name: inside, mac, mtu } },
    }),
    request({ op: 'setLink', name: veth, change: { master: bridge } }),
    request({ op: 'setLink', name: veth, change: { up: true } }),
    request({ op: 'setLink', name: inside, change: { netns: options.handleOf(netns) } }),
    loopback(box),
    request({ op: 'setLink', name: inside, change: { name: 'eth0' } }, { netns }),
    request({ op: 'newAddr', spec: { dev: 'eth0', local: ip, prefixlen: bip.len, broadcast } }, { netns }),
    request({ op: 'setLink', name: 'eth0', change: { up: true } }, { netns }),
    request(
      { op: 'newRoute', spec: { dst: { addr: 0, len: 0 }, gateway: bip.addr, dev: 'eth0' } },
      { netns },
    ),
  ];
}
