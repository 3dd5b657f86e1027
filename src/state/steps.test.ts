import { afterEach, describe, expect, it, vi } from 'vitest';
import { app } from './store';
import { stepsReady, stepsView, storyTrouble } from './steps';
import { appendTrace, cutTrace, finishTrace, getTrace } from './trace';
import type { TraceEvent } from './types';

/** Steps of one event each, as slow or as broken as a test wants. */
const builder = vi.hoisted(() => ({ msPerPush: 0, breaksAt: Infinity }));
vi.mock('../explain/index', () => ({
  usedRows: () => [],
  StepBuilder: class {
    readonly steps: object[] = [];
    push(events: readonly TraceEvent[]): number {
      const first = this.steps.length;
      const until = performance.now() + builder.msPerPush;
      while (performance.now() < until) {
        // As slow as it was asked to be.
      }
      for (const { seq, at } of events) {
        if (seq >= builder.breaksAt) throw new Error('no words for this');
        this.steps.push({ index: seq, first: seq, last: seq, seqs: [seq], command: seq % 3, isBoot: at < 0 });
      }
      return first;
    }
  },
}));

function grow(count: number): void {
  const from = getTrace().events.length;
  const events = Array.from({ length: count }, (_, i): TraceEvent => {
    const base = { seq: from + i, at: from + i - 10, machine: 'a', netns: 'a', cause: -1 };
    return { ...base, kind: 'control', by: 'x', protocol: 'log', action: 'start', text: '' };
  });
  appendTrace(events, []);
  finishTrace(10, 0);
}
const view = () => stepsView(app.getState());

afterEach(() => {
  builder.msPerPush = 0;
  builder.breaksAt = Infinity;
  cutTrace(0, 0);
  app.setState((state) => ({ follow: 'all', settings: { ...state.settings, showBoot: false } }));
});

describe('the steps', () => {
  it('leave the page alone while they are made, and are complete in the end', async () => {
    builder.msPerPush = 4;
    grow(20_000);
    const early = view().steps.length;
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(20_000);
    const version = app.getState().traceVersion;
    await stepsReady();
    expect(view().steps).toHaveLength(20_000 - 10);
    expect(app.getState().traceVersion).toBeGreaterThan(version);
  });

  it('are filtered, and stay the same list until they change', () => {
    grow(100);
    const { steps } = view();
    expect(steps).toHaveLength(90);
    expect(view()).toBe(view());
    app.setState({ follow: { command: 1 } });
    expect(view().steps.map((step) => step.command)).toEqual(Array.from({ length: 30 }, () => 1));
    const followed = view().steps;
    app.setState({ follow: { command: 1 } });
    expect(view().steps).toBe(followed);
    app.setState((state) => ({ follow: 'all', settings: { ...state.settings, showBoot: true } }));
    expect(view().steps).toHaveLength(100);
    expect(steps).toHaveLength(90);
  });

  it('follow the trace when it is cut and grows again', () => {
    grow(100);
    expect(view().steps).toHaveLength(90);
    cutTrace(40, 0);
    expect(view().steps.at(-1)?.last).toBe(39);
    grow(5);
    expect(view().steps.map((step) => step.last)).toEqual(Array.from({ length: 35 }, (_, i) => i + 10));
    cutTrace(0, 0);
    expect(view().steps).toEqual([]);
  });

  it('end where there are no words, and the rest goes on', async () => {
    builder.breaksAt = 400;
    grow(1000);
    await stepsReady();
    expect(storyTrouble()).toContain('no words for this');
    expect(view().steps.length).toBeGreaterThan(100);
    expect(getTrace().events).toHaveLength(1000);
    grow(10);
    await stepsReady();
    builder.breaksAt = Infinity;
    cutTrace(300, 0);
    expect(storyTrouble()).toBeUndefined();
    expect(view().steps.at(-1)?.last).toBe(299);
  });
});
