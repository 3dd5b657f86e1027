import type { FibEvent, FibTableWalk } from '../../sim/kernel/trace';
import { routeReasonMessage } from '../labels';
import { msg } from '../messages';
import { routeText } from '../rows';
import type { Message, WhyRow, WhySection } from '../types';
import { section, type Answer } from './parts';

function walkSection(walk: FibTableWalk, e: FibEvent, decides: boolean): WhySection {
  const { table } = walk;
  const rows = walk.candidates.map((candidate): WhyRow => {
    const { won, reason } = candidate;
    return { text: routeText(candidate.route), won, reason: routeReasonMessage(reason, e.flow.dst) };
  });
  rows.sort((a, b) => Number(b.won) - Number(a.won));
  const n = rows.length + walk.omitted;
  const nowhere = e.decision.result === 'none';
  const notes: Message[] = [];
  if (n === 0) notes.push(msg('note.noRows'));
  else if (decides && walk.omitted > 0) notes.push(msg('note.omitted', { n: walk.omitted }));
  else if (!decides) notes.push(msg(nowhere ? 'note.noneOf' : 'note.noMatch', { table, n }));
  return section('candidates', msg(decides || nowhere ? 'head.table' : 'head.tableFirst', { table }), rows, {
    notes,
    table: { netns: e.netns, table: 'route' },
    // A host's own addresses are of interest only when one of them is meant.
    quiet: !decides && (!nowhere || table === 'local'),
  });
}

/** The table that decided comes first; of the others, the empty ones say nothing. */
function worthShowing(e: FibEvent, deciding: FibTableWalk | undefined): FibTableWalk[] {
  const others = e.decision.tables.filter((walk) => walk !== deciding);
  const filled = others.filter((walk) => walk.candidates.length + walk.omitted > 0);
  // Without a decision the route table proper is what to look at.
  filled.sort((a, b) => Number(a.table === 'local') - Number(b.table === 'local'));
  const shown = deciding ? [deciding, ...filled] : filled;
  return shown.length > 0 ? shown : others;
}

const MATCHES_NOT = new Set(['not-in-prefix']);

function leadOf(e: FibEvent, walk: FibTableWalk | undefined): Message {
  const { dst, src } = e.flow;
  const { result } = e.decision;
  if (e.direction === 'rp-filter') return msg('lead.rpFilter', { src: src ?? dst });
  const all = e.decision.tables.reduce((sum, t) => sum + t.candidates.length + t.omitted, 0);
  if (result === 'none')
    return all === 0 ? msg('lead.routeNoRows', { dst }) : msg('lead.routeNone', { dst, n: all });
  if (result === 'unreachable' || result === 'prohibit' || result === 'blackhole') {
    return msg('lead.routeRefused', { dst, type: result });
  }
  if (!walk) return msg('lead.routeNoRows', { dst });
  if (walk.table === 'local') return msg('lead.routeLocal', { dst });
  const n = walk.candidates.length + walk.omitted;
  const matching = walk.candidates.filter((c) => !MATCHES_NOT.has(c.reason.why)).length;
  if (n === 1) return msg('lead.routeSingle', { dst });
  if (matching <= 1) return msg('lead.routeOne', { dst, n });
  const winner = walk.winner === undefined ? undefined : walk.candidates[walk.winner];
  if (winner?.reason.why === 'lowest-metric') return msg('lead.routeMetric', { dst, matching });
  if (winner?.reason.why === 'first-listed') return msg('lead.routeFirst', { dst, matching });
  return n === 2 ? msg('lead.routeBoth', { dst }) : msg('lead.routeLongest', { dst, n, matching });
}

function kernelOf(e: FibEvent): string[] {
  const search = ['fib_lookup', 'fib_table_lookup'];
  switch (e.direction) {
    case 'input':
      return [
        'ip_rcv_finish',
        'ip_route_input_slow',
        ...search,
        ...(e.decision.result === 'local' ? ['ip_local_deliver'] : []),
      ];
    case 'output':
      return ['ip_route_output_key_hash', ...search];
    case 'proxy-arp':
      return ['arp_process', 'ip_route_input_noref', ...search, 'arp_fwd_proxy'];
    case 'icmp-reply':
      return ['__icmp_send', 'icmp_route_lookup', ...search];
    case 'rp-filter':
      return ['ip_route_input_slow', 'fib_validate_source', ...search];
  }
}

/** `ip route get` asks the kernel the same question. */
function commandOf(e: FibEvent): Answer['command'] {
  const { dst, src, iif, oif } = e.flow;
  const words = ['ip route get', dst];
  if (e.direction === 'rp-filter') return { netns: e.netns, text: `ip route get ${src ?? dst}` };
  if (src !== undefined && iif !== undefined) words.push('from', src, 'iif', iif);
  else if (oif !== undefined) words.push('oif', oif);
  return { netns: e.netns, text: words.join(' ') };
}

export function whyLookup(e: FibEvent): Answer {
  const { tables, prefsrc, pmtu } = e.decision;
  const deciding = tables.find((walk) => {
    const winner = walk.winner === undefined ? undefined : walk.candidates[walk.winner];
    return winner !== undefined && winner.reason.why !== 'throw';
  });
  const lead = leadOf(e, deciding);
  const notes: Message[] = [];
  if (prefsrc !== undefined && e.direction === 'output') notes.push(msg('note.source', { src: prefsrc }));
  if (pmtu !== undefined) notes.push(msg('note.pmtu', { mtu: pmtu }));
  const sections = worthShowing(e, deciding).map((walk) => walkSection(walk, e, walk === deciding));
  const [first, ...rest] = sections;
  const withNotes =
    first && notes.length > 0 ? [{ ...first, notes: [...first.notes, ...notes] }, ...rest] : sections;
  return { lead, sections: withNotes, kernel: kernelOf(e), command: commandOf(e), rfc: 'RFC 1812 §5.2.4' };
}
