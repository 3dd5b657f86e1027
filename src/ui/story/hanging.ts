/**
 * Characters that the further rows of a wrapped transcript line stand in by: under the sentence of a step (after time and
 * namespace), under the text of a row (after its ✓ or ✗).
 */
export function hangOf(line: string): number {
  const head = /^ *-?\d+\.\d+ {2}\S+ +/.exec(line)?.[0];
  return (head ?? /^ *(?:[✓✗] )?/.exec(line)?.[0] ?? '').length;
}
