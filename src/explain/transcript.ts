import type { SimTime, Trace } from '../sim/kernel/trace';
import { message } from './format';
import { msg } from './messages';
import { computeSteps, type Story } from './steps';
import type { Lang, Step, WhySection } from './types';
import { why } from './why';

interface TranscriptOptions {
  /** Include what happened before the network was up. Default false. */
  readonly boot?: boolean;
  /** Only what goes back to this command of the journal. */
  readonly follow?: number;
}

/** Beyond this a transcript is no longer read. */
const MOST_STEPS = 5_000;

/** Seconds with six digits, as captures show them: `0.002705`. */
function formatTime(at: SimTime): string {
  const micros = Math.round(Math.abs(at) / 1000);
  const sign = at < 0 && micros > 0 ? '-' : '';
  return `${sign}${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
}

function sectionLines(part: WhySection, lang: Lang): string[] {
  const rows = (part.quiet === true ? [] : part.rows).map(
    (row) => `${row.won ? '✓' : '✗'} ${row.text} — ${message(lang, row.reason)}`,
  );
  // What a hook that let pass has to say is in the rows of the tables.
  const notes = part.quiet === true && part.kind === 'facts' ? [] : part.notes;
  return [...rows, ...notes.map((note) => message(lang, note))];
}

function whyLines(step: Step, trace: Story, lang: Lang): string[] {
  const answer = why(step, trace);
  if (!answer) return [];
  return [message(lang, answer.lead), ...answer.sections.flatMap((part) => sectionLines(part, lang))];
}

/** The story as plain text: one line for each step (time, namespace, sentence), its why indented below it. */
export function transcript(trace: Trace, lang: Lang, options: TranscriptOptions = {}): string[] {
  const steps = computeSteps(trace).filter(
    (step) =>
      (options.boot === true || !step.isBoot) &&
      (options.follow === undefined || step.command === options.follow),
  );
  const width = steps.reduce((most, step) => Math.max(most, step.netns.length), 0);
  const lines = (step: Step): string[] => {
    const at = trace.events[step.first]?.at ?? 0;
    const head = `${formatTime(at).padStart(12)}  ${step.netns.padEnd(width)}  `;
    const line = `${head}${message(lang, step.title)} (${message(lang, step.detail)})`;
    return [line, ...whyLines(step, trace, lang).map((text) => `${' '.repeat(head.length + 2)}${text}`)];
  };
  if (steps.length <= MOST_STEPS) return steps.flatMap(lines);
  // A storm says the same over and over; how it ended is worth more.
  const skipped = message(lang, msg('transcript.more', { n: steps.length - MOST_STEPS }));
  const rest = steps.slice(MOST_STEPS - 1);
  const ends = rest.filter((step, at) => at === rest.length - 1 || trace.events[step.main]?.kind === 'bound');
  return [...steps.slice(0, MOST_STEPS - 1).flatMap(lines), skipped, ...ends.flatMap(lines)];
}
