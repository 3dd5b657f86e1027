import type { ChangeEvent, EventSeq, TableName, TableRows, TraceEvent } from '../../sim/kernel/trace';
import { msg } from '../messages';
import { rowText } from '../rows';
import type { Story } from '../steps';
import type { Message, Step, Why, WhyRow, WhySection } from '../types';

/** A why before the parts that every step has (changes, drops) are added. */
export type Answer = Pick<Why, 'lead' | 'kernel' | 'command' | 'rfc'> & {
  readonly sections: readonly WhySection[];
};

export function section(
  kind: WhySection['kind'],
  heading: Message,
  rows: readonly WhyRow[],
  more: { notes?: readonly Message[]; table?: WhySection['table']; quiet?: boolean } = {},
): WhySection {
  return { kind, heading, rows, notes: more.notes ?? [], table: more.table, quiet: more.quiet };
}

/** A lookup without a table to show. */
export function plain(lead: Message, kernel: readonly string[], notes: readonly Message[] = []): Answer {
  const sections = notes.length === 0 ? [] : [section('facts', lead, [], { notes })];
  return { lead, kernel, sections };
}

export function eventsOf(step: Step, trace: Story): TraceEvent[] {
  return trace.events.slice(step.first, step.last + 1);
}

/** Who asked the kernel for this very change by netlink; undefined when the kernel made it on its own account. */
function requester(change: ChangeEvent, trace: Story): string | undefined {
  const cause = trace.events[change.cause];
  if (cause?.kind !== 'netlink') return undefined;
  // A bridge's own MACs appear when its link is set up; nobody wrote those rows.
  const forNeighbours = change.table === 'neigh' || change.table === 'fdb';
  return forNeighbours && !cause.request.endsWith('NEIGH') ? undefined : cause.by;
}

/** Who wrote the row that a lookup found, looking back from the lookup. */
export function writerOf<T extends TableName>(
  trace: Story,
  before: EventSeq,
  netns: string,
  table: T,
  is: (row: TableRows[T]) => boolean,
): string | undefined {
  for (let seq = before - 1; seq >= 0; seq--) {
    const e = trace.events[seq];
    if (e?.kind !== 'change' || e.table !== table || e.netns !== netns) continue;
    const { after } = e as ChangeEvent<T>;
    if (after !== undefined && is(after)) return requester(e, trace);
  }
  return undefined;
}

function changeReason(e: ChangeEvent, trace: Story): Message {
  const cause = trace.events[e.cause];
  const by = requester(e, trace);
  if (e.after === undefined) return by === undefined ? msg('row.gone') : msg('row.goneBy', { by });
  if (e.before !== undefined) return msg('row.was', { before: changedPart(e) });
  if (by !== undefined) return msg('row.newBy', { by });
  return e.table === 'fdb' && cause?.kind === 'rx' ? msg('row.learned') : msg('row.new');
}

/** Of the old row, only what differs is worth saying. */
function changedPart(e: ChangeEvent): string {
  const before = e.before === undefined ? '' : rowText(e.table, e.before);
  const kept = new Set(e.after === undefined ? [] : rowText(e.table, e.after).split(' '));
  const gone = before.split(' ').filter((word) => !kept.has(word));
  return gone.length > 0 ? gone.join(' ') : before;
}

/** One section for each table that the step changed. */
export function changeSections(changes: readonly ChangeEvent[], trace: Story): WhySection[] {
  const byTable = new Map<string, ChangeEvent[]>();
  for (const e of changes) {
    const place = `${e.netns} ${e.table}`;
    const group = byTable.get(place);
    if (group) group.push(e);
    else byTable.set(place, [e]);
  }
  return [...byTable.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const rows = group.flatMap((e): WhyRow[] => {
      const row = e.after ?? e.before;
      if (row === undefined) return [];
      return [{ text: rowText(e.table, row), won: e.after !== undefined, reason: changeReason(e, trace) }];
    });
    const table = { netns: first.netns, table: first.table };
    return [
      section('changes', msg('head.changed', { who: first.netns, table: `table.${first.table}` }), rows, {
        table,
      }),
    ];
  });
}
