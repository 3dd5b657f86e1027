import type { Trace } from '../sim/index';

/** One entry of stdout.json. */
interface CommandRecord {
  readonly namespace: string;
  readonly command: string;
  /** ns of virtual time */
  readonly start: number;
  readonly end: number;
  /** stdout and stderr as a terminal shows them */
  readonly output: string;
  /** null: it had not ended when a bound stopped the run */
  readonly exit: number | null;
}

/** The journal's commands in order of their start. */
export function commandRecords(trace: Trace): CommandRecord[] {
  const records = new Map<number, { -readonly [Key in keyof CommandRecord]: CommandRecord[Key] }>();
  for (const event of trace.events) {
    if (event.kind === 'command' && event.origin === 'journal') {
      records.set(event.command, {
        namespace: event.netns,
        command: event.text,
        start: event.at,
        end: trace.end,
        output: '',
        exit: null,
      });
    } else if (event.kind === 'output') {
      const record = records.get(event.command);
      if (record) record.output += event.text;
    } else if (event.kind === 'exit') {
      const record = records.get(event.command);
      if (record) Object.assign(record, { end: event.at, exit: event.exit });
    }
  }
  return [...records.values()];
}
