import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Moment } from './moment';
import { foldFromScratch, grow } from './testing/changes';
import type { TableName, TraceEvent } from './types';

const shape = { netns: 3, keys: 12, others: 4 };

/** Everything the moment shows, as `foldFromScratch` gives it. */
function shown(moment: Moment, events: readonly TraceEvent[], seq: number) {
  moment.seek(seq);
  const ids = [...foldFromScratch(events, seq).keys()];
  return new Map(
    ids.map((id) => {
      const [netns = '', table = ''] = id.split(' ');
      return [id, moment.rows(netns, table as TableName).map(({ key, row }) => [key, row])];
    }),
  );
}

describe('a moment', () => {
  it('is the same from wherever one comes, also after growing and cutting', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const move = fc.oneof(
      fc.record({ seek: share }),
      fc.record({ by: fc.integer({ min: -25, max: 25 }) }),
      fc.record({ grow: fc.integer({ min: 1, max: 300 }) }),
      // Mostly a little, sometimes nearly all.
      fc.record({ cut: fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 1500 })) }),
    );
    fc.assert(
      fc.property(fc.integer(), fc.array(move, { maxLength: 30 }), (seed, moves) => {
        const shape = { netns: 2, keys: 60, others: 4 };
        const events: TraceEvent[] = [];
        grow(events, 1000, seed, shape);
        const moment = new Moment({ events });
        let seq = 500;
        moves.forEach((step, i) => {
          if ('seek' in step) seq = Math.floor(step.seek * (events.length + 2)) - 1;
          else if ('by' in step) seq += step.by;
          else if ('grow' in step) {
            const from = events.length;
            grow(events, step.grow, seed + i, shape);
            moment.appended(from);
          } else {
            events.length = Math.max(0, events.length - step.cut);
            moment.cut(events.length);
          }
          expect(shown(moment, events, seq)).toEqual(foldFromScratch(events, seq));
        });
      }),
      { numRuns: 100, seed: 20_240_601 },
    );
  });

  it('agrees step by step, forwards and backwards', () => {
    const events: TraceEvent[] = [];
    grow(events, 300, 7, shape);
    const moment = new Moment({ events });
    for (let seq = -1; seq < 300; seq++)
      expect(shown(moment, events, seq)).toEqual(foldFromScratch(events, seq));
    for (let seq = 299; seq >= -1; seq--) {
      expect(shown(moment, events, seq)).toEqual(foldFromScratch(events, seq));
    }
  });

  it('answers the same array until the table changes, and the same row objects after', () => {
    const row = (name: string, value: string) => ({ name, value });
    const change = (seq: number, netns: string, key: string, value: string): TraceEvent => ({
      seq,
      at: seq,
      machine: netns,
      netns,
      cause: -1,
      kind: 'change',
      table: 'sysctl',
      key,
      after: row(key, value),
    });
    const events = [change(0, 'a', 'x', '1'), change(1, 'a', 'y', '1'), change(2, 'b', 'x', '1')];
    const moment = new Moment({ events });
    moment.seek(1);
    const before = moment.rows('a', 'sysctl');
    const version = moment.version('a', 'sysctl');
    moment.seek(2);
    expect(moment.rows('a', 'sysctl')).toBe(before);
    expect(moment.version('a', 'sysctl')).toBe(version);
    moment.seek(0);
    expect(moment.version('a', 'sysctl')).not.toBe(version);
    expect(moment.rows('a', 'sysctl')).toHaveLength(1);
    expect(moment.rows('a', 'sysctl')[0]).toBe(before[0]);
    expect(moment.row('a', 'sysctl', 'x')).toEqual(row('x', '1'));
    expect(moment.rows('nowhere', 'sysctl')).toEqual([]);
  });

  it('lists namespaces in the order in which they appear', () => {
    const born = (seq: number, id: string): TraceEvent => ({
      seq,
      at: seq,
      machine: id,
      netns: id,
      cause: -1,
      kind: 'change',
      table: 'netns',
      key: id,
      after: { id, machine: id, role: 'host' },
    });
    const gone: TraceEvent = {
      seq: 3,
      at: 3,
      machine: 'node2',
      netns: 'node2',
      cause: -1,
      kind: 'change',
      table: 'netns',
      key: 'node2',
      before: { id: 'node2', machine: 'node2', role: 'host' },
    };
    const events = [born(0, 'node2'), born(1, 'node1'), born(2, 'node3'), gone];
    const moment = new Moment({ events });
    moment.seek(2);
    const all = moment.namespaces();
    expect(all.map(({ row }) => row.id)).toEqual(['node2', 'node1', 'node3']);
    moment.seek(3);
    expect(moment.namespaces().map(({ row }) => row.id)).toEqual(['node1', 'node3']);
  });
});
