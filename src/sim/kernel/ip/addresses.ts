/** Questions about a namespace's own addresses (net/ipv4/devinet.c, inet_addr_type). */
import { prefixContains, type Ip4 } from '../../wire/index';
import type { Device } from '../device/device';
import type { Netns } from '../netns';
import type { FibHost } from './fib';

/** Is `ip` one of this namespace's own addresses (RTN_LOCAL)? */
export function isLocalAddress(netns: Netns, ip: Ip4): boolean {
  for (const device of netns.devices) {
    for (const address of device.addresses) {
      if (address.local === ip) return true;
      // 127.0.0.0/8 as a whole is local.
      if (device.loopback && prefixContains(address.local, address.prefixlen, ip)) return true;
    }
  }
  return false;
}

/** inet_select_addr: an address of `device` for speaking to `target`, else any of the namespace's, else 0. */
export function selectAddress(netns: Netns, device: Device, target: Ip4): Ip4 {
  const usable = device.addresses.filter((address) => !address.secondary && address.scope !== 'host');
  const near = usable.find((address) => prefixContains(address.local, address.prefixlen, target));
  const own = near ?? usable[0];
  if (own) return own.local;
  for (const other of netns.devices) {
    const address = other.addresses.find((each) => each.scope !== 'host' && each.scope !== 'link');
    if (address && !other.loopback) return address.local;
  }
  return 0;
}

/** What the FIB asks of its namespace. */
export function fibHost(netns: Netns): FibHost {
  return {
    device: (name) => netns.device(name),
    devices: () => netns.devices,
    isLocal: (ip) => isLocalAddress(netns, ip),
    ignoreLinkdown: (dev) => netns.sysctl.confMax(dev, 'ignore_routes_with_linkdown') !== 0,
  };
}
