/** What ping counts and prints at the end (iputils ping_common.c: gather_statistics, finish). Times in microseconds. */

/** As `ping` prints a round-trip time: fewer decimals the longer it took. */
export function tripText(us: number): string {
  if (us >= 99_950) return `${Math.floor((us + 500) / 1000)}`;
  const part = (value: number, divisor: number, digits: number): string =>
    `${Math.floor(value / 1000)}.${String(Math.floor((value % 1000) / divisor)).padStart(digits, '0')}`;
  if (us >= 9_995) return part(us + 50, 100, 1);
  if (us >= 1_000) return part(us + 5, 10, 2);
  return part(us, 1, 3);
}

function milliseconds(us: number): string {
  return `${Math.floor(us / 1000)}.${String(us % 1000).padStart(3, '0')}`;
}

/** printf %g: six significant digits, no trailing zeros. */
function general(value: number): string {
  return String(Number(value.toPrecision(6)));
}

export class PingStatistics {
  transmitted = 0;
  received = 0;
  duplicates = 0;
  errors = 0;
  /** Largest number of probes that were out at once. */
  pipe = 0;
  #min = Number.MAX_SAFE_INTEGER;
  #max = 0;
  #sum = 0;
  #sumOfSquares = 0;

  get max(): number {
    return this.#max;
  }

  /** An answer of any kind to probe `seq`. */
  acknowledge(seq: number): void {
    this.pipe = Math.max(this.pipe, ((this.transmitted - seq) & 0xffff) + 1);
  }

  reply(us: number): void {
    this.received++;
    this.#min = Math.min(this.#min, us);
    this.#max = Math.max(this.#max, us);
    this.#sum += us;
    this.#sumOfSquares += us * us;
  }

  /** From the empty line to the end. `elapsedMs`: from the first to the last probe. */
  text(host: string, elapsedMs: number): string {
    const { transmitted, received, errors } = this;
    let line = `${transmitted} packets transmitted, ${received} received`;
    if (this.duplicates > 0) line += `, +${this.duplicates} duplicates`;
    if (errors > 0) line += `, +${errors} errors`;
    if (transmitted > 0) {
      const loss = ((transmitted - received) * 100) / transmitted;
      line += `, ${general(loss)}% packet loss, time ${elapsedMs}ms`;
    }
    const parts: string[] = [];
    if (received > 0) parts.push(`rtt min/avg/max/mdev = ${this.#times().map(milliseconds).join('/')} ms`);
    if (this.pipe > 1) parts.push(`pipe ${this.pipe}`);
    return `\n--- ${host} ping statistics ---\n${line}\n${parts.join(', ')}\n`;
  }

  #times(): [number, number, number, number] {
    const total = this.received + this.duplicates;
    const variance = (this.#sumOfSquares - Math.floor((this.#sum * this.#sum) / total)) / total;
    const deviation = Math.floor(Math.sqrt(Math.max(0, Math.floor(variance))));
    return [this.#min, Math.floor(this.#sum / total), this.#max, deviation];
  }
}
