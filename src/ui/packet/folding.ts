/** Which headers of the dissection are open. */
import type { Layer } from '../../sim/wire';
import type { Spot } from './layers';

export interface Folding {
  /** Indices of the headers that a person, or the first look, has closed. */
  readonly closed: ReadonlySet<number>;
  readonly chosen: Spot | null;
}

/** What a person reads first: headers are open; payload and what an ICMP error quotes are not. */
export const opensAtFirst = (layer: Layer): boolean => layer.protocol !== 'data' && layer.quoted !== true;

/** A chosen field is shown, whatever was closed before it was chosen (in the hex). */
export const isLayerOpen = ({ closed, chosen }: Folding, layer: number): boolean =>
  !closed.has(layer) || (chosen?.layer === layer && chosen.field !== null);

/** Opens or closes a header. Closing wins over a chosen field: the choice moves up to the header. */
export function withLayer({ closed, chosen }: Folding, layer: number, open: boolean): Folding {
  const next = new Set(closed);
  if (open) next.delete(layer);
  else next.add(layer);
  const hidesChoice = !open && chosen?.layer === layer && chosen.field !== null;
  return { closed: next, chosen: hidesChoice ? { layer, field: null } : chosen };
}
