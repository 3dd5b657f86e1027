/** What a netfilter hook did with a packet, read from its event and from those that led to it. */
import type { Frame, HookEvent, RuleTried, TraceEvent } from '../sim/kernel/trace';
import { framesOf } from './frames';
import type { Names } from './names';
import { endpointsOf, type Endpoints } from './endpoints';
import { readTcp } from './tcp';
import { IPPROTO_ICMP } from '../sim/wire';

export interface Rewriting {
  readonly side: 'src' | 'dst';
  /** Addresses. */
  readonly before: string;
  readonly after: string;
  /** Ports, or identifiers of an echo; absent when the packet has none. */
  readonly port?: { readonly before: number; readonly after: number };
  readonly isId: boolean;
}

/** The packet as it came to the hook, when the hook made another one of it. */
function frameBefore(
  e: HookEvent,
  events: readonly TraceEvent[],
  frames: readonly Frame[],
): Frame | undefined {
  const from = frames[e.frame]?.from;
  const cause = events[e.cause];
  if (from === undefined || cause === undefined || framesOf(cause).includes(e.frame)) return undefined;
  return frames[from];
}

function rewritten(side: 'src' | 'dst', before: Endpoints, after: Endpoints): Rewriting | undefined {
  const port = side === 'src' ? 'srcPort' : 'dstPort';
  const ports = { before: before[port], after: after[port] };
  // What has been put together again from fragments has ports where its last piece had none.
  const samePort = ports.before === undefined || ports.after === undefined || ports.before === ports.after;
  if (before[side] === after[side] && samePort) return undefined;
  const both =
    ports.before === undefined || ports.after === undefined
      ? {}
      : { port: { before: ports.before, after: ports.after } };
  return {
    side,
    before: before[side],
    after: after[side],
    ...both,
    isId: before.protocol === IPPROTO_ICMP,
  };
}

/** What NAT wrote into the packet at this hook; undefined when it passed as it was. */
export function rewritingOf(
  e: HookEvent,
  events: readonly TraceEvent[],
  frames: readonly Frame[],
): Rewriting | undefined {
  const old = frameBefore(e, events, frames);
  const now = frames[e.frame];
  const before = old && endpointsOf(old);
  const after = now && endpointsOf(now);
  if (!before || !after || before.protocol !== after.protocol) return undefined;
  if (before.type !== after.type) return undefined;
  // An echo has one identifier for both ends: it is rewritten with whichever address is.
  const dst = before.dst === after.dst ? undefined : rewritten('dst', before, after);
  return dst ?? rewritten('src', before, after) ?? rewritten('dst', before, after);
}

/** The packet as rules of `table` saw it: only after OUTPUT's DNAT does one see what was rewritten in the same hook. */
export function endpointsAt(
  e: HookEvent,
  table: string,
  events: readonly TraceEvent[],
  frames: readonly Frame[],
): Endpoints | undefined {
  const after = e.hook === 'OUTPUT' && (table === 'filter' || table === 'security');
  const frame = (after ? undefined : frameBefore(e, events, frames)) ?? frames[e.frame];
  return frame && endpointsOf(frame);
}

/** How far back one looks for what conntrack said of a packet. */
const MOST_HOPS = 24;

/** What conntrack says of the packet: `NEW orig`. Said at its first hook and true until it leaves the namespace. */
export function conntrackOf(e: HookEvent, events: readonly TraceEvent[]): string | undefined {
  let at: TraceEvent | undefined = e;
  for (let hops = 0; at !== undefined && at.netns === e.netns && hops < MOST_HOPS; hops++) {
    if (at.kind === 'hook' && at.conntrack !== undefined) return at.conntrack;
    at = at.cause >= 0 && at.cause < at.seq ? events[at.cause] : undefined;
  }
  return undefined;
}

const FINAL = /^(ACCEPT|DROP)$| (ACCEPT|DROP)$/;

/** The rule, or the policy (`rule` 0), that had the last word of each table that was walked, in order. */
export function decisions(e: HookEvent): RuleTried[] {
  const last = new Map<string, RuleTried>();
  for (const rule of e.tried) if (rule.matched && FINAL.test(rule.verdict ?? '')) last.set(rule.table, rule);
  return [...last.values()];
}

/** What decided the packet's fate here: of a dropped one the rule that dropped it, else the most telling of the tables. */
export function decisionOf(e: HookEvent): RuleTried | undefined {
  const all = decisions(e);
  if (e.verdict !== 'ACCEPT') return e.why === undefined || all.length > 0 ? all.at(-1) : undefined;
  return all.findLast((rule) => rule.rule > 0) ?? all.at(-1);
}

/** `REJECT` of `REJECT DROP`. */
export const targetOf = (rule: RuleTried): string => (rule.verdict ?? '').split(' ')[0] ?? '';

const SIDE_EFFECTS: ReadonlySet<string> = new Set(['MARK', 'CT', 'NOTRACK']);

/** Rules that did something to the packet and let it go on. What was logged is known by its lines in the log. */
export function sideEffects(e: HookEvent): RuleTried[] {
  return e.tried.filter((rule) => rule.matched && SIDE_EFFECTS.has(targetOf(rule)));
}

/** The rule that let a new connection through where everything else is refused. */
export function admission(e: HookEvent, events: readonly TraceEvent[], names: Names): RuleTried | undefined {
  if (e.verdict !== 'ACCEPT' || conntrackOf(e, events)?.startsWith('NEW') !== true) return undefined;
  return decisions(e).find(
    (rule) =>
      rule.rule > 0 && rule.verdict === 'ACCEPT' && names.policyOf(e.netns, rule.table, e.hook) === 'DROP',
  );
}

/** Does the frame cross a bridge rather than being routed? Then br_netfilter showed it to the IP hooks. */
export function isBridged(e: HookEvent, events: readonly TraceEvent[]): boolean {
  let at: TraceEvent | undefined = events[e.cause];
  for (let hops = 0; at !== undefined && at.netns === e.netns && hops < MOST_HOPS; hops++) {
    if (at.kind === 'rx') return e.iif !== undefined && at.dev !== e.iif;
    if (at.kind === 'fdb') return at.verdict.to !== 'local' && at.port !== undefined;
    if (at.kind !== 'hook' && at.kind !== 'tx') return false;
    at = at.cause >= 0 && at.cause < at.seq ? events[at.cause] : undefined;
  }
  return false;
}

/**
 * NAT does to every packet of a connection what it did to the first. With TCP's many segments only those that open or end
 * the connection are told as rewritten; each packet of other protocols is, for there one looks at a few.
 */
function tellsRewriting(
  e: HookEvent,
  { events, frames }: { events: readonly TraceEvent[]; frames: readonly Frame[] },
): boolean {
  if (rewritingOf(e, events, frames) === undefined) return false;
  const frame = frames[e.frame];
  const tcp = frame && readTcp(frame);
  const known = conntrackOf(e, events)?.startsWith('ESTABLISHED') === true;
  return tcp === undefined || !known || tcp.syn || tcp.fin || tcp.rst;
}

/**
 * A hook is worth a step of its own when something was refused, rewritten, marked or logged, or when a new connection was
 * let in where that is the exception. One that lets pass, and the short cut for known connections, are not.
 */
export function hookSpeaks(
  e: TraceEvent,
  { events, frames, names }: { events: readonly TraceEvent[]; frames: readonly Frame[]; names: Names },
): boolean {
  if (e.kind !== 'hook') return false;
  return (
    e.verdict !== 'ACCEPT' ||
    sideEffects(e).length > 0 ||
    tellsRewriting(e, { events, frames }) ||
    admission(e, events, names) !== undefined
  );
}
