import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent, TraceEventKind } from '../sim/kernel/trace';
import { message } from './format';
import { changedRows, usedRows } from './marks';
import { StepBuilder, commandOf, computeSteps, type Story } from './steps';
import { EXAMPLES, randomStory, someFrames } from './testing/random';
import { transcript } from './transcript';
import type { Lang } from './types';
import { why } from './why';

const LANGS: readonly Lang[] = ['en', 'zh'];
const kinds = Object.keys(EXAMPLES) as TraceEventKind[];

function alone(kind: TraceEventKind): Story {
  const base = { seq: 0, at: 0, machine: 'm', netns: 'node1', cause: -1 };
  return { events: [{ ...base, ...EXAMPLES[kind] }], frames: someFrames() };
}

describe('any list of events', () => {
  it('is cut into steps without gaps or overlaps, in one namespace but for what is set up elsewhere', () => {
    fc.assert(
      fc.property(randomStory, (story) => {
        const steps = computeSteps(story);
        expect(steps.flatMap((step) => step.seqs)).toEqual(story.events.map((e) => e.seq));
        steps.forEach((step, index) => {
          expect(step.index).toBe(index);
          expect([step.first, step.last]).toEqual([step.seqs[0], step.seqs.at(-1)]);
          expect(step.seqs).toContain(step.main);
          const own = story.events.slice(step.first, step.last + 1);
          const elsewhere = own.filter((e) => e.netns !== step.netns).map((e) => e.kind);
          expect(elsewhere.filter((kind) => !['change', 'netlink', 'exit'].includes(kind))).toEqual([]);
          if (elsewhere.length > 0) expect(['command', 'netlink', 'control']).toContain(own[0]?.kind);
          expect(step.isDrop).toBe(own.some((e) => e.kind === 'drop'));
          expect(new Set(own.map((e) => e.at < 0)).size).toBe(1);
        });
      }),
      { seed: 7, numRuns: 400 },
    );
  });

  it('gives the same steps however it comes in', () => {
    fc.assert(
      fc.property(
        randomStory,
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }),
        (story, sizes) => {
          const builder = new StepBuilder(story);
          let at = 0;
          for (const size of [...sizes, story.events.length]) {
            const known = [...builder.steps];
            const from = builder.push(story.events.slice(at, at + size));
            expect(builder.steps.slice(0, from)).toEqual(known.slice(0, from));
            at += size;
          }
          expect(builder.steps).toEqual(computeSteps(story));
        },
      ),
      { seed: 11, numRuns: 200 },
    );
  });

  it('has a why, marks and a transcript in both languages', () => {
    fc.assert(
      fc.property(randomStory, (story) => {
        for (const step of computeSteps(story)) {
          const answer = why(step, story);
          expect(answer).toBeDefined();
          for (const lang of LANGS) expect(message(lang, step.title)).not.toBe('');
          usedRows(step, story);
          expect(changedRows(step, story).every((e) => step.seqs.includes(e.seq))).toBe(true);
        }
        const trace = { ...story, upSeq: 0, end: 0 };
        for (const lang of LANGS)
          expect(transcript(trace, lang, { boot: true }).join('')).not.toContain('undefined');
      }),
      { seed: 13, numRuns: 200 },
    );
  });

  it('finds the same root command for an event as for its step', () => {
    fc.assert(
      fc.property(randomStory, (story) => {
        for (const step of computeSteps(story)) expect(commandOf(step.first, story)).toBe(step.command);
      }),
      { seed: 17, numRuns: 200 },
    );
  });
});

describe.each(kinds)('a %s event on its own', (kind) => {
  const story = alone(kind);
  const [step] = computeSteps(story);

  it.each(LANGS)('has a sentence of at most 90 characters in %s', (lang) => {
    const title = step && message(lang, step.title);
    expect(title?.length).toBeGreaterThan(3);
    expect(title?.length).toBeLessThanOrEqual(90);
    expect(step && message(lang, step.detail)).toBeTruthy();
  });

  it('has a why', () => {
    const answer = step && why(step, story);
    expect(answer && message('en', answer.lead)).toBeTruthy();
  });
});

describe('a trace of a hundred thousand events', () => {
  it('is cut event by event, not looked at again and again', () => {
    const pattern: TraceEventKind[] = ['rx', 'change', 'fib', 'forward', 'neigh', 'tx', 'vtep', 'encap'];
    const events = Array.from({ length: 100_000 }, (_, seq): TraceEvent => {
      const kind = pattern[seq % pattern.length] ?? 'rx';
      return { seq, at: seq, machine: 'm', netns: `n${(seq >> 3) & 7}`, cause: seq - 1, ...EXAMPLES[kind] };
    });
    const story = { events, frames: someFrames() };
    const builder = new StepBuilder(story);
    for (let at = 0; at < events.length; at += 500) builder.push(events.slice(at, at + 500));
    expect(builder.steps.length).toBeGreaterThan(20_000);
    expect(builder.steps.at(-1)?.last).toBe(99_999);
  });
});
