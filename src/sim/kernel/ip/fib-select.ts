/** Longest-prefix match in one table, choice of nexthop, choice of source address. */
import type { Ip4 } from '../../wire/ip4';
import { prefixContains } from '../../wire/ip4';
import type { RouteScope } from '../trace';
import { isReject, scopeNumber, type FibEntry, type FibNexthop } from './fib-entry';
import type { FibTable } from './fib-table';
import type { FibAddress, FibHost } from './fib-types';

/** What a row must satisfy besides containing the destination. */
export interface FibDemand {
  /** Rows wider than this are passed over; only the search for a gateway asks for more than global. */
  readonly scope: RouteScope;
  /** Only nexthops on this device. Rows that answer with an error have none and are not asked. */
  readonly oif?: string;
  /** A link without carrier will do even where it is to be ignored (FIB_LOOKUP_IGNORE_LINKSTATE). */
  readonly ignoreLinkstate?: boolean;
}
/** A row that answers, with its first usable nexthop; none for blackhole, unreachable, prohibit, throw. */
export interface FibHit {
  readonly entry: FibEntry;
  readonly nexthop: FibNexthop | undefined;
}

/** fib_table_lookup: the longest prefix whose row can be used, then lowest metric, then first in place. */
export function tableLookup(table: FibTable, dst: Ip4, demand: FibDemand, host: FibHost): FibHit | undefined {
  for (const bits of table.lengths) {
    const rows = table.covering(dst, bits);
    if (!rows) continue;
    for (const entry of rows) {
      const hit = tryEntry(entry, demand, host);
      if (hit) return hit;
    }
  }
  return undefined;
}

function tryEntry(entry: FibEntry, demand: FibDemand, host: FibHost): FibHit | undefined {
  if (scopeNumber(entry.info.scope) < scopeNumber(demand.scope)) return undefined;
  if (isReject(entry.info.type)) return { entry, nexthop: undefined };
  for (const nexthop of entry.info.nexthops) {
    if (!isAlive(nexthop, demand, host)) continue;
    if (demand.oif !== undefined && demand.oif !== nexthop.dev) continue;
    return { entry, nexthop };
  }
  return undefined;
}

/** The part of fib_lookup_good_nhc that is about the device's state. */
export function isAlive(nexthop: FibNexthop, demand: FibDemand, host: FibHost): boolean {
  if (nexthop.dead) return false;
  return !nexthop.linkdown || demand.ignoreLinkstate === true || !host.ignoreLinkdown(nexthop.dev);
}

/**
 * fib_select_multipath: every live nexthop owns a share of the hash range in proportion to its weight (fib_rebalance).
 * `source` is a source address the sender insisted on: the nexthop whose own source it is comes first, as since
 * Linux 6.16.
 */
export function selectMultipath(
  entry: FibEntry,
  flow: { readonly dst: Ip4; readonly src: Ip4; readonly source: Ip4 },
  host: FibHost,
): FibNexthop | undefined {
  const live = entry.info.nexthops.filter((nexthop) => isAlive(nexthop, { scope: 'global' }, host));
  const total = live.reduce((sum, nexthop) => sum + nexthop.weight, 0);
  const hash = multipathHash(flow.src, flow.dst);
  let weight = 0;
  let best: FibNexthop | undefined;
  let bestScore = -1;
  for (const nexthop of live) {
    weight += nexthop.weight;
    const upperBound = Math.round((weight * HASH_RANGE) / total) - 1;
    let score = hash <= upperBound ? 1 : 0;
    if (flow.source !== 0 && nexthopSource(entry, nexthop, host) === flow.source) score += 2;
    if (score > bestScore) {
      bestScore = score;
      best = nexthop;
    }
    if (score === 3 || (flow.source === 0 && score === 1)) break;
  }
  return best;
}

const HASH_RANGE = 2 ** 31;

/**
 * fib_multipath_hash for policy 0 (addresses only): 31 bits. Linux keys its hash with a secret drawn at boot; here it is
 * murmur3's finalizer, so that a flow takes the same path in every run.
 */
function multipathHash(src: Ip4, dst: Ip4): number {
  let hash = Math.imul(src ^ Math.imul(dst, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ dst;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 15)) >>> 1;
}

/** fib_result_prefsrc: the row's own `src`, else what the nexthop's device offers. */
export function sourceOf(entry: FibEntry, nexthop: FibNexthop, host: FibHost): Ip4 {
  return entry.info.prefsrc || nexthopSource(entry, nexthop, host);
}

function nexthopSource(entry: FibEntry, nexthop: FibNexthop, host: FibHost): Ip4 {
  return selectAddress(nexthop.dev, nexthop.gateway, entry.info.scope, host);
}

/**
 * inet_select_addr: on the device the first primary address whose scope fits and whose subnet holds the gateway, else
 * its first that fits; on a device without one, the first of any device that is not scope link. 0 when there is none.
 */
export function selectAddress(dev: string, gateway: Ip4, scope: RouteScope, host: FibHost): Ip4 {
  const limit = scopeNumber(scope);
  let first = 0;
  for (const address of host.device(dev)?.addresses ?? []) {
    if (address.secondary || Math.min(scopeNumber(address.scope), HOST) > limit) continue;
    if (gateway === 0 || onSubnet(address, gateway)) return address.local;
    first ||= address.local;
  }
  if (first !== 0) return first;
  for (const device of host.devices()) {
    for (const address of device.addresses) {
      if (address.secondary || address.scope === 'link' || scopeNumber(address.scope) > limit) continue;
      return address.local;
    }
  }
  return 0;
}

const HOST = scopeNumber('host');

/** inet_ifa_match */
function onSubnet(address: FibAddress, ip: Ip4): boolean {
  return prefixContains(address.peer ?? address.local, address.prefixlen, ip);
}
