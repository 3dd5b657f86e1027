/** Answers by flow, until the FIB changes. */
import type { Ip4 } from '../../wire/ip4';
import type { FibFlow, FibLookup } from './fib-types';

interface Slot {
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly mark: number;
  readonly answer: FibLookup;
}
/** Flows remembered; a flow beyond that empties the cache. */
const MAX_FLOWS = 4096;

export class FibCache {
  private readonly byDst = new Map<Ip4, Map<Ip4, Slot[]>>();
  private flows = 0;

  get(flow: FibFlow): FibLookup | undefined {
    const slots = this.byDst.get(flow.dst)?.get(flow.src ?? 0);
    if (!slots) return undefined;
    const mark = flow.mark ?? 0;
    for (const slot of slots) {
      if (slot.iif === flow.iif && slot.oif === flow.oif && slot.mark === mark) return slot.answer;
    }
    return undefined;
  }

  put(flow: FibFlow, answer: FibLookup): void {
    if (this.flows >= MAX_FLOWS) this.clear();
    this.flows++;
    let bySrc = this.byDst.get(flow.dst);
    if (!bySrc) {
      bySrc = new Map();
      this.byDst.set(flow.dst, bySrc);
    }
    const slot = { iif: flow.iif, oif: flow.oif, mark: flow.mark ?? 0, answer };
    const slots = bySrc.get(flow.src ?? 0);
    if (slots) slots.push(slot);
    else bySrc.set(flow.src ?? 0, [slot]);
  }

  clear(): void {
    if (this.flows === 0) return;
    this.flows = 0;
    this.byDst.clear();
  }
}
