import { assert } from './assert';

/** Everything a `Random` remembers: four unsigned 32-bit words. Plain data, fit for a snapshot. */
type RandomState = readonly [number, number, number, number];

/**
 * A seeded stream of numbers: the same seed gives the same numbers in every browser and in Node.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, a period of at least 2^32, and it uses
 * only 32-bit operations, which every JavaScript engine computes alike. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: string | number) {
    const words = hashSeed(typeof seed === 'number' ? `#${seed}` : `$${seed}`);
    this.#a = words[0];
    this.#b = words[1];
    this.#c = words[2];
    this.#d = words[3];
    // The first outputs still show the seed; sfc32's author discards 12 to 15 of them.
    for (let i = 0; i < 15; i++) this.u32();
  }

  /** The whole state; give it to `restore` to continue from this very point. */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  restore(state: RandomState): void {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** 0 … 2^32 − 1. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#d) >>> 0;
    this.#d = (this.#d + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** 0 … 65535. */
  u16(): number {
    return this.u32() >>> 16;
  }

  /** 0 … n − 1, each equally likely. `n` is an integer from 1 to 2^32. */
  below(n: number): number {
    assert(Number.isInteger(n) && n >= 1 && n <= 0x100000000, `below(n) needs 1 <= n <= 2^32, got ${n}`);
    // Values past the last whole multiple of n would favour small results; draw again instead.
    const limit = 0x100000000 - (0x100000000 % n);
    for (;;) {
      const value = this.u32();
      if (value < limit) return value % n;
    }
  }

  /** 0 ≤ x < 1, with 32 bits of detail. */
  float(): number {
    return this.u32() / 0x100000000;
  }

  /**
   * A stream of its own for `label`, derived from this stream's present state without moving it. The same label at the
   * same moment gives the same stream, and drawing from one never shifts another: a daemon that starts to draw one
   * number more does not change what the kernel draws.
   */
  fork(label: string): Random {
    return new Random(`${this.#a}.${this.#b}.${this.#c}.${this.#d}/${label}`);
  }
}

/** Four words from a text: cyrb128-like, four multiply-xor lanes that feed each other. */
function hashSeed(text: string): [number, number, number, number] {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  h1 ^= h2 ^ h3 ^ h4;
  return [h1 >>> 0, (h2 ^ h1) >>> 0, (h3 ^ h1) >>> 0, (h4 ^ h1) >>> 0];
}
