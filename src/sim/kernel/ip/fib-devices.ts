/**
 * What the kernel does to the FIB by itself when addresses and devices change (fib_inetaddr_event, fib_netdev_event).
 *
 * - An address adds its `local` row at once, its connected and broadcast rows only while the device is up.
 * - Down: rows whose nexthops all lie on the device go, `local` rows of addresses stay; a multipath row keeps its dead
 *   nexthop. Up: rows of addresses come back, others do not, dead nexthops of multipath rows revive.
 * - An address that goes takes rows of table main with it that name it as `src`; the last address of a device takes
 *   every row of the device.
 * - Carrier lost: rows stay, flagged `linkdown`.
 */
import { broadcastOf, IP4_LIMITED_BROADCAST, networkOf, prefixContains, type Ip4 } from '../../wire/ip4';
import type { RouteScope } from '../trace';
import type { FibEntry, FibInfo, FibNexthop } from './fib-entry';
import { createInfo } from './fib-newroute';
import { TABLE_LOCAL, TABLE_MAIN } from './fib-table';
import type { FibState } from './fib-state';
import type { FibAddress, FibNewAddress } from './fib-types';

type Magic = {
  readonly type: 'unicast' | 'local' | 'broadcast';
  readonly address: Ip4;
  readonly bits: number;
};
type SyncEvent = 'down' | 'unregister' | 'change';

export class FibDevices {
  /** Addresses the namespace has told of, oldest first, by device. */
  private readonly addresses = new Map<string, FibNewAddress[]>();

  constructor(private readonly state: FibState) {}

  /** fib_inetaddr_event NETDEV_UP */
  addressAdded(dev: string, address: FibNewAddress): void {
    const list = this.addresses.get(dev) ?? [];
    this.addresses.set(dev, list);
    list.push(address);
    this.addRows(dev, address);
    if (this.state.host.device(dev)?.up) this.revive(dev, { dead: true, linkdown: false });
  }

  /** fib_inetaddr_event NETDEV_DOWN. Secondary addresses go before their primary one, as the kernel does it. */
  addressRemoved(dev: string, address: FibAddress): void {
    const list = this.addresses.get(dev) ?? [];
    const at = list.findIndex(
      (other) =>
        other.local === address.local && other.prefixlen === address.prefixlen && other.peer === address.peer,
    );
    const known = list[at];
    if (!known) return;
    list.splice(at, 1);
    this.removeRows(dev, known, list);
    if (list.length === 0) this.bringDown(dev, 'down', true);
  }

  deviceUp(dev: string): void {
    for (const address of this.addresses.get(dev) ?? []) this.addRows(dev, address);
    this.revive(dev, { dead: true, linkdown: this.state.host.device(dev)?.carrier === true });
  }

  deviceDown(dev: string): void {
    this.bringDown(dev, 'down', false);
  }

  deviceRemoved(dev: string): void {
    const list = this.addresses.get(dev) ?? [];
    const secondaryFirst = [...list].sort((a, b) => Number(b.secondary) - Number(a.secondary));
    for (const address of secondaryFirst) this.addressRemoved(dev, address);
    this.addresses.delete(dev);
    this.bringDown(dev, 'unregister', true);
  }

  deviceRenamed(from: string, to: string): void {
    const list = this.addresses.get(from);
    if (list) {
      this.addresses.delete(from);
      this.addresses.set(to, list);
    }
    this.forEachEntryOn(from, (entry) => {
      for (const nexthop of entry.info.nexthops) if (nexthop.dev === from) nexthop.dev = to;
      this.state.refresh(entry);
    });
  }

  /** NETDEV_CHANGE */
  carrierChanged(dev: string): void {
    const device = this.state.host.device(dev);
    if (!device?.up) return;
    if (device.carrier) this.revive(dev, { dead: false, linkdown: true });
    else this.bringDown(dev, 'change', false);
  }

  // ---- Rows of an address ----------------------------------------------------------------------------------------

  /** fib_add_ifaddr */
  private addRows(dev: string, address: FibNewAddress): void {
    const { local, prefixlen, secondary, broadcast } = address;
    const primary = secondary ? this.primaryOf(dev, address) : address;
    if (!primary) return;
    this.add(dev, { type: 'local', address: local, bits: 32 }, primary.local);
    const device = this.state.host.device(dev);
    if (!device?.up) return;
    if (isExplicitBroadcast(broadcast)) {
      this.add(dev, { type: 'broadcast', address: broadcast, bits: 32 }, primary.local);
    }
    if (secondary || !hasSubnet(address)) return;
    const prefix = networkOf(address.peer ?? local, prefixlen);
    const type = device.loopback ? 'local' : 'unicast';
    this.add(dev, { type, address: prefix, bits: prefixlen }, local);
    if (prefixlen < 31) {
      this.add(dev, { type: 'broadcast', address: broadcastOf(prefix, prefixlen), bits: 32 }, local);
    }
  }

  /** fib_del_ifaddr: rows that another address of the device still wants are left alone. `others`: what remains. */
  private removeRows(dev: string, address: FibNewAddress, others: readonly FibNewAddress[]): void {
    const { local, prefixlen, secondary, broadcast } = address;
    const primary = (secondary ? this.primaryOf(dev, address) : address) ?? address;
    const subnet = !secondary && hasSubnet(address);
    const network = networkOf(address.peer ?? local, prefixlen);
    const directed = broadcastOf(address.peer ?? local, prefixlen);
    if (subnet) {
      const type = this.state.host.device(dev)?.loopback ? 'local' : 'unicast';
      this.delete(dev, { type, address: network, bits: prefixlen }, local);
    }
    const kept = this.stillWanted(dev, primary, others);
    if (isExplicitBroadcast(broadcast) && !kept.has(broadcast)) {
      this.delete(dev, { type: 'broadcast', address: broadcast, bits: 32 }, primary.local);
    }
    if (subnet && prefixlen < 31 && !kept.has(directed)) {
      this.delete(dev, { type: 'broadcast', address: directed, bits: 32 }, primary.local);
    }
    if (others.some((other) => other.local === local && this.sourceOfRows(dev, other) === primary.local))
      return;
    this.delete(dev, { type: 'local', address: local, bits: 32 }, primary.local);
    if (this.state.addressType(local) !== 'local') this.forgetSource(local);
  }

  /** Broadcast addresses whose rows carry the same `src` on behalf of another address. */
  private stillWanted(dev: string, primary: FibAddress, others: readonly FibNewAddress[]): Set<Ip4> {
    const wanted = new Set<Ip4>();
    for (const other of others) {
      if (this.sourceOfRows(dev, other) !== primary.local) continue;
      if (other.broadcast !== undefined) wanted.add(other.broadcast);
      if (!other.secondary && other.prefixlen < 31 && hasSubnet(other)) {
        wanted.add(broadcastOf(other.peer ?? other.local, other.prefixlen));
      }
    }
    return wanted;
  }

  /** `src` of the rows made for an address: a secondary address uses its primary's. */
  private sourceOfRows(dev: string, address: FibAddress): Ip4 | undefined {
    return (address.secondary ? this.primaryOf(dev, address) : address)?.local;
  }

  /** inet_ifa_byprefix */
  private primaryOf(dev: string, address: FibAddress): FibAddress | undefined {
    return this.addresses
      .get(dev)
      ?.find(
        (other) =>
          !other.secondary &&
          other.prefixlen === address.prefixlen &&
          prefixContains(other.peer ?? other.local, other.prefixlen, address.peer ?? address.local),
      );
  }

  /** fib_magic RTM_NEWROUTE (NLM_F_CREATE | NLM_F_APPEND): a row that is there already stays as it is. */
  private add(dev: string, { type, address, bits }: Magic, prefsrc: Ip4): void {
    const table = this.state.obtain(type === 'unicast' ? TABLE_MAIN : TABLE_LOCAL);
    const spec = {
      dst: { addr: address, len: bits },
      type,
      scope: magicScope(type),
      protocol: 'kernel',
      prefsrc,
      dev,
    };
    const info = createInfo(spec, table.id, this.state);
    if (info.ok) this.state.insert(table, info.value, 'append');
  }

  /** fib_magic RTM_DELROUTE */
  private delete(dev: string, { type, address, bits }: Magic, prefsrc: Ip4): void {
    const table = this.state.tables.get(type === 'unicast' ? TABLE_MAIN : TABLE_LOCAL);
    const entry = table?.aliases(address, bits).find(({ info }) => {
      const sameRoute = info.type === type && info.scope === magicScope(type) && info.protocol === 'kernel';
      return sameRoute && info.prefsrc === prefsrc && info.nexthops[0]?.dev === dev;
    });
    if (table && entry) this.state.remove(table, entry);
  }

  /** fib_sync_down_addr: only rows of table main; Linux leaves those of other tables, with a source that is no more. */
  private forgetSource(local: Ip4): void {
    this.state.forEachEntry((entry, table) => {
      if (table.id === TABLE_MAIN && entry.info.prefsrc === local) this.state.remove(table, entry);
    });
  }

  // ---- Rows of a device ------------------------------------------------------------------------------------------

  /** fib_sync_down_dev and fib_flush. `force` takes `local` rows too. */
  private bringDown(dev: string, event: SyncEvent, force: boolean): void {
    this.state.forEachEntry((entry, table) => {
      const { nexthops } = entry.info;
      if (!nexthops.some((nexthop) => nexthop.dev === dev)) return;
      let dead = 0;
      for (const nexthop of nexthops) {
        if (nexthop.dead) dead++;
        else if (nexthop.dev === dev && (force || nexthop.scope !== 'nowhere')) {
          if (event !== 'change') nexthop.dead = true;
          nexthop.linkdown = true;
          dead++;
        }
      }
      const gone = dead === nexthops.length || event === 'unregister';
      if (gone && event !== 'change') {
        this.state.remove(table, entry);
        return;
      }
      if (gone) entry.info.linkdown = true;
      this.state.refresh(entry);
    });
  }

  /** fib_sync_up: takes flags off the nexthops of a device. */
  private revive(dev: string, clear: { readonly dead: boolean; readonly linkdown: boolean }): void {
    const isMarked = (nexthop: FibNexthop) =>
      (clear.dead && nexthop.dead) || (clear.linkdown && nexthop.linkdown);
    this.forEachEntryOn(dev, (entry) => {
      let alive = 0;
      for (const nexthop of entry.info.nexthops) {
        if (isMarked(nexthop) && nexthop.dev !== dev) continue;
        alive++;
        if (clear.dead && nexthop.dev === dev) nexthop.dead = false;
        if (clear.linkdown && nexthop.dev === dev) nexthop.linkdown = false;
      }
      if (alive > 0 && clear.linkdown) entry.info.linkdown = false;
      this.state.refresh(entry);
    });
  }

  private forEachEntryOn(dev: string, visit: (entry: FibEntry & { readonly info: FibInfo }) => void): void {
    this.state.forEachEntry((entry) => {
      if (entry.info.nexthops.some((nexthop) => nexthop.dev === dev)) visit(entry);
    });
  }
}

function magicScope(type: Magic['type']): RouteScope {
  return type === 'local' ? 'host' : 'link';
}

/** Whether an address makes a connected route: not 0/8, and more than the address alone. */
function hasSubnet(address: FibAddress): boolean {
  const network = networkOf(address.peer ?? address.local, address.prefixlen);
  return network >>> 24 !== 0 && (network !== address.local || address.prefixlen < 32);
}

function isExplicitBroadcast(broadcast: Ip4 | undefined): broadcast is Ip4 {
  return broadcast !== undefined && broadcast !== 0 && broadcast !== IP4_LIMITED_BROADCAST;
}
