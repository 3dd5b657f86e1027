/** `ip link` (iplink.c): add, set, delete, show, help. */
import type { LinkKind, LinkSpec, Netlink, NetnsHandle, Reply } from '../../kernel/netlink';
import { Exit, netlinkErrorText } from '../program';
import { isPrefixOf, noDevice, notModelled, wrongArgument } from './args';
import { VXLAN_NO_PORT, readBridge, readBridgeSlave, readVxlan } from './link-kinds';
import { readLinkWords, type LinkWords } from './link-words';
import { listLinks } from './link-show';
import type { Ip } from './options';
import {
  BRIDGE_SLAVE_USAGE,
  BRIDGE_TYPE_USAGE,
  DUMMY_USAGE,
  LINK_USAGE,
  VETH_USAGE,
  VXLAN_USAGE,
} from './usage-link';

const TYPE_USAGE: Readonly<Record<string, string>> = {
  bridge: BRIDGE_TYPE_USAGE,
  bridge_slave: BRIDGE_SLAVE_USAGE,
  veth: VETH_USAGE,
  vxlan: VXLAN_USAGE,
  dummy: DUMMY_USAGE,
};
const CREATABLE: readonly LinkKind[] = ['veth', 'bridge', 'vxlan', 'dummy', 'tun'];

export function runLink(ip: Ip): number {
  const { args } = ip;
  if (args.done) return listLinks(ip);
  const word = args.take();
  if (isPrefixOf(word, 'add')) return addLink(ip);
  if (isPrefixOf(word, 'set') || isPrefixOf(word, 'change')) return setLink(ip);
  if (isPrefixOf(word, 'replace')) return addLink(ip);
  if (isPrefixOf(word, 'delete')) return deleteLink(ip);
  if (['show', 'lst', 'list'].some((name) => isPrefixOf(word, name))) return listLinks(ip);
  if (isPrefixOf(word, 'xstats') || isPrefixOf(word, 'afstats')) return notModelled(`ip link ${word}`);
  if (isPrefixOf(word, 'help') || isPrefixOf(word, 'property')) return help(ip);
  throw new Exit(255, `Command "${word}" is unknown, try "ip link help".\n`);
}

/** With a type: on standard output, exit 0. Else on standard error. */
function help(ip: Ip): never {
  const text = ip.args.word === undefined ? undefined : TYPE_USAGE[ip.args.word];
  if (text !== undefined) throw new Exit(0, text, 'stdout');
  throw new Exit(255, LINK_USAGE);
}

export function finish(ip: Ip, reply: Reply): number {
  if (reply.ok) return 0;
  ip.ctx.printError(netlinkErrorText(reply.error));
  return 2;
}

function addLink(ip: Ip): number {
  const words = readLinkWords(ip, ip.args);
  const { type } = words;
  if (type === undefined) throw new Exit(1, 'Not enough information: "type" argument is required\n');
  const kind = CREATABLE.find((name) => name === type);
  if (kind === undefined) throw new Exit(2, 'Error: Unknown device type.\n');
  const details = readKind(ip, kind);
  if (words.badAddress !== undefined) throw new Exit(2, 'RTNETLINK answers: Invalid argument\n');
  const name = words.name ?? words.dev;
  if (name !== undefined && name.length > 15)
    throw new Exit(2, 'Error: Attribute failed policy validation.\n');
  // `netns` says where the new device is born; the words are still read where the command runs.
  const netlink = words.netns === undefined ? ip.netlink : ip.ctx.host.enter(words.netns);
  return finish(ip, create(ip, netlink, { ...words, name: name ?? freeName(netlink, kind) }, kind, details));
}

interface KindDetails {
  readonly bridge?: LinkSpec['bridge'];
  readonly vxlan?: ReturnType<typeof readVxlan>;
  readonly peer?: LinkWords;
}

function readKind(ip: Ip, kind: LinkKind): KindDetails {
  const { args } = ip;
  if (kind === 'bridge') return { bridge: readBridge(args) };
  if (kind === 'vxlan') {
    const vxlan = readVxlan(ip, args);
    if (vxlan.id !== undefined && vxlan.port === undefined) ip.ctx.printError(VXLAN_NO_PORT);
    return { vxlan };
  }
  if (kind === 'veth' && !args.done) {
    if (args.take() !== 'peer') throw new Exit(1, VETH_USAGE, 'stdout');
    const peer = readLinkWords(ip, args);
    if (peer.type !== undefined) wrongArgument(peer.type, 'a peer has no type of its own');
    return { peer };
  }
  return {};
}

function create(
  ip: Ip,
  netlink: Netlink,
  words: LinkWords & { name: string },
  kind: LinkKind,
  details: KindDetails,
): Reply {
  const { vxlan } = details;
  if (kind === 'vxlan' && vxlan?.id === undefined) {
    const extack = 'Required attributes not provided to perform the operation';
    return { ok: false, error: { errno: 'EINVAL', extack } };
  }
  const peer = peerOf(ip, details.peer, words.netns);
  const reply = netlink.newLink({
    name: words.name,
    kind,
    mac: words.mac,
    mtu: words.mtu,
    txqlen: words.txqlen,
    up: words.up,
    master: words.master ?? undefined,
    ifindex: words.ifindex,
    ...(kind === 'veth' ? { peer } : {}),
    ...(details.bridge ? { bridge: details.bridge } : {}),
    ...(vxlan?.id !== undefined ? { vxlan: { ...vxlan, id: vxlan.id } } : {}),
  });
  const wanted = details.peer;
  if (!reply.ok || wanted === undefined || peer?.name === undefined) return reply;
  const { up, txqlen } = wanted;
  if (up === undefined && txqlen === undefined) return reply;
  const where = peer.netns ? ip.ctx.host.enter(peer.netns) : netlink;
  return where.setLink(peer.name, { up, txqlen });
}

/** A peer without a namespace of its own stays where the command runs. */
function peerOf(ip: Ip, peer: LinkWords | undefined, bornIn: NetnsHandle | undefined): LinkSpec['peer'] {
  const netns = peer?.netns ?? (bornIn === undefined ? undefined : ip.netns);
  if (peer === undefined) return netns === undefined ? undefined : { netns };
  return { name: peer.name ?? peer.dev, netns, mac: peer.mac, mtu: peer.mtu };
}

/** The kernel's `bridge%d`. */
function freeName(netlink: Netlink, kind: LinkKind): string {
  for (let n = 0; ; n++) if (!netlink.getLink(`${kind}${n}`)) return `${kind}${n}`;
}

function requireDevice(words: LinkWords): string {
  if (words.dev !== undefined) return words.dev;
  throw new Exit(255, 'Not enough information: "dev" argument is required.\n');
}

function setLink(ip: Ip): number {
  const words = readLinkWords(ip, ip.args);
  const { bridge, port } = readChangedKind(ip, words.type);
  const dev = requireDevice(words);
  const link = ip.netlink.getLink(dev);
  if (!link) return noDevice(dev);
  if (words.badAddress !== undefined) {
    throw new Exit(1, `Invalid address length ${words.badAddress} - must be 6 bytes\n`);
  }
  const wrongKind =
    (bridge !== undefined && link.kind !== 'bridge') || (port !== undefined && link.port === undefined);
  if (wrongKind || words.type === 'vxlan') throw new Exit(2, 'RTNETLINK answers: Operation not supported\n');
  const { up, mtu, mac, name, txqlen, master, netns, promisc, arp } = words;
  const change = { up, mtu, mac, name, txqlen, master, netns, promisc, arp, bridge, port };
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return given.length === 0 ? 0 : finish(ip, ip.netlink.setLink(dev, Object.fromEntries(given)));
}

function readChangedKind(ip: Ip, type: string | undefined) {
  if (type === 'bridge') {
    const { vlanFiltering, ...bridge } = readBridge(ip.args);
    if (vlanFiltering) notModelled('bridge vlan_filtering');
    return { bridge };
  }
  if (type === 'bridge_slave') return { port: readBridgeSlave(ip.args) };
  if (type === 'vxlan') readVxlan(ip, ip.args);
  return {};
}

function deleteLink(ip: Ip): number {
  const words = readLinkWords(ip, ip.args);
  const dev = requireDevice(words);
  if (!ip.netlink.getLink(dev)) return noDevice(dev);
  return finish(ip, ip.netlink.delLink(dev));
}
