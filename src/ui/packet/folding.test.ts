import { describe, expect, it } from 'vitest';
import { isLayerOpen, withLayer, type Folding } from './folding';

const folding = (closed: number[], chosen: Folding['chosen'] = null): Folding => ({
  closed: new Set(closed),
  chosen,
});

describe('headers of the dissection', () => {
  it('open and close', () => {
    const closed = withLayer(folding([2]), 1, false);
    expect([0, 1, 2].map((layer) => isLayerOpen(closed, layer))).toEqual([true, false, false]);
    expect([...withLayer(closed, 1, true).closed]).toEqual([2]);
  });

  it('show a field chosen in the hex, though closed', () => {
    expect(isLayerOpen(folding([1], { layer: 1, field: 3 }), 1)).toBe(true);
    expect(isLayerOpen(folding([1], { layer: 1, field: null }), 1)).toBe(false);
    expect(isLayerOpen(folding([1], { layer: 0, field: 3 }), 1)).toBe(false);
  });

  it('close over a chosen field, which hands the choice to its header', () => {
    const shut = withLayer(folding([], { layer: 1, field: 3 }), 1, false);
    expect(shut.chosen).toEqual({ layer: 1, field: null });
    expect(isLayerOpen(shut, 1)).toBe(false);
    // Neither opening nor closing another header touches the choice.
    const chosen = { layer: 1, field: 3 };
    expect(withLayer(folding([], chosen), 0, false).chosen).toBe(chosen);
    expect(withLayer(folding([1], chosen), 1, true).chosen).toBe(chosen);
  });
});
