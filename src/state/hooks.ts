/** Hooks for the screen. Each answers the same object while what it says is the same, so that little is drawn again. */
import { useStore } from 'zustand';
import type { Counters } from './counters';
import { kernelLogAt, type LogLine } from './kernel-log';
import { stepsView } from './steps';
import { useApp } from './store';
import { system } from './system';
import { countersAt, keyedRowsAt, marksAt, namespacesAt, rowsAt } from './tables';
import { terminalAt } from './terminal';
import { getTrace } from './trace';
import type {
  Frame,
  FrameId,
  KeyedRow,
  LinkRow,
  NetnsRow,
  RowMarks,
  StepsView,
  TableName,
  TableRows,
  TerminalCommand,
} from './types';

const NO_ROWS: readonly never[] = [];

export const useSteps = (): StepsView => useApp(stepsView);

/** Rows at the cursor, in the order of the kernel's dump. */
export const useTable = <T extends TableName>(netns: string | null, table: T): readonly TableRows[T][] =>
  useApp((state) => (netns === null ? NO_ROWS : rowsAt(state.cursor, netns, table)));

export const useTableWithKeys = <T extends TableName>(
  netns: string | null,
  table: T,
): readonly KeyedRow<T>[] =>
  useApp((state) => (netns === null ? NO_ROWS : keyedRowsAt(state.cursor, netns, table)));

/** Rows that the current step used or changed. */
export const useRowMarks = (netns: string | null, table: TableName): RowMarks =>
  useApp((state) => marksAt(state, netns ?? '', table));

/** Looks up counters of iptables rows by their keys, at the cursor; another function when they may have changed. */
export const useCounters = (netns: string): ((key: string) => Counters | undefined) =>
  useApp((state) => countersAt(state.cursor, netns));

/** The kernel's log of one machine up to the cursor. */
export const useKernelLog = (machine: string | undefined): readonly LogLine[] =>
  useApp((state) => (machine === undefined ? NO_ROWS : kernelLogAt(state.cursor, machine)));

export const useNamespaces = (): readonly NetnsRow[] => useApp((state) => namespacesAt(state.cursor));

export const useDevices = (netns: string | null): readonly LinkRow[] => useTable(netns, 'link');

export const useFrame = (id: FrameId | null): Frame | undefined =>
  useApp(() => (id === null ? undefined : getTrace().frames[id]));

/** Commands of one namespace with what they have printed up to the cursor. */
export const useTerminal = (netns: string | null): readonly TerminalCommand[] =>
  useApp((state) => (netns === null ? NO_ROWS : terminalAt(state, netns)));

/** The theme to draw in, with 'system' resolved. */
export function useTheme(): 'light' | 'dark' {
  const theme = useApp((state) => state.settings.theme);
  const dark = useStore(system, (state) => state.dark);
  return theme === 'system' ? (dark ? 'dark' : 'light') : theme;
}
