/** Commands of scenarios made comparable: numbers the kernel would draw are given. */
import type { JournalEntry } from '../src/sim/index';

const FIRST_PORT = 40_000;

/**
 * Both sides run these same words. A ping without `-e` gets one, a traceroute without `--sport` a source port and, since
 * one port serves one probe at a time and the kernel limits its errors, one probe after another and one for each hop.
 */
export function levelled(journal: readonly JournalEntry[]): JournalEntry[] {
  return journal.map((entry, i) => ({ ...entry, command: given(entry.command, i + 1) }));
}

function given(command: string, number: number): string {
  const words = command.split(/\s+/);
  const has = (pattern: RegExp) => words.some((word) => pattern.test(word));
  if (has(/^ping$/) && !has(/^-e/)) return command.replace(/\bping\b/, `ping -e ${number}`);
  if (has(/^traceroute$/) && !has(/^--sport/)) {
    return command.replace(/\btraceroute\b/, `traceroute -q 1 -N 1 --sport=${FIRST_PORT + number}`);
  }
  return command;
}
