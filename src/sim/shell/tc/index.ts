/**
 * `tc` of iproute2 6.1 for root queueing disciplines of kind netem: `tc qdisc add|change|replace|del|show`. Other objects
 * and kinds are known by name and refused.
 */
import type { Netlink, ProcessContext, QdiscMode, QdiscSpec, Reply } from '../../kernel/netlink';
import { Exit, netlinkErrorText, type Program } from '../program';
import { Args, duplicate, incomplete, isPrefixOf, notModelled, wrongArgument } from '../ip/args';
import { openNetns } from '../ip/netns';
import { IP_VERSION } from '../ip/options';
import { readNetem } from './netem';
import { showQdiscs } from './show';
import { tcSlots } from './slots';
import { QDISC_USAGE, TC_USAGE } from './usage';

export interface TcOptions {
  json: boolean;
  pretty: boolean;
  stats: number;
}
export interface Tc {
  readonly ctx: ProcessContext;
  readonly netlink: Netlink;
  readonly options: TcOptions;
  readonly args: Args;
}

type Setter = (options: TcOptions) => void;
const OPTIONS: readonly (readonly [string, Setter])[] = [
  ['stats', (options) => (options.stats += 1)],
  ['statistics', (options) => (options.stats += 1)],
  ['details', () => {}],
  ['raw', () => {}],
  ['pretty', (options) => (options.pretty = true)],
  ['graph', () => notModelled('tc -graph')],
  ['Version', version],
  ['iec', () => {}],
  ['help', () => usage()],
  ['force', () => {}],
  ['batch', () => notModelled('tc -batch')],
  ['names', () => notModelled('tc -names')],
  ['nm', () => notModelled('tc -names')],
  ['conf', () => notModelled('tc -conf')],
  ['cf', () => notModelled('tc -conf')],
  ['color', () => {}],
  ['timestamp', () => {}],
  ['tshort', () => {}],
  ['Numeric', () => {}],
  ['json', (options) => (options.json = true)],
  ['oneline', () => {}],
  ['brief', () => {}],
];
const OTHER_OBJECTS = ['class', 'filter', 'chain', 'actions', 'monitor', 'exec'];
/** Kinds that Linux has and this model has not. */
const OTHER_KINDS =
  /^(?:[pb]fifo|pfifo_(?:fast|head_drop)|noqueue|tbf|prio|htb|hfsc|red|gred|sfq|sfb|choke|codel|fq|fq_codel|fq_pie|pie|cake|mq|mqprio|taprio|etf|ets|drr|qfq|multiq|plug|cbs|skbprio|ingress|clsact)$/;

function version(): never {
  throw new Exit(0, `tc utility, iproute2-${IP_VERSION}, libbpf 1.1.2\n`, 'stdout');
}
function usage(): never {
  throw new Exit(0, TC_USAGE);
}

export const tc: Program = {
  name: 'tc',
  group: 'addresses and routes',
  about: 'delay and loss on a device: qdisc … netem (iproute2)',
  slots: tcSlots,
  run(ctx: ProcessContext, words: readonly string[]): number {
    const args = new Args(words);
    const options: TcOptions = { json: false, pretty: false, stats: 0 };
    let { netlink } = ctx;
    while (args.word?.startsWith('-')) {
      const name = args.take().replace(/^--?/, '');
      if (name !== 'nm' && isPrefixOf(name, 'netns'))
        netlink = ctx.host.enter(openNetns(ctx, args.done ? '(null)' : args.take()));
      else {
        const found = OPTIONS.find(([keyword]) => isPrefixOf(name, keyword));
        if (!found) throw new Exit(255, `Option "-${name}" is unknown, try "tc -help".\n`);
        found[1](options);
      }
    }
    if (args.done) usage();
    const word = args.take();
    if (isPrefixOf(word, 'qdisc')) return runQdisc({ ctx, netlink, options, args });
    const other = OTHER_OBJECTS.find((name) => isPrefixOf(word, name));
    if (other !== undefined) return notModelled(`tc ${other}`);
    if (isPrefixOf(word, 'help')) usage();
    throw new Exit(255, `Object "${word}" is unknown, try "tc help".\n`);
  },
};

function runQdisc(tc: Tc): number {
  const { args } = tc;
  if (args.done) return showQdiscs(tc);
  const word = args.take();
  for (const mode of ['add', 'change', 'replace'] as const)
    if (isPrefixOf(word, mode)) return modify(tc, mode);
  if (isPrefixOf(word, 'link')) notModelled('tc qdisc link');
  if (isPrefixOf(word, 'delete')) return modify(tc, 'delete');
  if (['list', 'show', 'lst'].some((name) => isPrefixOf(word, name))) return showQdiscs(tc);
  if (isPrefixOf(word, 'help')) throw new Exit(0, QDISC_USAGE);
  throw new Exit(255, `Command "${word}" is unknown, try "tc qdisc help".\n`);
}

/** tc_qdisc_modify. */
function modify(tc: Tc, mode: QdiscMode | 'delete'): number {
  const { netlink, ctx } = tc;
  const spec = readSpec(tc);
  if (spec.dev !== '' && !netlink.getLink(spec.dev)) throw new Exit(1, `Cannot find device "${spec.dev}"\n`);
  const reply: Reply = mode === 'delete' ? netlink.delQdisc(spec) : netlink.newQdisc(spec, mode);
  if (reply.ok) return 0;
  ctx.printError(netlinkErrorText(reply.error));
  return 2;
}

/** get_qdisc_handle: hexadecimal, up to the colon. */
function takeHandle(args: Args): number {
  const word = args.take();
  const major = /^(?:0x)?([0-9a-f]+)(?::.*)?$/i.exec(word)?.[1];
  const handle = parseInt(major ?? '', 16);
  return handle < 0x10000 ? handle : wrongArgument(word, 'invalid qdisc ID');
}

function refuseParent(args: Args, netlink: Netlink, dev: string): never {
  const word = args.take();
  const major = /^(?:0x)?([0-9a-f]+):[0-9a-f]*$/i.exec(word)?.[1];
  if (major === undefined) return wrongArgument(word, 'invalid parent ID');
  const there = netlink.getQdiscs().some((row) => row.dev === dev && row.handle === parseInt(major, 16));
  if (there) return notModelled('tc qdisc … parent');
  throw new Exit(2, 'Error: Failed to find specified qdisc.\n');
}

function readSpec({ args, netlink, ctx }: Tc): QdiscSpec {
  const spec: { dev: string; root: boolean; handle?: number } = { dev: '', root: false };
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') {
      const dev = args.done ? incomplete() : args.take();
      if (spec.dev !== '') duplicate('dev', dev);
      spec.dev = dev;
    } else if (word === 'handle') {
      if (spec.handle !== undefined) duplicate('handle', word);
      spec.handle = takeHandle(args);
    } else if (word === 'root') {
      if (spec.root) throw new Exit(255, 'Error: "root" is duplicate parent ID\n');
      spec.root = true;
    } else if (word === 'parent') return refuseParent(args, netlink, spec.dev);
    else if (isPrefixOf(word, 'estimator')) notModelled('tc qdisc … estimator');
    else if (isPrefixOf(word, 'stab')) notModelled('tc qdisc … stab');
    else if (isPrefixOf(word, 'help')) ctx.printError(QDISC_USAGE);
    else return readKind(args, spec, word);
  }
  return spec;
}

function readKind(args: Args, spec: QdiscSpec, kind: string): QdiscSpec {
  if (kind === 'netem') return { ...spec, kind, netem: readNetem(args) };
  if (OTHER_KINDS.test(kind)) return notModelled(`tc qdisc ${kind}`);
  if (!args.done) throw new Exit(1, `Unknown qdisc "${kind}", hence option "${args.take()}" is unparsable\n`);
  return { ...spec, kind };
}
