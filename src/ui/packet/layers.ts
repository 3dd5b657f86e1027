/** How layers are named and coloured, and which layer and field a byte belongs to. */
import type { Field, Layer } from '../../sim/wire';

export const layerColour = (protocol: Layer['protocol']): string => `var(--${protocol})`;

/** A run of bytes, `to` exclusive; what hovering or choosing lights up. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
const spanOf = (part: { readonly offset: number; readonly length: number }): Span => ({
  from: part.offset,
  to: part.offset + part.length,
});
export const within = (span: Span | null, at: number): boolean =>
  span !== null && at >= span.from && at < span.to;

export interface Spot {
  /** Indexes into the layers and the layer's fields; no field where the header has none for this byte. */
  readonly layer: number;
  readonly field: number | null;
}
export const sameSpot = (a: Spot | null, b: Spot | null): boolean =>
  a === b || (a !== null && b !== null && a.layer === b.layer && a.field === b.field);

/** The layer and the smallest field that a byte belongs to. */
export function spotAt(layers: readonly Layer[], at: number): Spot | null {
  const layer = layers.findIndex(({ offset, length }) => at >= offset && at < offset + length);
  if (layer < 0) return null;
  const fields = layers[layer]?.fields ?? [];
  let best: number | null = null;
  for (const [i, field] of fields.entries()) {
    if (at < field.offset || at >= field.offset + field.length) continue;
    if (best === null || field.length < (fields[best] as Field).length) best = i;
  }
  return { layer, field: best };
}

export function spanAt(layers: readonly Layer[], spot: Spot | null): Span | null {
  const layer = spot === null ? undefined : layers[spot.layer];
  if (spot === null || layer === undefined) return null;
  const field = spot.field === null ? undefined : layer.fields[spot.field];
  return spanOf(field ?? layer);
}
