/**
 * The story's steps: made as events arrive, filtered by what is followed, and the one the cursor is in. Making them
 * costs more than receiving events, so a large trace's steps are made a few milliseconds at a time, between which the
 * page lives on; those of a small one are there at once.
 */
import { StepBuilder } from '../explain/index';
import { app } from './store';
import { getTrace, observeTrace } from './trace';
import type { AppState, Follow, Step, StepsView } from './types';
import { lastAtOrBefore } from './search';

/** Of one task of the page, ms. */
const SLICE = 6;
/** Events between two looks at the clock. */
const CHUNK = 200;

let builder = new StepBuilder(getTrace());
/** Events that steps have been made of. */
let built = 0;
/** Steps from this index on are new or have changed since they were last filtered. */
let touched = 0;
let scheduled = false;
/** What went wrong while steps were made; the steps before stand, the run goes on without further ones. */
let trouble: string | undefined;
const waiting: (() => void)[] = [];

const isReady = () => trouble !== undefined || built === getTrace().events.length;

function build(): void {
  const { events } = getTrace();
  const until = performance.now() + SLICE;
  while (trouble === undefined && built < events.length && performance.now() < until) {
    const end = Math.min(built + CHUNK, events.length);
    try {
      touched = Math.min(touched, builder.push(events.slice(built, end)));
      built = end;
    } catch (error) {
      trouble = String(error);
    }
  }
  if (isReady()) {
    for (const tell of waiting.splice(0)) tell();
  } else if (!scheduled) {
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      build();
      app.setState((state) => ({ traceVersion: state.traceVersion + 1 }));
    });
  }
}

observeTrace({
  appended: build,
  cut() {
    builder = new StepBuilder(getTrace());
    built = 0;
    touched = 0;
    trouble = undefined;
    build();
  },
});

export const storyTrouble = (): string | undefined => trouble;

/** Resolves when there are steps for all events, or for as many as there can be. */
export function stepsReady(): Promise<void> {
  return isReady() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
}

function matches(step: Step, follow: Follow, showBoot: boolean): boolean {
  if (step.isBoot && !showBoot) return false;
  return follow === 'all' || step.command === follow.command;
}
const sameFollow = (a: Follow, b: Follow) =>
  a === b || (a !== 'all' && b !== 'all' && a.command === b.command);

let filter: { readonly follow: Follow; readonly showBoot: boolean } = { follow: 'all', showBoot: false };
/** What has passed the filter; handed out as copies, so that a list once drawn stays as it is. */
const passed: Step[] = [];
let shown: readonly Step[] = [];

function filteredSteps(follow: Follow, showBoot: boolean): readonly Step[] {
  if (filter.showBoot !== showBoot || !sameFollow(filter.follow, follow)) {
    filter = { follow, showBoot };
    touched = 0;
  }
  const { steps } = builder;
  if (touched >= steps.length && (passed.at(-1)?.index ?? -1) < steps.length) return shown;
  while ((passed.at(-1)?.index ?? -1) >= touched) passed.pop();
  for (let i = touched; i < steps.length; i++) {
    const step = steps[i] as Step;
    if (matches(step, follow, showBoot)) passed.push(step);
  }
  touched = steps.length;
  shown = passed.slice();
  return shown;
}

let view: StepsView = { steps: [], index: -1 };

/** The same object while nothing in it changes. */
export function stepsView(state: AppState): StepsView {
  const steps = filteredSteps(state.follow, state.settings.showBoot);
  const index = lastAtOrBefore(steps, state.cursor, (step) => step.first);
  if (view.steps !== steps || view.index !== index) view = { steps, index };
  return view;
}

export function currentStep(state: AppState): Step | undefined {
  const { steps, index } = stepsView(state);
  return steps[index];
}
