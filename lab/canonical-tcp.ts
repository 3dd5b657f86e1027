/** TCP segments with sequence numbers counted from the first of their flow, and time stamps only as there or not. */
import { readU16, readU32, writeU32 } from '../src/sim/wire/index';

const OPTION = { end: 0, nop: 1, sack: 5, timestamps: 8 } as const;
const [SYN, RST, ACK] = [0x02, 0x04, 0x10];

/** What one interface sees; ends are `address port`. */
export class TcpFlows {
  readonly #first = new Map<string, number>();

  /** `at` is where the TCP header begins; only its first 8 bytes may be there. Source and target address in `ends`. */
  segment(bytes: Uint8Array, ends: readonly [number, number], at: number, end: number): void {
    const here = `${ends[0]} ${readU16(bytes, at)}`;
    const there = `${ends[1]} ${readU16(bytes, at + 2)}`;
    const relative = (place: number, flow: string) => {
      const value = readU32(bytes, place);
      const first = this.#first.get(flow) ?? value;
      this.#first.set(flow, first);
      writeU32(bytes, place, (value - first) >>> 0);
    };
    const flags = end - at >= 20 ? (bytes[at + 13] ?? 0) : 0;
    // Ports that are used again begin anew.
    if (flags & SYN) this.#first.set(`${here} > ${there}`, readU32(bytes, at + 4));
    const acknowledges = (flags & ACK) !== 0;
    // A reset that answers what has no connection has no sequence number of its own: 0, which stays 0.
    if (!(flags & RST) || readU32(bytes, at + 4) !== 0) relative(at + 4, `${here} > ${there}`);
    if (acknowledges) relative(at + 8, `${there} > ${here}`);
    if (end - at >= 20) this.#options(bytes, at, end, `${there} > ${here}`);
  }

  #options(bytes: Uint8Array, at: number, end: number, back: string): void {
    const stop = Math.min(end, at + ((bytes[at + 12] ?? 0) >>> 4) * 4);
    for (let place = at + 20; place < stop;) {
      const kind = bytes[place] ?? 0;
      if (kind === OPTION.end) return;
      const length = kind === OPTION.nop ? 1 : Math.max(2, bytes[place + 1] ?? 2);
      if (kind === OPTION.timestamps) {
        for (const value of [place + 2, place + 6]) {
          if (value + 4 <= stop) writeU32(bytes, value, readU32(bytes, value) === 0 ? 0 : 1);
        }
      } else if (kind === OPTION.sack) {
        const first = this.#first.get(back) ?? 0;
        for (let edge = place + 2; edge + 4 <= Math.min(stop, place + length); edge += 4)
          writeU32(bytes, edge, (readU32(bytes, edge) - first) >>> 0);
      }
      place += length;
    }
  }
}
