import { describe, expect, it } from 'vitest';
import type { KeyedRow } from '../../state';
import { logTime } from './log-time';
import { groupRuleset, markIndex, ruleParts, shortNumber } from './ruleset';

const row = (key: string, table: string, chain: string, more: { policy?: string; text?: string }) => ({
  key,
  row: { table, chain, packets: 0, bytes: 0, ...more },
});
const ROWS: readonly KeyedRow<'iptables'>[] = [
  row('2|3', 'nat', 'POSTROUTING', { policy: 'ACCEPT' }),
  row('2|3 1', 'nat', 'POSTROUTING', { text: '-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE' }),
  row('3|1', 'filter', 'FORWARD', { policy: 'DROP' }),
  row('3|1 1', 'filter', 'FORWARD', { text: '-j DOCKER' }),
  row('3|1 2', 'filter', 'FORWARD', { text: '-o docker0 -g DOCKER' }),
  row('3|1 3', 'filter', 'FORWARD', { text: '-j ACCEPT' }),
  row('3|uDOCKER', 'filter', 'DOCKER', {}),
];

describe('a ruleset', () => {
  it('is arranged by table and chain, with numbers, policies and references', () => {
    const [nat, filter] = groupRuleset(ROWS, new Set());
    expect(nat).toMatchObject({ name: 'nat', rules: 1 });
    expect(filter?.rules).toBe(3);
    const [forward, docker] = filter?.chains ?? [];
    expect(forward).toMatchObject({ name: 'FORWARD', policy: 'DROP', key: '3|1', references: 0 });
    expect(forward?.rules.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(docker).toMatchObject({ name: 'DOCKER', policy: undefined, references: 2, rules: [] });
  });

  it('counts neither a rule that is gone nor its jump', () => {
    const [, filter] = groupRuleset(ROWS, new Set(['3|1 1']));
    expect(filter?.chains[0]?.rules.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(filter?.chains[1]?.references).toBe(1);
    expect(filter?.rules).toBe(2);
  });

  it('marks each rule once, the last word first, and all of a run that was skipped', () => {
    const base = { netns: 'a', table: 'filter', chain: 'FORWARD' };
    const marks = markIndex(
      [
        { ...base, rule: 1, count: 1, how: 'matched' },
        { ...base, rule: 2, count: 3, how: 'tried' },
        { ...base, rule: 3, count: 1, how: 'decided' },
        { ...base, rule: 1, count: 1, how: 'tried' },
        { ...base, netns: 'b', rule: 9, count: 1, how: 'decided' },
      ],
      'a',
    );
    expect([...marks].map(([id, how]) => `${id} ${how}`)).toEqual([
      'filter FORWARD 1 matched',
      'filter FORWARD 2 tried',
      'filter FORWARD 3 decided',
      'filter FORWARD 4 tried',
    ]);
  });
});

describe('what stands in its columns', () => {
  it.each([
    [0, '0'],
    [99_999, '99999'],
    [100_000, '100K'],
    [9_999_499, '9999K'],
    [9_999_500, '10M'],
    [12_345_678_901, '12G'],
  ])('%d is written %s', (value, text) => {
    expect(shortNumber(value)).toBe(text);
  });

  it('a rule is cut into conditions, comments and its target, losing nothing', () => {
    const text = '-s 10.0.0.0/8 -m comment --comment "flanneld \\"masq\\"" -j MASQUERADE --random-fully';
    const parts = ruleParts(text);
    expect(parts.map((part) => part.text).join('')).toBe(text);
    expect(parts.filter(({ kind }) => kind !== 'plain').map((part) => [part.kind, part.text])).toEqual([
      ['comment', '-m comment --comment "flanneld \\"masq\\""'],
      ['target', '-j MASQUERADE'],
    ]);
  });

  it('log lines have the time that dmesg prints', () => {
    expect(logTime(1_000_001_999)).toBe('[    1.000001]');
    expect(logTime(-5)).toBe('[    0.000000]');
  });
});
