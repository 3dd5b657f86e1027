/** Connections, sets, queueing disciplines, sockets and Kubernetes: their columns and Linux commands. */
import { tuplesOf } from '../../explain';
import type { TableView } from './columns';
import styles from './tables.module.css';
import { Tuple } from './Tuple';

export const conntrackView: TableView<'conntrack'> = {
  table: 'conntrack',
  title: 'table.conntrack',
  command: 'conntrack -L',
  open: true,
  filter: true,
  columns: [
    {
      title: 'column.protocol',
      cell: (row) => <b>{row.protocol}</b>,
    },
    { title: 'column.original', cell: (row) => <Tuple words={tuplesOf(row).orig} /> },
    { title: 'column.reply', cell: (row) => <Tuple words={tuplesOf(row).reply} /> },
    {
      title: 'column.state',
      late: true,
      cell: (row) =>
        [...(row.state === undefined ? [] : [row.state]), ...row.flags.map((flag) => `[${flag}]`)].join(' '),
    },
  ],
};

export const ipsetView: TableView<'ipset'> = {
  table: 'ipset',
  title: 'table.ipset',
  command: 'ipset list',
  open: true,
  filter: true,
  columns: [
    { title: 'column.set', cell: (row) => (row.member === undefined ? <b>{row.set}</b> : row.set) },
    { title: 'column.member', cell: (row) => row.member ?? '' },
    { title: 'column.type', cell: (row) => (row.member === undefined ? row.type : '') },
  ],
};

export const qdiscView: TableView<'qdisc'> = {
  table: 'qdisc',
  title: 'table.qdisc',
  command: 'tc qdisc show',
  open: true,
  device: (row) => row.dev,
  columns: [
    { title: 'column.dev', cell: (row) => row.dev },
    { title: 'column.kind', cell: (row) => `${row.kind} ${row.handle}` },
    { title: 'column.more', late: true, cell: (row) => row.options },
  ],
};

const SOCKET_TONE: Readonly<Record<string, string | undefined>> = {
  ESTAB: styles.good,
  LISTEN: styles.good,
  UNCONN: styles.dim,
  'TIME-WAIT': styles.dim,
  'SYN-SENT': styles.warn,
  'SYN-RECV': styles.warn,
};
export const socketView: TableView<'socket'> = {
  table: 'socket',
  title: 'table.socket',
  command: 'ss -tuanp',
  open: true,
  filter: true,
  columns: [
    { title: 'column.protocol', cell: (row) => row.protocol },
    { title: 'column.state', cell: (row) => <span className={SOCKET_TONE[row.state]}>{row.state}</span> },
    { title: 'column.local', cell: (row) => row.local },
    { title: 'column.peer', cell: (row) => row.peer ?? '0.0.0.0:*' },
    { title: 'column.process', late: true, cell: (row) => row.process },
  ],
};

const KUBE_TONE: Readonly<Record<string, string | undefined>> = {
  Ready: styles.good,
  Running: styles.good,
  NotReady: styles.bad,
  Terminating: styles.warn,
  Pending: styles.warn,
  ContainerCreating: styles.warn,
};
export const kubeView: TableView<'kube'> = {
  table: 'kube',
  title: 'table.kube',
  command: 'kubectl get nodes,pods -o wide',
  open: true,
  filter: true,
  columns: [
    {
      title: 'column.name',
      cell: (row) => (
        <>
          <span className={styles.dim}>{`${row.kind.toLowerCase()}/`}</span>
          {row.name}
        </>
      ),
    },
    { title: 'column.state', cell: (row) => <span className={KUBE_TONE[row.status]}>{row.status}</span> },
    { title: 'column.ip', cell: (row) => row.ip ?? <span className={styles.none}>{'–'}</span> },
    { title: 'column.node', cell: (row) => row.node ?? row.podCidr ?? '' },
    {
      title: 'column.more',
      late: true,
      cell: (row) =>
        Object.entries(row.annotations ?? {})
          .map(([name, value]) => `${name.replace(/^.*\//, '')}=${value}`)
          .join(' '),
    },
  ],
};
