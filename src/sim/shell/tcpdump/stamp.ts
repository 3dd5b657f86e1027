/** Time stamps as tcpdump prints them (ts_print), of virtual time: 0 is midnight of 1970-01-01, earlier is the evening before. */
import type { SimTime } from '../../kernel/netlink';

const MICROSECOND = 1_000;
const DAY_SECONDS = 86_400;

function split(ns: number): { seconds: number; fraction: string } {
  const us = Math.floor(ns / MICROSECOND);
  const seconds = Math.floor(us / 1_000_000);
  return { seconds, fraction: String(us - seconds * 1_000_000).padStart(6, '0') };
}

function clock(seconds: number): string {
  const day = ((seconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(day / 3600)}:${two((day / 60) % 60)}:${two(day % 60)}`;
}

/** -tttt's date; a run spans minutes, so the days around the epoch are enough. */
function date(seconds: number): string {
  const day = Math.floor(seconds / DAY_SECONDS);
  return day < 0 ? '1969-12-31' : `1970-01-${String(day + 1).padStart(2, '0')}`;
}

export class Stamps {
  #first: SimTime | undefined;
  #previous: SimTime | undefined;

  /** `style`: how many -t were given. */
  constructor(private readonly style: number) {}

  /** With the space behind it; empty for -t. */
  of(at: SimTime): string {
    const first = (this.#first ??= at);
    const previous = this.#previous ?? at;
    this.#previous = at;
    if (this.style === 1) return '';
    const { seconds, fraction } = split(at);
    if (this.style === 2) return `${seconds}.${fraction} `;
    if (this.style === 4) return `${date(seconds)} ${clock(seconds)}.${fraction} `;
    if (this.style === 0) return `${clock(seconds)}.${fraction} `;
    const since = this.style === 3 ? previous : first;
    const delta = split(
      Math.floor(at / MICROSECOND) * MICROSECOND - Math.floor(since / MICROSECOND) * MICROSECOND,
    );
    return ` ${clock(delta.seconds)}.${delta.fraction} `;
  }
}
