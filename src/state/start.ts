/** The app's beginning, and how tests learn that it has come to rest. */
import { flushAddress, keepAddressInStep, openLink } from './link';
import { isQuiet } from './player';
import { sessionQuiet } from './session';
import { followSystem } from './system';
import { actions } from './actions';

declare global {
  interface Window {
    /** For tests: resolves when worker, queue, player and address are quiet. */
    framewalkIdle?: () => Promise<void>;
  }
}

/** Between two looks, ms. */
const LOOK_EVERY = 10;

/** Resolves when nothing is under way: no request, no animation, no address to write. */
export async function idle(): Promise<void> {
  // Twice in a row: what one part finishes may set another going.
  for (let still = 0; still < 2;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    still = sessionQuiet() && isQuiet() && flushAddress() ? still + 1 : 0;
  }
}

/**
 * Called once by main. Opens the page's link, or the scenario `first` when it has none, and from then on keeps the
 * address in step.
 */
export function startApp(first?: string): void {
  followSystem();
  const fragment = typeof location === 'undefined' ? '' : location.hash;
  if (fragment.length > 1) void openLink(fragment, first);
  else if (first !== undefined) actions.openScenario(first);
  keepAddressInStep();
  if (typeof window !== 'undefined') window.framewalkIdle = idle;
}
