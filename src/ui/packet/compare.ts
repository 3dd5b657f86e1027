/** What the last hop changed in a frame, found by comparing it with the frame it was made from. */
import {
  changedRanges,
  dissect,
  removedLength,
  type ByteRange,
  type Field,
  type Layer,
} from '../../sim/wire';
import type { Frame, FrameId } from '../../state';

/** The frames this one was made from, nearest first. */
export function lineageOf(frame: Frame, frames: readonly Frame[]): Frame[] {
  const line: Frame[] = [];
  let at: FrameId | undefined = frame.from;
  while (at !== undefined) {
    const ancestor: Frame | undefined = frames[at];
    if (ancestor === undefined) break;
    line.push(ancestor);
    // A frame is made from an older one, so this ends; a trace that says otherwise must not hang the page.
    at = ancestor.from !== undefined && ancestor.from < ancestor.id ? ancestor.from : undefined;
  }
  return line;
}

/** The nearest ancestor that begins with the same kind of header and differs. */
export function frameBefore(frame: Frame, frames: readonly Frame[]): Frame | undefined {
  return lineageOf(frame, frames).find((ancestor) => ancestor.link === frame.link);
}

export interface FieldChange {
  readonly field: Field;
  readonly protocol: Layer['protocol'];
  readonly before: string;
  readonly after: string;
}
export interface Comparison {
  readonly ranges: readonly ByteRange[];
  readonly fields: readonly FieldChange[];
  /** Headers that are only in the later frame, outermost first. */
  readonly added: readonly Layer[];
  readonly removed: readonly Layer[];
  /** Bytes put on (negative: taken off). */
  readonly grown: number;
  readonly removedLength: number;
  /** An answer: the addresses are the other way round. */
  readonly isAnswer: boolean;
}

const isTravelling = (layer: Layer) => layer.quoted !== true && layer.protocol !== 'data';

export function compareFrames(before: Frame, after: Frame): Comparison {
  const old = dissect(before.bytes, before.link).filter(isTravelling);
  const now = dissect(after.bytes, after.link).filter(isTravelling);
  // Tunnels put headers on in front: what both have in common is at the end.
  const common = commonTail(old, now);
  const fields: FieldChange[] = [];
  for (let i = 1; i <= common; i++) {
    const a = old[old.length - i] as Layer;
    const b = now[now.length - i] as Layer;
    fields.unshift(...changedFields(a, b));
  }
  return {
    ranges: changedRanges(before.bytes, after.bytes),
    fields,
    added: now.slice(0, now.length - common),
    removed: old.slice(0, old.length - common),
    grown: after.bytes.length - before.bytes.length,
    removedLength: removedLength(before.bytes, after.bytes),
    isAnswer: isAnswer(old, now),
  };
}

function commonTail(a: readonly Layer[], b: readonly Layer[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[a.length - 1 - n]?.protocol === b[b.length - 1 - n]?.protocol) n++;
  return n;
}

function changedFields(before: Layer, after: Layer): FieldChange[] {
  const old = new Map(before.fields.map((field) => [field.name, field.value]));
  return after.fields.flatMap((field) => {
    const was = old.get(field.name);
    return was === undefined || was === field.value
      ? []
      : [{ field, protocol: after.protocol, before: was, after: field.value }];
  });
}

function valueOf(layers: readonly Layer[], name: string): string | undefined {
  for (let i = layers.length - 1; i >= 0; i--) {
    const field = layers[i]?.fields.find((candidate) => candidate.name === name);
    if (field !== undefined) return field.value;
  }
  return undefined;
}

function isAnswer(before: readonly Layer[], after: readonly Layer[]): boolean {
  const pairs = [
    ['ip.src', 'ip.dst'],
    ['arp.spa', 'arp.tpa'],
  ] as const;
  return pairs.some(([from, to]) => {
    const source = valueOf(after, from);
    return (
      source !== undefined && source === valueOf(before, to) && valueOf(after, to) === valueOf(before, from)
    );
  });
}

const isChecksum = (name: string) => /checksum/.test(name);
const isMac = (name: string) => name === 'eth.src' || name === 'eth.dst';

/** What a sentence names: checksums follow from the rest, so they are told only when nothing else changed. */
export function worthTelling(comparison: Comparison): {
  readonly macs: boolean;
  readonly fields: readonly FieldChange[];
} {
  const macs = comparison.fields.some(({ field }) => isMac(field.name));
  const fields = comparison.fields.filter(({ field }) => !isMac(field.name) && !isChecksum(field.name));
  return { macs, fields };
}
