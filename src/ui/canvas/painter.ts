/** The canvas over the stage. */
import { app, getTrace, playhead, type FrameId } from '../../state';
import { FAR } from './camera';
import { capsuleShape, capsuleWidth } from './capsule';
import { segmentsOfFrame, type Director } from './director';
import type { Point } from './geometry';
import { paintFrame, type PaintedFrame } from './paint';
import { readPalette, type Palette } from './palette';
import { spread } from './spread';
import { spritesAt, type Sprite } from './sprites';
import { Stamps } from './stamps';

/** Left, top and zoom, as React Flow keeps them. */
type Transform = readonly [number, number, number];

/** Frames whose place is in view keep this far from the sides of the window. */
const SIDE = 6;
const FAR_SCALE = 0.5;
/** Frames stay readable where the devices around them no longer are. */
const LEAST_SCALE = 0.82;
const MOST_SCALE = 1.2;

const scaleFor = (zoom: number, scale: number) =>
  (zoom < FAR ? FAR_SCALE : Math.max(LEAST_SCALE, Math.min(zoom, MOST_SCALE))) * scale;

/** Of the capsule at scale 1. */
function widthOf({ frame: id }: Sprite): number {
  const frame = getTrace().frames[id];
  return frame === undefined ? 0 : capsuleWidth(segmentsOfFrame(frame));
}

/** Draws what the playhead, the viewport and the current step say. */
export class Painter {
  private palette: Palette | undefined;
  private readonly stamps = new Stamps();
  private width = 0;
  private height = 0;
  private handle: HTMLElement | null = null;
  private director: Director | undefined;
  private main: FrameId | null = null;
  private transform: Transform = [0, 0, 1];

  constructor(private readonly canvas: HTMLCanvasElement) {}

  resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    this.width = clientWidth;
    this.height = clientHeight;
    this.canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    this.canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw();
  }

  retheme(): void {
    this.palette = undefined;
    this.stamps.clear();
  }

  /** The button that lies over the frame that is looked at. */
  takeHandle(handle: HTMLElement | null): void {
    this.handle = handle;
    this.draw();
  }

  show(director: Director, main: FrameId | null): void {
    this.director = director;
    this.main = main;
    this.draw();
  }

  look(transform: Transform): void {
    if (transform === this.transform) return;
    this.transform = transform;
    this.draw();
  }

  readonly draw = (): void => {
    const context = this.canvas.getContext('2d');
    if (context === null) return;
    context.clearRect(0, 0, this.width, this.height);
    this.palette ??= readPalette(this.canvas);
    const { palette } = this;
    const sources = this.director?.sources(playhead.stepIndex, app.getState().cursor);
    const sprites = sources ? spritesAt(sources, playhead.progress) : [];
    const scale = scaleFor(this.transform[2], palette.scale);
    const offsets = spread(sprites, widthOf, (at, width) => this.shiftIntoView(at, width, scale));
    const main = sprites.findLastIndex(({ frame }) => frame === this.main);
    sprites.forEach((sprite, i) => {
      const { x, y } = this.onScreen(sprite, offsets[i] as Point, scale);
      if (x < -400 || y < -60 || x > this.width + 400 || y > this.height + 60) return;
      const selected = app.getState().selection.frame;
      this.paint(context, this.painted(sprite, x, y, scale, selected), palette);
    });
    const sprite = sprites[main];
    this.placeHandle(sprite, sprite && this.onScreen(sprite, offsets[main] as Point, scale), scale);
  };

  private onScreen({ at }: Sprite, offset: Point, scale: number): Point {
    const [left, top, zoom] = this.transform;
    return { x: at.x * zoom + left + offset.x * scale, y: at.y * zoom + top + offset.y * scale };
  }

  /** What rests at a place that is in view is in view as a whole, as far as it fits. */
  private shiftIntoView(at: Point, width: number, scale: number): number {
    const [left, , zoom] = this.transform;
    const x = at.x * zoom + left;
    const half = (width / 2) * scale + SIDE;
    if (x < 0 || x > this.width || 2 * half > this.width) return 0;
    return (Math.min(Math.max(x, half), this.width - half) - x) / scale;
  }

  private paint(context: CanvasRenderingContext2D, frame: PaintedFrame, palette: Palette): void {
    if (frame.before === undefined && frame.fallen === 0 && !frame.selected) {
      this.stamps.draw(context, frame.segments, frame, palette);
    } else paintFrame(context, frame, palette);
  }

  private painted(
    sprite: Sprite,
    x: number,
    y: number,
    scale: number,
    selected: FrameId | null,
  ): PaintedFrame {
    const { frames } = getTrace();
    const frame = frames[sprite.frame];
    const before = sprite.before === undefined ? undefined : frames[sprite.before];
    return {
      segments: frame ? segmentsOfFrame(frame) : [],
      ...(before ? { before: segmentsOfFrame(before) } : {}),
      changed: sprite.changed,
      x,
      y,
      scale,
      fallen: sprite.fallen,
      selected: sprite.frame === selected,
      moving: sprite.moving,
    };
  }

  /** `at`: pixels of the window; the button lives on the stage, which moves and zooms by itself. */
  private placeHandle(sprite: Sprite | undefined, at: Point | undefined, scale: number): void {
    const { handle } = this;
    if (handle === null) return;
    const frame = sprite && getTrace().frames[sprite.frame];
    handle.hidden = frame === undefined;
    if (at === undefined || frame === undefined) return;
    const { w, h } = capsuleShape(segmentsOfFrame(frame));
    handle.style.width = `${w}px`;
    handle.style.height = `${h}px`;
    const [left, top, zoom] = this.transform;
    const [x, y] = [(at.x - left) / zoom, (at.y - top) / zoom];
    handle.style.transform = `translate(${x}px, ${y}px) scale(${scale / zoom}) translate(-50%, -50%)`;
  }
}
