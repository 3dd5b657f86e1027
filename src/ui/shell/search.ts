/** What the palette finds: places in the story, namespaces, devices, and commands that were run. */
import { message } from '../../explain';
import { getTrace, type EventSeq, type JournalEntry, type Lang, type NetnsRow, type Step } from '../../state';

/** Hits of one kind that are shown. */
const MOST = 12;

/** Every word of the query is somewhere in the text. */
export function matches(text: string, query: string): boolean {
  const haystack = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

export interface StepHit {
  readonly index: number;
  readonly text: string;
  readonly detail: string;
  /** What it is found by besides: the protocol it speaks of, or the table it asks. */
  readonly topic?: string;
}

/** Where it is, then its detail, which often begins with where it is. */
function detailOf(step: Step, lang: Lang): string {
  const detail = message(lang, step.detail);
  return detail === step.netns || detail.startsWith(`${step.netns} · `)
    ? detail
    : `${step.netns} · ${detail}`;
}

/** What there is to search in, written out once for all keystrokes. */
export const stepTexts = (steps: readonly Step[], lang: Lang): readonly StepHit[] =>
  steps.map((step, index) => ({
    index,
    text: message(lang, step.title),
    detail: detailOf(step, lang),
    topic: step.isDrop ? `${step.topic} drop` : step.topic,
  }));

/** A number finds the step of that number first. */
export function findSteps(texts: readonly StepHit[], query: string): StepHit[] {
  const number = /^#?\d+$/.test(query) ? Number(query.replace('#', '')) - 1 : -1;
  const numbered = texts[number];
  const hits = numbered === undefined ? [] : [numbered];
  for (const hit of texts) {
    if (hits.length >= MOST) break;
    if (hit !== numbered && matches(`${hit.text} ${hit.detail} ${hit.topic ?? ''}`, query)) hits.push(hit);
  }
  return hits;
}

interface EventHit {
  readonly seq: EventSeq;
  readonly text: string;
}
/** Events whose own words match: what was printed, asked of netlink, dropped. `e123` finds an event by its number. */
export function findEvents(query: string): EventHit[] {
  const { events } = getTrace();
  const hits: EventHit[] = [];
  const number = /^e\d+$/i.test(query) ? Number(query.slice(1)) : -1;
  if (events[number] !== undefined) hits.push({ seq: number, text: wordsOf(number) });
  if (query.length < 3) return hits;
  for (let seq = 0; seq < events.length && hits.length < MOST; seq++) {
    const kind = events[seq]?.kind;
    if (kind !== 'output' && kind !== 'netlink' && kind !== 'drop' && kind !== 'control') continue;
    const text = wordsOf(seq);
    if (matches(text, query)) hits.push({ seq, text });
  }
  return hits;
}
function wordsOf(seq: EventSeq): string {
  const event = getTrace().events[seq];
  if (event === undefined) return '';
  const what =
    event.kind === 'drop'
      ? `drop ${event.reason} ${event.where}`
      : 'text' in event
        ? event.text.trim()
        : event.kind;
  return `${event.netns}: ${what}`;
}

export const findNamespaces = (rows: readonly NetnsRow[], query: string): NetnsRow[] =>
  rows.filter((row) => matches(`${row.id} ${row.role} ${row.machine}`, query)).slice(0, MOST);

interface CommandHit {
  readonly entry: JournalEntry;
  readonly start: EventSeq | undefined;
}
export const findCommands = (
  journal: readonly JournalEntry[],
  starts: readonly EventSeq[],
  query: string,
): CommandHit[] =>
  journal
    .map((entry, i) => ({ entry, start: starts[i] }))
    .filter(({ entry }) => matches(`${entry.netns} ${entry.command}`, query))
    .slice(0, MOST);
