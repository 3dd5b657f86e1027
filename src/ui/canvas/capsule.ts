/**
 * A frame as a capsule: a segment for every header, those of a tunnelled packet inside the outer ones, then a tail for
 * the payload. The length says how long the frame is. Pixels at scale 1; the capsule's centre is where the frame is.
 */
import { dissect, type Layer, type LayerProtocol } from '../../sim/wire';
import { shortName } from '../widgets/protocols';

/** What is drawn as one segment. */
export interface Segment {
  readonly protocol: LayerProtocol;
  readonly label: string;
  /** 0: outermost headers. Quoted headers of an ICMP error lie inside it like a tunnelled packet. */
  readonly depth: number;
  readonly w: number;
  readonly quoted: boolean;
  readonly malformed: boolean;
}
/** Drawn boxes, outer before inner. `level` boxes are the bodies that inner packets lie in. */
export interface CapsuleBox {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly segment: Segment;
  /** How much of its label has room: 0 or 1 when at rest, between while it grows. */
  readonly grown: number;
}
interface CapsuleOutline {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly depth: number;
}
interface CapsuleShape {
  readonly w: number;
  readonly h: number;
  readonly boxes: readonly CapsuleBox[];
  readonly outlines: readonly CapsuleOutline[];
}

export const CAPSULE_H = 28;
const INSET = 4;
const LEAST_INNER = 14;
const LABEL_PAD = 12;
/** Widths of the labels at 600 12px; close enough in every fallback font, and the same in every test. */
const LABEL_W: Readonly<Record<LayerProtocol, number>> = {
  eth: 22,
  arp: 26,
  ip: 13,
  icmp: 33,
  udp: 27,
  tcp: 25,
  vxlan: 43,
  ipip: 26,
  data: 0,
};

/** Grows with the payload, fast for little and slowly for much: 56 bytes 21 px, 1472 bytes 88 px. */
const tailWidth = (bytes: number) => Math.round(4 + 2.2 * Math.sqrt(bytes));

function segmentOf(layer: Layer): Segment {
  const { protocol } = layer;
  const w = protocol === 'data' ? tailWidth(layer.length) : LABEL_W[protocol] + LABEL_PAD;
  const quoted = layer.quoted === true;
  return {
    protocol,
    label: shortName[protocol],
    depth: layer.depth + (quoted ? 1 : 0),
    w,
    quoted,
    malformed: layer.malformed !== undefined,
  };
}

/** From the outermost header to the payload. */
export function segmentsOf(bytes: Uint8Array, link: 'ethernet' | 'ip'): Segment[] {
  return dissect(bytes, link)
    .filter(({ length, protocol }) => length > 0 || protocol !== 'data')
    .map(segmentOf);
}

/** How many of the innermost segments two frames have in common: same protocols, equally deep inside each other. */
export function commonTail(a: readonly Segment[], b: readonly Segment[]): number {
  let common = 0;
  const [lastA, lastB] = [a.at(-1), b.at(-1)];
  if (lastA === undefined || lastB === undefined) return 0;
  while (common < Math.min(a.length, b.length)) {
    const [one, two] = [a[a.length - 1 - common] as Segment, b[b.length - 1 - common] as Segment];
    const sameDepth = one.depth - lastA.depth === two.depth - lastB.depth;
    if (one.protocol !== two.protocol || !sameDepth) break;
    common++;
  }
  return common;
}

const widths = new WeakMap<readonly Segment[], number>();

/** Of the capsule at rest; every frame of an animation asks for it. */
export function capsuleWidth(segments: readonly Segment[]): number {
  let width = widths.get(segments);
  if (width === undefined) {
    width = capsuleShape(segments).w;
    widths.set(segments, width);
  }
  return width;
}

/**
 * The first `growing` segments are `t` (0…1) of their width, and what lies inside them has shrunk into them as far: at
 * 0 the inner packet is a capsule by itself, at 1 it is wrapped.
 */
export function capsuleShape(segments: readonly Segment[], growing = 0, t = 1): CapsuleShape {
  const widths = segments.map(({ w }, i) => (i < growing ? w * t : w));
  const deepest = segments.reduce((most, { depth }) => Math.max(most, depth), 0);
  const grownDepth = segments[growing]?.depth ?? 0;
  const shrink = (depth: number) => (growing > 0 && depth <= grownDepth ? t : 1);
  const insetAt = (depth: number) => {
    let inset = 0;
    for (let level = 1; level <= depth; level++) inset += INSET * shrink(level);
    return Math.min(inset, (CAPSULE_H - LEAST_INNER) / 2);
  };
  // Inside each deeper level a little room is left at the right edge, for its outline to be seen.
  const margins = Array.from({ length: deepest + 1 }, (_, depth) =>
    depth === 0 ? 0 : INSET * shrink(depth),
  );
  const boxes: CapsuleBox[] = [];
  const starts: number[] = [];
  let x = 0;
  segments.forEach((segment, i) => {
    const before = segments[i - 1]?.depth ?? 0;
    for (let depth = before + 1; depth <= segment.depth; depth++) {
      starts[depth] = x;
    }
    const inset = insetAt(segment.depth);
    const w = widths[i] as number;
    boxes.push({
      x,
      y: -CAPSULE_H / 2 + inset,
      w,
      h: CAPSULE_H - 2 * inset,
      segment,
      grown: i < growing ? t : 1,
    });
    x += w;
  });
  const end = x;
  const trailing = margins.reduce((sum, margin) => sum + margin, 0);
  const w = end + trailing;
  const outlines = margins.flatMap((_, depth): CapsuleOutline[] => {
    if (depth === 0) return [];
    const start = starts[depth];
    if (start === undefined) return [];
    const inset = insetAt(depth);
    const inner = margins.slice(depth + 1).reduce((sum, margin) => sum + margin, 0);
    return [
      {
        x: start - w / 2,
        y: -CAPSULE_H / 2 + inset,
        w: end - start + inner,
        h: CAPSULE_H - 2 * inset,
        depth,
      },
    ];
  });
  return { w, h: CAPSULE_H, boxes: boxes.map((box) => ({ ...box, x: box.x - w / 2 })), outlines };
}
