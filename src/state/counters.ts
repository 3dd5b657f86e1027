/**
 * Packets and bytes that iptables rules have counted: for each rule the running totals of its hits, so that what was
 * counted between any two events is two searches and a subtraction.
 */
import { upperBound } from './search';
import type { EventSeq, Frame, HookEvent } from './types';

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

/** Hits of one rule in order: with the event `seqs[i]` they are `packets[i]` packets and `bytes[i]` bytes in all. */
interface Hits {
  readonly seqs: EventSeq[];
  readonly packets: number[];
  readonly bytes: number[];
}

const ETHERNET = 14;

/** Total length of the frame's IP packet in bytes, which is what a rule counts (ipt_do_table, `skb->len`). */
function ipLength({ bytes, link }: Frame): number {
  const at = link === 'ethernet' ? ETHERNET : 0;
  return ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

export class HitCounts {
  /** By namespace, then by the rule's key. */
  readonly #hits = new Map<string, Map<string, Hits>>();

  learn({ netns, tried }: HookEvent, seq: EventSeq, frame: Frame | undefined): void {
    let length: number | undefined;
    for (const { key } of tried) {
      if (key === undefined) continue;
      length ??= frame === undefined ? 0 : ipLength(frame);
      const hits = this.#of(netns, key);
      const last = hits.seqs.length - 1;
      hits.seqs.push(seq);
      hits.packets.push((hits.packets[last] ?? 0) + 1);
      hits.bytes.push((hits.bytes[last] ?? 0) + length);
    }
  }

  /** Events from `keep` on are gone. */
  cut(keep: EventSeq): void {
    for (const rules of this.#hits.values()) {
      for (const [key, { seqs, packets, bytes }] of rules) {
        const left = upperBound(seqs, keep - 1);
        if (left === 0) rules.delete(key);
        else for (const list of [seqs, packets, bytes]) list.length = left;
      }
    }
  }

  /** What was counted after event `after`, up to and including event `upTo`. */
  between(netns: string, key: string, after: EventSeq, upTo: EventSeq): Counters {
    const hits = this.#hits.get(netns)?.get(key);
    if (hits === undefined) return NOTHING;
    const from = upperBound(hits.seqs, after) - 1;
    const to = upperBound(hits.seqs, upTo) - 1;
    if (to <= from) return NOTHING;
    return {
      packets: (hits.packets[to] ?? 0) - (hits.packets[from] ?? 0),
      bytes: (hits.bytes[to] ?? 0) - (hits.bytes[from] ?? 0),
    };
  }

  #of(netns: string, key: string): Hits {
    let rules = this.#hits.get(netns);
    if (rules === undefined) {
      rules = new Map();
      this.#hits.set(netns, rules);
    }
    let hits = rules.get(key);
    if (hits === undefined) {
      hits = { seqs: [], packets: [], bytes: [] };
      rules.set(key, hits);
    }
    return hits;
  }
}

const NOTHING: Counters = { packets: 0, bytes: 0 };
