import { useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { TableName, TableRows } from '../../sim/kernel/trace';
import type { KeyedRow, RowMarks } from '../../state';
import { useText, type TextKey } from '../i18n';
import { cx } from '../widgets/cx';
import type { Column } from './columns';
import styles from './tables.module.css';

interface DataTableProps<T extends TableName> {
  readonly name: string;
  readonly label: string;
  readonly columns: readonly Column<TableRows[T]>[];
  readonly rows: readonly KeyedRow<T>[];
  readonly marks: RowMarks;
  readonly onPick?: ((row: TableRows[T]) => void) | undefined;
  readonly isPicked?: ((row: TableRows[T]) => boolean) | undefined;
  /** Column headings are for the eye in the first part of a table only. */
  readonly bare?: boolean;
}

type Mark = 'used' | 'added' | 'changed' | 'removed';
const MARK_TEXT: Readonly<Record<Mark, TextKey>> = {
  used: 'mark.used',
  added: 'mark.added',
  changed: 'mark.changed',
  removed: 'mark.removed',
};
const MARK_SIGN: Readonly<Record<Mark, string>> = { used: '▸', added: '+', changed: '~', removed: '−' };

function marksOf(key: string, marks: RowMarks): Mark[] {
  const change = marks.changed.get(key);
  return [...(marks.used.has(key) ? ['used' as const] : []), ...(change === undefined ? [] : [change])];
}

/** Rows one walks with ↑ and ↓; Enter or a click picks the row's device. Wide rows scroll inside. */
export function DataTable<T extends TableName>(props: DataTableProps<T>) {
  const { name, label, columns, rows, marks, onPick, isPicked, bare = false } = props;
  const t = useText();
  const body = useRef<HTMLTableSectionElement>(null);
  const [active, setActive] = useState(0);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(active + by, rows.length - 1));
    setActive(next);
    body.current?.querySelectorAll('tr')[next]?.focus();
  };
  return (
    <div className={styles.scroll}>
      <table
        aria-label={label}
        data-testid={name}
        role="table"
        style={{ '--columns': columns.length } as CSSProperties}
      >
        <thead role="rowgroup" className={bare ? 'visually-hidden' : undefined}>
          <tr role="row">
            <th role="columnheader" className={styles.gutter}>
              <span className="visually-hidden">{t('column.mark')}</span>
            </th>
            {columns.map((column) => (
              <th
                key={column.title}
                role="columnheader"
                scope="col"
                className={cx(column.late && styles.late)}
              >
                {t(column.title)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} role="rowgroup" onKeyDown={move}>
          {rows.map((entry, i) => (
            <Row
              key={entry.key}
              entry={entry}
              columns={columns}
              found={marksOf(entry.key, marks)}
              reachable={i === Math.min(active, rows.length - 1)}
              picked={isPicked?.(entry.row) === true}
              onFocus={() => setActive(i)}
              onPick={() => onPick?.(entry.row)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps<T extends TableName> {
  readonly entry: KeyedRow<T>;
  readonly columns: readonly Column<TableRows[T]>[];
  readonly found: readonly Mark[];
  /** Tab stops at one row of a table; the arrow keys reach the others. */
  readonly reachable: boolean;
  readonly picked: boolean;
  readonly onFocus: () => void;
  readonly onPick: () => void;
}

function Row<T extends TableName>({
  entry,
  columns,
  found,
  reachable,
  picked,
  onFocus,
  onPick,
}: RowProps<T>) {
  const t = useText();
  return (
    <tr
      role="row"
      tabIndex={reachable ? 0 : -1}
      className={cx(...found.map((mark) => styles[mark]), picked && styles.picked)}
      data-marks={found.join(' ') || undefined}
      onFocus={onFocus}
      onClick={onPick}
      onKeyDown={(event) => (event.key === 'Enter' ? onPick() : undefined)}
    >
      <td role="cell" className={styles.gutter}>
        {found.map((mark) => (
          <span key={mark} title={t(MARK_TEXT[mark])}>
            <span aria-hidden>{MARK_SIGN[mark]}</span>
            <span className="visually-hidden">{t(MARK_TEXT[mark])}</span>
          </span>
        ))}
      </td>
      {columns.map((column) => (
        <td key={column.title} role="cell" className={cx(column.late && styles.late)}>
          {column.cell(entry.row)}
        </td>
      ))}
    </tr>
  );
}
