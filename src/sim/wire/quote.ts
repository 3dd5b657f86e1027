/** A word someone typed, in quotes and cut to a length that fits an error sentence. */
export function quoteWord(text: string): string {
  return text.length > 60 ? `"${text.slice(0, 59)}…"` : `"${text}"`;
}
