import { dropHint, dropPlace, dropSentence, heldTerm, icmpErrorTerm } from '../labels';
import { msg } from '../messages';
import { factsAt, type EventOf } from '../titles/context';
import type { Story } from '../steps';
import type { Message } from '../types';
import { plain, section, type Answer } from './parts';
import { whyCopy, whySegment } from './programs';

export function whyForward(e: EventOf<'forward'>, trace: Story): Answer {
  const before = factsAt(trace.frames, e.before).ttl ?? e.ttl + 1;
  const notes = [msg('note.mtu', { oif: e.oif, mtu: e.mtu })];
  return {
    lead: msg('lead.forward', { before, ttl: e.ttl, oif: e.oif }),
    sections: [section('facts', msg('head.forward'), [], { notes })],
    kernel: ['ip_forward', 'ip_decrease_ttl', 'ip_forward_finish', 'ip_output'],
    command: { netns: e.netns, text: 'sysctl net.ipv4.ip_forward' },
    rfc: 'RFC 1812 §5.3.1',
  };
}

const SILENT = new Set([
  'IP_ROUTE_BLACKHOLE',
  'IP_FORWARDING_OFF',
  'IP_RPFILTER',
  'NETFILTER_DROP',
  'VXLAN_NO_REMOTE',
  'VXLAN_VNI_NOT_FOUND',
]);

/** What a drop adds to the why of its step: the cause in full, where to look, and whether anybody is told. */
export function dropNotes(e: EventOf<'drop'>): Message[] {
  const notes = [dropHint(e.reason, dropPlace(e))];
  const values = Object.entries(e.detail ?? {}).map(([name, value]) => `${name} ${value}`);
  if (values.length > 0) notes.unshift(msg('note.values', { text: values.join(' · ') }));
  if (SILENT.has(e.reason)) notes.push(msg('note.silent'));
  return notes;
}

export function whyDrop(e: EventOf<'drop'>): Answer {
  return { lead: dropSentence(e.reason, dropPlace(e)), sections: [], kernel: [e.where] };
}

export function errorNote(e: EventOf<'icmp-error'>): Message {
  const { to } = e;
  if (e.verdict === 'sent') return msg('note.errorSent', { to, error: icmpErrorTerm(e.type, e.code) });
  return msg('note.errorHeld', { to, reason: heldTerm(e.reason) });
}

export function whyError(e: EventOf<'icmp-error'>): Answer {
  const lead =
    e.verdict === 'sent'
      ? msg('lead.error', { to: e.to })
      : msg('lead.errorSuppressed', { reason: heldTerm(e.reason) });
  const notes = e.verdict === 'sent' ? [errorNote(e)] : [];
  const sections = notes.length === 0 ? [] : [section('facts', msg('head.error'), [], { notes })];
  return { lead, sections, kernel: ['__icmp_send'], rfc: 'RFC 1812 §4.3.2' };
}

/** Frames on wires and packets in between. */
export function whyFrame(
  e: EventOf<'rx' | 'tx' | 'origin' | 'deliver' | 'copy' | 'fragment' | 'reassemble'>,
  trace: Story,
): Answer {
  switch (e.kind) {
    case 'rx':
      return plain(msg('lead.rx', { dev: e.dev }), ['__netif_receive_skb_core']);
    case 'tx': {
      const by = trace.events[e.cause]?.kind;
      const lead =
        by === 'fdb'
          ? msg('lead.copy', { dev: e.dev })
          : by === 'arp' || by === 'change'
            ? msg('lead.waiting')
            : msg('lead.tx', { dev: e.dev });
      return plain(lead, ['__dev_queue_xmit', 'dev_hard_start_xmit']);
    }
    case 'origin':
      return whyOrigin(e, trace);
    case 'deliver':
      return plain(msg('lead.deliver', { to: e.to }), ['ip_local_deliver', 'ip_local_deliver_finish']);
    case 'copy':
      return whyCopy(e, trace);
    case 'fragment':
      return {
        ...plain(msg('lead.fragment', { mtu: e.mtu }), ['ip_fragment', 'ip_do_fragment']),
        rfc: 'RFC 791 §3.2',
      };
    case 'reassemble':
      return { ...plain(msg('lead.reassemble'), ['ip_defrag', 'ip_frag_reasm']), rfc: 'RFC 791 §3.2' };
  }
}

/** `asked` says that the question was asked for the first time, for a packet that waits. */
export function whyOrigin(e: EventOf<'origin'>, trace: Story, asked = false): Answer {
  const { arp, term } = factsAt(trace.frames, e.frame);
  if (!arp) return whySegment(e, trace) ?? plain(msg('lead.origin', { by: e.by }), []);
  if (!arp.request)
    return { ...plain(msg('lead.arpReply'), ['arp_process', 'arp_send_dst']), rfc: 'RFC 826' };
  if (asked) {
    const kernel = ['neigh_resolve_output', '__neigh_event_send', 'arp_solicit', 'arp_send_dst'];
    return { ...plain(msg('lead.neighAsk', { dst: arp.target }), kernel), rfc: 'RFC 826' };
  }
  const lead =
    term === 'pkt.arpAnnounce'
      ? msg('lead.arpAnnounce')
      : arp.broadcast
        ? msg('lead.arpAgain')
        : msg('lead.arpProbe');
  return { ...plain(lead, ['neigh_timer_handler', 'arp_solicit', 'arp_send_dst']), rfc: 'RFC 826' };
}
