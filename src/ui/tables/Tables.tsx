import { TableProperties } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { rowText, why } from '../../explain';
import type { TableName, TableRows } from '../../sim/kernel/trace';
import {
  actions,
  getTrace,
  useApp,
  useRowMarks,
  useTable,
  useTableWithKeys,
  type KeyedRow,
  type RowMarks,
} from '../../state';
import { useText, type TextKey } from '../i18n';
import { EmptyState } from '../widgets/EmptyState';
import { Fold } from '../widgets/Fold';
import { NetnsPicker } from '../widgets/NetnsPicker';
import { useCurrentStep, useShownNetns } from '../widgets/useShown';
import {
  etcdView,
  fdbView,
  linkColumns,
  neighView,
  processView,
  routeView,
  ruleView,
  sysctlView,
  type TableView,
} from './columns';
import { DataTable } from './DataTable';
import { useFilter } from './Filter';
import { Iptables } from './Iptables';
import { KernelLog } from './KernelLog';
import { conntrackView, ipsetView, kubeView, qdiscView, socketView } from './netfilter-views';
import { withRemoved } from './removed';
import { Section } from './Section';
import styles from './tables.module.css';

/** The kernel's tables of one namespace, as they are at the cursor. */
export function Tables() {
  const t = useText();
  const { netns, follows } = useShownNetns();
  if (netns === null) {
    return <EmptyState icon={<TableProperties aria-hidden />}>{t('tables.none')}</EmptyState>;
  }
  return (
    <div className={styles.panel}>
      <NetnsPicker netns={netns} follows={follows} />
      <AllTables key={netns} netns={netns} />
    </div>
  );
}

function AllTables({ netns }: { readonly netns: string }) {
  return (
    <div className={styles.tables} data-scrolls>
      <One view={routeView} netns={netns} extra={useRouteQuestion(netns)} />
      <One view={neighView} netns={netns} />
      <One view={fdbView} netns={netns} />
      <Interfaces netns={netns} />
      <Iptables netns={netns} />
      <One view={conntrackView} netns={netns} />
      <One view={ipsetView} netns={netns} />
      <KernelLog netns={netns} />
      <One view={socketView} netns={netns} />
      <One view={qdiscView} netns={netns} />
      <One view={kubeView} netns={netns} />
      <One view={etcdView} netns={netns} />
      <One view={ruleView} netns={netns} />
      <One view={processView} netns={netns} />
      <One view={sysctlView} netns={netns} />
    </div>
  );
}

/** The `ip route get` that asks what the current step asked, when it asked it here. */
function useRouteQuestion(netns: string): string | undefined {
  const step = useCurrentStep();
  const version = useApp((state) => state.traceVersion);
  return useMemo(() => {
    if (step === undefined || step.netns !== netns || version < 0) return undefined;
    const command = why(step, getTrace())?.command;
    return command?.netns === netns && command.text.startsWith('ip route get') ? command.text : undefined;
  }, [step, netns, version]);
}

interface OneProps<T extends TableName> {
  readonly view: TableView<T>;
  readonly netns: string;
  readonly extra?: string | undefined;
}

function One<T extends TableName>({ view, netns, extra }: OneProps<T>) {
  const t = useText();
  const marks = useRowMarks(netns, view.table);
  const rows = withRemoved(useTableWithKeys(netns, view.table), marks);
  const textOf = useCallback((entry: KeyedRow<T>) => rowText(view.table, entry.row), [view]);
  const { shown, box, more } = useFilter(
    rows,
    textOf,
    ({ key }) => marks.used.has(key) || marks.changed.has(key),
  );
  const groups = useMemo(() => groupRows(shown, view.fold), [shown, view]);
  const chosen = useApp((state) => (state.selection.netns === netns ? state.selection.dev : null));
  if (rows.length === 0 && view.empty === undefined) return null;
  const { device } = view;
  const data = (part: readonly KeyedRow<T>[], name: string, bare: boolean) => (
    <DataTable<T>
      name={name}
      label={t(view.title)}
      columns={view.columns}
      rows={part}
      marks={marks}
      bare={bare}
      onPick={
        device &&
        ((row: TableRows[T]) => {
          const dev = device(row);
          if (dev !== undefined) actions.selectDevice(netns, dev);
        })
      }
      isPicked={device && ((row: TableRows[T]) => chosen !== null && device(row) === chosen)}
    />
  );
  const main = groups.get(undefined) ?? [];
  return (
    <Section
      name={view.table}
      netns={netns}
      title={view.title}
      count={rows.length - marks.removed.length}
      command={view.command}
      more={extra === undefined ? [] : [extra]}
      open={view.open}
      touched={marks.used.size + marks.changed.size > 0}
    >
      {view.filter === true ? box : null}
      {main.length > 0 ? data(main, `rows-${view.table}`, false) : null}
      {rows.length === 0 && view.empty !== undefined ? <p className={styles.empty}>{t(view.empty)}</p> : null}
      {[...groups].map(([group, part]) =>
        group === undefined ? null : (
          <Folded
            key={`${group} ${part.some(({ key }) => marks.used.has(key) || marks.changed.has(key))}`}
            title={group}
            rows={part}
            marks={marks}
          >
            {data(part, `rows-${view.table}-${group}`, true)}
          </Folded>
        ),
      )}
      {more}
    </Section>
  );
}

interface FoldedProps {
  readonly title: TextKey;
  readonly rows: readonly KeyedRow[];
  readonly marks: RowMarks;
  readonly children: React.ReactNode;
}
/** Rows one rarely looks at, opened when the step touched one of them. */
function Folded({ title, rows, marks, children }: FoldedProps) {
  const t = useText();
  const touched = rows.some(({ key }) => marks.used.has(key) || marks.changed.has(key));
  return (
    <Fold className={styles.folded} open={touched} title={t(title, { n: rows.length })}>
      {children}
    </Fold>
  );
}

function groupRows<T extends TableName>(
  rows: readonly KeyedRow<T>[],
  fold: ((row: TableRows[T]) => TextKey | undefined) | undefined,
): Map<TextKey | undefined, KeyedRow<T>[]> {
  const groups = new Map<TextKey | undefined, KeyedRow<T>[]>();
  for (const entry of rows) {
    const group = fold?.(entry.row);
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [entry]);
    else list.push(entry);
  }
  return groups;
}

/** An address that was used or changed marks the interface it is on. */
function withAddressMarks(
  marks: RowMarks,
  links: readonly KeyedRow<'link'>[],
  addrMarks: RowMarks,
  addrs: readonly KeyedRow<'addr'>[],
): RowMarks {
  if (addrMarks.used.size + addrMarks.changed.size === 0) return marks;
  const used = new Set(marks.used);
  const changed = new Map(marks.changed);
  const keyOf = new Map(links.map(({ key, row }) => [row.ifname, key]));
  for (const { key, row } of [...addrs, ...(addrMarks.removed as readonly KeyedRow<'addr'>[])]) {
    const link = keyOf.get(row.dev);
    if (link === undefined) continue;
    if (addrMarks.used.has(key)) used.add(link);
    if (addrMarks.changed.has(key) && !changed.has(link)) changed.set(link, 'changed');
  }
  return { ...marks, used, changed };
}

/** Links and addresses as one table: what `ip addr` shows. */
function Interfaces({ netns }: { readonly netns: string }) {
  const t = useText();
  const addrs = useTable(netns, 'addr');
  const addrRows = useTableWithKeys(netns, 'addr');
  const addrMarks = useRowMarks(netns, 'addr');
  const linkMarks = useRowMarks(netns, 'link');
  const linkRows = useTableWithKeys(netns, 'link');
  const marks = useMemo(
    () => withAddressMarks(linkMarks, linkRows, addrMarks, addrRows),
    [linkMarks, linkRows, addrMarks, addrRows],
  );
  const links = withRemoved(linkRows, marks);
  const chosen = useApp((state) => (state.selection.netns === netns ? state.selection.dev : null));
  const columns = useMemo(() => linkColumns(addrs), [addrs]);
  return (
    <Section
      name="link"
      netns={netns}
      title="table.link"
      count={links.length - marks.removed.length}
      command="ip addr"
      more={['ip -d link']}
      open
      touched={marks.used.size + marks.changed.size > 0}
    >
      {links.length === 0 ? <p className={styles.empty}>{t('empty.link')}</p> : null}
      <DataTable<'link'>
        name="rows-link"
        label={t('table.link')}
        columns={columns}
        rows={links}
        marks={marks}
        onPick={(row) => actions.selectDevice(netns, row.ifname)}
        isPicked={(row) => row.ifname === chosen}
      />
    </Section>
  );
}
