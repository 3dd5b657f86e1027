/** What the FIB asks of its namespace, and what it answers. */
import type { Ip4 } from '../../wire/ip4';
import type { FibDecision, FibResultType, RouteRow, RouteScope, RuleRow } from '../trace';

export interface FibAddress {
  readonly local: Ip4;
  readonly prefixlen: number;
  readonly scope: RouteScope;
  readonly secondary: boolean;
  /** Far end of a point-to-point address (`ifa_address`); its prefix is then the connected route. */
  readonly peer?: Ip4;
}
/** An address as it is put on a device: with its broadcast address, which adds a row to table local. */
export interface FibNewAddress extends FibAddress {
  readonly broadcast?: Ip4;
}
export interface FibDevice {
  readonly name: string;
  readonly ifindex: number;
  /** IFF_UP */
  readonly up: boolean;
  /** netif_carrier_ok */
  readonly carrier: boolean;
  readonly loopback: boolean;
  readonly mtu: number;
  /** In the order of the kernel's `ifa_list`: source selection takes the first that fits. */
  readonly addresses: readonly FibAddress[];
}
/** What the FIB asks of the rest of the namespace. Read at every call, never remembered. */
export interface FibHost {
  device(name: string): FibDevice | undefined;
  /** In ifindex order. */
  devices(): Iterable<FibDevice>;
  isLocal(ip: Ip4): boolean;
  /** net.ipv4.conf.<dev>.ignore_routes_with_linkdown as it applies to the device (`all` or its own). */
  ignoreLinkdown(dev: string): boolean;
}

/** A row of the route or rule table appeared (no `before`), changed, or went (no `after`). `key`: see {@link ChangeEvent}. */
export type FibChange =
  | { readonly table: 'route'; readonly key: string; readonly before?: RouteRow; readonly after?: RouteRow }
  | { readonly table: 'rule'; readonly key: string; readonly before?: RuleRow; readonly after?: RuleRow };

/** struct flowi4. With `iif` it is a packet received there; without, one of our own (which rules see as `iif lo`). */
export interface FibFlow {
  readonly dst: Ip4;
  /** 0 or absent: not chosen yet. */
  readonly src?: Ip4;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
  readonly tos?: number;
}

/** struct rtable, with how it was found. Shared by every caller with the same flow until the FIB changes. */
export interface FibLookup {
  readonly decision: FibDecision;
  readonly type: FibResultType;
  /** 0: the destination itself is the neighbour. */
  readonly gateway: Ip4;
  /** Output device; the loopback for type local; absent when there is no route. */
  readonly dev: string | undefined;
  /** Source address a packet of our own would get; 0 none. Never touches a forwarded packet. */
  readonly prefsrc: Ip4;
  readonly onlink: boolean;
  /** The route's own `mtu`; 0 none. */
  readonly mtu: number;
  readonly scope: RouteScope;
  /** Winning row; absent when nothing matched, and when `oif` alone made the destination on-link. */
  readonly route: RouteRow | undefined;
}

/** enum rt_scope_t: the number grows as the scope narrows. */
export const SCOPE = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const satisfies Record<
  RouteScope,
  number
>;
