/** Words after `type KIND`: iplink_bridge.c, iplink_bridge_slave.c, iplink_vxlan.c, link_veth.c. */
import { formatIp4, isMulticast } from '../../wire/index';
import type { LinkChange, LinkSpec } from '../../kernel/netlink';
import { Exit, parseUnsigned } from '../program';
import {
  garbage,
  isPrefixOf,
  noDevice,
  notModelled,
  takeAddress,
  takeNumber,
  takeOnOff,
  wrongArgument,
  type Args,
} from './args';
import type { Ip } from './options';
import { BRIDGE_SLAVE_USAGE, BRIDGE_TYPE_USAGE, VXLAN_USAGE } from './usage-link';

const U16 = 0xffff;
const U32 = 0xffffffff;

type BridgeWords = NonNullable<LinkSpec['bridge']>;
type PortWords = NonNullable<LinkChange['port']>;
type VxlanWords = NonNullable<LinkSpec['vxlan']>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Bridge parameters that Linux has and this model has not. */
const OTHER_BRIDGE_WORDS = new Set(
  (
    'forward_delay hello_time max_age priority group_fwd_mask group_address fdb_flush vlan_default_pvid vlan_protocol ' +
    'vlan_stats_enabled vlan_stats_per_port no_linklocal_learn mcast_vlan_snooping mcast_router mcast_query_use_ifaddr mcast_querier ' +
    'mcast_hash_elasticity mcast_hash_max mcast_last_member_count mcast_startup_query_count mcast_last_member_interval ' +
    'mcast_membership_interval mcast_querier_interval mcast_query_interval mcast_query_response_interval ' +
    'mcast_startup_query_interval mcast_stats_enabled mcast_igmp_version mcast_mld_version nf_call_iptables ' +
    'nf_call_ip6tables nf_call_arptables'
  ).split(' '),
);

export function readBridge(args: Args): BridgeWords {
  const bridge: Mutable<BridgeWords> = {};
  while (!args.done) {
    const word = args.take();
    const invalid = () => `invalid ${word}`;
    if (isPrefixOf(word, 'ageing_time')) bridge.ageingCs = takeNumber(args, U32, () => 'invalid ageing_time');
    else if (isPrefixOf(word, 'stp_state')) bridge.stp = takeNumber(args, U32, () => 'invalid stp_state') > 0;
    else if (word === 'vlan_filtering')
      bridge.vlanFiltering = takeNumber(args, 0xff, () => 'invalid vlan_filtering') > 0;
    else if (isPrefixOf(word, 'mcast_snooping')) bridge.mcastSnooping = takeNumber(args, 0xff, invalid) > 0;
    else if (word === 'help') throw new Exit(1, BRIDGE_TYPE_USAGE);
    else if (OTHER_BRIDGE_WORDS.has(word)) notModelled(`bridge ${word}`);
    else throw new Exit(1, `bridge: unknown command "${word}"?\n${BRIDGE_TYPE_USAGE}`);
  }
  return bridge;
}

const PORT_SWITCHES: Readonly<
  Record<string, 'learning' | 'flood' | 'hairpin' | 'isolated' | 'neighSuppress'>
> = {
  learning: 'learning',
  flood: 'flood',
  hairpin: 'hairpin',
  isolated: 'isolated',
  neigh_suppress: 'neighSuppress',
};
const OTHER_PORT_WORDS = new Set(
  (
    'state guard fastleave root_block proxy_arp proxy_arp_wifi mcast_router mcast_fast_leave mcast_flood bcast_flood ' +
    'mcast_to_unicast group_fwd_mask vlan_tunnel locked backup_port nobackup_port fdb_flush learning_sync hwmode'
  ).split(' '),
);

/** One port option, for `ip link set … type bridge_slave` and `bridge link set`. False when the word is none. */
export function readPortWord(word: string, args: Args, port: Mutable<PortWords>, onOffCode: number): boolean {
  const key = PORT_SWITCHES[word];
  if (key !== undefined) port[key] = takeOnOff(args, word, onOffCode);
  else if (word === 'priority') port.priority = takeNumber(args, U16, () => 'priority value is invalid');
  else if (word === 'cost') port.cost = takeNumber(args, U32, () => 'cost value is invalid');
  else if (OTHER_PORT_WORDS.has(word)) notModelled(`bridge port option ${word}`);
  else return false;
  return true;
}

export function readBridgeSlave(args: Args): PortWords {
  const port: Mutable<PortWords> = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'help') throw new Exit(1, BRIDGE_SLAVE_USAGE);
    if (!readPortWord(word, args, port, 1)) {
      throw new Exit(1, `bridge_slave: unknown option "${word}"?\n${BRIDGE_SLAVE_USAGE}`);
    }
  }
  return port;
}

class VxlanReader {
  readonly #seen = new Set<string>();
  readonly vxlan: Partial<Mutable<VxlanWords>> = {};

  constructor(
    private readonly ip: Ip,
    private readonly args: Args,
  ) {}

  #once(keyword: string): void {
    const next = this.args.word;
    if (next === undefined) return;
    if (this.#seen.has(keyword)) garbage(keyword, next);
    this.#seen.add(keyword);
  }

  read(word: string): void {
    const { args, vxlan } = this;
    const family = this.ip.options.family;
    if (isPrefixOf(word, 'id') || word === 'vni') {
      this.#once('id');
      vxlan.id = takeNumber(args, 0xffffff, () => 'invalid id');
    } else if (isPrefixOf(word, 'group') || isPrefixOf(word, 'remote')) this.#destination(word);
    else if (isPrefixOf(word, 'local')) {
      vxlan.local = takeAddress(args, family);
      if (isMulticast(vxlan.local)) wrongArgument(formatIp4(vxlan.local), 'invalid local address');
    } else if (isPrefixOf(word, 'dev')) {
      const name = args.take();
      if (!this.ip.netlink.getLink(name)) noDevice(name, 255);
      vxlan.dev = name;
    } else if (isPrefixOf(word, 'ttl') || word === 'hoplimit') this.#ttl();
    else if (isPrefixOf(word, 'ageing')) {
      vxlan.ageing = args.word === 'none' ? (args.take(), 0) : takeNumber(args, U32, () => 'ageing timer');
    } else if (word === 'dstport') vxlan.port = takeNumber(args, U16, () => 'dst port');
    else if (isPrefixOf(word, 'learning')) vxlan.learning = true;
    else if (isPrefixOf(word, 'nolearning')) vxlan.learning = false;
    else if (word === 'udpcsum') vxlan.udpCsum = true;
    else if (word === 'noudpcsum') vxlan.udpCsum = false;
    else if (isPrefixOf(word, 'help')) throw new Exit(1, VXLAN_USAGE);
    else this.#other(word);
  }

  #destination(word: string): void {
    const address = takeAddress(this.args, this.ip.options.family);
    if (isPrefixOf(word, 'group')) {
      if (!isMulticast(address)) wrongArgument(formatIp4(address), 'invalid group address');
      notModelled('A VXLAN multicast group');
    }
    if (isMulticast(address)) wrongArgument(formatIp4(address), 'invalid remote address');
    this.vxlan.remote = address;
  }

  #ttl(): void {
    const word = this.args.take();
    if (word === 'inherit') notModelled('ttl inherit');
    if (word === 'auto') {
      this.vxlan.ttl = 0;
      return;
    }
    const ttl = parseUnsigned(word);
    if (Number.isNaN(ttl)) wrongArgument(word, 'invalid TTL');
    if (ttl > 255) wrongArgument(word, 'TTL must be <= 255');
    this.vxlan.ttl = ttl;
  }

  /** What changes nothing here is taken, what would is refused. */
  #other(word: string): void {
    const harmless = ['noproxy', 'norsc', 'nol2miss', 'nol3miss', 'noremcsumtx', 'noremcsumrx', 'noexternal'];
    if (harmless.includes(word) || /^no?udp6zerocsum[rt]x$|^udp6zerocsum[rt]x$/.test(word)) return;
    if (word === 'srcport') {
      const low = takeNumber(this.args, U16, () => 'min port');
      const high = takeNumber(this.args, U16, () => 'max port');
      if (low !== 0 || high !== 0) notModelled('A VXLAN source port range');
      return;
    }
    const known =
      'tos df flowlabel proxy rsc l2miss l3miss maxaddress remcsumtx remcsumrx external gbp gpe vnifilter';
    if (known.split(' ').includes(word)) notModelled(`vxlan ${word}`);
    throw new Exit(1, `vxlan: unknown command "${word}"?\n${VXLAN_USAGE}`);
  }
}

/** The words after `type vxlan`; on standard error what iproute2 says about a missing port. */
export function readVxlan(ip: Ip, args: Args): Partial<VxlanWords> {
  const reader = new VxlanReader(ip, args);
  while (!args.done) reader.read(args.take());
  return reader.vxlan;
}

export const VXLAN_NO_PORT =
  'vxlan: destination port not specified\n' +
  'Will use Linux kernel default (non-standard value)\n' +
  "Use 'dstport 4789' to get the IANA assigned value\n" +
  "Use 'dstport 0' to get default and quiet this message\n";
