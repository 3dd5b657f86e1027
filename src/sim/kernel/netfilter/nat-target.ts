/** Where the NAT targets send a connection (xt_nat, xt_MASQUERADE, xt_REDIRECT). */
import type { Ip4 } from '../../wire/index';
import type { Question } from './match';
import type { BuiltinChain, NatRange, RuleTarget } from './rules';

/** `no-address`: the device has none to masquerade or redirect with; the packet is dropped. */
export type Refused = 'no-address';
type NatTarget = Extract<RuleTarget, { range: NatRange }>;
const LOOPBACK: Ip4 = 0x7f000001;

export function natTargetRange(
  target: NatTarget,
  question: Question,
  hook: BuiltinChain,
): NatRange | Refused | 'unspecified-source' {
  const { range } = target;
  if (target.kind === 'SNAT' || target.kind === 'DNAT') return range;
  const address = target.kind === 'MASQUERADE' ? outside(question) : redirected(question, hook);
  if (address === undefined) return 'unspecified-source';
  return address === 0 ? 'no-address' : { ...range, addr: { low: address, high: address } };
}

/** The address the output device has for speaking to the next hop. Nothing to hide when the sender has none yet. */
function outside({ netns, packet, oif }: Question): Ip4 | undefined {
  if (packet.header.src === 0) return undefined;
  if (!oif) return 0;
  const { dst } = packet.header;
  // Asking for the next hop is no step of the packet: it stays out of the trace.
  const { gateway } = netns.fib.lookup({ dst, mark: packet.mark });
  return netns.selectAddress(oif, gateway || dst);
}
function redirected({ iif }: Question, hook: BuiltinChain): Ip4 {
  return hook === 'OUTPUT' ? LOOPBACK : (iif?.addresses[0]?.local ?? 0);
}
