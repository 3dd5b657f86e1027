/** What commands have taken away or changed since the network was up, as it was before: from the trace alone. */
import type { EventSeq, TableName, TableRows, TraceEvent } from '../../../state';
import { leadsTo } from './address';
import { vtepWith } from './cables';
import {
  deleteFdb,
  deleteNeigh,
  isUp,
  restoreFdb,
  restoreRoute,
  setMtu,
  setNeigh,
  setSysctl,
} from './commands';
import { once, type Fault, type FaultView } from './fault';
import { FORWARDING } from './system';

/** Between a command and the rows it changes there is little more than its request. */
const FARTHEST = 6;

/** Typed or clicked, and done by the command itself: not by a daemon it woke up, nor by a packet it sent. */
function isByHand(event: TraceEvent, events: readonly TraceEvent[]): boolean {
  let { cause } = event;
  for (let looked = 0; cause >= 0 && looked < FARTHEST; looked++) {
    const earlier = events[cause];
    if (earlier?.kind === 'command') return earlier.origin === 'journal';
    if (earlier?.kind !== 'netlink' && earlier?.kind !== 'change') return false;
    cause = earlier.cause;
  }
  return false;
}

interface Lost<T extends TableName> {
  readonly netns: string;
  readonly row: TableRows[T];
}
interface Losses {
  readonly route: Lost<'route'>[];
  readonly neigh: Lost<'neigh'>[];
  readonly fdb: Lost<'fdb'>[];
  readonly link: Lost<'link'>[];
  readonly sysctl: Lost<'sysctl'>[];
}

type Known<T extends TableName> = (row: TableRows[T]) => string;
/** What makes two rows the same thing to a person, even if the kernel keeps them under different keys. */
const IDENTITY: { readonly [T in keyof Losses]: Known<T> } = {
  route: ({ dst, table, metric }) => `${dst} ${table ?? 'main'} ${metric ?? ''}`,
  neigh: ({ dst, dev }) => `${dst} ${dev}`,
  fdb: ({ mac, master, ifname }) => `${mac} ${master ?? ifname}`,
  link: ({ ifname }) => ifname,
  sysctl: ({ name }) => name,
};

/** The first state of every row that commands have changed. */
function lossesOf(events: readonly TraceEvent[], from: EventSeq, to: EventSeq): Losses {
  const losses: Losses = { route: [], neigh: [], fdb: [], link: [], sysctl: [] };
  const seen = new Set<string>();
  for (let seq = from; seq <= to; seq++) {
    const event = events[seq];
    if (event?.kind !== 'change' || event.before === undefined || !(event.table in IDENTITY)) continue;
    const { netns, table, before } = event;
    const identity = IDENTITY[table as keyof Losses] as Known<TableName>;
    const id = `${netns} ${table} ${identity(before)}`;
    if (seen.has(id) || !isByHand(event, events)) continue;
    seen.add(id);
    (losses[table as keyof Losses] as Lost<TableName>[]).push({ netns, row: before });
  }
  return losses;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The kernel takes a next hop only when it is on a link, and the link's own route says so. */
function hasWayTo(view: FaultView, netns: string, { gateway, dev, flags }: TableRows['route']): boolean {
  if (gateway === undefined || flags.includes('onlink')) return true;
  const routes = view.rows(netns, 'route');
  return routes.some(
    (row) =>
      row.gateway === undefined && row.dev === dev && row.table !== 'local' && leadsTo(row.dst, gateway),
  );
}

function routesBack(view: FaultView, { netns, row }: Lost<'route'>): Fault[] {
  const links = view.rows(netns, 'link');
  const isThere = view.rows(netns, 'route').some((now) => same(now, row));
  const dev = links.find(({ ifname }) => ifname === row.dev);
  if (isThere || row.table === 'local' || row.nexthops !== undefined) return [];
  if (row.dev !== undefined && (dev === undefined || !isUp(dev))) return [];
  if (!hasWayTo(view, netns, row)) return [];
  const command = restoreRoute(row);
  const choices = once(netns, command);
  return [{ id: command, group: 'mend', text: 'fault.routeBack', values: { dst: row.dst }, choices }];
}

function neighBack(view: FaultView, { netns, row }: Lost<'neigh'>): Fault[] {
  const { dst, dev, lladdr, state } = row;
  const values = { dst, dev };
  const now = view.rows(netns, 'neigh').find((it) => it.dst === dst && it.dev === dev);
  if (!view.rows(netns, 'link').some(({ ifname }) => ifname === dev)) return [];
  if (state.includes('PERMANENT') && lladdr !== undefined) {
    if (now?.lladdr === lladdr && now.state.includes('PERMANENT')) return [];
    const command = setNeigh(row, lladdr);
    return [{ id: command, group: 'mend', text: 'fault.neighBack', values, choices: once(netns, command) }];
  }
  // What was learned is learned again once the wrong entry is out of the way.
  if (now === undefined || !now.state.includes('PERMANENT')) return [];
  const command = deleteNeigh(now);
  return [{ id: command, group: 'mend', text: 'fault.neighForget', values, choices: once(netns, command) }];
}

function fdbBack(view: FaultView, { netns, row }: Lost<'fdb'>): Fault[] {
  const values = { mac: row.mac };
  const rows = view.rows(netns, 'fdb').filter(({ mac }) => mac === row.mac);
  if (!view.rows(netns, 'link').some(({ ifname }) => ifname === row.ifname)) return [];
  if (row.dst !== undefined || row.state === 'static') {
    if (rows.some(({ ifname, dst }) => ifname === row.ifname && dst === row.dst)) return [];
    const command = restoreFdb(row);
    return [{ id: command, group: 'mend', text: 'fault.fdbBack', values, choices: once(netns, command) }];
  }
  const wrong = rows.find(({ state, master }) => state === 'static' && master === row.master);
  if (wrong === undefined) return [];
  const command = deleteFdb(wrong);
  return [{ id: command, group: 'mend', text: 'fault.fdbForget', values, choices: once(netns, command) }];
}

function forwardingBack(view: FaultView, { netns, row }: Lost<'sysctl'>): Fault[] {
  const now = view.rows(netns, 'sysctl').find(({ name }) => name === row.name);
  if (row.name !== FORWARDING || now?.value !== '0' || row.value === '0') return [];
  const choices = once(netns, setSysctl(row.name, row.value));
  return [{ id: 'forwarding back', group: 'mend', text: 'fault.forwardOn', values: { netns }, choices }];
}

function linkBack(view: FaultView, { netns, row }: Lost<'link'>): Fault[] {
  const dev = row.ifname;
  const now = view.rows(netns, 'link').find(({ ifname }) => ifname === dev);
  if (now === undefined) return [];
  const faults: Fault[] = [];
  if (now.mtu !== row.mtu) {
    const choices = once(netns, setMtu(dev, row.mtu));
    faults.push({
      id: `mtu back ${dev}`,
      group: 'mend',
      text: 'fault.mtuBack',
      values: { dev, mtu: row.mtu },
      choices,
    });
  }
  if (row.vxlan !== undefined && now.vxlan !== undefined && now.vxlan.id !== row.vxlan.id) {
    const vni = row.vxlan.id;
    const choices = once(netns, ...vtepWith(view, netns, now, vni));
    faults.push({
      id: `vni back ${dev}`,
      group: 'mend',
      text: 'fault.vniBack',
      values: { dev, vni },
      choices,
    });
  }
  return faults;
}

/** `from`: the first event after the network is up; `to`: the cursor. */
export function mendsFromTrace(
  view: FaultView,
  events: readonly TraceEvent[],
  from: EventSeq,
  to: EventSeq,
): Fault[] {
  const { route, neigh, fdb, link, sysctl } = lossesOf(events, from, to);
  const mends = [
    ...link.flatMap((lost) => linkBack(view, lost)),
    ...route.flatMap((lost) => routesBack(view, lost)),
    ...neigh.flatMap((lost) => neighBack(view, lost)),
    ...fdb.flatMap((lost) => fdbBack(view, lost)),
    ...sysctl.flatMap((lost) => forwardingBack(view, lost)),
  ];
  const seen = new Set<string>();
  return mends.filter(({ id, choices }) => {
    const key = `${choices[0]?.orders[0]?.netns} ${id}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
