/** What the rest of the kernel model needs of netfilter. */
export type * from './door';
export { Hooks } from './hooks';
export { NetfilterTables } from './netfilter';
export { reroute, routeKey } from './reroute';
export { attachError } from './skb';
