/** The netfilter of a namespace, for tests. */
import type { Netns } from '../../netns';
import type { NetfilterTables } from '../netfilter';

export function plug(netns: Netns): NetfilterTables {
  return netns.netfilter;
}
