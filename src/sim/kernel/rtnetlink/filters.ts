/**
 * Hardware addresses that a device listens to besides its own (dev->mc, dev->uc): the groups that every Ethernet device
 * joins, and what was added by hand. They are the `self permanent` lines of `bridge fdb show`.
 */
import type { Mac } from '../../wire/index';
import { BridgeDevice } from '../device/bridge';
import type { Device } from '../device/device';
import { VxlanDevice } from '../device/vxlan';
import type { FdbRow } from '../netlink';
import { macText } from '../text';
import type { EventSeq } from '../trace';

const ALL_NODES_IP6 = 0x333300000001;
const ALL_HOSTS_IP4 = 0x01005e000001;
/** A bridge that snoops listens to all snoopers (RFC 4286; br_multicast_join_snoopers). */
const ALL_SNOOPERS: readonly Mac[] = [0x01005e00006a, 0x33330000006a];

/** In the order of the dump: by hand, then groups. IPv6's are there from the start, IPv4's once the device is up. */
export function filtersOf(device: Device): Mac[] {
  if (device.link !== 'ethernet' || device.loopback || device instanceof VxlanDevice)
    return [...device.filters];
  const groups: Mac[] = [...device.filters, ALL_NODES_IP6];
  if (!device.up) return groups;
  if (device instanceof BridgeDevice && device.mcastSnooping) groups.push(...ALL_SNOOPERS);
  return [...groups, ALL_HOSTS_IP4];
}

export function filterRow(device: Device, mac: Mac): FdbRow {
  return { mac: macText(mac), ifname: device.name, flags: ['self'], state: 'permanent' };
}

/** Brings the trace's rows up to date; `gone` when the device leaves the namespace. */
export function syncFilters(device: Device, cause: EventSeq, gone = false): void {
  const macs = gone ? [] : filtersOf(device);
  const shown = device.shownFilters;
  if (shown.rows.size === macs.length && shown.of === nameOf(device) && same(shown.macs, macs)) return;
  const index = String(device.ifindex).padStart(6, '0');
  // A bridge's own filters stand before its entries, a port's behind them.
  const rank = device instanceof BridgeDevice ? '0' : 't';
  const rows = new Map<string, FdbRow>();
  macs.forEach((mac, at) => rows.set(`${index}|${rank}${at}|${macText(mac)}`, filterRow(device, mac)));
  for (const [key, row] of shown.rows) {
    if (!rows.has(key)) device.netns.change('fdb', key, row, undefined, cause);
  }
  for (const [key, row] of rows) device.netns.change('fdb', key, shown.rows.get(key), row, cause);
  device.shownFilters = { rows, macs, of: nameOf(device) };
}
const nameOf = (device: Device): string => `${device.ifindex} ${device.name}`;
function same(a: readonly Mac[], b: readonly Mac[]): boolean {
  return a.length === b.length && a.every((mac, at) => mac === b[at]);
}
