/** Draws frames on the overlay. All in CSS pixels; the context is already scaled to the screen's. */
import { capsuleShape, commonTail, type CapsuleBox, type Segment } from './capsule';
import type { Palette } from './palette';

export interface PaintedFrame {
  readonly segments: readonly Segment[];
  /** Headers of the frame it was made from, while it changes. */
  readonly before?: readonly Segment[];
  readonly changed: number;
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly fallen: number;
  readonly selected: boolean;
  readonly moving: boolean;
}

const RADIUS = 7;
/** Smaller than this, labels are specks: segments only. */
const LEAST_LABEL_SCALE = 0.7;

/** Shape of a frame on its way from one set of headers to another. */
function shapeOf({ segments, before, changed }: Pick<PaintedFrame, 'segments' | 'before' | 'changed'>) {
  if (before === undefined || changed >= 1) return capsuleShape(segments);
  const common = commonTail(before, segments);
  if (common === 0) return capsuleShape(segments);
  const t = changed * changed * (3 - 2 * changed);
  // Headers come off: the wrapped frame is drawn, less and less of it. They go on: the new one, more and more.
  if (before.length - common > segments.length - common)
    return capsuleShape(before, before.length - common, 1 - t);
  return capsuleShape(segments, segments.length - common, t);
}

export function paintFrame(context: CanvasRenderingContext2D, frame: PaintedFrame, palette: Palette): void {
  const shape = shapeOf(frame);
  const { fallen } = frame;
  context.save();
  context.translate(frame.x, frame.y);
  context.rotate(fallen * 0.22);
  context.scale(frame.scale, frame.scale);
  context.globalAlpha = 1 - 0.62 * fallen;
  const [left, top] = [-shape.w / 2, -shape.h / 2];
  body(context, left, top, shape.w, shape.h, palette, fallen > 0 ? palette.drop : palette.panel);
  context.save();
  context.beginPath();
  context.roundRect(left, top, shape.w, shape.h, RADIUS);
  context.clip();
  fillBehind(context, shape.boxes, left, shape.w, palette);
  shape.boxes.forEach((box, i) => {
    const carries = (shape.boxes[i + 1]?.segment.depth ?? 0) > box.segment.depth;
    paintBox(context, box, carries, frame.scale, palette);
  });
  context.restore();
  for (const { x, y, w, h } of shape.outlines) {
    context.beginPath();
    context.roundRect(x + 0.75, y + 0.75, Math.max(0, w - 1.5), h - 1.5, RADIUS - 2.5);
    context.strokeStyle = palette.panel;
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (fallen > 0) crossOut(context, left, top, shape.w, shape.h, palette);
  if (frame.selected) {
    context.beginPath();
    context.roundRect(left - 4, top - 4, shape.w + 8, shape.h + 8, RADIUS + 4);
    context.strokeStyle = palette.focus;
    context.lineWidth = 2;
    context.stroke();
  }
  context.restore();
}

function body(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  palette: Palette,
  rim: string,
): void {
  context.shadowColor = palette.shadow;
  context.shadowBlur = 10;
  context.shadowOffsetY = 3;
  context.beginPath();
  context.roundRect(x - 2, y - 2, w + 4, h + 4, RADIUS + 2);
  context.fillStyle = rim;
  context.fill();
  context.shadowColor = 'transparent';
}

/** Around and behind inner boxes the colour of the header that carries them. */
function fillBehind(
  context: CanvasRenderingContext2D,
  boxes: readonly CapsuleBox[],
  left: number,
  w: number,
  palette: Palette,
): void {
  let carrier: CapsuleBox | undefined;
  boxes.forEach((box, i) => {
    const next = boxes[i + 1];
    if (next === undefined || next.segment.depth <= box.segment.depth || box.segment.protocol === 'data')
      return;
    carrier = box;
    const inset = box.y;
    context.fillStyle = palette.protocol[box.segment.protocol];
    context.fillRect(box.x, inset, left + w - box.x, box.h);
  });
  if (carrier === undefined && boxes[0] !== undefined) {
    context.fillStyle = palette.protocol[boxes[0].segment.protocol];
    context.fillRect(left, boxes[0].y, w, boxes[0].h);
  }
}

function paintBox(
  context: CanvasRenderingContext2D,
  { x, y, w, h, segment, grown }: CapsuleBox,
  carries: boolean,
  scale: number,
  palette: Palette,
): void {
  if (w <= 0.2) return;
  context.fillStyle = palette.protocol[segment.protocol];
  context.fillRect(x, y, w + 0.4, h);
  if (segment.quoted) {
    context.fillStyle = palette.panel;
    context.globalAlpha *= 0.35;
    context.fillRect(x, y, w + 0.4, h);
    context.globalAlpha /= 0.35;
  }
  if (segment.protocol === 'data') paintTail(context, x, y, w, h, palette);
  else if (!carries) {
    // A hairline between headers, for eyes that do not tell the hues apart.
    context.fillStyle = palette.panel;
    context.globalAlpha *= 0.45;
    context.fillRect(x + w - 0.5, y, 1, h);
    context.globalAlpha /= 0.45;
  }
  if (segment.malformed) {
    context.fillStyle = palette.drop;
    context.fillRect(x, y + h - 3, w, 3);
  }
  if (grown < 0.75 || scale < LEAST_LABEL_SCALE || segment.label === '') return;
  context.globalAlpha *= Math.min(1, (grown - 0.75) * 4);
  context.fillStyle = palette.onProtocol;
  context.font = `600 12px ${palette.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(segment.label, x + w / 2, y + h / 2 + 0.5);
  context.globalAlpha = context.globalAlpha / Math.min(1, (grown - 0.75) * 4);
}

/** The payload: dots, as many as fit. */
function paintTail(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  palette: Palette,
): void {
  context.fillStyle = palette.onProtocol;
  context.globalAlpha *= 0.55;
  for (let dot = x + 4; dot < x + w - 2; dot += 5) {
    for (const row of h > 18 ? [-4, 0, 4] : [-2.5, 2.5])
      context.fillRect(dot, y + h / 2 + row - 0.75, 1.5, 1.5);
  }
  context.globalAlpha /= 0.55;
}

function crossOut(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  palette: Palette,
): void {
  context.strokeStyle = palette.drop;
  context.lineWidth = 3;
  context.beginPath();
  context.moveTo(x - 5, y + h / 2);
  context.lineTo(x + w + 5, y + h / 2);
  context.stroke();
}
