/** What Tab does to a line, apart from asking for the candidates. */

interface Completion {
  readonly from: number;
  readonly candidates: readonly string[];
}

/** The longest beginning that all have in common. */
export function commonStart(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let n = first.length;
  for (const word of rest) {
    let i = 0;
    while (i < n && word[i] === first[i]) i++;
    n = i;
  }
  return first.slice(0, n);
}

interface Completed {
  readonly line: string;
  /** Candidates to list, as bash does when Tab cannot decide. */
  readonly list: readonly string[];
}

/** As bash: one candidate is put in with a space behind it, several as far as they agree; then they are listed. */
export function applyCompletion(line: string, { from, candidates }: Completion): Completed {
  if (candidates.length === 0) return { line, list: [] };
  const start = line.slice(0, from);
  if (candidates.length === 1) return { line: `${start}${candidates[0]} `, list: [] };
  const common = commonStart(candidates);
  const typed = line.slice(from);
  return { line: start + (common.length > typed.length ? common : typed), list: candidates };
}
