import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NetnsRow, Step, TraceEvent } from '../../state';
import {
  AXIS_PAD,
  BusyReader,
  cutInTheMiddle,
  laneOrder,
  lanesFor,
  NamespaceReader,
  stepAtX,
  timeText,
  xOf,
} from './lanes';
import { marksOf, shapeOfStep } from './marks';

const row = (id: string, role: NetnsRow['role'], parent?: string): NetnsRow => ({
  id,
  role,
  machine: parent ?? id,
  ...(parent === undefined ? {} : { parent }),
});

describe('the order of lanes', () => {
  it('of two machines is from pod to pod', () => {
    const rows = [
      row('lan', 'switch'),
      row('node1', 'host'),
      row('node2', 'host'),
      row('c2', 'container', 'node2'),
      row('c1', 'container', 'node1'),
    ];
    expect(laneOrder(rows)).toEqual(['c1', 'node1', 'lan', 'node2', 'c2']);
  });

  it('of others is machine by machine, switches last', () => {
    const rows = [
      row('lan', 'switch'),
      row('a', 'host'),
      row('p', 'pod', 'a'),
      row('b', 'host'),
      row('c', 'host'),
    ];
    expect(laneOrder(rows)).toEqual(['a', 'p', 'b', 'c', 'lan']);
  });

  it('has only lanes in which something happens, and all of those', () => {
    expect(
      lanesFor(new Set(['b', 'x', 'a']), [row('a', 'host'), row('b', 'host'), row('c', 'host')]),
    ).toEqual(['a', 'b', 'x']);
  });

  it('knows who is busy however the steps come in, and when they are others', () => {
    const step = (netns: string) => ({ netns }) as Step;
    const reader = new BusyReader();
    const steps = ['a', 'b', 'a'].map(step);
    expect([...reader.update(steps)]).toEqual(['a', 'b']);
    // The last one has grown, and two have come.
    const more = [...steps.slice(0, 2), step('a'), step('c'), step('b')];
    expect([...reader.update(more)]).toEqual(['a', 'b', 'c']);
    expect([...reader.update(['c', 'd'].map(step))]).toEqual(['c', 'd']);
    expect([...reader.update([])]).toEqual([]);
    expect([...reader.update([step('e')])]).toEqual(['e']);
  });

  it('is read on as the trace grows, and afresh when it was cut', () => {
    const born = (seq: number, id: string) =>
      ({ kind: 'change', table: 'netns', seq, netns: id, after: row(id, 'host') }) as unknown as TraceEvent;
    const reader = new NamespaceReader();
    const events = [born(0, 'a')];
    expect(reader.update(events).map(({ id }) => id)).toEqual(['a']);
    events.push(born(1, 'b'));
    expect(reader.update(events).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(reader.update([born(0, 'a'), born(1, 'c')]).map(({ id }) => id)).toEqual(['a', 'c']);
  });
});

describe('long names', () => {
  it('keep what they differ in', () => {
    expect(cutInTheMiddle('infra-container-1')).toEqual(['infra-cont', 'ainer-1']);
    expect(cutInTheMiddle('container-1')).toEqual(['container-1', '']);
  });

  it('lose nothing', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(cutInTheMiddle(name).join('')).toBe(name);
      }),
    );
  });
});

describe('the axis', () => {
  it('finds a step where it stands, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(),
        fc.integer({ min: 200, max: 3000 }),
        (count, at, width) => {
          const index = at % count;
          expect(stepAtX(xOf(index, count, width), count, width)).toBe(index);
        },
      ),
    );
  });

  it('ends at both ends', () => {
    expect(stepAtX(-50, 10, 500)).toBe(-1);
    expect(stepAtX(9999, 10, 500)).toBe(9);
    expect(stepAtX(20, 0, 500)).toBe(-1);
    expect(xOf(-1, 10, 500)).toBeLessThan(AXIS_PAD);
  });
});

describe('times', () => {
  it.each([
    [0, '0 s'],
    [730, '730 ns'],
    [41_200, '41.2 µs'],
    [-41_200, '-41.2 µs'],
    [5_020_000, '5.02 ms'],
    [3_070_000_000, '3.070 s'],
  ])('%i ns is %s', (ns, text) => {
    expect(timeText(ns)).toBe(text);
  });
});

describe('marks of many steps', () => {
  it('are at most one a pixel and lane, the most telling one', () => {
    const topics = ['icmp', 'route', 'command'] as const;
    const steps = Array.from({ length: 20_000 }, (_, i) => {
      const drop = i % 1000 === 500;
      return {
        netns: i % 2 === 0 ? 'a' : 'b',
        seqs: [],
        topic: topics[i % 3],
        isDrop: drop,
      } as unknown as Step;
    });
    const marks = marksOf({ steps, events: [], lanes: ['a', 'b'], first: 0, last: 1, width: 300 });
    expect(marks.length).toBeLessThanOrEqual(2 * 300);
    expect(marks.filter(({ shape }) => shape === 'drop')).toHaveLength(20);
    expect(new Set(marks.map(({ lane, x }) => `${lane} ${Math.round(x)}`)).size).toBe(marks.length);
    expect(
      marksOf({ steps, events: [], lanes: ['a', 'b'], first: 1, last: 1, width: 300 }).every(
        (it) => it.lane === 1,
      ),
    ).toBe(true);
  });
});

describe('marks', () => {
  const events = [{ kind: 'tx' }, { kind: 'change' }] as unknown as TraceEvent[];
  const step = (seqs: number[], topic: Step['topic'], isDrop = false) =>
    ({ seqs, topic, isDrop }) as unknown as Step;
  it('tell drops, table changes, decisions and packets apart', () => {
    expect(shapeOfStep(step([0], 'icmp'), events)).toBe('packet');
    expect(shapeOfStep(step([0, 1], 'icmp'), events)).toBe('change');
    expect(shapeOfStep(step([0, 1], 'icmp', true), events)).toBe('drop');
    expect(shapeOfStep(step([0], 'route'), events)).toBe('decision');
    expect(shapeOfStep(step([0], 'command'), events)).toBe('other');
  });
});
