import { ETHERNET_LENGTH } from '../../sim/wire/index';
import type { FdbRow, NeighRow } from '../../sim/kernel/trace';
import { arpReasonTerm, neighStateMessage } from '../labels';
import { msg } from '../messages';
import { fdbText, neighText } from '../rows';
import { factsAt, type EventOf } from '../titles/context';
import type { Story } from '../steps';
import type { Message, WhyRow } from '../types';
import { section, writerOf, type Answer } from './parts';

function foundRow(text: string, key: string, by: string | undefined): WhyRow {
  return {
    text,
    won: true,
    reason: by === undefined ? msg('row.found', { key }) : msg('row.foundBy', { key, by }),
  };
}

function neighLead(e: EventOf<'neigh'>): Message {
  const { dst, dev } = e;
  switch (e.verdict) {
    case 'resolved':
      return msg('lead.neighKnown', { dst, mac: e.lladdr ?? '?' });
    case 'queued':
      return (e.queue ?? 1) > 1 ? msg('lead.neighWait', { dst }) : msg('lead.neighAsk', { dst });
    case 'noarp':
      return msg('lead.neighNoarp', { dev });
    case 'failed':
      return msg('lead.neighFailed', { dst });
    case 'overflow':
      return msg('lead.neighOverflow');
    case 'broadcast':
    case 'multicast':
      return msg('lead.neighGroup', { dst });
  }
}

export function whyNeigh(e: EventOf<'neigh'>, trace: Story): Answer {
  const { dst, dev, netns, state, lladdr } = e;
  const row: NeighRow = { dst, dev, lladdr, state: [state] };
  const by = writerOf(trace, e.seq, netns, 'neigh', (r) => r.dst === dst && r.dev === dev);
  const rows = state === 'NONE' ? [] : [foundRow(neighText(row), dst, by)];
  const notes = [neighStateMessage(state)];
  if (e.queue !== undefined && e.queue > 1) notes.push(msg('note.queue', { n: e.queue }));
  const asks = e.verdict === 'queued' ? ['arp_solicit', 'arp_send_dst'] : [];
  const table = { netns, table: 'neigh' as const };
  return {
    lead: neighLead(e),
    sections: e.verdict === 'noarp' ? [] : [section('candidates', msg('head.neigh'), rows, { notes, table })],
    kernel: ['ip_finish_output2', 'neigh_resolve_output', '__neigh_event_send', ...asks],
    command: { netns, text: `ip neigh show dev ${dev}` },
    rfc: 'RFC 826',
  };
}

function arpLead(e: EventOf<'arp'>, trace: Story, waited: boolean): Message {
  const { netns: who, target, sender } = e;
  switch (e.verdict) {
    case 'answered':
      return msg('lead.arpAnswered', { who, target });
    case 'proxied':
      return msg('lead.arpProxied', { who, target });
    case 'taken':
      return msg(waited ? 'lead.arpTakenWaiting' : 'lead.arpTaken', {
        sender,
        mac: factsAt(trace.frames, e.frame).arp?.senderMac ?? '?',
      });
    case 'refreshed':
      return msg('lead.arpRefreshed', { who, sender });
    case 'ignored':
      return e.reason === 'not-ours'
        ? msg('lead.arpIgnored', { who, target })
        : msg('lead.arpIgnoredWhy', { who });
  }
}

/** `waited`: packets were waiting for this answer. */
export function whyArp(e: EventOf<'arp'>, trace: Story, waited: boolean): Answer {
  const known = e.reason === undefined || e.reason === 'not-ours';
  const notes = known ? [] : [msg('note.because', { why: arpReasonTerm(e.reason) })];
  const answers = e.verdict === 'answered' || e.verdict === 'proxied';
  return {
    lead: arpLead(e, trace, waited),
    sections: notes.length === 0 ? [] : [section('facts', msg('head.arp'), [], { notes })],
    kernel: [
      'arp_rcv',
      'arp_process',
      ...(answers ? ['arp_send_dst'] : []),
      ...(e.verdict === 'ignored' ? [] : ['neigh_update']),
    ],
    command: { netns: e.netns, text: answers ? `ip addr show dev ${e.dev}` : `ip neigh show dev ${e.dev}` },
    rfc: e.verdict === 'proxied' ? 'RFC 1027' : 'RFC 826',
  };
}

function bridgeLead(e: EventOf<'fdb'>): Message {
  const { verdict, mac, netns: who } = e;
  switch (verdict.to) {
    case 'port':
      return msg('lead.brPort', { mac, port: verdict.port });
    case 'local':
      return msg('lead.brLocal', { mac, who });
    case 'flood':
      if (verdict.why === 'unknown-unicast') return msg('lead.brUnknown', { mac });
      return verdict.local ? msg('lead.brBroadcastUp', { who }) : msg('lead.brBroadcast');
    case 'nowhere':
      return msg('lead.brNowhere');
  }
}

function bridgeKernel(e: EventOf<'fdb'>): string[] {
  const way =
    e.port === undefined ? ['br_dev_xmit'] : ['br_handle_frame', 'br_handle_frame_finish', 'br_fdb_update'];
  const out = { port: ['br_forward'], local: ['br_pass_frame_up'], flood: ['br_flood'], nowhere: [] }[
    e.verdict.to
  ];
  return [...way, 'br_fdb_find_rcu', ...out];
}

export function whyBridge(e: EventOf<'fdb'>, trace: Story): Answer {
  const { netns, verdict, row } = e;
  const notes: Message[] = [];
  if (verdict.to === 'flood' && verdict.ports.length > 0) {
    notes.push(msg('note.ports', { ports: verdict.ports.join(', ') }));
  }
  const sameRow = (r: FdbRow): boolean => r.mac === e.mac && r.ifname === row?.ifname;
  const rows = row ? [foundRow(fdbText(row), e.mac, writerOf(trace, e.seq, netns, 'fdb', sameRow))] : [];
  if (rows.length === 0 && verdict.to === 'flood' && verdict.why === 'unknown-unicast')
    notes.push(msg('note.noRowFor', { key: e.mac }));
  const table = { netns, table: 'fdb' as const };
  return {
    lead: bridgeLead(e),
    sections: [section('candidates', msg('head.fdb', { dev: e.dev }), rows, { notes, table })],
    kernel: bridgeKernel(e),
    command: { netns, text: `bridge fdb show br ${e.dev}` },
    rfc: 'IEEE 802.1D §7',
  };
}

export function whyVtep(e: EventOf<'vtep'>, trace: Story): Answer {
  const { dev, mac, netns } = e;
  const remote = e.remotes.join(', ');
  const lead = {
    remote: msg('lead.vtepRemote', { dev, mac, remote }),
    default: msg('lead.vtepDefault', { mac }),
    miss: msg('lead.vtepMiss', { mac }),
    local: msg('lead.vtepLocal', { mac }),
  }[e.verdict];
  const rows = e.rows.map((row) => {
    const by = writerOf(
      trace,
      e.seq,
      netns,
      'fdb',
      (r) => r.mac === row.mac && r.dst === row.dst && r.ifname === row.ifname,
    );
    return foundRow(fdbText(row), row.mac, by);
  });
  const notes = rows.length === 0 ? [msg('note.noRowFor', { key: mac })] : [];
  const table = { netns, table: 'fdb' as const };
  return {
    lead,
    sections: [section('candidates', msg('head.fdb', { dev }), rows, { notes, table })],
    kernel: ['vxlan_xmit', 'vxlan_find_mac'],
    command: { netns, text: `bridge fdb show dev ${dev}` },
    rfc: 'RFC 7348 §4',
  };
}

export function whyTunnel(e: EventOf<'encap' | 'decap'>): Answer {
  const rfc = { vxlan: 'RFC 7348 §5', ipip: 'RFC 2003', udp: 'RFC 768' }[e.header];
  if (e.kind === 'decap') {
    const kernel = {
      vxlan: ['udp_queue_rcv_skb', 'vxlan_rcv', 'gro_cells_receive'],
      ipip: ['ipip_rcv', 'ip_tunnel_rcv'],
      udp: [],
    }[e.header];
    return { lead: msg('lead.decap', { removed: e.removed, dev: e.dev }), sections: [], kernel, rfc };
  }
  const id = { vxlan: 'lead.encapVxlan', ipip: 'lead.encapIpip', udp: 'lead.encapUdp' } as const;
  const notes: Message[] = [];
  if (e.vni !== undefined && e.dstPort !== undefined)
    notes.push(msg('note.vni', { vni: e.vni, port: e.dstPort }));
  if (e.header === 'vxlan' && e.srcPort !== undefined)
    notes.push(msg('note.sourcePort', { port: e.srcPort }));
  if (e.header === 'vxlan') notes.push(msg('note.outerEthernet', { total: e.added + ETHERNET_LENGTH }));
  const kernel = {
    vxlan: ['vxlan_xmit_one', 'vxlan_build_skb', 'udp_tunnel_xmit_skb', 'iptunnel_xmit'],
    ipip: ['ipip_tunnel_xmit', 'ip_tunnel_xmit', 'iptunnel_xmit'],
    udp: [],
  }[e.header];
  return {
    lead: msg(id[e.header], { local: e.local, remote: e.remote, added: e.added }),
    sections: notes.length === 0 ? [] : [section('facts', msg('head.headers'), [], { notes })],
    kernel,
    command: e.header === 'udp' ? undefined : { netns: e.netns, text: `ip -d link show ${e.dev}` },
    rfc,
  };
}
