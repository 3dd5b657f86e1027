/** Command lines as iproute2 takes them, each naming enough to hit its row and no other. */
import type { TableRows } from '../../../state';

type LinkRow = TableRows['link'];
type RouteRow = TableRows['route'];
type NeighRow = TableRows['neigh'];
type FdbRow = TableRows['fdb'];

const words = (...parts: readonly (string | readonly string[] | undefined | false)[]): string =>
  parts
    .flat()
    .filter((part) => part !== undefined && part !== false)
    .join(' ');

const when = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)];

const typeOf = ({ type }: RouteRow) => (type === undefined || type === 'unicast' ? undefined : type);
const tableOf = ({ table }: RouteRow) => when('table', table === 'main' ? undefined : table);

export function deleteRoute(route: RouteRow): string {
  const { dst, gateway, dev, metric } = route;
  const which = [typeOf(route), dst, when('via', gateway), when('dev', dev), tableOf(route)];
  return words('ip route del', ...which, when('metric', metric));
}

/** Where the route leads from now on; what it is for (destination, table, metric) stays, so that it is the same route. */
export function redirectRoute(
  route: RouteRow,
  to: { readonly gateway?: string; readonly dev: string; readonly onlink?: boolean },
): string {
  const { dst, metric } = route;
  const way = [when('via', to.gateway), when('dev', to.dev), to.onlink === true && 'onlink'];
  return words('ip route replace', dst, ...way, tableOf(route), when('metric', metric));
}

/** As it was: everything that `ip route show` says of it. */
export function restoreRoute(route: RouteRow): string {
  const { dst, gateway, dev, protocol, scope, prefsrc, metric, flags, mtu } = route;
  return words(
    'ip route replace',
    typeOf(route),
    dst,
    when('via', gateway),
    when('dev', dev),
    tableOf(route),
    when('proto', protocol === 'boot' ? undefined : protocol),
    when('scope', scope === 'global' ? undefined : scope),
    when('src', prefsrc),
    when('metric', metric),
    when('mtu', mtu),
    flags.includes('onlink') && 'onlink',
  );
}

export function deleteNeigh({ proxy, dst, dev }: NeighRow): string {
  return words('ip neigh del', proxy === true && 'proxy', dst, 'dev', dev);
}
export function setNeigh({ dst, dev }: Pick<NeighRow, 'dst' | 'dev'>, lladdr: string): string {
  return words('ip neigh replace', dst, 'lladdr', lladdr, 'dev', dev, 'nud permanent');
}

/** A VXLAN entry is in the device's own table, a learned one in its bridge's. */
const fdbTable = ({ flags }: FdbRow) => (flags.includes('self') ? 'self' : 'master');

export function deleteFdb(fdb: FdbRow): string {
  return words('bridge fdb del', fdb.mac, 'dev', fdb.ifname, when('dst', fdb.dst), fdbTable(fdb));
}
export function setFdbRemote({ mac, ifname }: FdbRow, dst: string): string {
  return words('bridge fdb replace', mac, 'dev', ifname, 'dst', dst, 'self permanent');
}
export function setFdbPort({ mac }: FdbRow, port: string): string {
  return words('bridge fdb replace', mac, 'dev', port, 'master static');
}
export function restoreFdb(fdb: FdbRow): string {
  return fdb.dst === undefined ? setFdbPort(fdb, fdb.ifname) : setFdbRemote(fdb, fdb.dst);
}

export const setLink = (dev: string, up: boolean): string => `ip link set ${dev} ${up ? 'up' : 'down'}`;
export const setMtu = (dev: string, mtu: number): string => `ip link set ${dev} mtu ${mtu}`;
export const isUp = (link: LinkRow): boolean => link.flags.includes('UP');
export const setSysctl = (name: string, value: string | number): string => `sysctl -w ${name}=${value}`;

interface VtepTables {
  readonly addrs: readonly TableRows['addr'][];
  readonly neighs: readonly NeighRow[];
  readonly fdb: readonly FdbRow[];
  readonly routes: readonly RouteRow[];
}

/** A VXLAN device made anew with another VNI: the kernel does not change it in place. What hung on it is put back. */
export function remakeVtep(link: LinkRow, vni: number, tables: VtepTables): string[] {
  const { ifname, address, mtu, vxlan } = link;
  if (vxlan === undefined) return [];
  const { local, remote, dev, port, learning } = vxlan;
  const lower = [when('local', local), when('remote', remote), when('dev', dev)];
  const options = ['dstport', String(port), learning ? 'learning' : 'nolearning'];
  return [
    `ip link del ${ifname}`,
    words(`ip link add ${ifname} address ${address} mtu ${mtu} type vxlan id ${vni}`, ...lower, options),
    ...tables.addrs.map(({ local: own, prefixlen }) => `ip addr add ${own}/${prefixlen} dev ${ifname}`),
    `ip link set ${ifname} up`,
    ...tables.neighs.flatMap((row) => (row.lladdr === undefined ? [] : [setNeigh(row, row.lladdr)])),
    ...tables.fdb.map(restoreFdb),
    ...tables.routes.map(restoreRoute),
  ];
}
