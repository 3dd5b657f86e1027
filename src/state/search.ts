/** Binary search in ascending lists. */

/** Index of the last item whose number is at most `value`; -1 when there is none. */
export function lastAtOrBefore<T>(list: readonly T[], value: number, numberOf: (item: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberOf(list[middle] as T) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How many of the numbers are at most `value`. */
export function upperBound(list: readonly number[], value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
