/** Playback and lanes. Takes its parent's width and the height it needs. */
export { Timeline } from './Timeline';
