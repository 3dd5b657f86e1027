/** RTM_NEWNEIGH and RTM_DELNEIGH for IPv4 (net/core/neighbour.c) and for bridges and VTEPs (AF_BRIDGE). */
import { err, ok } from '../../../base/result';
import { isMulticastMac } from '../../wire/index';
import { ipText } from '../text';
import { BridgeDevice } from '../device/bridge';
import type { Device } from '../device/device';
import { VxlanDevice } from '../device/vxlan';
import type { FdbDumpRow, FdbSpec, NeighDumpRow, NeighSpec, Reply } from '../netlink';
import type { Netns } from '../netns';
import { filterRow, filtersOf, syncFilters } from './filters';
import type { EventSeq } from '../trace';

export function newNeigh(
  netns: Netns,
  spec: NeighSpec,
  mode: 'add' | 'replace' | 'change',
  cause: EventSeq,
): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  const table = netns.neigh;
  if (spec.proxy) {
    table.proxies.set(table.keyOf(device, spec.dst), { dev: spec.dev, ip: spec.dst });
    const key = `p|${String(device.ifindex).padStart(6, '0')}|${ipText(spec.dst)}`;
    netns.change(
      'neigh',
      key,
      undefined,
      { dst: ipText(spec.dst), dev: spec.dev, state: [], proxy: true },
      cause,
    );
    return ok(undefined);
  }
  const known = table.get(device, spec.dst);
  if (known && mode === 'add') return err({ errno: 'EEXIST' });
  if (!known && mode === 'change') return err({ errno: 'ENOENT' });
  const state = spec.state ?? 'PERMANENT';
  const needsMac = state !== 'NOARP' && state !== 'INCOMPLETE' && state !== 'FAILED' && state !== 'NONE';
  if (needsMac && spec.lladdr === undefined && known?.lladdr === undefined && !device.noarp) {
    return err({ errno: 'EINVAL', extack: 'No link layer address given' });
  }
  const entry = known ?? table.create(device, spec.dst);
  table.update(entry, spec.lladdr, state, { override: true, admin: true }, cause);
  return ok(undefined);
}

export function delNeigh(
  netns: Netns,
  spec: Pick<NeighSpec, 'dev' | 'dst' | 'proxy'>,
  cause: EventSeq,
): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  const table = netns.neigh;
  if (spec.proxy) {
    if (!table.proxies.delete(table.keyOf(device, spec.dst))) return err({ errno: 'ENOENT' });
    const key = `p|${String(device.ifindex).padStart(6, '0')}|${ipText(spec.dst)}`;
    const row = { dst: ipText(spec.dst), dev: spec.dev, state: [], proxy: true };
    netns.change('neigh', key, row, undefined, cause);
    return ok(undefined);
  }
  const entry = table.get(device, spec.dst);
  if (!entry) return err({ errno: 'ENOENT' });
  table.remove(entry, cause);
  return ok(undefined);
}

export function getNeighs(
  netns: Netns,
  filter: { readonly dev?: string; readonly proxy?: boolean } = {},
): NeighDumpRow[] {
  const { now } = netns;
  const ages = { usedAgo: 0, confirmedAgo: 0, updatedAgo: 0, probes: 0 };
  if (filter.proxy) {
    return [...netns.neigh.proxies.values()]
      .filter(({ dev }) => filter.dev === undefined || dev === filter.dev)
      .map(({ dev, ip }) => ({ dst: ipText(ip), dev, state: [], proxy: true, ...ages }));
  }
  const entries = [...netns.neigh.entries()].filter(
    ({ device, state }) => state !== 'NONE' && (filter.dev === undefined || device.name === filter.dev),
  );
  entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  return entries.map((entry) => ({
    ...netns.neigh.rowOf(entry),
    usedAgo: now - entry.used,
    confirmedAgo: Math.min(now - entry.confirmed, Number.MAX_SAFE_INTEGER),
    updatedAgo: now - entry.updated,
    probes: entry.probes,
  }));
}

// --- forwarding databases --------------------------------------------------------------------------------------------

export function newFdb(
  netns: Netns,
  spec: FdbSpec,
  mode: 'add' | 'append' | 'replace',
  cause: EventSeq,
): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  if (spec.master) {
    const reply = newBridgeEntry(device, spec, mode, cause);
    if (!reply.ok || !spec.self) return reply;
  }
  return newSelfEntry(device, spec, mode, cause);
}

function newBridgeEntry(device: Device, spec: FdbSpec, mode: string, cause: EventSeq): Reply {
  const bridge = device.port?.bridge;
  if (!bridge) return err({ errno: 'EOPNOTSUPP' });
  if (isMulticastMac(spec.mac) || spec.mac === 0) return err({ errno: 'EINVAL' });
  if (device.port && !device.port.forwarding && spec.state === 'dynamic') return err({ errno: 'EPERM' });
  if (bridge.fdb.has(spec.mac) && mode === 'add') return err({ errno: 'EEXIST' });
  bridge.addByHand(spec.mac, device.port, spec.state ?? 'permanent', cause);
  return ok(undefined);
}

function newSelfEntry(device: Device, spec: FdbSpec, mode: string, cause: EventSeq): Reply {
  if (device instanceof BridgeDevice) {
    // br_fdb_add on the bridge itself: a local entry without a port.
    if (device.fdb.has(spec.mac) && mode === 'add') return err({ errno: 'EEXIST' });
    device.addByHand(spec.mac, undefined, spec.state ?? 'permanent', cause);
    return ok(undefined);
  }
  if (!(device instanceof VxlanDevice)) {
    // ndo_dflt_fdb_add: a filter address of the device.
    if (spec.state !== undefined && spec.state !== 'permanent') return err({ errno: 'EINVAL' });
    if (device.filters.has(spec.mac)) return err({ errno: 'EEXIST' });
    device.filters.add(spec.mac);
    syncFilters(device, cause);
    return ok(undefined);
  }
  if (spec.dst === undefined) return err({ errno: 'EINVAL' });
  const known = device.fdb.get(spec.mac);
  if (known && mode === 'add') return err({ errno: 'EEXIST' });
  if (mode === 'append' && spec.mac !== 0 && !isMulticastMac(spec.mac) && known === undefined) {
    device.addRemote(spec.mac, remoteOf(spec), spec.state ?? 'permanent', false, cause);
    return ok(undefined);
  }
  // vxlan_fdb_append keeps one remote per address: the same one again changes nothing, a second is for groups only.
  if (mode === 'append' && known) {
    if (known.remotes.some((remote) => remote.dst === spec.dst)) return ok(undefined);
    if (spec.mac !== 0 && !isMulticastMac(spec.mac)) return ok(undefined);
  }
  device.addRemote(spec.mac, remoteOf(spec), spec.state ?? 'permanent', mode === 'append', cause);
  return ok(undefined);
}

function remoteOf(spec: FdbSpec): { dst: number; port?: number; vni?: number } {
  return { dst: spec.dst ?? 0, port: spec.port, vni: spec.vni };
}

export function delFdb(netns: Netns, spec: FdbSpec, cause: EventSeq): Reply {
  const device = netns.device(spec.dev);
  if (!device) return err({ errno: 'ENODEV' });
  if (spec.master) {
    const bridge = device.port?.bridge;
    if (!bridge) return err({ errno: 'EOPNOTSUPP' });
    if (!bridge.deleteByHand(spec.mac, device.port, cause)) return err({ errno: 'ENOENT' });
    if (!spec.self) return ok(undefined);
  }
  if (device instanceof BridgeDevice) {
    return device.deleteByHand(spec.mac, undefined, cause) ? ok(undefined) : err({ errno: 'ENOENT' });
  }
  if (device instanceof VxlanDevice) {
    return device.deleteEntry(spec.mac, spec.dst, cause) ? ok(undefined) : err({ errno: 'ENOENT' });
  }
  if (!device.filters.delete(spec.mac)) return err({ errno: 'ENOENT' });
  syncFilters(device, cause);
  return ok(undefined);
}

/** In the order of `bridge fdb show`: device by device, a port's bridge entries before its own filters. */
export function getFdb(
  netns: Netns,
  filter: { readonly br?: string; readonly dev?: string } = {},
): FdbDumpRow[] {
  const rows: FdbDumpRow[] = [];
  for (const device of netns.devices) {
    if (filter.dev !== undefined && device.name !== filter.dev) continue;
    const bridge = device.port?.bridge ?? (device instanceof BridgeDevice ? device : undefined);
    if (filter.br !== undefined && bridge?.name !== filter.br) continue;
    const filters = filtersOf(device).map((mac) => fresh(filterRow(device, mac)));
    const entries = bridge ? bridgeRows(netns, bridge, device) : [];
    rows.push(...(device instanceof BridgeDevice ? [...filters, ...entries] : [...entries, ...filters]));
    if (device instanceof VxlanDevice) {
      for (const entry of device.fdb.values()) {
        const ages = { usedAgo: netns.now - entry.used, updatedAgo: netns.now - entry.updated };
        rows.push(...device.rowsOf(entry).map((row) => ({ ...row, ...ages })));
      }
    }
  }
  return rows;
}

function fresh(row: ReturnType<typeof filterRow>): FdbDumpRow {
  return { ...row, usedAgo: 0, updatedAgo: 0 };
}

function bridgeRows(netns: Netns, bridge: BridgeDevice, device: Device): FdbDumpRow[] {
  const entries = [...bridge.fdb.values()].filter((entry) => (entry.port?.device ?? bridge) === device);
  entries.sort((a, b) => b.order - a.order);
  return entries.map((entry) => ({
    ...bridge.rowOf(entry),
    portNo: entry.port?.no,
    usedAgo: netns.now - entry.used,
    updatedAgo: netns.now - entry.updated,
  }));
}
