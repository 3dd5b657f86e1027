/** Frames that do not change are painted once and then stamped: shadows and text are what costs. */
import { capsuleShape, type Segment } from './capsule';
import { paintFrame } from './paint';
import type { Palette } from './palette';

/** Around the capsule, for its rim and shadow, px at scale 1. */
const MARGIN = 18;
/** Different shapes kept; a stage rarely shows more than a dozen. */
const MOST = 120;

interface Stamp {
  readonly canvas: HTMLCanvasElement;
  /** CSS pixels. */
  readonly w: number;
  readonly h: number;
}

const shapeKey = (segments: readonly Segment[]) =>
  segments
    .map(
      ({ protocol, depth, w, quoted, malformed }) =>
        `${protocol}${depth}:${w}${quoted ? 'q' : ''}${malformed ? 'm' : ''}`,
    )
    .join(' ');

export class Stamps {
  private readonly known = new Map<string, Stamp>();
  private readonly keys = new WeakMap<readonly Segment[], string>();
  private scale = 0;
  private ratio = 0;

  clear(): void {
    this.known.clear();
  }

  /** Draws the frame with its middle at (x, y). */
  draw(
    context: CanvasRenderingContext2D,
    segments: readonly Segment[],
    at: { readonly x: number; readonly y: number; readonly scale: number; readonly moving: boolean },
    palette: Palette,
  ): void {
    const ratio = window.devicePixelRatio || 1;
    if (this.scale !== at.scale || this.ratio !== ratio) this.clear();
    [this.scale, this.ratio] = [at.scale, ratio];
    const { canvas, w, h } = this.stampOf(segments, at.scale, ratio, palette);
    // At rest on whole pixels of the screen, so that it is sharp; on the way wherever it is, so that it does not jump.
    const place = (value: number) => (at.moving ? value : Math.round(value * ratio) / ratio);
    context.drawImage(canvas, place(at.x - w / 2), place(at.y - h / 2), w, h);
  }

  private stampOf(segments: readonly Segment[], scale: number, ratio: number, palette: Palette): Stamp {
    let key = this.keys.get(segments);
    if (key === undefined) {
      key = shapeKey(segments);
      this.keys.set(segments, key);
    }
    const found = this.known.get(key);
    if (found) return found;
    if (this.known.size >= MOST) this.clear();
    const shape = capsuleShape(segments);
    const pixels = (length: number) => Math.ceil((length + 2 * MARGIN) * scale * ratio);
    const canvas = document.createElement('canvas');
    canvas.width = pixels(shape.w);
    canvas.height = pixels(shape.h);
    const stamp = { canvas, w: canvas.width / ratio, h: canvas.height / ratio };
    const context = canvas.getContext('2d');
    if (context) {
      context.scale(ratio, ratio);
      const still = { changed: 1, fallen: 0, selected: false, moving: false };
      paintFrame(context, { segments, ...still, x: stamp.w / 2, y: stamp.h / 2, scale }, palette);
    }
    this.known.set(key, stamp);
    return stamp;
  }
}
