import type { CopyEvent, OriginEvent, TraceEvent } from '../../sim/kernel/trace';
import { copiesAround } from '../copies';
import { msg } from '../messages';
import type { Story } from '../steps';
import { factsAt } from '../titles/context';
import { ttlLowered } from '../titles/programs';
import { readTcp, type Segment } from '../tcp';
import type { Message, WhyRow, WhySection } from '../types';
import { section, type Answer } from './parts';

/** Every copy of this packet's bytes on this machine, counted in the trace. */
export function copiesSection(e: TraceEvent, trace: Story): WhySection {
  const copies = copiesAround(e, trace.events);
  const rows = copies.map((copy): WhyRow => {
    const { process, via, bytes, direction } = copy;
    const reason = msg(direction === 'to-user' ? 'row.toUser' : 'row.toKernel', { bytes });
    return { text: `${process}: ${via}`, won: copy === e, reason };
  });
  const switches = copies.reduce((sum, copy) => sum + copy.switches, 0);
  const notes = [msg('note.copies', { n: copies.length, switches })];
  return section('facts', msg('head.copies'), rows, { notes });
}

/** Kernel functions behind the system call that copies. */
function kernelOf({ via, direction }: CopyEvent): string[] {
  if (via.startsWith('read ')) return ['tun_chr_read_iter', 'tun_do_read', 'skb_copy_datagram_iter'];
  if (via.startsWith('write ')) return ['tun_chr_write_iter', 'tun_get_user', 'copy_from_iter', 'netif_rx'];
  return direction === 'to-user'
    ? ['sock_recvmsg', 'udp_recvmsg', 'skb_copy_datagram_msg']
    : ['sock_sendmsg', 'udp_sendmsg', 'ip_make_skb', 'copy_from_iter'];
}

/** What the kernel puts in front of what a process sends. */
function wrapNote(e: CopyEvent, trace: Story): Message[] {
  const { bytes, direction } = e;
  const { topic, bytes: all } = factsAt(trace.frames, e.frame);
  if (direction !== 'to-kernel' || topic !== 'udp' || all <= bytes) return [];
  return [msg('note.wrap', { bytes, added: all - bytes })];
}

/** A process that carries packets on is a router: flannel's proxy lowers the TTL itself (`proxy_amd64.c`). */
function ttlNote(e: CopyEvent, trace: Story): Message[] {
  const lowered = ttlLowered(e, trace.frames, trace.events);
  return lowered ? [msg('note.ttlByProcess', { process: e.process, ...lowered })] : [];
}

function commandOf({ netns, via }: CopyEvent): Answer['command'] {
  const dev = /^(?:read|write) (\S+)$/.exec(via)?.[1];
  return { netns, text: dev === undefined ? 'ss -uanp' : `ip -d link show ${dev}` };
}

export function whyCopy(e: CopyEvent, trace: Story): Answer {
  const { bytes, process } = e;
  const copies = copiesSection(e, trace);
  const woken = e.switches > 0 ? [msg('note.woken', { process })] : [];
  return {
    lead: msg(e.direction === 'to-user' ? 'lead.toUser' : 'lead.toKernel', { bytes, process }),
    sections: [
      { ...copies, notes: [...woken, ...ttlNote(e, trace), ...wrapNote(e, trace), ...copies.notes] },
    ],
    kernel: kernelOf(e),
    command: commandOf(e),
  };
}

function leadOf(e: OriginEvent, tcp: Segment, trace: Story): Message {
  if (e.by === 'tcp_retransmit_skb') return msg('lead.tcpAgain');
  if (tcp.rst) {
    const from = trace.frames[e.frame]?.from;
    const asked = from === undefined ? undefined : trace.frames[from];
    const refuses = asked !== undefined && readTcp(asked)?.syn === true;
    return refuses ? msg('lead.tcpRefuse', { port: tcp.srcPort }) : msg('lead.tcpRst');
  }
  if (tcp.syn) return msg(tcp.ack ? 'lead.tcpSynAck' : 'lead.tcpSyn');
  if (tcp.payload > 0) return msg('lead.tcpData');
  return msg(tcp.fin ? 'lead.tcpFin' : 'lead.tcpAck');
}

/** Why TCP sends this segment; undefined for other packets. */
export function whySegment(e: OriginEvent, trace: Story): Answer | undefined {
  const frame = trace.frames[e.frame];
  const tcp = frame && readTcp(frame);
  if (!tcp) return undefined;
  const { seq, acks: ack, window } = tcp;
  const note = tcp.ack ? msg('note.tcpNumbers', { seq, ack, window }) : msg('note.tcpSeq', { seq, window });
  return {
    lead: leadOf(e, tcp, trace),
    sections: [
      section('facts', msg('head.headers'), [], {
        notes: [note],
        table: { netns: e.netns, table: 'socket' },
      }),
    ],
    kernel: [e.by, '__tcp_transmit_skb', 'ip_queue_xmit'],
    command: { netns: e.netns, text: 'ss -tan' },
    rfc: 'RFC 9293 §3.5',
  };
}
