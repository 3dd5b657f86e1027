/**
 * Playback. The cursor jumps to the end of a step, and the step's animation shows how it came about: `playhead` runs
 * from 0 to 1 through it. This file owns the page's only animation frame loop; nothing is written to the store between
 * two steps.
 */
import { stepDuration } from './flights';
import { stepsView } from './steps';
import { app } from './store';
import { system } from './system';
import type { Playhead, StepsView } from './types';

export const SPEEDS = { slowest: 0.25, fastest: 8 } as const;
/** Pause after each step while playing, ms at normal speed: a decision is looked at. */
const PAUSE = 250;
/** With reduced motion nothing moves; each step stands this long, ms at normal speed. */
const STAND = 900;

/** The one place to ask where the animation is. */
export const playhead: Playhead = { stepIndex: -1, progress: 1 };

type Listener = (playhead: Readonly<Playhead>) => void;
const listeners = new Set<Listener>();

/** Called on every frame in which the playhead moved. Answers the way to unsubscribe. */
export function subscribePlayhead(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What asks for animation frames; replaced in tests. */
interface FrameSource {
  request(callback: (now: number) => void): void;
}
let frames: FrameSource = {
  request(callback) {
    if (typeof requestAnimationFrame === 'function') requestAnimationFrame(callback);
    else setTimeout(() => callback(performance.now()), 16);
  },
};
export function setFrameSource(source: FrameSource): void {
  frames = source;
}

let looping = false;
let last: number | undefined;
/** ms at normal speed since the playhead arrived at the step's end. */
let stood = 0;

function tell(): void {
  for (const listener of listeners) listener(playhead);
}

const stepLength = ({ steps, index }: StepsView): number => {
  const step = steps[index];
  return step === undefined ? 0 : stepDuration(step);
};

/** Shows the current step's animation from its beginning, or at rest at its end. */
export function showStep(animated: boolean): void {
  const { index } = stepsView(app.getState());
  playhead.stepIndex = index;
  playhead.progress = animated && index >= 0 && !system.getState().reducedMotion ? 0 : 1;
  stood = 0;
  tell();
  if (playhead.progress < 1) run();
}

export function setPlaying(playing: boolean): void {
  const { player } = app.getState();
  if (player.playing === playing) return;
  app.setState({ player: { ...player, playing } });
  stood = Infinity;
  if (playing) run();
}

export const isQuiet = (): boolean => !looping;

function run(): void {
  if (looping) return;
  looping = true;
  last = undefined;
  frames.request(frame);
}

/** Advances by `elapsed` ms of normal speed; answers whether there is more to come. */
function advance(elapsed: number): boolean {
  const state = app.getState();
  const view = stepsView(state);
  if (playhead.progress < 1) {
    playhead.progress = Math.min(1, playhead.progress + elapsed / Math.max(1, stepLength(view)));
    tell();
    return playhead.progress < 1 || state.player.playing;
  }
  if (!state.player.playing) return false;
  stood += elapsed;
  if (stood < (system.getState().reducedMotion ? STAND : PAUSE)) return true;
  const next = view.steps[view.index + 1];
  if (next === undefined) {
    setPlaying(false);
    return false;
  }
  app.setState({ cursor: next.last, selection: { ...state.selection, step: null } });
  showStep(true);
  return true;
}

function frame(now: number): void {
  // A tab that was in the background comes back where it was, not minutes later.
  const elapsed = last === undefined ? 0 : Math.min(now - last, 100);
  last = now;
  looping = advance(elapsed * app.getState().player.speed);
  if (looping) frames.request(frame);
}
