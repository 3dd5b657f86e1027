/** The stage. Fills its parent. */
export { Stage } from './Stage';
