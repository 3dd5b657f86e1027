import type { Result } from '../base/result';
import type { JournalEntry, Scenario } from '../sim/index';

/** English and Simplified Chinese. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** What is wrong with an input, and where: a JSON path (`machines[0].nics[1].mac`) or `line 7`. */
export interface InputProblem {
  readonly place: string;
  readonly message: Bilingual;
}

export interface LoadedScenario {
  readonly title: Bilingual;
  readonly scenario: Scenario;
  /** The opening journal. */
  readonly journal: readonly JournalEntry[];
  /** What was understood but is not built, and what was taken as given. */
  readonly notes: readonly Bilingual[];
}
export type Loaded = Result<LoadedScenario, readonly InputProblem[]>;

export function problem(place: string, en: string, zh: string): InputProblem {
  return { place, message: { en, zh } };
}

/** Bounds on what is read at all. */
export const LIMITS = {
  /** characters */
  text: 1_000_000,
  machines: 500,
  switches: 200,
  nics: 64,
  routes: 2_000,
  /** containers and pods together */
  containers: 5_000,
  setup: 5_000,
  journal: 1_000,
  /** characters of one command */
  command: 4_096,
} as const;

export function tooLong(text: string, place: string): InputProblem[] {
  if (text.length <= LIMITS.text) return [];
  const [found, limit] = [text.length, LIMITS.text];
  return [
    problem(
      place,
      `the text has ${found} characters; at most ${limit} are read`,
      `文本有 ${found} 个字符，最多读取 ${limit} 个`,
    ),
  ];
}

export const SECOND_NS = 1_000_000_000;
