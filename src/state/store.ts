/** The store and its React hook. Only actions and the session write to it. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { loadSettings } from './settings';
import type { AppState } from './types';

function initialState(): AppState {
  return {
    run: {
      phase: 'idle',
      scenarioId: null,
      title: { en: '', zh: '' },
      notes: [],
      problems: [],
      busy: false,
      progress: 0,
    },
    journal: [],
    starts: [],
    undoDepth: 0,
    redoDepth: 0,
    traceVersion: 0,
    cursor: -1,
    follow: 'all',
    player: { playing: false, speed: 1 },
    selection: { netns: null, dev: null, frame: null, step: null },
    panel: 'tables',
    settings: loadSettings(),
    linkProblems: [],
  };
}

export const app = createStore<AppState>()(initialState);

/** The selector's answer is compared with `Object.is`: answer something that keeps its identity while it is the same. */
export function useApp<T>(selector: (state: AppState) => T): T {
  return useStore(app, selector);
}
