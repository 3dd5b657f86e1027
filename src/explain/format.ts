import { assert } from '../base/assert';
import { catalogues, isMessageId } from './messages';
import type { Lang, Message, MessagePart } from './types';

/**
 * Texts of the catalogue are written in a small notation:
 * - `{name}` is a value; `{n|row|rows}` is the first word when n is 1, the second otherwise;
 * - `{@name}` is the text whose id the value is (a packet's name, a drop's label), which has no places of its own;
 * - `**…**` is strong, a pair of back-ticks is code. Marks inside values mean nothing.
 */
type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'term'; readonly name: string }
  | { readonly kind: 'plural'; readonly name: string; readonly one: string; readonly many: string };
type Styled = Node & { readonly style: MessagePart['style'] };

const TOKEN = /\*\*|`|\{[^{}]*\}/g;
const parsed = new Map<string, readonly Styled[]>();

function parsePlace(inside: string): Node {
  if (inside.startsWith('@')) return { kind: 'term', name: inside.slice(1) };
  const [name = '', one, many] = inside.split('|');
  return one !== undefined && many !== undefined
    ? { kind: 'plural', name, one, many }
    : { kind: 'value', name };
}

function parseText(text: string): readonly Styled[] {
  const known = parsed.get(text);
  if (known) return known;
  const nodes: Styled[] = [];
  let style: MessagePart['style'] = 'plain';
  let at = 0;
  for (const token of text.matchAll(TOKEN)) {
    if (token.index > at) nodes.push({ kind: 'text', text: text.slice(at, token.index), style });
    at = token.index + token[0].length;
    if (token[0] === '**') style = style === 'strong' ? 'plain' : 'strong';
    else if (token[0] === '`') style = style === 'code' ? 'plain' : 'code';
    else nodes.push({ ...parsePlace(token[0].slice(1, -1)), style });
  }
  if (at < text.length) nodes.push({ kind: 'text', text: text.slice(at), style });
  parsed.set(text, nodes);
  return nodes;
}

/** The names of a text's places, in order of appearance, each once. */
export function placesOf(text: string): string[] {
  return [...new Set(parseText(text).flatMap((node) => (node.kind === 'text' ? [] : [node.name])))];
}

function textOf(node: Node, lang: Lang, { id, values }: Message): string {
  if (node.kind === 'text') return node.text;
  const value = values[node.name];
  assert(value !== undefined, `message ${id} needs a value for {${node.name}}`);
  if (node.kind === 'plural') return value === 1 ? node.one : node.many;
  if (node.kind === 'value') return String(value);
  assert(isMessageId(value), `message ${id}: {@${node.name}} is ${value}, which is no text of the catalogue`);
  return catalogues[lang][value];
}

const HAN_THEN_LATIN = /[\u4e00-\u9fff]$/;
const LATIN_THEN_HAN = /[A-Za-z0-9%)]$/;

/** Chinese is set with a space between Han characters and Latin letters or digits. */
function needsSpace(before: string, after: string): boolean {
  return (
    (HAN_THEN_LATIN.test(before) && /^[A-Za-z0-9(]/.test(after)) ||
    (LATIN_THEN_HAN.test(before) && /^[\u4e00-\u9fff]/.test(after))
  );
}

export function messageParts(lang: Lang, m: Message): MessagePart[] {
  const parts: { text: string; style: MessagePart['style'] }[] = [];
  const push = (text: string, style: MessagePart['style']): void => {
    const last = parts.at(-1);
    if (last?.style === style) last.text += text;
    else if (text !== '') parts.push({ text, style });
  };
  for (const node of parseText(catalogues[lang][m.id])) {
    const text = textOf(node, lang, m);
    if (lang === 'zh' && needsSpace(parts.at(-1)?.text ?? '', text)) push(' ', 'plain');
    push(text, node.style);
  }
  return parts;
}

/** The plain sentence. */
export function message(lang: Lang, m: Message): string {
  return messageParts(lang, m)
    .map((part) => part.text)
    .join('');
}
