/** The app without a browser: the simulation in this thread, animation frames as fast as they can be had. */
import { expect } from 'vitest';
import { catalogue } from '../../scenarios/index';
import { World, type Scenario } from '../../sim/index';
import { connectHere } from '../../worker/client';
import { actions } from '../actions';
import { setFrameSource } from '../player';
import { connectTo } from '../session';
import { idle, startApp } from '../start';
import { app } from '../store';
import { getTrace } from '../trace';
import type { Frame, JournalEntry, TraceEvent } from '../types';

/** For `beforeAll`. Each animation frame is 100 ms further. */
export function startHeadless(): void {
  let clock = 0;
  setFrameSource({ request: (callback) => void setTimeout(() => callback((clock += 100))) });
  connectTo(connectHere);
  startApp();
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
const plainFrames = (frames: readonly Frame[]) =>
  frames.map(({ id, link, from, bytes }) => ({ id, link, from, bytes: [...bytes] }));

export async function open(id: string): Promise<void> {
  actions.openScenario(id);
  await idle();
  expect(state().run).toMatchObject({ phase: 'ready', scenarioId: id, busy: false, problems: [] });
}

/** As `toEqual` for long lists of plain data, but quick; shows the first item that differs. */
export function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  const text = (item: unknown) => JSON.stringify(item);
  const differs = expected.findIndex((item, i) => text(item) !== text(actual[i]));
  if (differs >= 0) expect([differs, actual[differs]]).toEqual([differs, expected[differs]]);
  expect(actual).toHaveLength(expected.length);
}

/** The trace is that of a world that has run just this journal, to the byte. */
export function expectPure(id: string, journal: readonly JournalEntry[]): void {
  const world = World.open(scenarioOf(id));
  world.execute(journal);
  expectSame(events(), world.trace.events);
  expectSame(plainFrames(getTrace().frames), plainFrames(world.trace.frames));
  expect(getTrace()).toMatchObject({ upSeq: world.trace.upSeq, end: world.trace.end });
}
