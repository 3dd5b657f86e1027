/** ping's sums and how it prints them (ping_common.c): integer microseconds throughout. */

/** `time=0.101 ms`, `time=5.85 ms`, `time=15.1 ms`, `time=152 ms`. */
export function tripText(us: number): string {
  if (us >= 100_000 - 50) return `${Math.floor((us + 500) / 1000)}`;
  if (us >= 10_000 - 5) {
    const rounded = us + 50;
    return `${Math.floor(rounded / 1000)}.${Math.floor((rounded % 1000) / 100)}`;
  }
  if (us >= 1000) {
    const rounded = us + 5;
    return `${Math.floor(rounded / 1000)}.${String(Math.floor((rounded % 1000) / 10)).padStart(2, '0')}`;
  }
  return milliseconds(us);
}

/** `%ld.%03ld` */
function milliseconds(us: number): string {
  return `${Math.floor(us / 1000)}.${String(us % 1000).padStart(3, '0')}`;
}

/** `%g` of a percentage: six significant digits without trailing zeros. */
function percentage(value: number): string {
  // The tool makes it a float first.
  return String(Number(Math.fround(value).toPrecision(6)));
}

/** `llsqrt`: the integer square root, from above. */
function integerRoot(value: bigint): bigint {
  if (value <= 0n) return value;
  let previous = value + 1n;
  let x = value;
  while (x < previous) {
    previous = x;
    x = (x + value / x) / 2n;
  }
  return previous;
}

export class Statistics {
  transmitted = 0;
  received = 0;
  repeats = 0;
  errors = 0;
  pipe = 0;
  #min = Number.MAX_SAFE_INTEGER;
  #max = 0;
  #sum = 0n;
  #sum2 = 0n;

  get maxUs(): number {
    return this.#max;
  }

  addTrip(us: number): void {
    this.#sum += BigInt(us);
    this.#sum2 += BigInt(us) * BigInt(us);
    this.#min = Math.min(this.#min, us);
    this.#max = Math.max(this.#max, us);
  }

  /** `elapsedNs`: from the start to the last probe. `timed`: probes are large enough to carry a time. */
  text(host: string, elapsedNs: number, timed: boolean): string {
    let text = `\n--- ${host} ping statistics ---\n${this.transmitted} packets transmitted, ${this.received} received`;
    if (this.repeats > 0) text += `, +${this.repeats} duplicates`;
    if (this.errors > 0) text += `, +${this.errors} errors`;
    if (this.transmitted > 0) {
      const loss = ((this.transmitted - this.received) * 100) / this.transmitted;
      text += `, ${percentage(loss)}% packet loss, time ${Math.floor((elapsedNs + 500_000) / 1_000_000)}ms`;
    }
    text += '\n';
    let comma = '';
    if (this.received > 0 && timed) {
      text += `rtt min/avg/max/mdev = ${this.#rtt()} ms`;
      comma = ', ';
    }
    if (this.pipe > 1) text += `${comma}pipe ${this.pipe}`;
    return text + '\n';
  }

  #rtt(): string {
    const total = BigInt(this.received + this.repeats);
    const average = this.#sum / total;
    const variance =
      this.#sum < 2_147_483_647n
        ? (this.#sum2 - (this.#sum * this.#sum) / total) / total
        : this.#sum2 / total - average * average;
    const values = [this.#min, Number(average), this.#max, Number(integerRoot(variance))];
    return values.map(milliseconds).join('/');
  }
}
