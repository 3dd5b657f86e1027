/** Entries of the tables: gone, or wrong. */
import type { LinkRow, TableRows } from '../../../state';
import { covers } from './address';
import {
  deleteFdb,
  deleteNeigh,
  deleteRoute,
  isUp,
  redirectRoute,
  setFdbPort,
  setFdbRemote,
  setNeigh,
} from './commands';
import { MOST_ROWS, once, type Fault, type FaultView } from './fault';

type RouteRow = TableRows['route'];
type FdbRow = TableRows['fdb'];

/** A locally administered address that no card has. */
const NOBODYS_MAC = '02:00:00:00:be:ef';
/** Ways a route can be sent wrongly: more would not teach more. */
const MOST_DEVICES = 4;

/** Another address of the same /24, from its end, which nobody on the screen has. */
function nobodyBeside(address: string, taken: ReadonlySet<string>): string | undefined {
  const [a, b, c] = address.split('.');
  for (let last = 254; last > 0; last--) {
    const other = `${a}.${b}.${c}.${last}`;
    if (other !== address && !taken.has(other)) return other;
  }
  return undefined;
}

function addressesOf(view: FaultView): Set<string> {
  return new Set(view.namespaces.flatMap(({ id }) => view.rows(id, 'addr').map(({ local }) => local)));
}

/** A next hop that the kernel takes and nobody answers for. */
function wrongGateway(view: FaultView, netns: string, route: RouteRow): string | undefined {
  const { gateway, dev, flags } = route;
  if (gateway === undefined || dev === undefined) return undefined;
  const wrong = nobodyBeside(gateway, addressesOf(view));
  if (wrong === undefined || flags.includes('onlink')) return wrong;
  const own = view.rows(netns, 'addr').filter((row) => row.dev === dev);
  return own.some(({ local, prefixlen }) => [gateway, wrong].every((it) => covers(local, prefixlen, it)))
    ? wrong
    : undefined;
}

const isWayOut = (link: LinkRow) =>
  link.kind !== 'loopback' && link.kind !== 'dummy' && link.master === undefined && isUp(link);

function routeFaults(view: FaultView, netns: string): Fault[] {
  const links = view.rows(netns, 'link').filter(isWayOut);
  // Rows of the local table belong to addresses: they go when the address goes.
  const routes = view.rows(netns, 'route').filter(({ table }) => table !== 'local');
  return routes.slice(0, MOST_ROWS).flatMap((route) => {
    const base = { group: 'route', values: { dst: route.dst }, row: route, dev: route.dev ?? '' } as const;
    const id = deleteRoute(route);
    const faults: Fault[] = [{ ...base, id, text: 'fault.routeDelete', choices: once(netns, id) }];
    const isPlain = (route.type ?? 'unicast') === 'unicast' && route.nexthops === undefined;
    const { dev } = route;
    if (!isPlain || dev === undefined) return faults;
    const gateway = wrongGateway(view, netns, route);
    if (gateway !== undefined && links.some(({ ifname }) => ifname === dev)) {
      const to = { gateway, dev, onlink: route.flags.includes('onlink') };
      const choices = once(netns, redirectRoute(route, to));
      faults.push({ ...base, id: `gateway ${id}`, text: 'fault.routeGateway', choices });
    }
    const others = links.filter(({ ifname }) => ifname !== dev).slice(0, MOST_DEVICES);
    if (others.length > 0) {
      const choices = others.map(({ ifname }) => ({
        label: ifname,
        orders: [{ netns, command: redirectRoute(route, { dev: ifname }) }],
      }));
      faults.push({ ...base, id: `device ${id}`, text: 'fault.routeDevice', choices });
    }
    return faults;
  });
}

function neighFaults(view: FaultView, netns: string): Fault[] {
  const rows = view.rows(netns, 'neigh').filter(({ state }) => !state.includes('NOARP'));
  return rows.slice(0, MOST_ROWS).flatMap((row) => {
    const base = { group: 'neigh', values: { dst: row.dst, dev: row.dev }, row, dev: row.dev } as const;
    const id = deleteNeigh(row);
    const faults: Fault[] = [{ ...base, id, text: 'fault.neighDelete', choices: once(netns, id) }];
    if (row.proxy !== true) {
      const choices = once(netns, setNeigh(row, NOBODYS_MAC));
      faults.push({ ...base, id: `wrong ${id}`, text: 'fault.neighWrong', choices });
    }
    return faults;
  });
}

/** Multicast filters and a device's own address are not worth a line. */
const isBreakableFdb = (row: FdbRow): boolean =>
  !/^(33:33|01:00:5e)/.test(row.mac) && (row.dst !== undefined || row.state !== 'permanent');

function fdbFaults(view: FaultView, netns: string): Fault[] {
  const links = view.rows(netns, 'link');
  const rows = view.rows(netns, 'fdb').filter(isBreakableFdb);
  const taken = addressesOf(view);
  return rows.slice(0, MOST_ROWS).flatMap((row) => {
    const base = { group: 'fdb', values: { mac: row.mac }, row, dev: row.ifname } as const;
    const id = deleteFdb(row);
    const faults: Fault[] = [{ ...base, id, text: 'fault.fdbDelete', choices: once(netns, id) }];
    const remote = row.dst === undefined ? undefined : nobodyBeside(row.dst, taken);
    if (remote !== undefined) {
      const choices = once(netns, setFdbRemote(row, remote));
      faults.push({ ...base, id: `remote ${id}`, text: 'fault.fdbRemote', choices });
    }
    const master = row.master;
    const ports = links.filter((link) => link.master === master && link.ifname !== row.ifname);
    if (master !== undefined && row.dst === undefined && ports.length > 0) {
      const choices = ports.slice(0, MOST_DEVICES).map(({ ifname }) => ({
        label: ifname,
        orders: [{ netns, command: setFdbPort(row, ifname) }],
      }));
      faults.push({ ...base, id: `port ${id}`, text: 'fault.fdbPort', choices });
    }
    return faults;
  });
}

export const entryFaults = (view: FaultView, netns: string): Fault[] => [
  ...routeFaults(view, netns),
  ...neighFaults(view, netns),
  ...fdbFaults(view, netns),
];
