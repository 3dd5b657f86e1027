/** netem's words (tc/q_netem.c netem_parse_opt) and the numbers in them (tc_util.c, lib/utils_math.c). */
import type { NetemSpec } from '../../kernel/netlink';
import { Exit } from '../program';
import { incomplete, isPrefixOf, notModelled, type Args } from '../ip/args';
import { NETEM_USAGE } from './usage';

const SHARES = 2 ** 32 - 1;
const MICROSECOND = 1000;
/** Ticks of the scheduler's clock in a microsecond: a time is kept in 32 bits of them. */
const TICKS = 15.625;
const TIME_UNITS: Readonly<Record<string, number>> = {
  s: 1e6,
  sec: 1e6,
  secs: 1e6,
  ms: 1e3,
  msec: 1e3,
  msecs: 1e3,
  us: 1,
  usec: 1,
  usecs: 1,
  '': 1,
};
/** get_rate64: bits per second, except those that end in `ps`. */
const RATE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  bit: 1,
  kibit: 1024,
  kbit: 1e3,
  mibit: 1024 ** 2,
  mbit: 1e6,
  gibit: 1024 ** 3,
  gbit: 1e9,
  tibit: 1024 ** 4,
  tbit: 1e12,
  bps: 8,
  kibps: 8 * 1024,
  kbps: 8e3,
  mibps: 8 * 1024 ** 2,
  mbps: 8e6,
  gibps: 8 * 1024 ** 3,
  gbps: 8e9,
  tibps: 8 * 1024 ** 4,
  tbps: 8e12,
};
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1024,
  k: 1024,
  mb: 1024 ** 2,
  m: 1024 ** 2,
  gb: 1024 ** 3,
  g: 1024 ** 3,
  kbit: 1024 / 8,
  mbit: 1024 ** 2 / 8,
  gbit: 1024 ** 3 / 8,
};

/** strtod and a unit, its letters in any case. */
function measured(word: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*)$/i.exec(word);
  const unit = units[(match?.[2] ?? '').toLowerCase()];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

function illegal(what: string): never {
  throw new Exit(1, `Illegal "${what}"\n`);
}

/** get_ticks: ns, of whole microseconds. */
function takeTime(args: Args): number {
  const value = measured(args.take(), TIME_UNITS);
  if (value === undefined) return illegal('latency');
  const us = ((Math.trunc(value) % 2 ** 32) + 2 ** 32) % 2 ** 32;
  if (us * TICKS >= 2 ** 32) throw new Exit(1, `Illegal ${us} time (too large)\nIllegal "latency"\n`);
  return us * MICROSECOND;
}

/** get_percent */
function takeShare(args: Args, what: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)%?$/i.exec(args.take());
  const percent = match ? Number(match[1]) : Number.NaN;
  if (!(percent >= 0 && percent <= 100)) return illegal(what);
  return Math.round((percent / 100) * SHARES);
}

/** NEXT_IS_NUMBER */
function numberFollows(args: Args): boolean {
  return /^\d/.test(args.word ?? '');
}

interface Draft {
  limit: number;
  latency: number;
  jitter: number;
  loss: number;
  duplicate: number;
  correlation: { delay: number; loss: number; duplicate: number };
  correlated: boolean;
  rate: number | undefined;
}

function takeCorrelation(args: Args, draft: Draft, of: keyof Draft['correlation'], what: string): void {
  if (!numberFollows(args)) return;
  draft.correlated = true;
  draft.correlation[of] = takeShare(args, what);
}

type Reader = (args: Args, draft: Draft) => void;

function readDelay(args: Args, draft: Draft): void {
  draft.latency = takeTime(args);
  if (!numberFollows(args)) return;
  draft.jitter = takeTime(args);
  takeCorrelation(args, draft, 'delay', 'latency');
}
function readLoss(args: Args, draft: Draft): void {
  if (draft.loss > 0) illegal('duplicate loss argument\n');
  if (!numberFollows(args)) {
    const model = args.take();
    if (model === 'state' || model === 'gemodel') notModelled(`netem loss ${model}`);
    if (model !== 'random') throw new Exit(1, `Unknown loss parameter: ${model}\n`);
  }
  draft.loss = takeShare(args, 'loss percent');
  takeCorrelation(args, draft, 'loss', 'loss correlation');
}
function readRate(args: Args, draft: Draft): void {
  const bits = measured(args.take(), RATE_UNITS);
  if (bits === undefined || bits < 0) return illegal('rate');
  draft.rate = Math.floor(bits / 8);
  if (numberFollows(args)) notModelled('netem rate PACKETOVERHEAD');
}
function readLimit(args: Args, draft: Draft): void {
  const limit = measured(args.take(), SIZE_UNITS);
  if (limit === undefined || limit < 0 || limit >= 2 ** 32) return illegal('limit');
  draft.limit = Math.trunc(limit);
}
function readDuplicate(args: Args, draft: Draft): void {
  draft.duplicate = takeShare(args, 'duplicate');
  takeCorrelation(args, draft, 'duplicate', 'duplicate');
}

/** In the order in which they are tried: a beginning is enough. */
const WORDS: readonly (readonly [string, Reader | 'not modelled'])[] = [
  ['limit', readLimit],
  ['latency', readDelay],
  ['delay', readDelay],
  ['loss', readLoss],
  ['drop', readLoss],
  ['ecn', 'not modelled'],
  ['reorder', 'not modelled'],
  ['corrupt', 'not modelled'],
  ['gap', 'not modelled'],
  ['duplicate', readDuplicate],
  ['distribution', 'not modelled'],
  ['rate', readRate],
  ['slot', 'not modelled'],
];

export function readNetem(args: Args): NetemSpec {
  const draft: Draft = {
    limit: 1000,
    latency: 0,
    jitter: 0,
    loss: 0,
    duplicate: 0,
    correlation: { delay: 0, loss: 0, duplicate: 0 },
    correlated: false,
    rate: undefined,
  };
  while (!args.done) {
    const word = args.take();
    if (word === 'help') throw new Exit(1, NETEM_USAGE);
    const [name, read] = WORDS.find(([keyword]) => isPrefixOf(word, keyword)) ?? [];
    if (read === undefined) throw new Exit(1, `What is "${word}"?\n${NETEM_USAGE}`);
    if (read === 'not modelled') return notModelled(`netem ${name}`);
    if (args.done) incomplete();
    read(args, draft);
  }
  const { limit, latency, jitter, loss, duplicate, correlation, correlated, rate } = draft;
  return {
    limit,
    latency,
    jitter,
    loss,
    duplicate,
    ...(correlated ? { correlation } : {}),
    ...(rate === undefined ? {} : { rate }),
  };
}
