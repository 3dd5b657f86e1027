/** `bridge` of iproute2 6.1: fdb and link. Its other objects are known by name and refused. */
import type { Netlink, ProcessContext, Reply } from '../../kernel/netlink';
import { Exit, netlinkErrorText, type Program } from '../program';
import { Args, isPrefixOf, notModelled } from '../ip/args';
import { openNetns } from '../ip/netns';
import { IP_VERSION } from '../ip/options';
import { runFdb } from './fdb';
import { runBridgeLink } from './link';
import { bridgeSlots } from './slots';
import { BRIDGE_USAGE } from './usage';

export interface BridgeOptions {
  json: boolean;
  pretty: boolean;
  details: number;
  stats: number;
  oneline: boolean;
}
export interface Bridge {
  readonly ctx: ProcessContext;
  readonly netlink: Netlink;
  readonly options: BridgeOptions;
  readonly args: Args;
}

/** A refused request: the texts are ip's, the exit code is not. */
export function finish(bridge: Bridge, reply: Reply, code = 255): number {
  if (reply.ok) return 0;
  bridge.ctx.printError(netlinkErrorText(reply.error));
  return code;
}

function usage(): never {
  throw new Exit(255, BRIDGE_USAGE);
}

type Setter = (options: BridgeOptions) => void;
const OPTIONS: readonly (readonly [string, Setter])[] = [
  ['help', () => usage()],
  ['Version', version],
  ['stats', (options) => (options.stats += 1)],
  ['statistics', (options) => (options.stats += 1)],
  ['details', (options) => (options.details += 1)],
  ['oneline', (options) => (options.oneline = true)],
  ['timestamp', () => {}],
  ['family', () => notModelled('bridge -family')],
  ['compressvlans', () => {}],
  ['force', () => {}],
  ['json', (options) => (options.json = true)],
  ['pretty', (options) => (options.pretty = true)],
  ['color', () => {}],
  ['batch', () => notModelled('bridge -batch')],
];
function version(): never {
  throw new Exit(0, `bridge utility, ${IP_VERSION}\n`, 'stdout');
}

export const bridge: Program = {
  name: 'bridge',
  group: 'bridges',
  about: 'fdb, link (iproute2)',
  slots: bridgeSlots,
  run(ctx: ProcessContext, words: readonly string[]): number {
    const args = new Args(words);
    const options: BridgeOptions = { json: false, pretty: false, details: 0, stats: 0, oneline: false };
    let netlink = ctx.netlink;
    while (args.word?.startsWith('-')) {
      const name = args.take().replace(/^--?/, '');
      if (name === '4' || name === '6') continue;
      if (isPrefixOf(name, 'netns'))
        netlink = ctx.host.enter(openNetns(ctx, args.done ? '(null)' : args.take()));
      else {
        const found = OPTIONS.find(([keyword]) => isPrefixOf(name, keyword));
        if (!found) throw new Exit(255, `Option "-${name}" is unknown, try "bridge help".\n`);
        found[1](options);
      }
    }
    if (args.done) usage();
    return runObject({ ctx, netlink, options, args }, args.take());
  },
};

function runObject(self: Bridge, word: string): number {
  if (isPrefixOf(word, 'link')) return runBridgeLink(self);
  if (isPrefixOf(word, 'fdb')) return runFdb(self);
  for (const name of ['mdb', 'vlan', 'vni', 'monitor'])
    if (isPrefixOf(word, name)) notModelled(`bridge ${name}`);
  if (isPrefixOf(word, 'help')) usage();
  throw new Exit(255, `Object "${word}" is unknown, try "bridge help".\n`);
}
