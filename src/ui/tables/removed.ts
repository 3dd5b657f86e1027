import type { TableName } from '../../sim/kernel/trace';
import type { KeyedRow, RowMarks } from '../../state';

/** Rows that the step has removed are shown where they were. */
export function withRemoved<T extends TableName>(
  rows: readonly KeyedRow<T>[],
  marks: RowMarks,
): readonly KeyedRow<T>[] {
  if (marks.removed.length === 0) return rows;
  const all = [...rows, ...(marks.removed as readonly KeyedRow<T>[])];
  return all.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
