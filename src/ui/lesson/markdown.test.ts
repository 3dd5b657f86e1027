import { describe, expect, it } from 'vitest';
import { parseMarkdown, parseSpans } from './markdown';

const plain = (text: string) => [{ text, style: 'plain' }];

describe('markdown-lite', () => {
  it('reads every block it knows', () => {
    const text =
      '# One\n\nTwo lines\nof text.\n\n- a\n- b\n  goes on\n\n1. first\n2. second\n\n> said\n\n```sh\nip route\n\nip neigh\n```\n### Last';
    expect(parseMarkdown(text)).toEqual([
      { kind: 'heading', level: 2, spans: plain('One') },
      { kind: 'paragraph', spans: plain('Two lines of text.') },
      { kind: 'list', ordered: false, items: [plain('a'), plain('b goes on')] },
      { kind: 'list', ordered: true, items: [plain('first'), plain('second')] },
      { kind: 'quote', spans: plain('said') },
      { kind: 'code', text: 'ip route\n\nip neigh' },
      { kind: 'heading', level: 4, spans: plain('Last') },
    ]);
  });

  it('joins Chinese lines without a space', () => {
    expect(parseMarkdown('第一行，\n第二行 vxlan\n第三行')).toEqual([
      { kind: 'paragraph', spans: plain('第一行，第二行 vxlan 第三行') },
    ]);
  });

  it('marks code, bold and emphasis, and leaves lone signs alone', () => {
    expect(parseSpans('a `b*c*` **d `e`** *f* 2 * 3 * 4')).toEqual([
      { text: 'a ', style: 'plain' },
      { text: 'b*c*', style: 'code' },
      { text: ' ', style: 'plain' },
      { text: 'd `e`', style: 'strong' },
      { text: ' ', style: 'plain' },
      { text: 'f', style: 'em' },
      { text: ' 2 * 3 * 4', style: 'plain' },
    ]);
  });

  it('ends on any text', () => {
    for (const text of ['', '```', '- ', '>', '#', '**', '`', '1.'])
      expect(parseMarkdown(text)).toBeInstanceOf(Array);
  });
});
