/** The marks of the lanes, painted on one canvas: colour says the protocol, shape what kind of thing it is. */
import type { Step, TraceEvent } from '../../state';
import { topicShape } from '../widgets/topics';
import { AXIS_PAD, xOf } from './lanes';

type MarkShape = 'packet' | 'decision' | 'drop' | 'change' | 'other';

const shapes = new WeakMap<Step, MarkShape>();

/** A step that leaves a table different is hollow, whatever it is about. */
export function shapeOfStep(step: Step, events: readonly TraceEvent[]): MarkShape {
  let shape = shapes.get(step);
  if (shape === undefined) {
    if (step.isDrop || step.topic === 'drop') shape = 'drop';
    else if (step.seqs.some((seq) => events[seq]?.kind === 'change')) shape = 'change';
    else shape = topicShape(step.topic);
    shapes.set(step, shape);
  }
  return shape;
}

/** Where marks are too dense to be told apart, the more telling one is seen. */
const RANK: Readonly<Record<MarkShape, number>> = { other: 0, packet: 1, decision: 2, change: 3, drop: 4 };

interface MarkSources {
  readonly steps: readonly Step[];
  readonly events: readonly TraceEvent[];
  readonly lanes: readonly string[];
  /** Lanes in view. */
  readonly first: number;
  readonly last: number;
  readonly width: number;
}
interface Mark {
  readonly step: number;
  readonly lane: number;
  readonly x: number;
  readonly shape: MarkShape;
}

/** One mark a pixel and lane: a million steps leave no more than the pixels there are. Does not depend on the cursor. */
export function marksOf({ steps, events, lanes, first, last, width }: MarkSources): readonly Mark[] {
  const laneOf = new Map(lanes.slice(first, last + 1).map((id, i) => [id, first + i]));
  const taken = new Map<number, Mark>();
  steps.forEach((step, i) => {
    const lane = laneOf.get(step.netns);
    if (lane === undefined) return;
    const x = xOf(i, steps.length, width);
    const shape = shapeOfStep(step, events);
    const spot = lane * 100_000 + Math.round(x);
    const other = taken.get(spot);
    if (other === undefined || RANK[other.shape] < RANK[shape]) taken.set(spot, { step: i, lane, x, shape });
  });
  return [...taken.values()];
}

interface LanePaint extends Omit<MarkSources, 'first' | 'last'> {
  readonly index: number;
  readonly height: number;
  readonly laneHeight: number;
  readonly scroll: number;
  readonly colourOf: (topic: Step['topic']) => string;
  readonly line: string;
  readonly ground: string;
}

const sizeFor = (count: number, width: number) =>
  Math.max(2.5, Math.min(9, ((width - 2 * AXIS_PAD) / Math.max(1, count)) * 0.8));

/** Paints lanes; stepping paints the same marks again, only brighter or paler. */
export class LanePainter {
  private sources: MarkSources | undefined;
  private marks: readonly Mark[] = [];

  paint(context: CanvasRenderingContext2D, paint: LanePaint): void {
    const { steps, events, lanes, width, height, laneHeight, scroll } = paint;
    context.clearRect(0, 0, width, height);
    const yOf = (lane: number) => lane * laneHeight + laneHeight / 2 - scroll;
    const first = Math.max(0, Math.floor(scroll / laneHeight));
    const last = Math.min(lanes.length - 1, Math.ceil((scroll + height) / laneHeight));
    context.fillStyle = paint.line;
    for (let lane = first; lane <= last; lane++)
      context.fillRect(AXIS_PAD / 2, Math.round(yOf(lane)), width - AXIS_PAD, 1);
    const size = sizeFor(steps.length, width);
    for (const { step, lane, x, shape } of this.marksFor({ steps, events, lanes, first, last, width })) {
      const topic = steps[step]?.topic ?? 'drop';
      context.globalAlpha = step > paint.index ? 0.38 : 1;
      const colour = paint.colourOf(shape === 'drop' ? 'drop' : topic);
      paintMark(context, shape, x, yOf(lane), size, colour, paint.ground);
    }
    context.globalAlpha = 1;
  }

  private marksFor(sources: MarkSources): readonly Mark[] {
    const known = this.sources;
    const keys = ['steps', 'events', 'lanes', 'first', 'last', 'width'] as const;
    if (known === undefined || keys.some((key) => known[key] !== sources[key])) {
      this.sources = sources;
      this.marks = marksOf(sources);
    }
    return this.marks;
  }
}

function paintMark(
  context: CanvasRenderingContext2D,
  shape: MarkShape,
  x: number,
  y: number,
  size: number,
  colour: string,
  ground: string,
): void {
  const r = size / 2;
  context.fillStyle = colour;
  if (size < 4) {
    context.fillRect(x - r, y - 4, size, 8);
    return;
  }
  context.beginPath();
  switch (shape) {
    case 'drop':
      context.moveTo(x, y + r + 1.5);
      context.lineTo(x - r - 1.5, y - r - 0.5);
      context.lineTo(x + r + 1.5, y - r - 0.5);
      context.closePath();
      break;
    case 'decision':
      context.moveTo(x, y - r - 1);
      context.lineTo(x + r + 1, y);
      context.lineTo(x, y + r + 1);
      context.lineTo(x - r - 1, y);
      context.closePath();
      break;
    case 'other':
      context.arc(x, y, r - 0.5, 0, 2 * Math.PI);
      break;
    case 'change':
    case 'packet':
      context.roundRect(x - r, y - r, size, size, 2.5);
      break;
  }
  context.fill();
  if (shape !== 'change') return;
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(x - r + 1.75, y - r + 1.75, size - 3.5, size - 3.5, 1);
  context.fill();
}
