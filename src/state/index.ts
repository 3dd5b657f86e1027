/** The one door of the state folder: store, actions, hooks, playback, link. */
export type * from './types';
export { getTrace } from './trace';
export { app, useApp } from './store';
export { actions } from './actions';
export type { Counters } from './counters';
export type { LogLine } from './kernel-log';
export {
  useCounters,
  useDevices,
  useFrame,
  useKernelLog,
  useNamespaces,
  useRowMarks,
  useSteps,
  useTable,
  useTableWithKeys,
  useTerminal,
  useTheme,
} from './hooks';
export { namespacesAt, rowsAt } from './tables';
export { flightsOfStep, placeOf, tunOf } from './flights';
export { playhead, subscribePlayhead } from './player';
export { startApp } from './start';
export { loadCatalogue, type CatalogueItem, type Compared } from './catalogue';
