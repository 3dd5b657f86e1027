/**
 * The line (from 1) at which JSON.parse gave up on `text`; its last line when the engine does not tell, undefined when
 * the text is JSON. The words of the error differ between engines, so only the position is taken from it.
 */
export function jsonErrorLine(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const line = /line (\d+)/.exec(message)?.[1];
    if (line !== undefined) return Number(line);
    const position = /position (\d+)/.exec(message)?.[1];
    const read = position === undefined ? text : text.slice(0, Number(position));
    return read.split('\n').length;
  }
}
