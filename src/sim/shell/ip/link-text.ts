/** What `ip link` and `ip addr` print of a device (ip/ipaddress.c print_linkinfo), as text and as JSON. */
import type { LinkRow, LinkStats, Netlink } from '../../kernel/netlink';
import type { Json } from '../json';
import { linkDetails } from './link-detail';
import { separator, type IpOptions } from './options';

export interface LinkView {
  readonly options: IpOptions;
  /** `ip link` prints `mode DEFAULT`, `ip addr` does not. */
  readonly mode: boolean;
  /** Print `link/ether …`; left out when an address family was asked for. */
  readonly address: boolean;
}

/** Flags, with M-DOWN for a device whose other end lives in this namespace too and is down. */
export function flagsOf(link: LinkRow, netlink: Netlink): readonly string[] {
  if (link.link === undefined || link.flags.includes('M-DOWN')) return link.flags;
  const other = netlink.getLink(link.link);
  return other && !other.flags.includes('UP') ? [...link.flags, 'M-DOWN'] : link.flags;
}

/** `eth0@if6`, `veth1@veth0` or `eth0`. */
function fullName(link: LinkRow): string {
  if (link.link !== undefined) return `${link.ifname}@${link.link}`;
  return link.link_index === undefined ? link.ifname : `${link.ifname}@if${link.link_index}`;
}

export function linkText(link: LinkRow, netlink: Netlink, view: LinkView): string {
  const { options } = view;
  let text = `${link.ifindex}: ${fullName(link)}: <${flagsOf(link, netlink).join(',')}> mtu ${link.mtu} qdisc ${link.qdisc} `;
  if (link.master !== undefined) text += `master ${link.master} `;
  text += `state ${link.operstate} `;
  if (view.mode) text += 'mode DEFAULT ';
  text += `group ${link.group} qlen ${link.txqlen}`;
  if (view.address) {
    text += `${separator(options)}    link/${link.link_type} `;
    if (hasAddress(link)) text += `${link.address} brd ${link.broadcast}`;
  }
  if (link.link_netns !== undefined) text += ` link-netns ${link.link_netns}`;
  else if (link.link_netnsid !== undefined) text += ` link-netnsid ${link.link_netnsid}`;
  if (options.details > 0) text += linkDetails(link, netlink, view).text;
  return text + '\n';
}

/** TUN has no link-level address. */
function hasAddress(link: LinkRow): boolean {
  return link.link_type !== 'none';
}

export function linkJson(
  link: LinkRow,
  netlink: Netlink,
  view: LinkView,
): { [key: string]: Json | undefined } {
  const address = view.address && hasAddress(link);
  return {
    ifindex: link.ifindex,
    link_index: link.link_index,
    link: link.link,
    ifname: link.ifname,
    flags: flagsOf(link, netlink),
    mtu: link.mtu,
    qdisc: link.qdisc,
    master: link.master,
    operstate: link.operstate,
    linkmode: view.mode ? 'DEFAULT' : undefined,
    group: link.group,
    txqlen: link.txqlen,
    link_type: view.address ? link.link_type : undefined,
    address: address ? link.address : undefined,
    broadcast: address ? link.broadcast : undefined,
    link_netnsid: link.link_netnsid,
    ...(view.options.details > 0 ? linkDetails(link, netlink, view).json : {}),
  };
}

/** `ip -br link`: the name padded to 16, the state to 14. */
export function briefHead(link: LinkRow): string {
  return `${fullName(link).padEnd(16)} ${link.operstate.padEnd(14)} `;
}
export function briefLinkText(link: LinkRow, netlink: Netlink): string {
  const address = hasAddress(link) ? `${link.address} ` : '';
  return `${briefHead(link)}${address}<${flagsOf(link, netlink).join(',')}> \n`;
}
export function briefLinkJson(link: LinkRow, netlink: Netlink): { [key: string]: Json | undefined } {
  return {
    link_index: link.link_index,
    link: link.link,
    ifname: link.ifname,
    operstate: link.operstate,
    address: hasAddress(link) ? link.address : undefined,
    flags: flagsOf(link, netlink),
  };
}

const NO_STATS: LinkStats = {
  rxBytes: 0,
  rxPackets: 0,
  rxDropped: 0,
  txBytes: 0,
  txPackets: 0,
  txDropped: 0,
  txErrors: 0,
};

/** print_stats64: columns grow with the numbers in them. */
export function statsText(stats: LinkStats = NO_STATS, options: IpOptions): string {
  const nl = separator(options);
  const rx = [stats.rxBytes, stats.rxPackets, 0, stats.rxDropped, 0, 0];
  const tx = [stats.txBytes, stats.txPackets, stats.txErrors, stats.txDropped, 0, 0];
  const widths = [10, 7, 6, 7, 7, 7].map((least, at) =>
    Math.max(least, String(rx[at] ?? 0).length, String(tx[at] ?? 0).length),
  );
  const pad = (value: string | number, at: number, less = 0) =>
    String(value).padStart((widths[at] ?? 0) - less);
  const head = (label: string, names: readonly string[]) =>
    `    ${label}: ${names.map((name, at) => pad(name, at, at === 0 ? 4 : 0)).join(' ')} ${' '.repeat(10)}`;
  const row = (values: readonly number[]) =>
    `    ${values.map((value, at) => `${pad(value, at)} `).join('')}`;
  const errors = (label: string, names: readonly string[]) =>
    `    ${label} errors:${' '.repeat((widths[0] ?? 10) - 10)}${names.map((name, at) => ` ${pad(name, at + 1)}`).join('')}${nl}` +
    `${' '.repeat((widths[0] ?? 10) + 5)}${names.map((_, at) => `${pad(0, at + 1)} `).join('')}`;
  const more = options.stats > 1;
  return (
    head('RX', ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast']) +
    nl +
    row(rx) +
    (more ? nl + errors('RX', ['length', 'crc', 'frame', 'fifo', 'overrun']) : '') +
    nl +
    head('TX', ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns']) +
    nl +
    row(tx) +
    (more ? nl + errors('TX', ['aborted', 'fifo', 'window', 'heartbt', 'transns']) : '')
  );
}

export function statsJson(stats: LinkStats = NO_STATS, options: IpOptions): Json {
  const more = options.stats > 1;
  const zeros = (...names: string[]) => (more ? Object.fromEntries(names.map((name) => [name, 0])) : {});
  return {
    rx: {
      bytes: stats.rxBytes,
      packets: stats.rxPackets,
      errors: 0,
      dropped: stats.rxDropped,
      over_errors: 0,
      multicast: 0,
      ...zeros('length_errors', 'crc_errors', 'frame_errors', 'fifo_errors', 'missed_errors'),
    },
    tx: {
      bytes: stats.txBytes,
      packets: stats.txPackets,
      errors: stats.txErrors,
      dropped: stats.txDropped,
      carrier_errors: 0,
      collisions: 0,
      ...zeros('aborted_errors', 'fifo_errors', 'window_errors', 'heartbeat_errors', 'carrier_changes'),
    },
  };
}
