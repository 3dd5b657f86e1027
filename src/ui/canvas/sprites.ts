/**
 * Which frames are seen at a moment of a step's animation, and where: a function of the step's flights and how far the
 * step has come, nothing else. A frame stands where it has to be decided about, then goes; it changes its headers
 * before it leaves.
 */
import type { EventSeq, Flight, FrameId, Place } from '../../state';
import { pointAt, type Path, type Point } from './geometry';
import { appKey, devKey, ipKey, processKey } from './plan';

/** A flight that ends in a tunnel device also says what the frame is made into there. */
export interface Hop extends Flight {
  readonly becomes?: FrameId;
}

export interface Sprite {
  readonly frame: FrameId;
  /** What it looked like before, while it changes; undefined: it does not change. */
  readonly before?: FrameId;
  readonly at: Point;
  /** 0…1: how far it has changed from the frame it was made from. */
  readonly changed: number;
  /** 0: not dropped. 0…1: how far it has fallen. */
  readonly fallen: number;
  readonly moving: boolean;
  /** Where it stands or goes to. */
  readonly place: Place;
  /** What it takes of the room at a place: all of it at rest, less and less as it leaves, more and more as it comes. */
  readonly berths: readonly Berth[];
}

export interface Berth {
  readonly key: string;
  /** 0…1. */
  readonly share: number;
  /** The event with which it came there: who has come first stands first. */
  readonly since: EventSeq;
}

/** The part of a flight in which the frame still stands and gets its new headers. */
const STAND = 0.22;
const CHANGED_BY = 0.32;
/** Where a flight ends in a tunnel device, it has arrived by then and is wrapped or unwrapped. */
const ARRIVED = 0.6;

export function keyOf(place: Place): string {
  if (place.process !== undefined) return processKey(place.netns, place.process);
  if (place.dev !== undefined) return devKey(place.netns, place.dev);
  return place.what === 'app' ? appKey(place.netns) : ipKey(place.netns);
}

const samePlace = (a: Place, b: Place) => keyOf(a) === keyOf(b);

/** Slow at both ends. */
const eased = (t: number) => (t < 0.5 ? 2 * t * t : 1 - (-2 * t + 2) ** 2 / 2);

/** Whether `later` goes on with what `earlier` brought: it leaves from there, after that. */
export const continues = (earlier: Flight, later: Flight): boolean =>
  later !== earlier && later.startSeq >= earlier.endSeq && samePlace(later.from, earlier.to);

/** Frames that came to rest in earlier steps and leave later: copies on their way, packets in a queue. */
export interface Waiting {
  readonly frame: FrameId;
  readonly place: Place;
  /** Progress of the step at which it leaves; above 1: not in this step. */
  readonly until: number;
  /** The event with which it came. */
  readonly since: EventSeq;
}

export interface SpriteSources {
  readonly flights: readonly Hop[];
  readonly waiting: readonly Waiting[];
  /** Shown where no flight is: what the step is about, and where. */
  readonly standing?: { readonly frame: FrameId; readonly before?: FrameId; readonly place: Place };
  /** What the frame was before it left, when that is to be seen at the beginning of a flight. */
  readonly beforeOf: (frame: FrameId) => FrameId | undefined;
  /** The line a flight goes along. */
  readonly pathOf: (flight: Flight) => Path;
  /** Where a frame rests at a place; undefined when it is not on the stage. */
  readonly restOf: (place: Place) => Point | undefined;
}

export function spritesAt(sources: SpriteSources, progress: number): Sprite[] {
  const { flights, waiting, standing } = sources;
  const sprites: Sprite[] = [];
  const rest = (frame: FrameId, place: Place, since: EventSeq, before?: FrameId) => {
    const at = sources.restOf(place);
    if (at === undefined) return;
    const change = before === undefined || progress >= 1 ? { changed: 1 } : { changed: progress, before };
    const berths = [{ key: keyOf(place), share: 1, since }];
    sprites.push({ frame, at, ...change, fallen: 0, moving: false, place, berths });
  };
  for (const { frame, place, until, since } of waiting) if (progress < until) rest(frame, place, since);
  if (flights.length === 0 && standing) rest(standing.frame, standing.place, Infinity, standing.before);
  for (const flight of flights) {
    if (progress < flight.start) continue;
    const span = flight.end - flight.start;
    const t = span <= 0 ? 1 : Math.min(1, (progress - flight.start) / span);
    if (flight.kind === 'drop') sprites.push(dropped(flight, t, sources.pathOf(flight)));
    else if (t < 1) sprites.push(inFlight(flight, t, sources));
    else if (!flights.some((later) => later.start <= progress && continues(flight, later))) {
      rest(flight.becomes ?? flight.frame, flight.to, flight.endSeq);
    }
  }
  return sprites;
}

function inFlight(flight: Hop, t: number, { pathOf, beforeOf }: SpriteSources): Sprite {
  const { frame, to: place, becomes } = flight;
  const arrived = becomes === undefined ? 1 : ARRIVED;
  const moved = t <= STAND ? 0 : eased(Math.min(1, (t - STAND) / (arrived - STAND)));
  const at = pointAt(pathOf(flight), moved);
  const sprite = { at, fallen: 0, moving: true, place, berths: berthsOf(flight, moved) };
  if (becomes !== undefined && t > ARRIVED) {
    return { ...sprite, frame: becomes, before: frame, changed: (t - ARRIVED) / (1 - ARRIVED) };
  }
  const before = t < CHANGED_BY ? beforeOf(frame) : undefined;
  if (before === undefined) return { ...sprite, frame, changed: 1 };
  return { ...sprite, frame, before, changed: t / CHANGED_BY };
}

/** The part of the way on which it makes room, and others for it. */
const APPROACH = 0.35;

function berthsOf({ from, to, startSeq, endSeq }: Flight, moved: number): Berth[] {
  const smooth = (t: number) => t * t * (3 - 2 * t);
  const shares = [
    { key: keyOf(from), share: smooth(Math.max(0, 1 - moved / APPROACH)), since: startSeq },
    { key: keyOf(to), share: smooth(Math.max(0, 1 - (1 - moved) / APPROACH)), since: endSeq },
  ];
  return shares.filter(({ share }) => share > 0);
}

/** Under the chip it is dropped at, so that its name stays readable. */
const FALL = 78;

/** Goes to where it is dropped, if that is elsewhere, then falls off. */
function dropped(flight: Hop, t: number, path: Path): Sprite {
  const there = path.length < 1 ? 0 : 0.5;
  const { frame, to: place } = flight;
  const at = pointAt(path, there === 0 ? 1 : eased(Math.min(1, t / there)));
  const fallen = Math.max(0, (t - there) / (1 - there));
  return {
    frame,
    at: { x: at.x, y: at.y + fallen * fallen * FALL },
    changed: 1,
    fallen,
    moving: t < 1,
    place,
    // Until it falls it stands there like others.
    berths: fallen < 1 ? [{ key: keyOf(place), share: 1 - fallen, since: flight.endSeq }] : [],
  };
}
