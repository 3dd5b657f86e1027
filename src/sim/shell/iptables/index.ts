/** iptables 1.8.9 (legacy), iptables-save, iptables-restore, and conntrack 1.4.7. */
import { conntrack } from './conntrack';
import { iptables } from './iptables';
import { iptablesRestore } from './restore';
import { iptablesSave } from './save';
import type { Program } from '../program';

export const netfilterPrograms: readonly Program[] = [
  iptables,
  iptablesSave,
  iptablesRestore,
  // The same programs under the names that say which backend speaks.
  { ...iptables, name: 'iptables-legacy' },
  { ...iptablesSave, name: 'iptables-legacy-save' },
  { ...iptablesRestore, name: 'iptables-legacy-restore' },
  conntrack,
];
export { restore } from './restore';
export { ctime } from './save';
