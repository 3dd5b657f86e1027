/** The app without a browser: the simulation in this thread, animation frames as fast as they can be had. */
import { expect } from 'vitest';
import { catalogue } from '../../scenarios/index';
import { World, type Scenario } from '../../sim/index';
import { connectHere } from '../../worker/client';
import { actions } from '../actions';
import { setFrameSource } from '../player';
import { connectTo } from '../session';
import { idle } from '../start';
import { app } from '../store';
import { getTrace } from '../trace';
import type { JournalEntry, TraceEvent } from '../types';

/** For `beforeAll`. Each animation frame is 100 ms further. */
export function startHeadless(): void {
  let clock = 0;
  setFrameSource({ request: (callback) => void setTimeout(() => callback((clock += 100))) });
  connectTo(connectHere);
}

/** For `beforeEach`. */
export async function comeToRest(): Promise<void> {
  actions.pause();
  await idle();
  app.setState({ linkProblems: [] });
}

export const state = () => app.getState();
export const scenarioOf = (id: string): Scenario => {
  const entry = catalogue.find((item) => item.id === id);
  if (entry === undefined) throw new Error(`no scenario ${id}`);
  return entry.load();
};
export const events = (): readonly TraceEvent[] => [...getTrace().events];
const frames = () => getTrace().frames.map(({ bytes, ...rest }) => ({ ...rest, bytes: [...bytes] }));

export async function open(id: string): Promise<void> {
  actions.openScenario(id);
  await idle();
  expect(state().run).toMatchObject({ phase: 'ready', scenarioId: id, busy: false, problems: [] });
}

/** The trace is that of a world that has run just this journal, to the byte. */
export function expectPure(id: string, journal: readonly JournalEntry[]): void {
  const world = World.open(scenarioOf(id));
  world.execute(journal);
  expect(events()).toEqual(world.trace.events);
  expect(frames()).toEqual(world.trace.frames.map(({ bytes, ...rest }) => ({ ...rest, bytes: [...bytes] })));
  expect(getTrace()).toMatchObject({ upSeq: world.trace.upSeq, end: world.trace.end });
}
