/**
 * A trace as text, one line per event: number, time in µs, place, what happened, and the event that led to it. For
 * reviewing what a change of the model changes (`<id>/trace.txt`).
 */
import type { BridgeEvent, FibEvent, FrameId, HookEvent, Trace, TraceEvent } from '../sim/index';
import { tcpdumpLine } from '../sim/wire/index';

const oneLine = (text: string) => text.trimEnd().replaceAll('\n', ' / ');

function frameText(trace: Trace, id: FrameId): string {
  const frame = trace.frames[id];
  if (!frame) return `#${id}`;
  return `#${id} ${oneLine(tcpdumpLine(frame.bytes, frame.link, { ethernet: false }))}`;
}

function fibText({ direction, flow, decision }: FibEvent): string {
  const from = flow.iif === undefined ? '' : ` iif ${flow.iif}`;
  const won = decision.route;
  const route = won ? ` by ${won.dst}${won.table === undefined ? '' : ` table ${won.table}`}` : '';
  const to = [
    decision.gateway === undefined ? '' : ` via ${decision.gateway}`,
    decision.dev === undefined ? '' : ` dev ${decision.dev}`,
  ].join('');
  const lost = decision.tables.flatMap((table) =>
    table.candidates.filter((candidate) => !candidate.won),
  ).length;
  return `fib ${direction} ${flow.dst} from ${flow.src ?? 'any'}${from}: ${decision.result}${to}${route} (${lost} lost)`;
}

function bridgeText({ mac, port, verdict }: BridgeEvent): string {
  const from = port === undefined ? 'host' : port;
  switch (verdict.to) {
    case 'port':
      return `bridge ${mac} from ${from}: to ${verdict.port}`;
    case 'local':
      return `bridge ${mac} from ${from}: to the host`;
    case 'flood': {
      const to = [...verdict.ports, ...(verdict.local ? ['the host'] : [])].join(', ');
      return `bridge ${mac} from ${from}: flood to ${to} (${verdict.why})`;
    }
    case 'nowhere':
      return `bridge ${mac} from ${from}: nowhere (${verdict.why})`;
  }
}

function hookText({ hook, tried, verdict }: HookEvent): string {
  return `hook ${hook}: ${tried.length} rules, ${verdict}`;
}

/** Keys in order, so that the text does not hang on how a row was put together. */
function rowText(row: unknown): string {
  if (Array.isArray(row)) return `[${row.map(rowText).join(',')}]`;
  if (typeof row !== 'object' || row === null) return JSON.stringify(row);
  const pairs = Object.entries(row)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, value]) => `${key}:${rowText(value)}`).join(' ')}}`;
}

function changeText(event: Extract<TraceEvent, { kind: 'change' }>): string {
  const { table, before, after } = event;
  if (before && after) {
    const [old, now] = [before as object, after as object].map((row) => new Map(Object.entries(row)));
    const keys = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort();
    const changed = keys.filter((key) => rowText(old?.get(key) ?? null) !== rowText(now?.get(key) ?? null));
    const parts = changed.map(
      (key) => `${key} ${rowText(old?.get(key) ?? null)} → ${rowText(now?.get(key) ?? null)}`,
    );
    return `~ ${table} ${event.key}: ${parts.join(', ')}`;
  }
  return after ? `+ ${table} ${event.key}: ${rowText(after)}` : `- ${table} ${event.key}: ${rowText(before)}`;
}

function detailText(detail: Readonly<Record<string, string | number>> | undefined): string {
  return detail ? ` ${rowText(detail)}` : '';
}

function eventText(trace: Trace, event: TraceEvent): string {
  const frame = (id: FrameId) => frameText(trace, id);
  switch (event.kind) {
    case 'tx':
      return `tx ${event.dev} ${frame(event.frame)}`;
    case 'rx':
      return `rx ${event.dev} ${event.pkt} #${event.frame}`;
    case 'fib':
      return fibText(event);
    case 'neigh':
      return `neigh ${event.dst} dev ${event.dev} ${event.state}: ${event.verdict}${event.lladdr === undefined ? '' : ` ${event.lladdr}`}`;
    case 'arp':
      return `arp ${event.op} ${event.target} from ${event.sender} on ${event.dev}: ${event.verdict}${event.reason === undefined ? '' : ` (${event.reason})`}`;
    case 'fdb':
      return `${event.dev} ${bridgeText(event)}`;
    case 'vtep':
      return `vtep ${event.dev} ${event.mac}: ${event.verdict} ${event.remotes.join(' ')}`.trimEnd();
    case 'hook':
      return hookText(event);
    case 'forward':
      return `forward #${event.before} → #${event.frame} ${event.iif} → ${event.oif} ttl ${event.ttl}`;
    case 'encap':
      return `encap ${event.header} #${event.inner} → #${event.frame} ${event.local} → ${event.remote} +${event.added}`;
    case 'decap':
      return `decap ${event.header} #${event.outer} → #${event.frame} −${event.removed}`;
    case 'fragment':
      return `fragment #${event.frame} → ${event.pieces.map((id) => `#${id}`).join(' ')} mtu ${event.mtu}`;
    case 'reassemble':
      return `reassemble ${event.pieces.map((id) => `#${id}`).join(' ')} → #${event.frame}`;
    case 'deliver':
      return `deliver #${event.frame} ${event.protocol} to ${event.to}`;
    case 'origin':
      return `origin ${event.by} ${frame(event.frame)}`;
    case 'icmp-error':
      return `icmp-error ${event.type}/${event.code} about #${event.frame} to ${event.to}: ${event.verdict}${event.reason === undefined ? '' : ` (${event.reason})`}`;
    case 'copy':
      return `copy ${event.direction} ${event.process} via ${event.via} #${event.frame}`;
    case 'drop':
      return `drop #${event.frame} ${event.reason} in ${event.where}${detailText(event.detail)}`;
    case 'change':
      return changeText(event);
    case 'netlink':
      return `netlink ${event.by}: ${event.text}${event.error === undefined ? '' : ` → ${event.error}`}`;
    case 'control':
      return `${event.protocol} ${event.by}${event.to === undefined ? '' : ` → ${event.to}`} ${event.action}: ${oneLine(event.text)}`;
    case 'command':
      return `$ ${event.text}`;
    case 'output':
      return `${event.stream === 'stderr' ? '!' : '|'} ${oneLine(event.text)}`;
    case 'exit':
      return `exit ${event.exit}`;
    case 'bound':
      return `bound ${event.what} ${event.limit}`;
  }
}

export function traceText(trace: Trace): string {
  const lines = trace.events.map((event) => {
    const cause = event.cause < 0 ? '' : ` <${event.cause}`;
    const time = (event.at / 1000).toFixed(3);
    return `${event.seq} ${time} ${event.netns} ${eventText(trace, event)}${cause}`;
  });
  return `${lines.join('\n')}\n`;
}
