/** The kernel's log: lines that LOG and TRACE rules, or the kernel itself, have written, by machine. */
import { upperBound } from './search';
import { getTrace, observeTrace } from './trace';
import type { EventSeq, SimTime } from './types';

export interface LogLine {
  readonly seq: EventSeq;
  readonly at: SimTime;
  readonly netns: string;
  readonly text: string;
}
interface Log {
  readonly seqs: EventSeq[];
  readonly lines: LogLine[];
  /** The first `n` lines, as last handed out. */
  shown: readonly LogLine[];
}

const NO_LINES: readonly LogLine[] = [];
const logs = new Map<string, Log>();

observeTrace({
  appended(from) {
    const { events } = getTrace();
    for (let seq = from; seq < events.length; seq++) {
      const event = events[seq];
      if (event?.kind !== 'control' || event.action !== 'printk') continue;
      const log = logs.get(event.machine) ?? { seqs: [], lines: [], shown: NO_LINES };
      logs.set(event.machine, log);
      log.seqs.push(seq);
      log.lines.push({ seq, at: event.at, netns: event.netns, text: event.text });
    }
  },
  cut(keep) {
    for (const log of logs.values()) {
      const left = upperBound(log.seqs, keep - 1);
      log.seqs.length = left;
      log.lines.length = left;
      log.shown = NO_LINES;
    }
  },
});

/** Lines of one machine up to the cursor, oldest first; the same array until there is another line. */
export function kernelLogAt(cursor: EventSeq, machine: string): readonly LogLine[] {
  const log = logs.get(machine);
  if (log === undefined) return NO_LINES;
  const n = upperBound(log.seqs, cursor);
  if (log.shown.length !== n) log.shown = log.lines.slice(0, n);
  return log.shown;
}
