/** The part of the kernel's door that iptables and conntrack use. */
import type { Netfilter, ProcessContext } from '../../kernel/netlink';

export type * from '../../kernel/netlink';

export function netfilterOf(ctx: ProcessContext): Netfilter {
  return ctx.netlink.netfilter;
}
