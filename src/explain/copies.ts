/** How often one packet's bytes cross between user space and kernel on one machine, counted by following causes. */
import type { CopyEvent, EventSeq, FrameId, NeighEvent, TraceEvent } from '../sim/kernel/trace';

/** Longest chain looked back through, and most events looked ahead through. */
const MOST_HOPS = 200;
const MOST_AHEAD = 600;
/** A packet waits for three ARP requests at most; so many events one looks back for its beginning. */
const MOST_BACK = 2_000;

/** Where the packet began to wait for a MAC address: the answer set it going again, but it comes from there. */
function queued(e: NeighEvent, events: readonly TraceEvent[]): TraceEvent | undefined {
  if (e.frame === undefined || e.verdict === 'queued') return undefined;
  for (let seq = e.seq - 1; seq >= 0 && e.seq - seq <= MOST_BACK; seq--) {
    const at = events[seq];
    if (at?.kind === 'neigh' && at.frame === e.frame && at.netns === e.netns) return at;
  }
  return undefined;
}

/** The event that led to this one, as long as it is on the same machine. */
function above(e: TraceEvent, events: readonly TraceEvent[]): TraceEvent | undefined {
  const waited = e.kind === 'neigh' ? queued(e, events) : undefined;
  if (waited) return waited;
  const cause = e.cause >= 0 && e.cause < e.seq ? events[e.cause] : undefined;
  return cause?.machine === e.machine ? cause : undefined;
}

/** The kernel makes a packet of its own here (an answer, an ARP request): another packet than the one that led to it. */
function begins(e: TraceEvent, events: readonly TraceEvent[]): boolean {
  return e.kind === 'origin' && events[e.cause]?.kind !== 'copy';
}

/** Copies on the way to this event, the first one first. */
function before(e: TraceEvent, events: readonly TraceEvent[]): CopyEvent[] {
  const found: CopyEvent[] = [];
  let at = above(e, events);
  for (let hops = 0; at !== undefined && hops < MOST_HOPS && !begins(at, events); hops++) {
    if (at.kind === 'copy') found.unshift(at);
    at = above(at, events);
  }
  return found;
}

function after(e: TraceEvent, events: readonly TraceEvent[]): CopyEvent[] {
  const found: CopyEvent[] = [];
  const line = new Set<EventSeq>([e.seq]);
  const waiting = new Set<FrameId>();
  const end = Math.min(events.length, e.seq + 1 + MOST_AHEAD);
  for (let seq = e.seq + 1; seq < end; seq++) {
    const next = events[seq];
    if (next?.machine !== e.machine) continue;
    const resumes = next.kind === 'neigh' && next.frame !== undefined && waiting.has(next.frame);
    if ((!line.has(next.cause) && !resumes) || begins(next, events)) continue;
    if (next.kind === 'neigh' && next.frame !== undefined) waiting.add(next.frame);
    line.add(seq);
    if (next.kind === 'copy') found.push(next);
  }
  return found;
}

/** Which copy on this machine it is, from 1. */
export function copyNumber(e: CopyEvent, events: readonly TraceEvent[]): number {
  return before(e, events).length + 1;
}

/** The copy that brought the packet where this one takes it on. */
export function copyBefore(e: CopyEvent, events: readonly TraceEvent[]): CopyEvent | undefined {
  return before(e, events).at(-1);
}

/** All copies on this machine, up to this event and behind it. */
export function copiesAround(e: TraceEvent, events: readonly TraceEvent[]): CopyEvent[] {
  return [...before(e, events), ...(e.kind === 'copy' ? [e] : []), ...after(e, events)];
}
