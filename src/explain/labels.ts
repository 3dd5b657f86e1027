import type { DropEvent, DropReason, NeighState, RouteReason } from '../sim/kernel/trace';
import { isMessageId, msg, type MessageId, type TermId } from './messages';
import type { Message } from './types';

type LabelId = Extract<TermId, `label.${string}`>;

/** Where the function that gave up says more than the reason does. */
type Special = 'noReader' | 'ringFull' | 'netem';

function special(reason: DropReason, where: string | undefined): Special | undefined {
  if (where === 'noop_enqueue') return 'noReader';
  if (where === 'tun_net_xmit') return reason === 'FULL_RING' ? 'ringFull' : 'noReader';
  return where === 'netem_enqueue' && reason === 'QDISC_DROP' ? 'netem' : undefined;
}

/** The function that gave up, where it says more than the reason; a full queue is told by the reason and its values. */
export function dropPlace({ where, detail }: Pick<DropEvent, 'where' | 'detail'>): string | undefined {
  return detail?.['why'] === 'limit' ? undefined : where;
}

/** `where`: the kernel function that gave up. */
export function dropLabelId(reason: DropReason, where?: string): LabelId {
  return `label.${special(reason, where) ?? reason}`;
}

/** Two words for the stage: `no neighbour`. */
export function dropLabel(e: Pick<DropEvent, 'reason' | 'where' | 'detail'>): Message {
  return msg(dropLabelId(e.reason, dropPlace(e)));
}

/** What an ICMP error says (RFC 792, RFC 1812 section 5.2.7). */
export function icmpErrorTerm(type: number, code: number): Extract<TermId, `icmp.${string}`> {
  if (type === 11) return code === 1 ? 'icmp.reassembly' : 'icmp.timeExceeded';
  if (type === 5) return 'icmp.redirect';
  if (type !== 3) return 'icmp.other';
  if (code === 0 || code === 6) return 'icmp.netUnreachable';
  if (code === 1 || code === 7) return 'icmp.hostUnreachable';
  if (code === 2) return 'icmp.protoUnreachable';
  if (code === 3) return 'icmp.portUnreachable';
  if (code === 4) return 'icmp.fragNeeded';
  return code === 9 || code === 10 || code === 13 ? 'icmp.filtered' : 'icmp.unreachable';
}

/** Why an ICMP error was held back (`icmp-error`'s reason). */
export function heldTerm(reason: string | undefined): Extract<TermId, `held.${string}`> {
  const id = `held.${reason ?? 'other'}`;
  return isMessageId(id) ? (id as Extract<TermId, `held.${string}`>) : 'held.other';
}

/** Why an ARP packet came to nothing, or what was special about it (`arp`'s reason). */
export function arpReasonTerm(reason: string | undefined): Extract<TermId, `arpWhy.${string}`> {
  const id = `arpWhy.${reason ?? 'other'}`;
  return isMessageId(id) ? (id as Extract<TermId, `arpWhy.${string}`>) : 'arpWhy.other';
}

/** What a neighbour's state means. */
export function neighStateMessage(state: NeighState): Message {
  return msg(`state.${state}`);
}

/** Why a route won or lost, for a packet to `dst`. */
export function routeReasonMessage(reason: RouteReason, dst: string): Message {
  switch (reason.why) {
    case 'longest-prefix':
      return reason.bits === 0 ? msg('route.onlyDefault') : msg('route.longestPrefix', { bits: reason.bits });
    case 'lowest-metric':
      return msg('route.lowestMetric', { bits: reason.bits, metric: reason.metric });
    case 'first-listed':
      return msg('route.firstListed', { bits: reason.bits });
    case 'not-in-prefix': {
      const { first, last } = reason;
      return first === last
        ? msg('route.notThis', { dst, first })
        : msg('route.notInPrefix', { dst, first, last });
    }
    case 'shorter-prefix':
      if (reason.bits === 0) return msg('route.lastResort');
      return msg('route.shorterPrefix', { bits: reason.bits, winnerBits: reason.winnerBits });
    case 'higher-metric':
      return msg('route.higherMetric', { metric: reason.metric, winnerMetric: reason.winnerMetric });
    case 'listed-later':
      return msg('route.listedLater');
    case 'nexthop-dead':
      return msg('route.nexthopDead');
    case 'wrong-device':
      return msg('route.wrongDevice', { wanted: reason.wanted });
    case 'scope-too-wide':
      return msg('route.scopeTooWide');
    case 'throw':
      return msg('route.throw');
  }
}

/** What happened in full, with the values the kernel gave; and where to look. */
export function dropSentence(reason: DropReason, where?: string): Message {
  const id: MessageId = `drop.${special(reason, where) ?? reason}`;
  return msg(id);
}
export function dropHint(reason: DropReason, where?: string): Message {
  return msg(`hint.${special(reason, where) ?? reason}`);
}
