import type { ChangeEvent, TableRows } from '../../sim/kernel/trace';
import { msg } from '../messages';
import { tuplesOf } from '../tuples';
import type { Message } from '../types';
import { short } from './context';

const ROW_LENGTH = 44;

/** `icmp 10.0.1.2 → 10.0.2.2`, as the one who began it sees it. */
function connection(row: TableRows['conntrack']): string {
  const of = new Map(tuplesOf(row).orig.map(({ name, value }) => [name, value]));
  const port = of.get('dport');
  return `${row.protocol} ${of.get('src') ?? '?'} → ${of.get('dst') ?? '?'}${port === undefined ? '' : `:${port}`}`;
}

function conntrackTitle({ netns: who, before, after }: ChangeEvent<'conntrack'>): Message | undefined {
  if (after && !before) return msg('change.track', { who, row: connection(after) });
  return before && !after ? msg('change.untrack', { who, row: connection(before) }) : undefined;
}

function socketTitle({ netns: who, before, after }: ChangeEvent<'socket'>): Message | undefined {
  const row = after ?? before;
  if (!row) return undefined;
  const { process } = row;
  if (before && after)
    return before.state === after.state
      ? undefined
      : msg('change.socketState', { process, who, before: before.state, after: after.state });
  const text = short(
    `${row.protocol} ${row.local}${row.peer === undefined ? '' : ` ↔ ${row.peer}`}`,
    ROW_LENGTH,
  );
  if (after && row.peer !== undefined) return msg('change.socketPeer', { process, who, row: text });
  return msg(after ? 'change.socketNew' : 'change.socketGone', { process, who, row: text });
}

function qdiscTitle({ netns: who, before, after }: ChangeEvent<'qdisc'>): Message | undefined {
  const row = after ?? before;
  if (!row) return undefined;
  const text = short(`${row.kind} ${row.options}`.trimEnd(), ROW_LENGTH);
  return msg(after ? 'change.qdiscNew' : 'change.qdiscGone', { dev: row.dev, who, row: text });
}

function kubeTitle({ before, after }: ChangeEvent<'kube'>): Message | undefined {
  const row = after ?? before;
  if (!row) return undefined;
  const base = { kind: row.kind, name: short(row.name, 30) };
  if (!after) return msg('change.kubeGone', base);
  if (!before) return msg('change.kubeNew', { ...base, status: after.status });
  return before.status === after.status
    ? undefined
    : msg('change.kubeState', { ...base, status: after.status });
}

/** Words of their own for rows of netfilter, sockets, queues and Kubernetes; undefined where there is nothing special. */
export function rowTitle(e: ChangeEvent): Message | undefined {
  switch (e.table) {
    case 'conntrack':
      return conntrackTitle(e as ChangeEvent<'conntrack'>);
    case 'socket':
      return socketTitle(e as ChangeEvent<'socket'>);
    case 'qdisc':
      return qdiscTitle(e as ChangeEvent<'qdisc'>);
    case 'kube':
      return kubeTitle(e as ChangeEvent<'kube'>);
    default:
      return undefined;
  }
}
