import { describe, expect, it } from 'vitest';
import type { Step } from '../../state';
import { findCommands, findNamespaces, findSteps, matches, stepTexts, type StepHit } from './search';

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
  it('finds a step by what it is about, though its sentence does not say so', () => {
    const step = (topic: Step['topic'], netns: string, detail: string, isDrop = false) =>
      ({
        netns,
        topic,
        isDrop,
        title: { id: 'lead.printed', values: { text: 'who has 10.0.0.1?' } },
        detail: { id: 'lead.printed', values: { text: detail } },
      }) as unknown as Step;
    const hits = stepTexts(
      [
        step('arp', 'node1', 'eth0 · 42 bytes'),
        step('route', 'node1', 'node1 · main'),
        step('icmp', 'node10', 'node1 · x', true),
      ],
      'en',
    );
    expect(findSteps(hits, 'arp').map(({ index }) => index)).toEqual([0]);
    expect(findSteps(hits, 'drop').map(({ index }) => index)).toEqual([2]);
    // The namespace is said once.
    expect(hits.map(({ detail }) => detail)).toEqual([
      'node1 · eth0 · 42 bytes',
      'node1 · main',
      'node10 · node1 · x',
    ]);
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
