/**
 * How frames move within one step, from the trace alone. Every event happens at a place (a device, the IP layer, a
 * process); where the event that led to it happened elsewhere, and both are about a packet, something moved between.
 */
import { isPacketless } from '../explain/index';
import { getTrace } from './trace';
import type { EventSeq, Flight, FrameId, Place, Step, TraceEvent } from './types';

/** How long each kind takes, in ms at normal speed. */
const TAKES: Readonly<Record<Flight['kind'], number>> = {
  wire: 500,
  inside: 350,
  up: 300,
  down: 300,
  drop: 400,
};
/** A step in which nothing moves is a decision: time to look at it. */
const DECISION = 400;
/** No step takes longer than this at normal speed, however long its chain. */
const LONGEST = 4000;
/** Causes looked back through before giving up; events about a packet are never further from each other. */
const FARTHEST_CAUSE = 64;

const ip = (event: TraceEvent): Place => ({ netns: event.netns, what: 'ip' });
const onDevice = (event: TraceEvent & { readonly dev: string }): Place => ({
  netns: event.netns,
  dev: event.dev,
});
const inProcess = (event: TraceEvent, process: string): Place => ({
  netns: event.netns,
  process,
  what: 'app',
});

/** Functions of the kernel that make packets of their own; everything else that does is a process. */
const isKernelFunction = (by: string) => by.includes('_');

/** The TUN device that a copy goes through (`read flannel0`); undefined where the bytes cross at a socket. */
export const tunOf = (via: string): string | undefined => /^(?:read|write) (\S+)$/.exec(via)?.[1];

/** Copies before the event are looked for no further back than this: a program reads, looks up and writes at once. */
const FARTHEST_COPY = 8;

/** The program that wraps or unwraps a packet itself: the one that has read it. */
function programBefore(event: TraceEvent, events: readonly TraceEvent[]): Place | undefined {
  let { cause } = event;
  for (let looked = 0; cause >= 0 && looked < FARTHEST_COPY; looked++) {
    const earlier = events[cause];
    if (earlier === undefined) return undefined;
    if (earlier.kind === 'copy') return inProcess(event, earlier.process);
    cause = earlier.cause;
  }
  return undefined;
}

function writtenTo(event: TraceEvent & { readonly via: string }): Place {
  const dev = tunOf(event.via);
  return dev === undefined ? ip(event) : { netns: event.netns, dev };
}

const isWritten = (event: TraceEvent | undefined) =>
  event?.kind === 'copy' && event.direction === 'to-kernel';

/** Where an event about a packet happens; undefined for events about none. */
export function placeOf(event: TraceEvent, events: readonly TraceEvent[]): Place | undefined {
  if (isPacketless(event)) return undefined;
  switch (event.kind) {
    case 'tx':
    case 'rx':
    case 'fdb':
    case 'vtep':
      return onDevice(event);
    case 'encap':
    case 'decap':
      return (event.header === 'udp' ? programBefore(event, events) : undefined) ?? onDevice(event);
    case 'arp':
    case 'hook':
    case 'forward':
    case 'fragment':
    case 'reassemble':
    case 'icmp-error':
    case 'deliver':
      return ip(event);
    case 'fib':
      return event.frame === undefined ? undefined : ip(event);
    case 'neigh':
      return event.frame === undefined ? undefined : ip(event);
    case 'origin':
      // What has been copied already is in the kernel.
      return isKernelFunction(event.by) || isWritten(events[event.cause])
        ? ip(event)
        : inProcess(event, event.by);
    case 'copy':
      if (event.direction === 'to-user') return inProcess(event, event.process);
      return writtenTo(event);
    case 'drop':
      return event.dev === undefined ? ip(event) : { netns: event.netns, dev: event.dev };
  }
}

const samePlace = (a: Place, b: Place) =>
  a.netns === b.netns && a.dev === b.dev && a.process === b.process && a.what === b.what;

interface Origin {
  readonly event: TraceEvent;
  readonly place: Place;
}

/** The nearest event on the way back through causes that is about a packet. */
function cameFrom(event: TraceEvent, events: readonly TraceEvent[]): Origin | undefined {
  let { cause } = event;
  for (let looked = 0; cause >= 0 && looked < FARTHEST_CAUSE; looked++) {
    const earlier = events[cause];
    if (earlier === undefined) return undefined;
    const place = placeOf(earlier, events);
    if (place !== undefined) return { event: earlier, place };
    cause = earlier.cause;
  }
  return undefined;
}

/** What a program hands to the kernel comes from the program, whatever made it do so. */
const writtenBy = (event: TraceEvent): Origin | undefined =>
  event.kind === 'copy' && isWritten(event) ? { event, place: inProcess(event, event.process) } : undefined;

function kindOf(event: TraceEvent, from: Place, to: Place): Flight['kind'] {
  if (event.kind === 'drop') return 'drop';
  if (from.netns !== to.netns) return 'wire';
  if (from.dev !== undefined && to.dev !== undefined) return 'inside';
  if (to.process !== undefined) return 'up';
  if (from.process !== undefined) return 'down';
  return to.dev === undefined ? 'up' : 'down';
}

/** The packet that is seen moving to where `event` happens. */
function frameOf(event: TraceEvent, origin: TraceEvent): FrameId | undefined {
  // What climbs to the tunnel device to be unpacked, or is handed to it to be packed, is still in its old clothes.
  if (event.kind === 'decap') return event.outer;
  if (event.kind === 'encap') return event.inner;
  if (event.kind === 'forward') return event.before;
  if ('frame' in event && event.frame !== undefined) return event.frame;
  return 'frame' in origin ? origin.frame : undefined;
}

interface Draft {
  readonly flight: Omit<Flight, 'start' | 'end'>;
  readonly startsAt: number;
  readonly endsAt: number;
}

interface Flights {
  readonly flights: readonly Flight[];
  /** ms at normal speed. */
  readonly duration: number;
}

/** One after another along causes, side by side where one event led to several. */
export function computeFlights(step: Step, events: readonly TraceEvent[]): Flights {
  const drafts: Draft[] = [];
  /** ms into the step at which an event of this step has happened. */
  const happened = new Map<EventSeq, number>();
  let longest = 0;
  for (const seq of step.seqs) {
    const event = events[seq];
    if (event === undefined) continue;
    const startsAt = happened.get(event.cause) ?? 0;
    let endsAt = startsAt;
    const to = placeOf(event, events);
    const origin = to && (writtenBy(event) ?? cameFrom(event, events));
    if (to !== undefined && origin !== undefined) {
      const frame = frameOf(event, origin.event);
      const moved = event.kind === 'drop' || !samePlace(origin.place, to);
      if (moved && frame !== undefined) {
        const kind = kindOf(event, origin.place, to);
        endsAt = startsAt + TAKES[kind];
        const flight = { frame, from: origin.place, to, startSeq: origin.event.seq, endSeq: seq, kind };
        drafts.push({ flight, startsAt, endsAt });
      }
    }
    happened.set(seq, endsAt);
    longest = Math.max(longest, endsAt);
  }
  const flights = drafts.map(({ flight, startsAt, endsAt }) => ({
    ...flight,
    start: startsAt / longest,
    end: endsAt / longest,
  }));
  return { flights, duration: longest === 0 ? DECISION : Math.min(longest, LONGEST) };
}

/** Steps are made anew when the trace is cut, so a step stands for its events. */
const known = new WeakMap<Step, Flights>();

function flightsAndDuration(step: Step): Flights {
  let found = known.get(step);
  if (found === undefined) {
    found = computeFlights(step, getTrace().events);
    known.set(step, found);
  }
  return found;
}

/** In the order in which they end. */
export const flightsOfStep = (step: Step): readonly Flight[] => flightsAndDuration(step).flights;

/** ms at normal speed. */
export const stepDuration = (step: Step): number => flightsAndDuration(step).duration;
