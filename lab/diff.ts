/** The lines two lists have in common, in order, and what only one of them has (longest common subsequence). */
interface DiffLine {
  readonly side: 'both' | 'linux' | 'sim';
  /** Index into the list it comes from (for `both`: Linux's). */
  readonly index: number;
  /** Index in the simulator's list, for `both`. */
  readonly other?: number;
}

/** Beyond this many cells the middle is told as it stands instead of aligned. */
const MAX_CELLS = 4_000_000;

export function diffLines(linux: readonly string[], sim: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < linux.length && start < sim.length && linux[start] === sim[start]) start++;
  let endL = linux.length;
  let endS = sim.length;
  while (endL > start && endS > start && linux[endL - 1] === sim[endS - 1]) {
    endL--;
    endS--;
  }
  const both = (index: number, other: number): DiffLine => ({ side: 'both', index, other });
  const head = linux.slice(0, start).map((_, i) => both(i, i));
  const tail = linux.slice(endL).map((_, i) => both(endL + i, endS + i));
  return [...head, ...middle(linux, sim, start, endL, endS), ...tail];
}

function middle(
  linux: readonly string[],
  sim: readonly string[],
  start: number,
  endL: number,
  endS: number,
): DiffLine[] {
  const rows = endL - start;
  const columns = endS - start;
  const lines: DiffLine[] = [];
  let l = start;
  let s = start;
  if (rows * columns <= MAX_CELLS) {
    const width = columns + 1;
    // common[r * width + c]: length of the longest common subsequence of what follows.
    const common = new Uint32Array((rows + 1) * width);
    for (let r = rows - 1; r >= 0; r--) {
      for (let c = columns - 1; c >= 0; c--) {
        const same = linux[start + r] === sim[start + c];
        const after = common[(r + 1) * width + c + 1] ?? 0;
        common[r * width + c] = same
          ? after + 1
          : Math.max(common[(r + 1) * width + c] ?? 0, common[r * width + c + 1] ?? 0);
      }
    }
    while (l < endL && s < endS) {
      const [r, c] = [l - start, s - start];
      if (linux[l] === sim[s]) lines.push({ side: 'both', index: l++, other: s++ });
      else if ((common[(r + 1) * width + c] ?? 0) >= (common[r * width + c + 1] ?? 0))
        lines.push({ side: 'linux', index: l++ });
      else lines.push({ side: 'sim', index: s++ });
    }
  }
  while (l < endL) lines.push({ side: 'linux', index: l++ });
  while (s < endS) lines.push({ side: 'sim', index: s++ });
  return lines;
}
