/** How results are told. */
import { EXCEPTIONS } from './exceptions';
import type { Difference, Observation } from './types';

const MARKS = { both: ' ', linux: 'L', sim: 'S' } as const;
/** Lines that are the same, shown around those that are not. */
const CONTEXT = 2;
const MAX_LINES = 40;

export function summary(linux: Observation): string {
  const frames = [...linux.frames.values()].reduce((sum, list) => sum + list.length, 0);
  return `${count(frames, 'frame')}, ${count(linux.frames.size, 'interface')}, ${count(linux.before.size, 'namespace')}`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `L` has what only Linux has, `S` what only the simulator has, in the order in which they come. */
export function differenceText({ what, lines }: Difference): string {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ side }) => side !== 'both'),
  );
  const shown: string[] = [];
  lines.forEach(({ side, text }, i) => {
    if (near[i]) shown.push(`      ${MARKS[side]} ${text}`);
    else if (near[i - 1] ?? i === 0) shown.push('        …');
  });
  const rest = shown.length - MAX_LINES;
  const cut = rest > 0 ? [...shown.slice(0, MAX_LINES), `        … and ${count(rest, 'line')} more`] : shown;
  return [`    ${what}: (L only in Linux, S only simulated)`, ...cut].join('\n');
}

export function exceptionsText(): string {
  const lines = EXCEPTIONS.map(({ what, instead, why }) => `  - ${what}: ${why}; compared: ${instead}`);
  return ['Not compared as it stands:', ...lines].join('\n');
}
