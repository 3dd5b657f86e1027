import { describe, expect, it } from 'vitest';
import { findCommands, findNamespaces, findSteps, matches, type StepHit } from './search';

const texts: StepHit[] = ['node1 looks up 10.1.16.3', 'flannel.1 wraps the frame', 'node2 unwraps it'].map(
  (text, index) => ({ index, text, detail: `node${index} · 98 bytes` }),
);

describe('the palette', () => {
  it('wants every word, in any order and case', () => {
    expect(matches('flannel.1 wraps the frame', 'FRAME wraps')).toBe(true);
    expect(matches('flannel.1 wraps the frame', 'frame unwraps')).toBe(false);
  });
  it('finds a step by its words, and first by its number', () => {
    expect(findSteps(texts, 'wraps').map(({ index }) => index)).toEqual([1, 2]);
    expect(findSteps(texts, '2').map(({ index }) => index)).toEqual([1, 2]);
    expect(findSteps(texts, '#3').map(({ index }) => index)).toEqual([2]);
    expect(findSteps(texts, 'nothing')).toEqual([]);
  });
  it('shows a dozen of a kind', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ index, text: 'ping', detail: '' }));
    expect(findSteps(many, 'ping')).toHaveLength(12);
  });
  it('finds namespaces and commands', () => {
    const rows = [
      { id: 'node1', machine: 'node1', role: 'host' as const },
      { id: 'web', machine: 'node1', role: 'pod' as const },
    ];
    expect(findNamespaces(rows, 'pod').map(({ id }) => id)).toEqual(['web']);
    expect(findCommands([{ netns: 'web', command: 'ping 10.0.0.1' }], [42], 'ping')).toEqual([
      { entry: { netns: 'web', command: 'ping 10.0.0.1' }, start: 42 },
    ]);
  });
});
