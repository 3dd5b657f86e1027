/** Markdown-lite: headings, paragraphs, lists, code blocks; bold and code within a line. Anything else is text. */

export interface Span {
  readonly text: string;
  readonly style: 'plain' | 'strong' | 'code' | 'em';
}
export type Block =
  | { readonly kind: 'heading'; readonly level: 2 | 3 | 4; readonly spans: readonly Span[] }
  | { readonly kind: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'quote'; readonly spans: readonly Span[] }
  | { readonly kind: 'code'; readonly text: string };

const SPAN = /`([^`]+)`|\*\*(.+?)\*\*|(?<![*\w])\*([^*\s](?:[^*]*[^*\s])?)\*(?![*\w])/g;

export function parseSpans(text: string): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const match of text.matchAll(SPAN)) {
    if (match.index > at) spans.push({ text: text.slice(at, match.index), style: 'plain' });
    at = match.index + match[0].length;
    const [, code, strong, em] = match;
    if (code !== undefined) spans.push({ text: code, style: 'code' });
    else if (strong !== undefined) spans.push({ text: strong, style: 'strong' });
    else spans.push({ text: em ?? '', style: 'em' });
  }
  if (at < text.length) spans.push({ text: text.slice(at), style: 'plain' });
  return spans;
}

const FENCE = /^\s*```/;
const HEADING = /^(#{1,4})\s+(.*)$/;
const ITEM = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/;
const QUOTE = /^>\s?(.*)$/;

type Line =
  | { readonly is: 'blank' | 'fence' }
  | { readonly is: 'heading'; readonly level: 2 | 3 | 4; readonly text: string }
  | { readonly is: 'item'; readonly ordered: boolean; readonly text: string }
  | { readonly is: 'quote' | 'text'; readonly text: string };

function read(line: string): Line {
  if (line.trim() === '') return { is: 'blank' };
  if (FENCE.test(line)) return { is: 'fence' };
  const heading = HEADING.exec(line);
  if (heading !== null) {
    const level = Math.min(4, Math.max(2, (heading[1] ?? '').length + 1)) as 2 | 3 | 4;
    return { is: 'heading', level, text: heading[2] ?? '' };
  }
  const item = ITEM.exec(line);
  if (item !== null) return { is: 'item', ordered: item[1] !== undefined, text: item[2] ?? '' };
  const quote = QUOTE.exec(line);
  if (quote !== null) return { is: 'quote', text: quote[1] ?? '' };
  return { is: 'text', text: line.trim() };
}

/** Han characters need no space where a line was broken. */
const joinLines = (lines: readonly string[]) =>
  lines.reduce((all, line) =>
    /[\u3000-\u9fff\uff00-\uffef]$/.test(all) && /^[\u3000-\u9fff\uff00-\uffef]/.test(line)
      ? all + line
      : `${all} ${line}`,
  );

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  for (let i = 0; i < lines.length;) {
    const line = read(lines[i] ?? '');
    if (line.is === 'blank') i++;
    else if (line.is === 'fence') i = readCode(lines, i + 1, blocks);
    else if (line.is === 'heading') {
      blocks.push({ kind: 'heading', level: line.level, spans: parseSpans(line.text) });
      i++;
    } else if (line.is === 'item') i = readList(lines, i, line.ordered, blocks);
    else i = readText(lines, i, line.is, blocks);
  }
  return blocks;
}

function readCode(lines: readonly string[], from: number, blocks: Block[]): number {
  let i = from;
  while (i < lines.length && !FENCE.test(lines[i] ?? '')) i++;
  blocks.push({ kind: 'code', text: lines.slice(from, i).join('\n') });
  return i + 1;
}

function readList(lines: readonly string[], from: number, ordered: boolean, blocks: Block[]): number {
  const items: string[][] = [];
  let i = from;
  for (; i < lines.length; i++) {
    const line = read(lines[i] ?? '');
    if (line.is === 'item' && line.ordered === ordered) items.push([line.text]);
    else if (line.is === 'text') items.at(-1)?.push(line.text);
    else break;
  }
  blocks.push({ kind: 'list', ordered, items: items.map((item) => parseSpans(joinLines(item))) });
  return i;
}

function readText(lines: readonly string[], from: number, is: 'text' | 'quote', blocks: Block[]): number {
  const texts: string[] = [];
  let i = from;
  for (; i < lines.length; i++) {
    const line = read(lines[i] ?? '');
    if (line.is !== is) break;
    texts.push(line.text);
  }
  blocks.push({ kind: is === 'quote' ? 'quote' : 'paragraph', spans: parseSpans(joinLines(texts)) });
  return i;
}
