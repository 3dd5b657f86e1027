/** Puts the state's steps on this stage: which frames are where, which lines are lit, what is dropped. */
import { message, type Lang } from '../../explain';
import {
  flightsOfStep,
  getTrace,
  type Flight,
  type Frame,
  type FrameId,
  type Place,
  type Step,
} from '../../state';
import { segmentsOf, type Segment } from './capsule';
import type { CensusReader } from './census';
import { decidingPlace, describeFrame, describePlace, dropOf, standingPlace } from './describe';
import { polyline, type Path, type Point } from './geometry';
import type { StageLayout } from './layout';
import type { Crossing, LiveState } from './live';
import { Roads } from './route';
import { keyOf, type Hop, type SpriteSources } from './sprites';
import type { StageStrings } from './strings';
import { placesOf, trailAt, waitingAt, type StepFlights } from './waiting';

const segmentsKnown = new WeakMap<Frame, readonly Segment[]>();

export function segmentsOfFrame(frame: Frame): readonly Segment[] {
  let segments = segmentsKnown.get(frame);
  if (segments === undefined) {
    segments = segmentsOf(frame.bytes, frame.link);
    segmentsKnown.set(frame, segments);
  }
  return segments;
}

/** Wears the headers of a tunnel. */
const isOuter = (frame: Frame | undefined) =>
  frame !== undefined && segmentsOfFrame(frame).some(({ depth, quoted }) => depth > 0 && !quoted);

/** What the program does to the packet it has just read, when that is in the same step. */
function changedIn(step: Step, { frame, to }: Flight) {
  if (to.process === undefined) return undefined;
  const { events } = getTrace();
  return step.seqs
    .map((seq) => events[seq])
    .find(
      (event) =>
        (event?.kind === 'encap' && event.inner === frame) ||
        (event?.kind === 'decap' && event.outer === frame),
    );
}

/** Where and which way packets pass between programs and the kernel. */
function crossingsOf(flights: readonly Flight[]): LiveState['crossed'] {
  const { events } = getTrace();
  const found = new Map<string, Crossing>();
  for (const { from, to, endSeq } of flights) {
    const [up, down] = [to.process !== undefined, from.process !== undefined];
    if (up === down || from.netns !== to.netns) continue;
    const known = found.get(to.netns);
    found.set(to.netns, {
      up: up || known?.up === true,
      down: down || known?.down === true,
      copied: events[endSeq]?.kind === 'copy' || known?.copied === true,
    });
  }
  return found;
}

const hopsKnown = new WeakMap<Step, readonly Hop[]>();

/** The flights of a step, with what tunnel devices make of the frames that reach them. */
function hopsOf(step: Step): readonly Hop[] {
  let hops = hopsKnown.get(step);
  if (hops === undefined) {
    const { events } = getTrace();
    hops = flightsOfStep(step).map((flight) => {
      const event = events[flight.endSeq];
      const change = event?.kind === 'copy' ? changedIn(step, flight) : event;
      const isChange = change?.kind === 'encap' || change?.kind === 'decap';
      return isChange && change.frame !== flight.frame ? { ...flight, becomes: change.frame } : flight;
    });
    hopsKnown.set(step, hops);
  }
  return hops;
}

/** Of a step in which nothing moves: what stands where, and what it was made from there. */
function standingOf(step: Step): SpriteSources['standing'] {
  const place = standingPlace(step);
  if (place === undefined || step.frame === undefined) return undefined;
  const main = getTrace().events[step.main];
  if (main?.kind === 'encap') return { frame: main.frame, before: main.inner, place };
  if (main?.kind === 'decap') return { frame: main.frame, before: main.outer, place };
  return { frame: step.frame, place };
}

/** Topics in which something is looked up and decided. */
const DECISIONS: ReadonlySet<Step['topic']> = new Set(['route', 'neigh', 'fdb']);

type Lights = Pick<LiveState, 'active' | 'dropped' | 'lit' | 'trail' | 'decides' | 'crossed'>;
const DARK: Lights = {
  active: new Set(),
  dropped: null,
  lit: new Set(),
  trail: new Set(),
  decides: null,
  crossed: new Map(),
};

const NOWHERE: Path = polyline([{ x: 0, y: 0 }]);

export class Director {
  private readonly roads: Roads;
  private built:
    { readonly step: Step; readonly cursor: number; readonly sources: SpriteSources } | undefined;

  constructor(
    layout: StageLayout,
    private readonly steps: readonly Step[],
    private readonly reader: Pick<CensusReader, 'isOrigin' | 'isTunnelled'>,
  ) {
    this.roads = new Roads(layout);
  }

  private get story(): StepFlights {
    return {
      steps: this.steps,
      frames: getTrace().frames,
      flightsOf: (step) => hopsOf(step).filter(this.isOnStage),
      isOrigin: (frame) => this.reader.isOrigin(frame),
    };
  }

  /** What the overlay draws during step `index`. With the cursor inside the step: only what has happened by then. */
  sources(index: number, cursor: number): SpriteSources | undefined {
    const step = this.steps[index];
    if (step === undefined) return undefined;
    const until = Math.min(cursor, step.last);
    if (this.built?.step === step && this.built.cursor === until) return this.built.sources;
    const flights = hopsOf(step).filter((hop) => hop.endSeq <= until && this.isOnStage(hop));
    const standing = standingOf(step);
    const sources: SpriteSources = {
      flights,
      waiting: waitingAt(this.story, index, flights.length === 0 ? standing : undefined),
      ...(standing ? { standing } : {}),
      pathOf: (flight) => this.pathOf(flight),
      restOf: (at) => this.restOf(at),
      beforeOf: (frame) => (this.reader.isTunnelled(frame) ? undefined : getTrace().frames[frame]?.from),
    };
    this.built = { step, cursor: until, sources };
    return sources;
  }

  /** Nothing for the IP layer of a switch, which has no say in what the switch does. */
  restOf(place: Place): Point | undefined {
    const rest = this.roads.restOf(keyOf(place));
    if (rest !== undefined || (place.dev === undefined && place.what === 'ip')) return rest;
    return this.roads.restOf(keyOf({ netns: place.netns, what: 'app' }));
  }

  private readonly isOnStage = ({ to }: Flight): boolean =>
    to.dev !== undefined || to.what !== 'ip' || this.roads.restOf(keyOf(to)) !== undefined;

  private wayOf(flight: Flight) {
    const [from, to] = [keyOf(flight.from), keyOf(flight.to)];
    return this.roads.way(from, to, isOuter(getTrace().frames[flight.frame]));
  }

  private pathOf(flight: Flight): Path {
    const { path } = this.wayOf(flight);
    if (path.length > 0) return path;
    const [from, to] = [this.restOf(flight.from), this.restOf(flight.to)];
    if (from === undefined && to === undefined) return NOWHERE;
    return polyline([from ?? (to as Point), to ?? (from as Point)]);
  }

  private linksOf(flights: readonly Flight[]): Set<string> {
    return new Set(flights.flatMap((flight) => this.wayOf(flight).links));
  }

  /** What lights up while the cursor is in step `index`. */
  lights(index: number, lang: Lang): Lights {
    const step = this.steps[index];
    if (step === undefined) return DARK;
    const place = standingPlace(step);
    const drop = dropOf(step);
    const decides = DECISIONS.has(step.topic) ? decidingPlace(getTrace().events[step.main]) : undefined;
    const { packet, command } = trailAt(this.story, index);
    return {
      active: placesOf(step, flightsOfStep(step), place && keyOf(place)),
      crossed: crossingsOf(flightsOfStep(step)),
      dropped: drop ? { key: keyOf(drop.place), reason: message(lang, drop.reason) } : null,
      lit: this.linksOf(packet),
      trail: this.linksOf(command),
      decides: decides ? keyOf(decides) : null,
    };
  }

  /** The packets of a step in words, each where it ends up. */
  words(
    index: number,
    strings: StageStrings,
  ): { readonly frame: FrameId; readonly text: string; readonly path: string }[] {
    const step = this.steps[index];
    if (step === undefined) return [];
    const { frames } = getTrace();
    const flights = hopsOf(step).filter(this.isOnStage);
    const place = standingPlace(step);
    const ends: { frame: FrameId; place: Place; from?: Place; isDrop: boolean }[] = flights
      .filter(
        (flight) =>
          !flights.some(
            (later) => later !== flight && later.frame === flight.frame && later.startSeq >= flight.endSeq,
          ),
      )
      .map(({ frame, becomes, to, from, kind }) => ({
        frame: becomes ?? frame,
        place: to,
        from,
        isDrop: kind === 'drop',
      }));
    if (ends.length === 0 && place && step.frame !== undefined) {
      ends.push({ frame: step.frame, place, isDrop: step.isDrop });
    }
    return ends.flatMap(({ frame, place: at, from, isDrop }) => {
      const found = frames[frame];
      if (found === undefined) return [];
      const what = describeFrame(found, strings);
      const where = describePlace(at, strings);
      const text = isDrop ? strings.packetDropped(what, where) : strings.packetAt(what, where);
      return [{ frame, text, path: from ? `${keyOf(from)} > ${keyOf(at)}` : keyOf(at) }];
    });
  }

  /** Places that must be in view to see the step. */
  stagePoints(index: number): Point[] {
    const step = this.steps[index];
    if (step === undefined) return [];
    const place = standingPlace(step);
    const flights = flightsOfStep(step);
    const places = flights.length > 0 ? flights.flatMap(({ from, to }) => [from, to]) : place ? [place] : [];
    return places.flatMap((at) => this.restOf(at) ?? []);
  }
}
