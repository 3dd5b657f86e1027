/** What is shown of each table: its columns, its Linux command, which rows are folded away. */
import type { ReactNode } from 'react';
import type {
  AddrRow,
  FdbRow,
  LinkRow,
  NeighRow,
  NeighState,
  RouteRow,
  RuleRow,
  TableName,
  TableRows,
} from '../../sim/kernel/trace';
import type { TextKey } from '../i18n';
import styles from './tables.module.css';

export interface Column<R> {
  readonly title: TextKey;
  readonly cell: (row: R) => ReactNode;
  /** Goes to a line of its own where the panel is narrow; empty cells take no line. */
  readonly late?: true;
}
export interface TableView<T extends TableName> {
  readonly table: T;
  readonly title: TextKey;
  /** Prints this table on a Linux machine. */
  readonly command?: string;
  readonly columns: readonly Column<TableRows[T]>[];
  /** Rows of these groups are folded below the others, each under its own line. */
  readonly fold?: (row: TableRows[T]) => TextKey | undefined;
  /** The device a row speaks of. */
  readonly device?: (row: TableRows[T]) => string | undefined;
  readonly open: boolean;
  /** May grow so long that one wants to search it. */
  readonly filter?: true;
  /** Said when there are no rows; without it the table is left out. */
  readonly empty?: TextKey;
}

const none = <span className={styles.none}>{'–'}</span>;
const orNone = (text: string | number | undefined) => text ?? none;

export const routeView: TableView<'route'> = {
  table: 'route',
  title: 'table.route',
  command: 'ip route',
  open: true,
  empty: 'empty.route',
  fold: (row) => (row.table === 'local' ? 'fold.local' : undefined),
  device: (row) => row.dev,
  columns: [
    { title: 'column.destination', cell: (row) => routeDestination(row) },
    { title: 'column.via', cell: (row) => via(row) },
    { title: 'column.dev', cell: (row) => orNone(row.dev) },
    { title: 'column.more', late: true, cell: (row) => routeRest(row) },
  ],
};
function routeDestination(row: RouteRow): string {
  return row.type === undefined || row.type === 'unicast' ? row.dst : `${row.type} ${row.dst}`;
}
function via(row: RouteRow): ReactNode {
  if (row.nexthops === undefined) return orNone(row.gateway);
  return row.nexthops.map((hop) => `${hop.gateway ?? ''} ${hop.dev}`.trim()).join(', ');
}
/** What is left of the row, in the order and with the words of `ip route`. */
export function routeRest(row: RouteRow): string {
  const words: string[] = [];
  if (row.table !== undefined && row.table !== 'main' && row.table !== 'local')
    words.push(`table ${row.table}`);
  if (row.protocol !== undefined && row.protocol !== 'boot') words.push(`proto ${row.protocol}`);
  if (row.scope !== undefined && row.scope !== 'global') words.push(`scope ${row.scope}`);
  if (row.prefsrc !== undefined) words.push(`src ${row.prefsrc}`);
  if (row.metric !== undefined) words.push(`metric ${row.metric}`);
  if (row.mtu !== undefined) words.push(`mtu ${row.mtu}`);
  return [...words, ...row.flags].join(' ');
}

const NEIGH_TONE: Readonly<Record<NeighState, string | undefined>> = {
  NONE: styles.dim,
  INCOMPLETE: styles.warn,
  REACHABLE: styles.good,
  STALE: styles.dim,
  DELAY: styles.warn,
  PROBE: styles.warn,
  FAILED: styles.bad,
  PERMANENT: styles.good,
  NOARP: styles.dim,
};
export const neighView: TableView<'neigh'> = {
  table: 'neigh',
  title: 'table.neigh',
  command: 'ip neigh',
  open: true,
  empty: 'empty.neigh',
  device: (row) => row.dev,
  columns: [
    { title: 'column.address', cell: (row: NeighRow) => row.dst },
    { title: 'column.dev', cell: (row) => row.dev },
    { title: 'column.mac', late: true, cell: (row) => row.lladdr ?? '' },
    {
      title: 'column.state',
      cell: (row) =>
        row.proxy === true
          ? 'proxy'
          : row.state.map((state) => (
              <span key={state} className={NEIGH_TONE[state]}>
                {state}
              </span>
            )),
    },
  ],
};

const isMulticastMac = (mac: string) => (parseInt(mac.slice(0, 2), 16) & 1) === 1;
export const fdbView: TableView<'fdb'> = {
  table: 'fdb',
  title: 'table.fdb',
  command: 'bridge fdb show',
  open: true,
  empty: 'empty.fdb',
  fold: (row) => (isMulticastMac(row.mac) ? 'fold.multicast' : undefined),
  device: (row) => row.ifname,
  columns: [
    { title: 'column.mac', cell: (row: FdbRow) => row.mac },
    { title: 'column.dev', cell: (row) => row.ifname },
    { title: 'column.where', cell: (row) => orNone(row.dst ?? row.master) },
    { title: 'column.more', late: true, cell: (row) => fdbRest(row) },
  ],
};
function fdbRest(row: FdbRow): string {
  const words: string[] = [];
  if (row.vni !== undefined) words.push(`vni ${row.vni}`);
  if (row.port !== undefined) words.push(`port ${row.port}`);
  return [...words, ...row.flags, ...(row.state === '' ? [] : [row.state])].join(' ');
}

export const ruleView: TableView<'rule'> = {
  table: 'rule',
  title: 'table.rule',
  command: 'ip rule',
  open: false,
  columns: [
    { title: 'column.priority', cell: (row: RuleRow) => row.priority },
    { title: 'column.selector', cell: (row) => selector(row) },
    { title: 'column.lookup', cell: (row) => `lookup ${row.table}` },
  ],
};
function selector(row: RuleRow): string {
  const words = [`from ${row.src}${row.srclen === undefined ? '' : `/${row.srclen}`}`];
  if (row.dst !== undefined) words.push(`to ${row.dst}${row.dstlen === undefined ? '' : `/${row.dstlen}`}`);
  if (row.fwmark !== undefined) words.push(`fwmark ${row.fwmark}`);
  if (row.iif !== undefined) words.push(`iif ${row.iif}`);
  if (row.oif !== undefined) words.push(`oif ${row.oif}`);
  return words.join(' ');
}

export const sysctlView: TableView<'sysctl'> = {
  table: 'sysctl',
  title: 'table.sysctl',
  command: 'sysctl -a',
  open: false,
  fold: (row) => (/\.(conf|neigh)\./.test(row.name) ? 'fold.perDevice' : undefined),
  columns: [
    { title: 'column.name', cell: (row) => row.name },
    { title: 'column.value', cell: (row) => row.value },
  ],
};

export const processView: TableView<'process'> = {
  table: 'process',
  title: 'table.process',
  open: false,
  columns: [
    { title: 'column.pid', cell: (row) => row.pid },
    { title: 'column.name', cell: (row) => row.name },
    {
      title: 'column.state',
      cell: (row) => <span className={row.state === 'running' ? styles.good : styles.bad}>{row.state}</span>,
    },
    { title: 'column.more', late: true, cell: (row) => row.note ?? '' },
  ],
};

export const etcdView: TableView<'etcd'> = {
  table: 'etcd',
  title: 'table.etcd',
  command: 'etcdctl get --prefix /',
  open: true,
  columns: [
    {
      title: 'column.key',
      cell: (row) => (
        <>
          {row.key}
          <span className={styles.below}>{row.value}</span>
        </>
      ),
    },
    { title: 'column.revision', cell: (row) => row.modRevision },
    { title: 'column.lease', cell: (row) => orNone(row.lease) },
  ],
};

/** Interfaces are shown with their addresses, as `ip addr` does. */
export function linkColumns(addrs: readonly AddrRow[]): readonly Column<LinkRow>[] {
  const of = (row: LinkRow) => addrs.filter((addr) => addr.dev === row.ifname);
  return [
    { title: 'column.dev', cell: (row) => <b>{row.ifname}</b> },
    {
      title: 'column.state',
      cell: (row) => <span className={isDown(row) ? styles.bad : styles.good}>{row.operstate}</span>,
    },
    {
      title: 'column.address',
      cell: (row) =>
        of(row).length === 0 ? none : of(row).map((addr) => <div key={addr.local}>{addressOf(addr)}</div>),
    },
    { title: 'column.mtu', cell: (row) => row.mtu },
    {
      title: 'column.more',
      late: true,
      cell: (row) => [...(row.link_type === 'ether' ? [row.address] : []), linkKind(row)].join(' · '),
    },
  ];
}
const isDown = (row: LinkRow) => row.operstate === 'DOWN' || row.operstate === 'LOWERLAYERDOWN';
const addressOf = (addr: AddrRow) =>
  addr.address === undefined
    ? `${addr.local}/${addr.prefixlen}`
    : `${addr.local} peer ${addr.address}/${addr.prefixlen}`;

/** What it is, where its other end is, which bridge it is a port of. */
export function linkKind(row: LinkRow): string {
  const words: string[] = [row.kind];
  if (row.vxlan !== undefined) words.push(`vni ${row.vxlan.id}`);
  if (row.peer !== undefined) words.push(`↔ ${row.peer.netns}:${row.peer.dev}`);
  if (row.master !== undefined) words.push(`⊂ ${row.master}`);
  return words.join(' ');
}
