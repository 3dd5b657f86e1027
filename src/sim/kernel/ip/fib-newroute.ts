/** What a wanted route becomes, or why Linux refuses it: fib_create_info and what it calls, in its order. */
import { ok, type Result } from '../../../base/result';
import { isLimitedBroadcast, isMulticast, networkOf, type Ip4, type Prefix } from '../../wire/ip4';
import type { Errno, NetlinkError, NexthopSpec, RouteSpec } from '../netlink';
import type { RouteScope, RouteType } from '../trace';
import { isReject, scopeNumber, type FibInfo, type FibNexthop } from './fib-entry';
import type { FibDemand, FibHit } from './fib-select';
import { TABLE_MAIN } from './fib-table';
import type { FibFlow, FibHost } from './fib-types';

/** What the checks look up in the FIB as it stands. */
export interface FibContext {
  readonly host: FibHost;
  /** In one table only; undefined also when there is no such table. */
  lookupIn(table: number, dst: Ip4, demand: FibDemand): FibHit | undefined;
  /** Through the rules. */
  lookupAll(flow: FibFlow, demand: FibDemand): FibHit | undefined;
  /** inet_addr_type: what table local says of the address, on whatever device. */
  addressType(ip: Ip4): RouteType;
}
interface Refusal {
  readonly ok: false;
  readonly error: NetlinkError;
}

export function refuse(errno: Errno, extack?: string): Refusal {
  return { ok: false, error: extack === undefined ? { errno } : { errno, extack } };
}

/** fib_valid_key_len */
export function checkPrefix(dst: Prefix): Refusal | undefined {
  if (!(dst.len >= 0 && dst.len <= 32)) return refuse('EINVAL', 'Invalid prefix length');
  if (networkOf(dst.addr, dst.len) !== dst.addr)
    return refuse('EINVAL', 'Invalid prefix for given prefix length');
  return undefined;
}

/** fib_props[type].scope: the widest scope a route of this type may have. */
const WIDEST: Readonly<Partial<Record<RouteType, RouteScope>>> = { local: 'host', broadcast: 'link' };

/** iproute_modify's scope when none is given. */
function defaultScope(spec: RouteSpec, type: RouteType): RouteScope {
  if (type === 'local') return 'host';
  if (type === 'broadcast' || type === 'multicast') return 'link';
  if (type !== 'unicast') return 'global';
  return spec.gateway !== undefined || spec.nexthops !== undefined ? 'global' : 'link';
}

/** The row for `spec` in table `table`. `scope` may be given; the rest defaults as iproute2's request does. */
export function createInfo(
  spec: RouteSpec,
  table: number,
  context: FibContext,
): Result<FibInfo, NetlinkError> {
  const type = spec.type ?? 'unicast';
  const scope = spec.scope ?? defaultScope(spec, type);
  if (scopeNumber(WIDEST[type] ?? 'global') > scopeNumber(scope)) return refuse('EINVAL', 'Invalid scope');
  const nexthops = createNexthops(spec, type, scope, table, context);
  if (!nexthops.ok) return nexthops;
  const prefsrc = spec.prefsrc ?? 0;
  if (!isReject(type) && prefsrc !== 0 && !isValidSource(spec, type, prefsrc, table, context)) {
    return refuse('EINVAL', 'Invalid prefsrc address');
  }
  return ok({
    address: spec.dst.addr,
    bits: spec.dst.len,
    type,
    scope,
    protocol: spec.protocol ?? 'boot',
    prefsrc,
    metric: spec.metric ?? 0,
    mtu: spec.mtu ?? 0,
    nexthops: nexthops.value,
    linkdown: nexthops.value.length > 0 && nexthops.value.every((nexthop) => nexthop.linkdown),
  });
}

function createNexthops(
  spec: RouteSpec,
  type: RouteType,
  scope: RouteScope,
  table: number,
  context: FibContext,
): Result<FibNexthop[], NetlinkError> {
  const wanted = spec.nexthops ?? [spec];
  if (isReject(type)) {
    return spec.gateway !== undefined || spec.dev !== undefined || spec.nexthops !== undefined
      ? refuse('EINVAL', 'Gateway, device and multipath can not be specified for this route type')
      : ok([]);
  }
  if (scope === 'nowhere') return refuse('EINVAL', 'Invalid scope');
  if (wanted.length === 0) return refuse('EINVAL');
  if (scope === 'host') return hostNexthop(wanted, context);
  const nexthops: FibNexthop[] = [];
  for (const each of wanted) {
    const nexthop = each.gateway
      ? gatewayNexthop(each, each.gateway, scope, table, context)
      : deviceNexthop(each, context);
    if (!nexthop.ok) return nexthop;
    nexthops.push(nexthop.value);
  }
  return ok(nexthops);
}

/** A local address: nothing is behind it, so its device may even be down. */
function hostNexthop(
  wanted: readonly NexthopSpec[],
  context: FibContext,
): Result<FibNexthop[], NetlinkError> {
  const [nexthop] = wanted;
  if (!nexthop || wanted.length > 1)
    return refuse('EINVAL', 'Route with host scope can not have multiple nexthops');
  if (nexthop.gateway) return refuse('EINVAL', 'Route with host scope can not have a gateway');
  if (nexthop.dev === undefined || !context.host.device(nexthop.dev)) return refuse('ENODEV');
  return ok([
    {
      gateway: 0,
      dev: nexthop.dev,
      onlink: false,
      weight: 1,
      scope: 'nowhere',
      dead: false,
      linkdown: false,
    },
  ]);
}

/** fib_check_nh_nongw */
function deviceNexthop(wanted: NexthopSpec, context: FibContext): Result<FibNexthop, NetlinkError> {
  if (wanted.onlink) {
    return refuse('EINVAL', 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set');
  }
  const device = wanted.dev === undefined ? undefined : context.host.device(wanted.dev);
  if (!device) return refuse('ENODEV');
  if (!device.up) return refuse('ENETDOWN', 'Device for nexthop is not up');
  return ok({
    gateway: 0,
    dev: device.name,
    onlink: false,
    weight: wanted.weight ?? 1,
    scope: 'host',
    dead: false,
    linkdown: !device.carrier,
  });
}

const INVALID_GATEWAY = 'Nexthop has invalid gateway';

/** fib_check_nh_v4_gw */
function gatewayNexthop(
  wanted: NexthopSpec,
  gateway: Ip4,
  scope: RouteScope,
  table: number,
  context: FibContext,
): Result<FibNexthop, NetlinkError> {
  if (wanted.onlink) return onlinkNexthop(wanted, gateway, scope, context);
  const demand: FibDemand = {
    // A gateway must be nearer than what is behind it, and at least on a link.
    scope: scope === 'link' ? 'host' : 'link',
    ...(wanted.dev !== undefined && { oif: wanted.dev }),
    ignoreLinkstate: true,
  };
  const flow: FibFlow = { dst: gateway, ...(wanted.dev !== undefined && { oif: wanted.dev }) };
  let hit = table === TABLE_MAIN ? undefined : context.lookupIn(table, gateway, demand);
  if (!hit || isReject(hit.entry.info.type)) hit = context.lookupAll(flow, demand);
  if (!hit) return refuse('ENETUNREACH', INVALID_GATEWAY);
  const { type } = hit.entry.info;
  if (!hit.nexthop || (type !== 'unicast' && type !== 'local')) return refuse('EINVAL', INVALID_GATEWAY);
  const device = context.host.device(hit.nexthop.dev);
  if (!device) return refuse('EINVAL', 'No egress device for nexthop');
  // Linux has no words of its own for this one: a local address answers even while its device is down.
  if (!device.up) return refuse('ENETDOWN');
  return ok({
    gateway,
    dev: device.name,
    onlink: false,
    weight: wanted.weight ?? 1,
    scope: hit.entry.info.scope,
    dead: false,
    linkdown: !device.carrier,
  });
}

function onlinkNexthop(
  wanted: NexthopSpec,
  gateway: Ip4,
  scope: RouteScope,
  context: FibContext,
): Result<FibNexthop, NetlinkError> {
  if (scopeNumber(scope) >= scopeNumber('link')) return refuse('EINVAL', 'Nexthop has invalid scope');
  const device = wanted.dev === undefined ? undefined : context.host.device(wanted.dev);
  if (!device) return refuse('ENODEV', 'Nexthop device required for onlink');
  if (!device.up) return refuse('ENETDOWN', 'Nexthop device is not up');
  if (context.addressType(gateway) !== 'unicast') return refuse('EINVAL', INVALID_GATEWAY);
  return ok({
    gateway,
    dev: device.name,
    onlink: true,
    weight: wanted.weight ?? 1,
    scope: 'link',
    dead: false,
    linkdown: !device.carrier,
  });
}

/** fib_valid_prefsrc: an address of our own, by the route's own table or by table local. */
function isValidSource(
  spec: RouteSpec,
  type: RouteType,
  prefsrc: Ip4,
  table: number,
  context: FibContext,
): boolean {
  if (type === 'local' && spec.dst.addr === prefsrc) return true;
  if (context.addressType(prefsrc) === 'local') return true;
  if (table === TABLE_MAIN) return false;
  return context.lookupIn(table, prefsrc, { scope: 'global' })?.entry.info.type === 'local';
}

/** inet_addr_type's answer before it looks into a table. */
export function fixedAddressType(ip: Ip4): RouteType | undefined {
  if (ip >>> 24 === 0 || isLimitedBroadcast(ip)) return 'broadcast';
  return isMulticast(ip) ? 'multicast' : undefined;
}
