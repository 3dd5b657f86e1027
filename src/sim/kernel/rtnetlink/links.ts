/** RTM_NEWLINK, RTM_SETLINK and RTM_DELLINK (net/core/rtnetlink.c) with the refusals that iproute2's users meet. */
import { err, ok } from '../../../base/result';
import { isMulticastMac, writeMac, readMac, type Mac } from '../../wire/index';
import { BridgeDevice } from '../device/bridge';
import type { Device } from '../device/device';
import { DummyDevice } from '../device/simple';
import { VXLAN_DEFAULT_PORT, VxlanDevice } from '../device/vxlan';
import { WireDevice } from '../device/wire';
import type { LinkChange, LinkSpec, Reply } from '../netlink';
import { showAddress } from './addrs';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';

const MIN_MTU = 68;
const MAX_MTU = 65_535;
const VXLAN_HEADROOM = 50;
/** A world this large is a mistake in a script, not a lesson. */
const MAX_DEVICES = 4096;

/** Random locally administered unicast MAC (eth_random_addr). */
function randomMac(netns: Netns): Mac {
  const bytes = new Uint8Array(6);
  writeMac(bytes, 0, netns.random.u32() * 0x10000 + (netns.random.u32() >>> 16));
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 0x02;
  return readMac(bytes, 0);
}

export function newLink(netns: Netns, spec: LinkSpec, cause: EventSeq): Reply {
  const refused = refuseNew(netns, spec);
  if (refused) return refused;
  let reply: Reply = ok(undefined);
  if (spec.kind === 'veth' || spec.kind === 'nic') reply = newPair(netns, spec, spec.kind, cause);
  else if (spec.kind === 'bridge') newBridge(netns, spec, cause);
  else if (spec.kind === 'vxlan') reply = newVxlan(netns, spec, cause);
  else {
    const device = new DummyDevice(
      netns,
      netns.allocateIfindex(spec.ifindex),
      spec.name,
      spec.mac ?? randomMac(netns),
    );
    finish(netns, device, spec, cause);
  }
  if (!reply.ok) return reply;
  const { up, master } = spec;
  return up !== undefined || master !== undefined ? setLink(netns, spec.name, { up, master }, cause) : reply;
}

function refuseNew(netns: Netns, spec: LinkSpec): Reply | undefined {
  if (netns.device(spec.name)) return err({ errno: 'EEXIST' });
  if (spec.name.length === 0 || spec.name.length > 15 || /[\s/]/.test(spec.name))
    return err({ errno: 'EINVAL' });
  if ([...netns.devices].length >= MAX_DEVICES) return err({ errno: 'ENOBUFS' });
  if (spec.kind === 'tun')
    return err({ errno: 'EOPNOTSUPP', extack: 'tun/tap creation via rtnetlink is not supported' });
  if (spec.kind === 'ipip' || spec.kind === 'loopback')
    return err({ errno: 'EOPNOTSUPP', extack: 'Unknown device type' });
  if (spec.mac !== undefined && isMulticastMac(spec.mac)) return err({ errno: 'EADDRNOTAVAIL' });
  if (spec.mtu !== undefined) return refuseMtu(spec.mtu);
  return undefined;
}

function refuseMtu(mtu: number): Reply | undefined {
  if (mtu < MIN_MTU) return err({ errno: 'EINVAL', extack: 'mtu less than device minimum' });
  if (mtu > MAX_MTU) return err({ errno: 'EINVAL', extack: 'mtu greater than device maximum' });
  return undefined;
}

function finish(netns: Netns, device: Device, spec: Pick<LinkSpec, 'mtu' | 'txqlen'>, cause: EventSeq): void {
  if (spec.mtu !== undefined) device.mtu = spec.mtu;
  if (spec.txqlen !== undefined) device.txqlen = spec.txqlen;
  netns.addDevice(device, cause);
}

/** veth_newlink: the peer is registered first, so that in one namespace it gets the lower index. */
function newPair(netns: Netns, spec: LinkSpec, kind: 'veth' | 'nic', cause: EventSeq): Reply {
  const peerSpec = spec.peer ?? {};
  const other = peerSpec.netns ? netns.kernel.ground.namespaces.get(peerSpec.netns.id) : netns;
  if (!other) return err({ errno: 'EINVAL' });
  let peerName = peerSpec.name;
  for (let n = 0; peerName === undefined; n++)
    if (!other.device(`veth${n}`) && spec.name !== `veth${n}`) peerName = `veth${n}`;
  if (other.device(peerName) || (other === netns && peerName === spec.name)) return err({ errno: 'EEXIST' });
  if (peerName.length > 15) return err({ errno: 'EINVAL' });
  const peer = new WireDevice(
    kind,
    other,
    other.allocateIfindex(),
    peerName,
    peerSpec.mac ?? randomMac(other),
  );
  finish(other, peer, { mtu: peerSpec.mtu ?? spec.mtu }, cause);
  const own = new WireDevice(
    kind,
    netns,
    netns.allocateIfindex(spec.ifindex),
    spec.name,
    spec.mac ?? randomMac(netns),
  );
  own.peer = peer;
  peer.peer = own;
  finish(netns, own, spec, cause);
  other.syncLink(peer, cause);
  return ok(undefined);
}

function newBridge(netns: Netns, spec: LinkSpec, cause: EventSeq): void {
  const device = new BridgeDevice(
    netns,
    netns.allocateIfindex(spec.ifindex),
    spec.name,
    spec.mac ?? randomMac(netns),
  );
  // A random first MAC is only a placeholder until ports come; one that was asked for stays.
  device.macSet = spec.mac !== undefined;
  device.mtuSet = spec.mtu !== undefined;
  if (spec.bridge?.ageingCs !== undefined) device.ageingCs = spec.bridge.ageingCs;
  if (spec.bridge?.stp !== undefined) device.stp = spec.bridge.stp;
  if (spec.bridge?.mcastSnooping !== undefined) device.mcastSnooping = spec.bridge.mcastSnooping;
  finish(netns, device, spec, cause);
}

/** vxlan_newlink. */
function newVxlan(netns: Netns, spec: LinkSpec, cause: EventSeq): Reply {
  const { vxlan } = spec;
  if (!vxlan)
    return err({ errno: 'EINVAL', extack: 'Required attributes not provided to perform the operation' });
  if (vxlan.id < 0 || vxlan.id >= 1 << 24) return err({ errno: 'ERANGE' });
  const lower = vxlan.dev === undefined ? undefined : netns.device(vxlan.dev);
  if (vxlan.dev !== undefined && !lower)
    return err({ errno: 'ENODEV', extack: 'Invalid local interface, device not found' });
  const port = vxlan.port ?? VXLAN_DEFAULT_PORT;
  for (const other of netns.devices) {
    if (other instanceof VxlanDevice && other.config.id === vxlan.id && other.config.port === port) {
      return err({ errno: 'EEXIST', extack: 'A VXLAN device with the specified VNI already exists' });
    }
  }
  const config = {
    id: vxlan.id,
    local: vxlan.local,
    remote: vxlan.remote,
    lower: vxlan.dev,
    port,
    learning: vxlan.learning ?? true,
    ttl: vxlan.ttl ?? 0,
    ageing: vxlan.ageing ?? 300,
    udpCsum: vxlan.udpCsum ?? true,
  };
  const device = new VxlanDevice(
    config,
    netns,
    netns.allocateIfindex(spec.ifindex),
    spec.name,
    spec.mac ?? randomMac(netns),
  );
  // Without a lower device the kernel cannot know the path and keeps Ethernet's MTU.
  device.mtu = lower ? lower.mtu - VXLAN_HEADROOM : 1500;
  finish(netns, device, spec, cause);
  if (vxlan.remote !== undefined) device.addRemote(0, { dst: vxlan.remote }, 'permanent', false, cause);
  return ok(undefined);
}

function refusal(reply: Reply): Reply | undefined {
  return reply.ok ? undefined : reply;
}
/** do_setlink: parts are applied in the kernel's order, the first refusal ends it. */
export function setLink(netns: Netns, name: string, change: LinkChange, cause: EventSeq): Reply {
  const device = netns.device(name);
  if (!device) return err({ errno: 'ENODEV' });
  const refused =
    (change.netns && refusal(move(netns, device, change.netns.id, change.name, cause))) ??
    (change.mac === undefined ? undefined : refusal(setMac(device, change.mac, cause))) ??
    (change.mtu === undefined ? undefined : refusal(setMtu(device, change.mtu, cause))) ??
    (change.name === undefined || change.netns ? undefined : refusal(rename(device, change.name, cause))) ??
    refusal(setFlags(device, change, cause)) ??
    (change.master === undefined ? undefined : refusal(setMaster(device, change.master, cause))) ??
    refusal(setPort(device, change, cause)) ??
    refusal(setBridge(device, change, cause));
  if (refused) return refused;
  device.netns.syncLink(device, cause);
  return ok(undefined);
}

function setMac(device: Device, mac: Mac, cause: EventSeq): Reply {
  if (device.link === 'ip') return err({ errno: 'EOPNOTSUPP' });
  if (isMulticastMac(mac) || mac === 0) return err({ errno: 'EADDRNOTAVAIL' });
  const before = device.mac;
  device.mac = mac;
  if (device instanceof BridgeDevice) {
    device.macSet = true;
    device.macChanged(device, before, cause);
  }
  device.port?.bridge.macChanged(device, before, cause);
  return ok(undefined);
}

function setMtu(device: Device, mtu: number, cause: EventSeq): Reply {
  const refused = refuseMtu(mtu);
  if (refused) return refused;
  device.mtu = mtu;
  if (device instanceof BridgeDevice) device.mtuSet = true;
  device.port?.bridge.mtuChanged(cause);
  return ok(undefined);
}

function rename(device: Device, name: string, cause: EventSeq): Reply {
  const { netns } = device;
  if (netns.device(name) && netns.device(name) !== device) return err({ errno: 'EEXIST' });
  if (name.length === 0 || name.length > 15 || /[\s/]/.test(name)) return err({ errno: 'EINVAL' });
  const queued = device.qdisc?.row();
  netns.rename(device, name, cause);
  netns.change('qdisc', netns.linkKey(device), queued, device.qdisc?.row(), cause);
  netns.neigh.renamed(device, cause);
  if (device instanceof BridgeDevice || device instanceof VxlanDevice) device.renamed(cause);
  if (device instanceof BridgeDevice) for (const port of device.ports) netns.syncLink(port.device, cause);
  device.port?.bridge.renamed(cause);
  if (device instanceof WireDevice && device.peer) device.peer.netns.syncLink(device.peer, cause);
  for (const address of device.addresses) showAddress(netns, device, address, cause);
  return ok(undefined);
}

function setFlags(device: Device, change: LinkChange, cause: EventSeq): Reply {
  if (change.txqlen !== undefined) device.txqlen = change.txqlen;
  if (change.arp !== undefined) device.noarp = !change.arp;
  if (change.promisc !== undefined) device.promiscSet = change.promisc;
  if (change.up !== undefined) device.netns.setUp(device, change.up, cause);
  return ok(undefined);
}

/** br_add_if, br_del_if. */
function setMaster(device: Device, master: string | null, cause: EventSeq): Reply {
  const { netns } = device;
  const bridge = master === null ? undefined : netns.device(master);
  if (master !== null && !bridge) return err({ errno: 'ENODEV' });
  if (bridge && !(bridge instanceof BridgeDevice)) return err({ errno: 'EOPNOTSUPP' });
  if (bridge && (device instanceof BridgeDevice || device === bridge)) {
    return err({ errno: 'ELOOP', extack: 'Can not enslave a bridge to a bridge' });
  }
  if (bridge && (device.loopback || device.link === 'ip')) return err({ errno: 'EINVAL' });
  if (device.port?.bridge === bridge && bridge) return ok(undefined);
  device.port?.bridge.removePort(device.port, cause);
  if (bridge) bridge.addPort(device, cause);
  netns.carrierChanged(device, cause);
  if (bridge) netns.carrierChanged(bridge, cause);
  return ok(undefined);
}

function setPort(device: Device, change: LinkChange, cause: EventSeq): Reply {
  if (!change.port) return ok(undefined);
  if (!device.port) return err({ errno: 'EOPNOTSUPP', extack: 'Device is not a bridge port' });
  const given = Object.entries(change.port).filter(([, value]) => value !== undefined);
  Object.assign(device.port, Object.fromEntries(given));
  device.netns.syncLink(device, cause);
  return ok(undefined);
}

function setBridge(device: Device, change: LinkChange, cause: EventSeq): Reply {
  if (!change.bridge) return ok(undefined);
  if (!(device instanceof BridgeDevice)) return err({ errno: 'EOPNOTSUPP' });
  const { ageingCs, stp, mcastSnooping } = change.bridge;
  if (ageingCs !== undefined) device.ageingCs = ageingCs;
  if (stp !== undefined) device.stp = stp;
  if (mcastSnooping !== undefined) device.mcastSnooping = mcastSnooping;
  device.netns.syncLink(device, cause);
  return ok(undefined);
}

/** dev_change_net_namespace: the device arrives down and without addresses, keeping its MAC, and its index if free. */
function move(
  netns: Netns,
  device: Device,
  target: string,
  name: string | undefined,
  cause: EventSeq,
): Reply {
  const other = netns.kernel.ground.namespaces.get(target);
  if (!other) return err({ errno: 'EINVAL' });
  if (other === netns) return ok(undefined);
  if (device.loopback || device instanceof BridgeDevice) {
    return err({ errno: 'EINVAL', extack: 'The interface netns is immutable' });
  }
  const newName = name ?? device.name;
  if (other.device(newName))
    return err({ errno: 'EEXIST', extack: 'An interface with the same name exists in the target netns' });
  netns.setUp(device, false, cause);
  netns.detach(device, cause);
  device.netns = other;
  device.everUp = false;
  device.ifindex = other.allocateIfindex(device.ifindex);
  device.name = newName;
  other.addDevice(device, cause);
  if (device instanceof WireDevice && device.peer) device.peer.netns.syncLink(device.peer, cause);
  return ok(undefined);
}

export function delLink(netns: Netns, name: string, cause: EventSeq): Reply {
  const device = netns.device(name);
  if (!device) return err({ errno: 'ENODEV' });
  if (device.loopback) return err({ errno: 'EOPNOTSUPP' });
  netns.removeDevice(device, cause);
  return ok(undefined);
}
