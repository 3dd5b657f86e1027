/**
 * `ip` of iproute2 6.1: link, address, route, neighbour, rule, tuntap and netns, with its options, abbreviations, texts and
 * exit codes. Its other objects are known by name and refused; IPv6 is empty.
 */
import type { ProcessContext } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { runAddress } from './addr';
import { Args, isPrefixOf, notModelled } from './args';
import { runLink } from './link';
import { runNeigh } from './neigh';
import { openNetns, runNetns } from './netns';
import { readOptions, usage, type Ip } from './options';
import { runRoute } from './route';
import { runRule } from './rule';
import { ipSlots } from './slots';
import { runTuntap } from './tuntap';

type ObjectRunner = (ip: Ip) => number | 'running';

/** In the order in which ip.c tries them: the first that begins with the word is meant. */
const OBJECTS: readonly (readonly [string, ObjectRunner | 'not modelled'])[] = [
  ['address', runAddress],
  ['addrlabel', 'not modelled'],
  ['maddress', 'not modelled'],
  ['route', runRoute],
  ['rule', runRule],
  ['neighbor', runNeigh],
  ['neighbour', runNeigh],
  ['ntable', 'not modelled'],
  ['ntbl', 'not modelled'],
  ['link', runLink],
  ['l2tp', 'not modelled'],
  ['fou', 'not modelled'],
  ['ila', 'not modelled'],
  ['macsec', 'not modelled'],
  ['tunnel', 'not modelled'],
  ['tuntap', runTuntap],
  ['token', 'not modelled'],
  ['tcpmetrics', 'not modelled'],
  ['tcp_metrics', 'not modelled'],
  ['monitor', 'not modelled'],
  ['xfrm', 'not modelled'],
  ['mroute', 'not modelled'],
  ['mrule', 'not modelled'],
  ['netns', runNetns],
  ['netconf', 'not modelled'],
  ['vrf', 'not modelled'],
  ['sr', 'not modelled'],
  ['nexthop', 'not modelled'],
  ['mptcp', 'not modelled'],
  ['ioam', 'not modelled'],
  ['help', () => usage()],
  ['stats', 'not modelled'],
];

export const ip: Program = {
  name: 'ip',
  group: 'addresses and routes',
  about: 'link, address, route, neigh, rule, netns (iproute2)',
  slots: ipSlots,
  run(ctx: ProcessContext, words: readonly string[]): number | 'running' {
    const args = new Args(words);
    const options = readOptions(args);
    if (args.done) usage();
    const word = args.take();
    const found = OBJECTS.find(([name]) => isPrefixOf(word, name));
    if (!found) throw new Exit(1, `Object "${word}" is unknown, try "ip help".\n`);
    const [name, run] = found;
    if (run === 'not modelled') return notModelled(`ip ${name}`);
    const netns = options.netns === undefined ? ctx.netns : openNetns(ctx, options.netns);
    const netlink = netns === ctx.netns ? ctx.netlink : ctx.host.enter(netns);
    return run({ ctx, netlink, netns, options, args });
  },
};
