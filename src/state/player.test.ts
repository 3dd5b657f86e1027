import { beforeEach, describe, expect, it } from 'vitest';
import { actions } from './actions';
import { stepDuration } from './flights';
import { isQuiet, playhead, setFrameSource, subscribePlayhead } from './player';
import { stepsView } from './steps';
import { app } from './store';
import { system } from './system';
import { appendTrace, cutTrace, finishTrace, getTrace } from './trace';
import type { TraceEvent } from './types';

/** The browser's frames, one at a time. */
const waiting: ((now: number) => void)[] = [];
let now = 0;
setFrameSource({ request: (callback) => void waiting.push(callback) });
function frame(elapsed: number): void {
  now += elapsed;
  for (const callback of waiting.splice(0)) callback(now);
}
/** Frames of 20 ms until nothing asks for one. */
function playOut(limit = 10_000): number {
  let frames = 0;
  while (waiting.length > 0 && frames < limit) {
    frame(20);
    frames++;
  }
  return frames;
}

const FRAME = { id: 0, bytes: new Uint8Array(60), link: 'ethernet' } as const;

/** Three hops of one frame from namespace to namespace: each arrival is a step of its own. */
function threeHops(): void {
  const at = (seq: number, netns: string, kind: 'tx' | 'rx', dev: string): TraceEvent => {
    const base = { seq, at: seq, machine: netns, netns, cause: seq - 1, dev, frame: 0 };
    return kind === 'tx' ? { ...base, kind } : { ...base, kind, pkt: 'host' };
  };
  cutTrace(0, 0);
  const events: TraceEvent[] = [
    { seq: 0, at: 0, machine: 'a', netns: 'a', cause: -1, kind: 'origin', by: 'ping', frame: 0 },
    at(1, 'a', 'tx', 'eth0'),
    at(2, 'b', 'rx', 'veth0'),
    at(3, 'b', 'tx', 'eth0'),
    at(4, 'c', 'rx', 'eth0'),
  ];
  appendTrace(events, [FRAME]);
  finishTrace(0, 4);
}

beforeEach(() => {
  actions.pause();
  playOut();
  threeHops();
  system.setState({ reducedMotion: false });
  app.setState((state) => ({ traceVersion: state.traceVersion + 1 }));
  actions.setSpeed(1);
  actions.toStart();
  playOut();
});

const cursor = () => app.getState().cursor;

describe('the player', () => {
  it('has steps to play', () => {
    expect(stepsView(app.getState()).steps.length).toBeGreaterThan(1);
    expect(cursor()).toBe(-1);
    expect(isQuiet()).toBe(true);
  });

  it('goes from step to step and animates each, then rests', () => {
    const { steps } = stepsView(app.getState());
    const seen: number[] = [];
    const stop = subscribePlayhead(({ stepIndex }) => {
      if (seen.at(-1) !== stepIndex) seen.push(stepIndex);
    });
    actions.play();
    const frames = playOut();
    stop();
    expect(seen).toEqual(steps.map((_, i) => i));
    expect(cursor()).toBe(getTrace().events.length - 1);
    expect(app.getState().player.playing).toBe(false);
    expect(playhead).toEqual({ stepIndex: steps.length - 1, progress: 1 });
    const length = steps.reduce((sum, step) => sum + stepDuration(step), 0);
    expect(frames * 20).toBeGreaterThan(length);
    expect(frames * 20).toBeLessThan(length + steps.length * 400 + 500);
    expect(isQuiet()).toBe(true);
  });

  it('is twice as fast at twice the speed', () => {
    actions.play();
    const normal = playOut();
    actions.toStart();
    actions.setSpeed(2);
    actions.play();
    expect(playOut()).toBeLessThan(normal * 0.6);
  });

  it('steps by hand: the cursor is there at once, the animation follows', () => {
    const { steps } = stepsView(app.getState());
    actions.stepForward();
    actions.stepForward();
    expect(cursor()).toBe(steps[1]?.last);
    expect(playhead.progress).toBe(0);
    frame(0);
    frame(50);
    expect(playhead.progress).toBeGreaterThan(0);
    expect(playhead.progress).toBeLessThan(1);
    playOut();
    expect(playhead).toEqual({ stepIndex: 1, progress: 1 });
    actions.stepBack();
    expect(cursor()).toBe(steps[0]?.last);
    expect(playhead).toEqual({ stepIndex: 0, progress: 1 });
    actions.stepBack();
    expect(cursor()).toBe(-1);
    actions.stepBack();
    expect(cursor()).toBe(-1);
  });

  it('finishes a step one is in the middle of before it goes on', () => {
    const { steps } = stepsView(app.getState());
    const long = steps.findIndex((step) => step.last > step.first);
    const step = steps[long];
    if (step === undefined) throw new Error('no step has two events');
    actions.seek(step.first);
    actions.stepForward();
    expect(cursor()).toBe(step.last);
    actions.seek(step.first);
    actions.stepBack();
    expect(cursor()).toBe(steps[long - 1]?.last ?? -1);
  });

  it('stops when one moves by hand, and begins again from the end', () => {
    actions.play();
    frame(0);
    actions.eventForward();
    expect(app.getState().player.playing).toBe(false);
    actions.toEnd();
    actions.toggle();
    expect(cursor()).toBe(-1);
    frame(0);
    frame(20);
    expect(cursor()).toBeGreaterThanOrEqual(0);
    actions.toggle();
    expect(app.getState().player.playing).toBe(false);
    playOut();
    expect(isQuiet()).toBe(true);
  });

  it('jumps where motion is unwanted', () => {
    system.setState({ reducedMotion: true });
    const progress = new Set<number>();
    const stop = subscribePlayhead((playhead) => progress.add(playhead.progress));
    actions.play();
    playOut();
    stop();
    expect([...progress]).toEqual([1]);
    expect(cursor()).toBe(getTrace().events.length - 1);
  });

  it('does not leap ahead after the page was in the background', () => {
    actions.play();
    frame(0);
    frame(60_000);
    expect(cursor()).toBeLessThan(getTrace().events.length - 1);
  });

  it('keeps its bounds whatever it is told', () => {
    actions.setSpeed(1000);
    expect(app.getState().player.speed).toBe(8);
    actions.setSpeed(NaN);
    actions.setSpeed(-1);
    expect(app.getState().player.speed).toBe(0.25);
    actions.seek(1e9);
    expect(cursor()).toBe(getTrace().events.length - 1);
    actions.seek(NaN);
    actions.seek(-99);
    expect(cursor()).toBe(-1);
    actions.selectStep(99);
    expect(cursor()).toBe(-1);
  });
});
