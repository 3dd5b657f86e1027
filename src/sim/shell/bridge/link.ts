/** `bridge link` (bridge/link.c): show and set. */
import type { LinkChange, LinkRow } from '../../kernel/netlink';
import { Exit } from '../program';
import { writeJson, type Json } from '../json';
import { isPrefixOf, noDevice } from '../ip/args';
import { portState } from '../ip/link-detail';
import { readPortWord } from '../ip/link-kinds';
import { flagsOf } from '../ip/link-text';
import { finish, type Bridge } from './index';
import { LINK_USAGE } from './usage';

export function runBridgeLink(self: Bridge): number {
  const { args } = self;
  if (args.done) return show(self);
  const word = args.take();
  if (isPrefixOf(word, 'set') || isPrefixOf(word, 'change')) return set(self);
  if (['show', 'lst', 'list'].some((name) => isPrefixOf(word, name))) return show(self);
  if (isPrefixOf(word, 'help')) usage();
  throw new Exit(255, `Command "${word}" is unknown, try "bridge link help".\n`);
}

function usage(): never {
  throw new Exit(255, LINK_USAGE);
}

/** The other end's index is looked up in this namespace, wherever the other end is (ll_index_to_name). */
function lowerName(self: Bridge, link: LinkRow): string | undefined {
  if (link.link !== undefined) return link.link;
  const index = link.link_index;
  if (index === undefined) return undefined;
  return self.netlink.getLinks().find((other) => other.ifindex === index)?.ifname ?? `if${index}`;
}

function show(self: Bridge): number {
  const { args, netlink, options, ctx } = self;
  let dev: string | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') dev = args.take();
    else if (isPrefixOf(word, 'help')) usage();
  }
  if (dev !== undefined && !netlink.getLink(dev)) return noDevice(dev, 255);
  const rows = netlink.getLinks().filter((link) => link.port && (dev === undefined || link.ifname === dev));
  if (options.json) {
    const json = rows.map((row) => linkJson(self, row));
    ctx.print(writeJson(json, options.pretty) + '\n');
  } else ctx.print(rows.map((row) => linkText(self, row)).join(''));
  return 0;
}

const onOff = (value: boolean) => (value ? 'on' : 'off');

function linkText(self: Bridge, link: LinkRow): string {
  const { port } = link;
  if (!port) return '';
  const lower = lowerName(self, link);
  const nl = self.options.oneline ? '\\' : '\n';
  let text =
    `${link.ifindex}: ${link.ifname}${lower === undefined ? '' : `@${lower}`}: ` +
    `<${flagsOf(link, self.netlink).join(',')}> mtu ${link.mtu} master ${link.master ?? ''} ` +
    `state ${portState(link, self.netlink)} priority ${port.priority} cost ${port.cost} `;
  if (self.options.details > 0) {
    text +=
      `${nl}    hairpin ${onOff(port.hairpin)} guard off root_block off fastleave off learning ${onOff(port.learning)} ` +
      `flood ${onOff(port.flood)} mcast_flood on bcast_flood on mcast_router 1 mcast_to_unicast off ` +
      `neigh_suppress ${onOff(port.neighSuppress)} vlan_tunnel off isolated ${onOff(port.isolated)} locked off `;
  }
  return text + '\n';
}

function linkJson(self: Bridge, link: LinkRow): Json {
  const { port } = link;
  if (!port) return {};
  const details = self.options.details > 0;
  return {
    ifindex: link.ifindex,
    link: lowerName(self, link),
    ifname: link.ifname,
    flags: flagsOf(link, self.netlink),
    mtu: link.mtu,
    master: link.master,
    state: portState(link, self.netlink),
    priority: port.priority,
    cost: port.cost,
    ...(details
      ? {
          hairpin: port.hairpin,
          guard: false,
          root_block: false,
          fastleave: false,
          learning: port.learning,
          flood: port.flood,
          mcast_flood: true,
          bcast_flood: true,
          mcast_router: 1,
          mcast_to_unicast: false,
          neigh_suppress: port.neighSuppress,
          vlan_tunnel: false,
          isolated: port.isolated,
          locked: false,
        }
      : {}),
  };
}

function set(self: Bridge): number {
  const { args, netlink } = self;
  const port: { -readonly [K in keyof NonNullable<LinkChange['port']>]: NonNullable<LinkChange['port']>[K] } =
    {};
  let dev: string | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') dev = args.take();
    else if (word === 'self' || word === 'master') continue;
    else if (isPrefixOf(word, 'help') || !readPortWord(word, args, port, 234)) usage();
  }
  if (dev === undefined) throw new Exit(255, 'Device is a required argument.\n');
  const link = netlink.getLink(dev);
  if (!link) throw new Exit(255, `Cannot find bridge device "${dev}"\n`);
  if (!link.port) throw new Exit(255, 'RTNETLINK answers: Operation not supported\n');
  return Object.keys(port).length === 0 ? 0 : finish(self, netlink.setLink(dev, { port }));
}
