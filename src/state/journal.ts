import type { JournalEntry } from './types';

const sameEntry = (a: JournalEntry, b: JournalEntry | undefined): boolean =>
  a.netns === b?.netns && a.command === b.command && a.at === b.at;

export const isPrefix = (start: readonly JournalEntry[], whole: readonly JournalEntry[]): boolean =>
  start.length <= whole.length && start.every((entry, i) => sameEntry(entry, whole[i]));
