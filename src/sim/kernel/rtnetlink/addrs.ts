/** RTM_NEWADDR and RTM_DELADDR (net/ipv4/devinet.c): primaries, secondaries, and the routes that come with an address. */
import { err, ok } from '../../../base/result';
import { networkOf, prefixContains } from '../../wire/index';
import { ipText } from '../text';
import type { Device, IfAddress } from '../device/device';
import type { AddrRow, AddrSpec, Reply } from '../netlink';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';

export function addrRow(device: Device, address: IfAddress): AddrRow {
  return {
    dev: device.name,
    family: 'inet',
    local: ipText(address.local),
    ...(address.peer !== undefined ? { address: ipText(address.peer) } : {}),
    prefixlen: address.prefixlen,
    ...(address.broadcast !== undefined ? { broadcast: ipText(address.broadcast) } : {}),
    scope: address.scope,
    ...(address.secondary ? { secondary: true } : {}),
    label: address.label,
  };
}

/** Dumps list primaries in order of arrival, then secondaries. */
function addrKey(device: Device, address: IfAddress): string {
  const rank = address.secondary ? 1 : 0;
  return `${String(device.ifindex).padStart(6, '0')}|${rank}|${String(address.order).padStart(6, '0')}`;
}

export function showAddress(netns: Netns, device: Device, address: IfAddress, cause: EventSeq): void {
  const row = addrRow(device, address);
  netns.change('addr', addrKey(device, address), address.row, row, cause);
  address.row = row;
}

export function newAddr(netns: Netns, spec: AddrSpec, replace: boolean, cause: EventSeq): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  if (spec.prefixlen < 0 || spec.prefixlen > 32)
    return err({ errno: 'EINVAL', extack: 'ipv4: Invalid prefix length' });
  const same = device.addresses.find(
    (address) => address.local === spec.local && address.prefixlen === spec.prefixlen,
  );
  if (same) {
    return replace ? ok(undefined) : err({ errno: 'EEXIST', extack: 'ipv4: Address already assigned' });
  }
  // A later address of the same subnet is a secondary: it is not chosen as a source.
  const secondary = device.addresses.some(
    (address) =>
      !address.secondary &&
      address.prefixlen === spec.prefixlen &&
      prefixContains(networkOf(address.local, address.prefixlen), address.prefixlen, spec.local),
  );
  const address: IfAddress = {
    local: spec.local,
    prefixlen: spec.prefixlen,
    peer: spec.peer,
    broadcast: spec.broadcast,
    scope: spec.scope ?? (device.loopback ? 'host' : 'global'),
    label: spec.label ?? device.name,
    secondary,
    order: netns.nextAddressOrder(),
    row: undefined,
  };
  // __inet_insert_ifa: primaries stand before secondaries.
  const at = secondary ? -1 : device.addresses.findIndex((each) => each.secondary);
  device.addresses.splice(at < 0 ? device.addresses.length : at, 0, address);
  showAddress(netns, device, address, cause);
  netns.causing(cause, () => netns.fib.addressAdded(device.name, address));
  return ok(undefined);
}

export function delAddr(
  netns: Netns,
  spec: Pick<AddrSpec, 'dev' | 'local'> & { readonly prefixlen?: number },
  cause: EventSeq,
): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  const address = device.addresses.find(
    (each) =>
      each.local === spec.local && (spec.prefixlen === undefined || each.prefixlen === spec.prefixlen),
  );
  if (!address) return err({ errno: 'EADDRNOTAVAIL', extack: 'ipv4: Address not found' });
  dropAddress(netns, device, address, cause);
  return ok(undefined);
}

/** __inet_del_ifa: with a primary go its secondaries (promote_secondaries is off). */
export function dropAddress(netns: Netns, device: Device, address: IfAddress, cause: EventSeq): void {
  const subnet = networkOf(address.local, address.prefixlen);
  const going = address.secondary
    ? [address]
    : device.addresses.filter(
        (each) =>
          each === address ||
          (each.secondary &&
            each.prefixlen === address.prefixlen &&
            networkOf(each.local, each.prefixlen) === subnet),
      );
  // Secondaries first, as the kernel does.
  for (const each of going.sort((a, b) => Number(b.secondary) - Number(a.secondary))) {
    device.addresses.splice(device.addresses.indexOf(each), 1);
    netns.change('addr', addrKey(device, each), each.row, undefined, cause);
    each.row = undefined;
    netns.causing(cause, () => netns.fib.addressRemoved(device.name, each));
  }
}
