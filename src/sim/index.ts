/** The simulation's public face: what the worker, the command line and the scenarios may use. */
export type * from './kernel/trace';
export type * from './world/scenario';
export { run, World, type JournalMark, type RunOptions, type SetupFailure } from './world/world';
export type { Completion } from './shell/index';
export { builtBackends, parseNetConf, type NetConf, type NetConfError } from './daemons/index';
