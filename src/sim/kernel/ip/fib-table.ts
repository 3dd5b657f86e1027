/**
 * One routing table. Rows lie in dump order for listing and for showing neighbours of a destination, and in one map per
 * prefix length for finding the longest match: at most 33 probes, and only lengths that occur.
 */
import { networkOf, type Ip4 } from '../../wire/ip4';
import { compareEntries, hex, type FibEntry } from './fib-entry';

export const TABLE_DEFAULT = 253;
export const TABLE_MAIN = 254;
export const TABLE_LOCAL = 255;

const NAMES: readonly (readonly [string, number])[] = [
  ['default', TABLE_DEFAULT],
  ['main', TABLE_MAIN],
  ['local', TABLE_LOCAL],
];
const DECIMAL = /^(?:0|[1-9]\d{0,9})$/;

/** Number of a table as people name it: `main`, `254`, `100`; `unspec` and 0 are main. Undefined for anything else. */
export function tableId(name: string): number | undefined {
  const known = NAMES.find(([word]) => word === name);
  if (known) return known[1];
  if (name === 'unspec') return TABLE_MAIN;
  if (!DECIMAL.test(name) || Number(name) > 0xffffffff) return undefined;
  return Number(name) || TABLE_MAIN;
}

export function tableName(id: number): string {
  return NAMES.find(([, number]) => number === id)?.[0] ?? String(id);
}

export class FibTable {
  readonly name: string;
  /** First part of its rows' keys, see {@link FibTable.sortKey}. */
  readonly sortKey: string;
  /** In dump order. */
  readonly entries: FibEntry[] = [];
  /** Prefix lengths that occur, longest first. */
  readonly lengths: number[] = [];
  private readonly byLength: (Map<Ip4, FibEntry[]> | undefined)[] = [];

  /**
   * @param serial how many tables the namespace had before. A dump of all tables goes through the kernel's 256 hash
   * buckets (number modulo 256), the newest table of a bucket first (fib_new_table, inet_dump_fib): 100 before
   * default before main before local.
   */
  constructor(
    readonly id: number,
    serial: number,
  ) {
    this.name = tableName(id);
    this.sortKey = hex(id & 255, 2) + hex(0xffffff - serial, 6);
  }

  /** Rows of exactly this prefix, in order of metric and place. */
  aliases(address: Ip4, bits: number): readonly FibEntry[] {
    return this.byLength[bits]?.get(address) ?? [];
  }

  /** Rows of this length that contain the address. */
  covering(ip: Ip4, bits: number): readonly FibEntry[] | undefined {
    return this.byLength[bits]?.get(networkOf(ip, bits));
  }

  insert(entry: FibEntry): void {
    const { address, bits } = entry.info;
    let level = this.byLength[bits];
    if (!level) {
      level = new Map();
      this.byLength[bits] = level;
    }
    const leaf = level.get(address);
    if (leaf) {
      leaf.splice(position(leaf, entry), 0, entry);
    } else {
      level.set(address, [entry]);
      if (level.size === 1) insertLength(this.lengths, bits);
    }
    this.entries.splice(position(this.entries, entry), 0, entry);
  }

  remove(entry: FibEntry): void {
    const { address, bits } = entry.info;
    const level = this.byLength[bits];
    const leaf = level?.get(address);
    if (!level || !leaf) return;
    leaf.splice(position(leaf, entry), 1);
    if (leaf.length === 0) {
      level.delete(address);
      if (level.size === 0) this.lengths.splice(this.lengths.indexOf(bits), 1);
    }
    this.entries.splice(position(this.entries, entry), 1);
  }

  /** Index of the first row whose network address is above `ip`. */
  firstAbove(ip: Ip4): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry && entry.info.address <= ip) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where the entry is in a sorted list, or belongs. */
function position(list: readonly FibEntry[], entry: FibEntry): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = list[middle];
    if (other && compareEntries(other, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insertLength(lengths: number[], bits: number): void {
  const at = lengths.findIndex((other) => other < bits);
  lengths.splice(at < 0 ? lengths.length : at, 0, bits);
}
