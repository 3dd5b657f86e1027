/** What one may break from the menu: each is a command that a person could type, made from the rows as they are now. */
import type { TableRows } from '../../state';

type LinkRow = TableRows['link'];
type RouteRow = TableRows['route'];
type NeighRow = TableRows['neigh'];
type FdbRow = TableRows['fdb'];

/** `ip route del …`, naming enough to hit this row and no other. */
export function deleteRoute(route: RouteRow): string {
  const words = ['ip', 'route', 'del'];
  if (route.type !== undefined && route.type !== 'unicast') words.push(route.type);
  words.push(route.dst);
  if (route.gateway !== undefined) words.push('via', route.gateway);
  if (route.dev !== undefined) words.push('dev', route.dev);
  if (route.table !== undefined && route.table !== 'main') words.push('table', route.table);
  if (route.metric !== undefined) words.push('metric', String(route.metric));
  return words.join(' ');
}

export function deleteNeigh(neigh: NeighRow): string {
  return ['ip', 'neigh', 'del', ...(neigh.proxy === true ? ['proxy'] : []), neigh.dst, 'dev', neigh.dev].join(
    ' ',
  );
}

/** A VXLAN entry is in the device's own table, a learned one in its bridge's. */
export function deleteFdb(fdb: FdbRow): string {
  const words = ['bridge', 'fdb', 'del', fdb.mac, 'dev', fdb.ifname];
  if (fdb.dst !== undefined) words.push('dst', fdb.dst);
  words.push(fdb.flags.includes('self') ? 'self' : 'master');
  return words.join(' ');
}

export const setLink = (link: LinkRow, up: boolean): string =>
  `ip link set ${link.ifname} ${up ? 'up' : 'down'}`;
export const isUp = (link: LinkRow): boolean => link.flags.includes('UP');

/** A size that what fits now will not fit: 100 bytes less, or back to 1500 when it is already small. */
export function otherMtu(link: LinkRow): number {
  return link.mtu <= 1300 ? 1500 : link.mtu - 100;
}
export const setMtu = (link: LinkRow): string => `ip link set ${link.ifname} mtu ${otherMtu(link)}`;

export const setForwarding = (on: boolean): string => `sysctl -w net.ipv4.ip_forward=${on ? 1 : 0}`;

/** Devices worth breaking: not loopback. */
export const breakable = (links: readonly LinkRow[]): LinkRow[] =>
  links.filter((link) => link.kind !== 'loopback');

/** Rows of the local table belong to addresses: they go when the address goes. */
export const isBreakableRoute = (route: RouteRow): boolean => route.table !== 'local';
/** Multicast filters and a device's own address are not worth a menu line. */
export const isBreakableFdb = (fdb: FdbRow): boolean =>
  !/^(33:33|01:00:5e)/.test(fdb.mac) && (fdb.dst !== undefined || fdb.state !== 'permanent');
