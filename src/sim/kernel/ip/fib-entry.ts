/** One row of the FIB: struct fib_alias and fib_info in one, its nexthops, and how iproute2 prints it. */
import { broadcastOf, formatIp4, type Ip4 } from '../../wire/ip4';
import type { RouteCandidate, RouteRow, RouteScope, RouteType } from '../trace';
import { SCOPE, type FibHost } from './fib-types';

/** struct fib_nh. `dev` changes when the device is renamed, the flags with the device's state. */
export interface FibNexthop {
  /** 0: none, the destination is on the link. */
  readonly gateway: Ip4;
  dev: string;
  readonly onlink: boolean;
  readonly weight: number;
  /**
   * Scope of what is behind this nexthop: the scope of the route the gateway was found by, host for a device route,
   * nowhere for a local address. A gateway is used only when this is link, so a route via an own address sends
   * straight to the destination.
   */
  readonly scope: RouteScope;
  /** RTNH_F_DEAD: its device is down. */
  dead: boolean;
  /** RTNH_F_LINKDOWN: its device has no carrier. */
  linkdown: boolean;
}

/** What a row is made of, before it has a place in a table. */
export interface FibInfo {
  readonly address: Ip4;
  readonly bits: number;
  readonly type: RouteType;
  readonly scope: RouteScope;
  readonly protocol: string;
  readonly prefsrc: Ip4;
  readonly metric: number;
  readonly mtu: number;
  /** Empty for blackhole, unreachable, prohibit and throw. */
  readonly nexthops: readonly FibNexthop[];
  /** RTNH_F_LINKDOWN of the whole row, printed for multipath rows only when all nexthops lost their carrier together. */
  linkdown: boolean;
}

/** The place of a row among rows of the same prefix and metric; `append` counts up from it, `prepend` down. */
export const FIRST_RANK = 0x800000;

export class FibEntry {
  readonly key: string;
  row: RouteRow;
  private outsideCandidate: RouteCandidate | undefined;

  constructor(
    readonly info: FibInfo,
    readonly tableName: string,
    tableKey: string,
    readonly rank: number,
    host: FibHost,
  ) {
    const { address, bits, metric } = info;
    this.key = `${tableKey}|${hex(address, 8)}|${hex(32 - bits, 2)}|${hex(metric, 8)}|${hex(rank, 6)}`;
    this.row = formatRow(info, tableName, host);
  }

  contains(ip: Ip4): boolean {
    const { address, bits } = this.info;
    return bits === 0 || (address ^ ip) >>> (32 - bits) === 0;
  }

  /** Prints the row anew after a nexthop changed; the old row when it looks different now. */
  refresh(host: FibHost): RouteRow | undefined {
    const before = this.row;
    const [only] = this.info.nexthops;
    if (only && this.info.nexthops.length === 1 && before.dev === only.dev) {
      // Nothing else of a row with one nexthop ever changes.
      if (sameWords(before.flags, nexthopFlags(only, host))) return undefined;
    }
    const after = formatRow(this.info, this.tableName, host);
    if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
    this.row = after;
    this.outsideCandidate = undefined;
    return before;
  }

  /** The row as a loser for every destination outside it; the same object for all of them. */
  outside(): RouteCandidate {
    const { address, bits } = this.info;
    this.outsideCandidate ??= {
      route: this.row,
      won: false,
      reason: {
        why: 'not-in-prefix',
        first: formatIp4(address),
        last: formatIp4(broadcastOf(address, bits)),
      },
    };
    return this.outsideCandidate;
  }
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}

/** Order inside a table's dump: network address, longer prefix first, metric, place among twins (fib_insert_alias). */
export function compareEntries(a: FibEntry, b: FibEntry): number {
  const x = a.info;
  const y = b.info;
  return x.address - y.address || y.bits - x.bits || x.metric - y.metric || a.rank - b.rank;
}

/** fib_find_info: whether two rows of one table and prefix say the same. */
export function sameInfo(a: FibInfo, b: FibInfo): boolean {
  return (
    a.type === b.type &&
    a.scope === b.scope &&
    a.protocol === b.protocol &&
    a.prefsrc === b.prefsrc &&
    a.metric === b.metric &&
    a.mtu === b.mtu &&
    a.nexthops.length === b.nexthops.length &&
    a.nexthops.every((nexthop, i) => sameNexthop(nexthop, b.nexthops[i]))
  );
}

function sameNexthop(a: FibNexthop, b: FibNexthop | undefined): boolean {
  return (
    b !== undefined &&
    a.gateway === b.gateway &&
    a.dev === b.dev &&
    a.onlink === b.onlink &&
    a.weight === b.weight &&
    a.scope === b.scope
  );
}

/** Rows that answer a lookup with an error instead of a nexthop (fib_props[type].error). */
export function isReject(type: RouteType): type is 'blackhole' | 'unreachable' | 'prohibit' | 'throw' {
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit' || type === 'throw';
}

/** As `ip route` writes a prefix: `default`, and a /32 without its length. */
function formatDst(address: Ip4, bits: number): string {
  if (bits === 0) return 'default';
  return bits === 32 ? formatIp4(address) : `${formatIp4(address)}/${bits}`;
}

/** print_route of iproute2 6.1 for `-j`: keys in its order, and left out where it leaves them out. */
function formatRow(info: FibInfo, tableName: string, host: FibHost): RouteRow {
  const only = info.nexthops.length === 1 ? info.nexthops[0] : undefined;
  const several = info.nexthops.length > 1;
  return {
    ...(info.type !== 'unicast' && { type: info.type }),
    dst: formatDst(info.address, info.bits),
    ...(only && only.gateway !== 0 && { gateway: formatIp4(only.gateway) }),
    ...(only && { dev: only.dev }),
    ...(tableName !== 'main' && { table: tableName }),
    ...(info.protocol !== 'boot' && { protocol: info.protocol }),
    ...(info.scope !== 'global' && { scope: info.scope }),
    ...(info.prefsrc !== 0 && { prefsrc: formatIp4(info.prefsrc) }),
    ...(info.metric !== 0 && { metric: info.metric }),
    flags: only ? nexthopFlags(only, host) : several && info.linkdown ? ['linkdown'] : [],
    ...(info.mtu !== 0 && { mtu: info.mtu }),
    ...(several && {
      nexthops: info.nexthops.map((nexthop) => ({
        ...(nexthop.gateway !== 0 && { gateway: formatIp4(nexthop.gateway) }),
        dev: nexthop.dev,
        weight: nexthop.weight,
        flags: nexthopFlags(nexthop, host),
      })),
    }),
  };
}

/** fib_nexthop_info's flags in print_rt_flags' order; a link without carrier counts as dead where it is to be ignored. */
function nexthopFlags(nexthop: FibNexthop, host: FibHost): string[] {
  const flags: string[] = [];
  if (nexthop.dead || (nexthop.linkdown && host.ignoreLinkdown(nexthop.dev))) flags.push('dead');
  if (nexthop.onlink) flags.push('onlink');
  if (nexthop.linkdown) flags.push('linkdown');
  return flags;
}

export function scopeNumber(scope: RouteScope): number {
  return SCOPE[scope];
}

export function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
