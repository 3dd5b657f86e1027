import { cableFaults } from './cables';
import { entryFaults } from './entries';
import type { Fault, FaultView } from './fault';
import { systemFaults } from './system';

export type { Fault, FaultGroup, FaultView, Order } from './fault';
export { mendsFromTrace } from './mend';

/** All that can be broken in a namespace as it is now, and what the tables themselves show to be broken. */
export function faultsOf(view: FaultView, netns: string): Fault[] {
  return [...cableFaults(view, netns), ...entryFaults(view, netns), ...systemFaults(view, netns)];
}
