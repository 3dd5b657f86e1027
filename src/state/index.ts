/** The one door of the state folder: store, actions, hooks, playback, link. */
export type * from './types';
export { getTrace } from './trace';
export { app, useApp } from './store';
export { actions } from './actions';
export {
  useDevices,
  useFrame,
  useNamespaces,
  useRowMarks,
  useSteps,
  useTable,
  useTableWithKeys,
  useTerminal,
  useTheme,
} from './hooks';
export { flightsOfStep, playhead, stepDuration, subscribePlayhead } from './player';
export { idle, startApp } from './start';
export { openLink } from './link';
