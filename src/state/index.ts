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
export { flightsOfStep } from './flights';
export { playhead, subscribePlayhead } from './player';
export { startApp } from './start';
export { loadCatalogue, type CatalogueItem, type Compared } from './catalogue';
