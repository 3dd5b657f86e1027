/** What the rest of the kernel model needs of netfilter. */
export type * from './door';
export { Hooks } from './hooks';
export { NetfilterTables, type NetfilterSink } from './netfilter';
export { reroute, routeKey } from './reroute';
export type { ConntrackRow, IptablesRow } from './rows';
export { attachError } from './skb';
