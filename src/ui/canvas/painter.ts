/** The canvas over the stage. */
import { app, getTrace, playhead, type FrameId } from '../../state';
import { FAR } from './camera';
import { capsuleShape } from './capsule';
import { segmentsOfFrame, type Director } from './director';
import { paintFrame, type PaintedFrame } from './paint';
import { readPalette, type Palette } from './palette';
import { spritesAt, type Sprite } from './sprites';
import { Stamps } from './stamps';

/** Left, top and zoom, as React Flow keeps them. */
type Transform = readonly [number, number, number];

/** Frames that rest at one place are laid like cards. */
const CARD_OFFSET = { x: 20, y: -5 };
const FAR_SCALE = 0.5;
/** Frames stay readable where the devices around them no longer are. */
const LEAST_SCALE = 0.82;
const MOST_SCALE = 1.2;

const scaleFor = (zoom: number, scale: number) =>
  (zoom < FAR ? FAR_SCALE : Math.max(LEAST_SCALE, Math.min(zoom, MOST_SCALE))) * scale;

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
    const { frames } = getTrace();
    const sources = this.director?.sources(playhead.stepIndex, app.getState().cursor);
    const sprites = sources ? spritesAt(sources, playhead.progress) : [];
    const [left, top, zoom] = this.transform;
    const scale = scaleFor(zoom, this.palette.scale);
    const cards = new Map<string, number>();
    const mainSprite = sprites.findLast(({ frame }) => frame === this.main);
    for (const sprite of sprites) {
      const frame = frames[sprite.frame];
      if (frame === undefined) continue;
      const spot = `${Math.round(sprite.at.x)} ${Math.round(sprite.at.y)}`;
      const card = sprite.moving ? 0 : (cards.get(spot) ?? 0);
      cards.set(spot, card + 1);
      const x = sprite.at.x * zoom + left + card * CARD_OFFSET.x * scale;
      const y = sprite.at.y * zoom + top + card * CARD_OFFSET.y * scale;
      if (x < -400 || y < -60 || x > this.width + 400 || y > this.height + 60) continue;
      this.paint(context, this.painted(sprite, x, y, scale, app.getState().selection.frame), this.palette);
    }
    this.placeHandle(mainSprite, scale / zoom);
  };

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

  private placeHandle(sprite: Sprite | undefined, scale: number): void {
    const { handle } = this;
    if (handle === null) return;
    const frame = sprite && getTrace().frames[sprite.frame];
    handle.hidden = frame === undefined;
    if (sprite === undefined || frame === undefined) return;
    const { w, h } = capsuleShape(segmentsOfFrame(frame));
    handle.style.width = `${w}px`;
    handle.style.height = `${h}px`;
    handle.style.transform = `translate(${sprite.at.x}px, ${sprite.at.y}px) scale(${scale}) translate(-50%, -50%)`;
  }
}
