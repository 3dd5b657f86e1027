/** What a step inherits from the steps before it, and the path its packet has come. */
import type { Flight, Frame, FrameId, Step } from '../../state';
import { continues, keyOf, type Hop, type SpriteSources, type Waiting } from './sprites';

/** Steps looked at on either side: a copy of a flood or a queued packet is rarely further from its next step. */
const BACK = 40;
const AHEAD = 60;
/** Steps looked back through for the path of a packet. */
const PATH_BACK = 600;

export interface StepFlights {
  readonly steps: readonly Step[];
  readonly frames: readonly Frame[];
  readonly flightsOf: (step: Step) => readonly Hop[];
  /** Whether a frame was made from nothing, or as an answer: its story begins with it. */
  readonly isOrigin: (frame: FrameId) => boolean;
}

/** The frame and what it was made from, as far as it is the same packet. */
export function packetOf(
  frame: FrameId,
  { frames, isOrigin }: Pick<StepFlights, 'frames' | 'isOrigin'>,
): Set<FrameId> {
  const found = new Set<FrameId>();
  for (let id: FrameId | undefined = frame; id !== undefined && !found.has(id); id = frames[id]?.from) {
    found.add(id);
    if (isOrigin(id)) break;
  }
  return found;
}

const leaves = (arrival: Flight, departure: Flight, source: StepFlights) =>
  continues(arrival, departure) && packetOf(departure.frame, source).has(arrival.frame);

/** It is what stands there in this step anyway, or was before it was made into that. */
const isSeen = ({ frame, place }: Waiting, standing: SpriteSources['standing'], source: StepFlights) =>
  standing !== undefined &&
  keyOf(place) === keyOf(standing.place) &&
  packetOf(standing.frame, source).has(frame);

/**
 * Frames at rest when step `index` begins which leave in it or in a later one. `standing`: the frame that the step is
 * about, where nothing moves in it; it is not waiting besides.
 */
export function waitingAt(
  source: StepFlights,
  index: number,
  standing?: SpriteSources['standing'],
): Waiting[] {
  const { steps, flightsOf } = source;
  const current = steps[index];
  if (current === undefined) return [];
  const from = Math.max(0, index - BACK);
  const before = steps.slice(from, index).flatMap(flightsOf);
  const now = flightsOf(current);
  const after = steps.slice(index + 1, index + 1 + AHEAD).flatMap(flightsOf);
  const waiting: Waiting[] = [];
  before.forEach((arrival, i) => {
    if (arrival.kind === 'drop') return;
    if (before.slice(i + 1).some((later) => leaves(arrival, later, source))) return;
    const goesOn = now.filter((later) => leaves(arrival, later, source));
    const until = goesOn.length > 0 ? Math.min(...goesOn.map(({ start }) => start)) : 2;
    if (goesOn.length === 0 && !after.some((later) => leaves(arrival, later, source))) return;
    const { frame, becomes, to: place, endSeq: since } = arrival;
    const rests = { frame: becomes ?? frame, place, until, since };
    if (until > 0 && !isSeen(rests, standing, source)) waiting.push(rests);
  });
  return waiting;
}

interface Trail {
  /** Hops of the packet looked at, up to and including step `index`. */
  readonly packet: readonly Flight[];
  /** All other hops so far of what the same command led to. */
  readonly command: readonly Flight[];
}

export function trailAt(source: StepFlights, index: number): Trail {
  const current = source.steps[index];
  if (current === undefined) return { packet: [], command: [] };
  const last = source.flightsOf(current).at(-1);
  const frame = last?.frame ?? current.frame;
  const members = frame === undefined ? new Set<FrameId>() : packetOf(frame, source);
  const packet: Flight[] = [];
  const command: Flight[] = [];
  for (let i = Math.max(0, index - PATH_BACK); i <= index; i++) {
    const step = source.steps[i] as Step;
    if (step.command !== current.command) continue;
    for (const flight of source.flightsOf(step)) (members.has(flight.frame) ? packet : command).push(flight);
  }
  return { packet, command };
}

/** Places that a step's flights and its decision touch. */
export function placesOf(step: Step, flights: readonly Flight[], standing: string | undefined): Set<string> {
  const keys = new Set(flights.flatMap(({ from, to }) => [keyOf(from), keyOf(to)]));
  if (standing !== undefined) keys.add(standing);
  if (step.dev !== undefined && flights.length === 0) keys.add(`dev ${step.netns}/${step.dev}`);
  return keys;
}
