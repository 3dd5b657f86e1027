/** What can be broken and mended from the menu: commands that a person could type, made from the rows at the cursor. */
import type { NetnsRow, TableName, TableRows } from '../../../state';
import type { TextKey } from '../../i18n';

/** The tables at the cursor. */
export interface FaultView {
  readonly namespaces: readonly NetnsRow[];
  rows<T extends TableName>(netns: string, table: T): readonly TableRows[T][];
}

export type FaultGroup =
  'mend' | 'cable' | 'quality' | 'route' | 'neigh' | 'fdb' | 'tunnel' | 'firewall' | 'system' | 'daemon';

/** A command and the namespace whose shell it is typed in. */
export interface Order {
  readonly netns: string;
  readonly command: string;
}
export interface FaultChoice {
  /** What tells it from the other choices: `1400`, `20%`; empty when there is only one. */
  readonly label: string;
  /** One after another. */
  readonly orders: readonly Order[];
}
export interface Fault {
  /** Unique among what is offered at once. */
  readonly id: string;
  readonly group: FaultGroup;
  readonly text: TextKey;
  readonly values: Readonly<Record<string, string | number>>;
  /** At least one. */
  readonly choices: readonly FaultChoice[];
  /** Device that it is about. */
  readonly dev?: string;
  /** The row it was made from. */
  readonly row?: object;
}

export const once = (netns: string, ...commands: readonly string[]): FaultChoice[] => [
  { label: '', orders: commands.map((command) => ({ netns, command })) },
];

/** More rows than these would be a list one scrolls through rather than reads. */
export const MOST_ROWS = 24;
