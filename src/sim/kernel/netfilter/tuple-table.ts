/** Connections by their tuples (nf_conntrack_hash): asked for every packet, so nothing is written out to look one up. */
import type { Connection, Direction } from './connection';
import { sameTuple, type Tuple } from './tuple';

export interface TupleHolder {
  readonly connection: Connection;
  readonly direction: Direction;
}
class Node implements TupleHolder {
  next: Node | undefined;

  constructor(
    readonly tuple: Tuple,
    public connection: Connection,
    public direction: Direction,
  ) {}
}

/** 31 bits: what every engine keeps as a small integer. */
function hashOf({ protocol, src, dst, sport, dport }: Tuple): number {
  let hash = Math.imul(src ^ protocol, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ dst, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ (sport << 16) ^ dport, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >> 1;
}

export class TupleTable {
  readonly #buckets = new Map<number, Node>();

  get(tuple: Tuple): TupleHolder | undefined {
    let node = this.#buckets.get(hashOf(tuple));
    while (node && !sameTuple(node.tuple, tuple)) node = node.next;
    return node;
  }

  /** Whoever had the tuple has it no longer. */
  set(tuple: Tuple, connection: Connection, direction: Direction): void {
    const hash = hashOf(tuple);
    const first = this.#buckets.get(hash);
    for (let node = first; node; node = node.next) {
      if (!sameTuple(node.tuple, tuple)) continue;
      node.connection = connection;
      node.direction = direction;
      return;
    }
    const added = new Node(tuple, connection, direction);
    added.next = first;
    this.#buckets.set(hash, added);
  }

  delete(tuple: Tuple): void {
    const hash = hashOf(tuple);
    let before: Node | undefined;
    for (let node = this.#buckets.get(hash); node; before = node, node = node.next) {
      if (!sameTuple(node.tuple, tuple)) continue;
      if (before) before.next = node.next;
      else if (node.next) this.#buckets.set(hash, node.next);
      else this.#buckets.delete(hash);
      return;
    }
  }
}
