/** A device as RTM_NEWLINK describes it (rtnl_fill_ifinfo) and iproute2 names the parts. */
import { MAC_BROADCAST } from '../../wire/index';
import { macText } from '../text';
import { BridgeDevice } from '../device/bridge';
import type { Device } from '../device/device';
import { TunDevice } from '../device/tun';
import { WireDevice } from '../device/wire';
import type { LinkRow } from '../netlink';

export function linkRow(device: Device): LinkRow {
  const { port } = device;
  return {
    ifindex: device.ifindex,
    ifname: device.name,
    flags: linkFlags(device),
    mtu: device.mtu,
    // A device gets its queueing discipline when it first comes up.
    qdisc: device.qdisc?.kind ?? (device.everUp ? defaultQdisc(device) : 'noop'),
    ...(port ? { master: port.bridge.name } : {}),
    operstate: operstate(device),
    group: 'default',
    txqlen: device.txqlen,
    link_type: device.loopback ? 'loopback' : device.link === 'ip' ? 'none' : 'ether',
    address: device.link === 'ip' ? '' : macText(device.mac),
    broadcast: device.link === 'ip' ? '' : device.loopback ? macText(0) : macText(MAC_BROADCAST),
    kind: device.kind,
    ...device.rowExtras(),
    ...(port
      ? {
          port: {
            no: port.no,
            learning: port.learning,
            flood: port.flood,
            hairpin: port.hairpin,
            isolated: port.isolated,
            neighSuppress: port.neighSuppress,
            priority: port.priority,
            cost: port.cost,
          },
        }
      : {}),
  };
}

/** A virtual device has none (IFF_NO_QUEUE), except that TUN asks for a queue as a card does. */
function defaultQdisc(device: Device): string {
  return device instanceof TunDevice ? 'pfifo_fast' : 'noqueue';
}

/** In iproute2's order (ip/ipaddress.c print_link_flags). */
function linkFlags(device: Device): string[] {
  const flags: string[] = [];
  if (device.up && !device.running) flags.push('NO-CARRIER');
  if (device.loopback) flags.push('LOOPBACK');
  else flags.push(device.link === 'ip' ? 'POINTOPOINT' : 'BROADCAST');
  if (!device.loopback && device.kind !== 'dummy') flags.push('MULTICAST');
  if (device.noarp && !device.loopback) flags.push('NOARP');
  if (device.promiscSet) flags.push('PROMISC');
  if (device.up) flags.push('UP');
  if (device.running) flags.push('LOWER_UP');
  // The other end, when it lives here too, is down.
  const lower = device instanceof WireDevice && device.peer?.netns === device.netns ? device.peer : undefined;
  if (device.up && lower?.up === false) flags.push('M-DOWN');
  return flags;
}

/** RFC 2863 state as default_operstate and linkwatch leave it. Devices without carrier detection stay UNKNOWN. */
function operstate(device: Device): LinkRow['operstate'] {
  if (!device.up) return 'DOWN';
  if (device instanceof WireDevice) {
    if (device.carrier) return 'UP';
    // The kernel looks the peer's index up in its own namespace, whatever namespace the peer is in.
    const lower = device.netns.deviceByIndex(device.peer?.ifindex ?? -1);
    return lower && lower !== device && !lower.carrier ? 'LOWERLAYERDOWN' : 'DOWN';
  }
  if (device instanceof BridgeDevice) return device.carrier ? 'UP' : 'DOWN';
  if (device instanceof TunDevice) return !device.carrier ? 'DOWN' : device.watched ? 'UP' : 'UNKNOWN';
  return 'UNKNOWN';
}

/** Deep equality of two rows: plain data; a key without a value counts as absent. */
export function sameRow(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameList(a, b);
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in left) if (!sameRow(left[key], right[key])) return false;
  for (const key in right) if (left[key] === undefined && right[key] !== undefined) return false;
  return true;
}
function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, at) => sameRow(each, b[at]));
}
