/** The simulation's public face: what the worker, the command line and the scenarios may use. */
export type * from './kernel/trace';
export type * from './world/scenario';
export { run, World, type RunOptions, type SetupFailure } from './world/world';
export { builtBackends, parseNetConf, type NetConf, type NetConfError } from './daemons/index';
