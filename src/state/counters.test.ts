import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Moment } from './moment';
import type { Frame, TraceEvent } from './types';

const KEYS = ['a', 'b', 'c'];
const NETNS = ['n1', 'n2'];

/** Two packets of 84 and 1500 bytes, bare and framed. */
function someFrames(): Frame[] {
  const packet = (length: number, at: number): Uint8Array => {
    const bytes = new Uint8Array(at + length);
    bytes[at] = 0x45;
    bytes[at + 2] = length >> 8;
    bytes[at + 3] = length & 0xff;
    return bytes;
  };
  return [
    { id: 0, bytes: packet(84, 0), link: 'ip' },
    { id: 1, bytes: packet(1500, 14), link: 'ethernet' },
  ];
}
const LENGTHS = [84, 1500];

const place = { netns: fc.constantFrom(...NETNS), key: fc.constantFrom(...KEYS) };
const anEvent = fc.oneof(
  { weight: 5, arbitrary: fc.record({ ...place, frame: fc.nat(1), twice: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...place, base: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ ...place, gone: fc.constant(true) }) },
);
type Made = typeof anEvent extends fc.Arbitrary<infer T> ? T : never;

function toEvent(made: Made, seq: number): TraceEvent {
  const { netns, key } = made;
  const base = { seq, at: seq, machine: netns, netns, cause: -1 };
  if ('frame' in made) {
    const hit = { table: 'filter', chain: 'FORWARD', rule: 1, text: '-j ACCEPT', matched: true, key };
    const missed = { table: 'filter', chain: 'FORWARD', rule: 2, text: '-p tcp', matched: false };
    const tried = made.twice ? [hit, missed, hit] : [missed, hit];
    return { ...base, kind: 'hook', hook: 'FORWARD', frame: made.frame, tried, verdict: 'ACCEPT' };
  }
  const row = { table: 'filter', chain: 'FORWARD', text: '-j ACCEPT' };
  if ('gone' in made) return { ...base, kind: 'change', table: 'iptables', key };
  const after = { ...row, packets: made.base, bytes: made.base * 10 };
  return { ...base, kind: 'change', table: 'iptables', key, after };
}

/** The counters counted anew: the slow and certain way. */
function recount(made: readonly Made[], seq: number, netns: string, key: string) {
  let now: { packets: number; bytes: number } | undefined;
  for (const each of made.slice(0, seq + 1)) {
    if (each.netns !== netns || each.key !== key) continue;
    if ('base' in each) now = { packets: each.base, bytes: each.base * 10 };
    else if ('gone' in each) now = undefined;
    else if (now !== undefined) {
      const n = each.twice ? 2 : 1;
      now = { packets: now.packets + n, bytes: now.bytes + n * (LENGTHS[each.frame] ?? 0) };
    }
  }
  return now;
}

describe('counters of rules', () => {
  it('are the same as counted anew, wherever one goes, also after cutting and growing again', () => {
    fc.assert(
      fc.property(
        fc.array(anEvent, { maxLength: 80 }),
        fc.array(anEvent, { maxLength: 40 }),
        fc.nat(80),
        fc.array(fc.integer({ min: -1, max: 125 }), { minLength: 1, maxLength: 12 }),
        (first, second, cut, seeks) => {
          const events = first.map(toEvent);
          const moment = new Moment({ events, frames: someFrames() });
          const check = (made: readonly Made[]): void => {
            for (const seq of seeks) {
              moment.seek(seq);
              for (const netns of NETNS)
                for (const key of KEYS)
                  expect(moment.counters(netns, key)).toEqual(recount(made, seq, netns, key));
            }
          };
          check(first);
          const kept = first.slice(0, cut);
          events.length = kept.length;
          moment.cut(kept.length);
          check(kept);
          const all = [...kept, ...second];
          events.push(...all.map(toEvent).slice(kept.length));
          moment.appended(kept.length);
          check(all);
        },
      ),
      { numRuns: 300, seed: 20_240_602 },
    );
  });

  it('begin at what the row says: set by iptables-restore -c, cleared by -Z', () => {
    const made: Made[] = [
      { netns: 'n1', key: 'a', base: 7 },
      { netns: 'n1', key: 'a', frame: 1, twice: false },
      { netns: 'n1', key: 'a', base: 0 },
      { netns: 'n1', key: 'a', frame: 0, twice: false },
    ];
    const moment = new Moment({ events: made.map(toEvent), frames: someFrames() });
    const at = (seq: number) => {
      moment.seek(seq);
      return moment.counters('n1', 'a');
    };
    expect([at(-1), at(0), at(1), at(2), at(3)]).toEqual([
      undefined,
      { packets: 7, bytes: 70 },
      { packets: 8, bytes: 1570 },
      { packets: 0, bytes: 0 },
      { packets: 1, bytes: 84 },
    ]);
  });
});
