/** netem's options as `tc` 6.1 prints and takes them (tc/q_netem.c netem_print_opt, lib/utils_math.c). */
import type { NetemSpec, QdiscSpec, Share } from './door';

const SHARES = 2 ** 32 - 1;
const UNITS = ['', 'K', 'M', 'G', 'T'];
const STEP = 1000;

/** `%g` of C with so many significant digits, for numbers that need no exponent. */
function general(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** sprint_time64: ns in the largest unit it reaches. */
function timeText(ns: number): string {
  if (ns >= 1e9) return `${general(ns / 1e9, 3)}s`;
  if (ns >= 1e6) return `${general(ns / 1e6, 3)}ms`;
  if (ns >= 1e3) return `${general(ns / 1e3, 3)}us`;
  return `${ns}ns`;
}

function shareText(share: Share): string {
  return `${general((100 * share) / SHARES, 6)}%`;
}
/** What JSON shows of it. */
export function shareNumber(share: Share): number {
  return Number((share / SHARES).toPrecision(6));
}

/** tc_print_rate: bytes per second, in bits. */
function rateText(rate: number): string {
  let bits = rate * 8;
  let unit = 0;
  while (unit < UNITS.length - 1 && bits >= STEP && (bits % STEP === 0 || bits >= STEP * STEP)) {
    bits = Math.floor(bits / STEP);
    unit++;
  }
  return `${bits}${UNITS[unit] ?? ''}bit`;
}

/** What follows the handle in `tc qdisc show`. */
export function netemText(netem: Required<NetemSpec>): string {
  const { limit, latency, jitter, loss, duplicate, correlation, rate } = netem;
  const lean = (share: Share) => (share > 0 ? ` ${shareText(share)}` : '');
  let text = `limit ${limit}`;
  if (latency > 0) text += ` delay ${timeText(latency)}`;
  if (latency > 0 && jitter > 0) text += `  ${timeText(jitter)}${lean(correlation.delay)}`;
  if (loss > 0) text += ` loss ${shareText(loss)}${lean(correlation.loss)}`;
  if (duplicate > 0) text += ` duplicate ${shareText(duplicate)}${lean(correlation.duplicate)}`;
  if (rate > 0) text += ` rate ${rateText(rate)}`;
  return text;
}

/** The request as one would have typed it. */
export function qdiscCommand(verb: string, spec: QdiscSpec): string {
  const { dev, root, handle, kind, netem } = spec;
  const words = ['tc qdisc', verb, 'dev', dev];
  if (root) words.push('root');
  if (handle !== undefined) words.push(`handle ${handle.toString(16)}:`);
  if (kind !== undefined) words.push(kind);
  if (netem) {
    const { latency = 0, jitter = 0, loss = 0, duplicate = 0, rate = 0 } = netem;
    const correlation = netem.correlation ?? { delay: 0, loss: 0, duplicate: 0 };
    words.push(netemText({ limit: netem.limit, latency, jitter, loss, duplicate, rate, correlation }));
  }
  return words.join(' ').replace('  ', ' ');
}
