/**
 * What `-d` adds about a device. The values that this model has come from the row; the others are those of a device as
 * it is created on Linux 6.18, and timers read 0.
 */
import type { LinkRow, Netlink } from '../../kernel/netlink';
import { Decimal, type Json } from '../json';
import { separator } from './options';
import type { LinkView } from './link-text';

type JsonObject = { [key: string]: Json | undefined };
interface Detail {
  readonly text: string;
  readonly json: JsonObject;
}

export function linkDetails(link: LinkRow, netlink: Netlink, view: LinkView): Detail {
  const [minMtu, maxMtu] = link.kind === 'loopback' ? [0, 0] : [68, 65535];
  const promiscuity = (link.flags.includes('PROMISC') ? 1 : 0) + (link.port ? 1 : 0);
  const allmulti = link.port ? 1 : 0;
  const info = kindDetails(link);
  const slave = link.port ? portDetails(link, netlink) : undefined;
  const queues = link.kind === 'veth' ? 2 : 1;
  const ports = link.kind === 'bridge' && netlink.getLinks().some((other) => other.master === link.ifname);
  const tso = link.kind === 'tun' || (link.kind === 'bridge' && !ports) ? 65536 : 524280;
  const nl = separator(view.options);
  const mode = view.mode ? 'addrgenmode eui64 ' : '';
  return {
    text:
      ` promiscuity ${promiscuity}  allmulti ${allmulti} minmtu ${minMtu} maxmtu ${maxMtu} ` +
      (info ? `${nl}    ${info.text}` : '') +
      (slave ? `${nl}    ${slave.text}` : '') +
      `${mode}numtxqueues ${queues} numrxqueues ${queues} gso_max_size 65536 gso_max_segs 65535 ` +
      `tso_max_size ${tso} tso_max_segs 65535 gro_max_size 65536 `,
    json: {
      promiscuity,
      allmulti,
      min_mtu: minMtu,
      max_mtu: maxMtu,
      linkinfo:
        info || slave
          ? {
              ...(info?.json ?? {}),
              ...(slave ? { info_slave_kind: 'bridge', info_slave_data: slave.json } : {}),
            }
          : undefined,
      inet6_addr_gen_mode: view.mode ? 'eui64' : undefined,
      num_tx_queues: queues,
      num_rx_queues: queues,
      gso_max_size: 65536,
      gso_max_segs: 65535,
      tso_max_size: tso,
      tso_max_segs: 65535,
      gro_max_size: 65536,
    },
  };
}

function kindDetails(link: LinkRow): Detail | undefined {
  if (link.bridge) {
    const { text, json } = bridgeDetails(link.bridge);
    return { text: `bridge ${text}`, json: { info_kind: 'bridge', info_data: json } };
  }
  if (link.vxlan) return vxlanDetails(link.vxlan);
  if (link.kind === 'tun') {
    const persist = link.tun?.persist === true;
    const data = { type: 'tun', pi: false, vnet_hdr: false, multi_queue: false, persist };
    return {
      text: `tun type tun pi off vnet_hdr off persist ${persist ? 'on' : 'off'} `,
      json: { info_kind: 'tun', info_data: data },
    };
  }
  if (link.kind === 'ipip') {
    return {
      text: 'ipip any remote any local any ttl inherit nopmtudisc ',
      json: {
        info_kind: 'ipip',
        info_data: { proto: 'any', remote: 'any', local: 'any', ttl: 0, pmtudisc: false },
      },
    };
  }
  if (link.kind === 'veth' || link.kind === 'dummy')
    return { text: `${link.kind} `, json: { info_kind: link.kind } };
  return undefined;
}

/** A value that prints under one name as text and another in JSON, or under the same. */
type Field = readonly [name: string, value: number | string, jsonName?: string];

const BRIDGE_MULTICAST: readonly Field[] = [
  ['no_linklocal_learn', 0],
  ['mcast_vlan_snooping', 0],
  ['mcast_router', 1],
  ['mcast_query_use_ifaddr', 0],
  ['mcast_querier', 0],
  ['mcast_hash_elasticity', 16],
  ['mcast_hash_max', 4096],
  ['mcast_last_member_count', 2, 'mcast_last_member_cnt'],
  ['mcast_startup_query_count', 2, 'mcast_startup_query_cnt'],
  ['mcast_last_member_interval', 100, 'mcast_last_member_intvl'],
  ['mcast_membership_interval', 26000, 'mcast_membership_intvl'],
  ['mcast_querier_interval', 25500, 'mcast_querier_intvl'],
  ['mcast_query_interval', 12500, 'mcast_query_intvl'],
  ['mcast_query_response_interval', 1000, 'mcast_query_response_intvl'],
  ['mcast_startup_query_interval', 3124, 'mcast_startup_query_intvl'],
  ['mcast_stats_enabled', 0],
  ['mcast_igmp_version', 2],
  ['mcast_mld_version', 1],
  ['nf_call_iptables', 0],
  ['nf_call_ip6tables', 0],
  ['nf_call_arptables', 0],
];

const TIMER = new Decimal('0.00');
const TIMER_TEXT = '   0.00';

function fieldText(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name} ${value} `).join('');
}
function fieldJson(fields: readonly Field[]): JsonObject {
  return Object.fromEntries(fields.map(([name, value, jsonName]) => [jsonName ?? name, value]));
}

function bridgeDetails(bridge: NonNullable<LinkRow['bridge']>): Detail {
  const timers = ['hello_timer', 'tcn_timer', 'topology_change_timer', 'gc_timer'];
  const first: Field[] = [
    ['forward_delay', 1500],
    ['hello_time', 200],
    ['max_age', 2000],
    ['ageing_time', bridge.ageing],
    ['stp_state', bridge.stp ? 1 : 0],
    ['priority', 32768],
    ['vlan_filtering', 0],
    ['bridge_id', bridge.bridgeId],
    ['designated_root', bridge.bridgeId, 'root_id'],
    ['root_port', 0],
    ['root_path_cost', 0],
    ['topology_change', 0],
    ['topology_change_detected', 0],
  ];
  const snooping: Field = ['mcast_snooping', bridge.mcastSnooping ? 1 : 0];
  const last = [snooping, ...BRIDGE_MULTICAST];
  return {
    text:
      fieldText(first) +
      timers.map((name) => `${name} ${TIMER_TEXT} `).join('') +
      'group_fwd_mask 0 group_address 01:80:c2:00:00:00 ' +
      fieldText(last),
    json: {
      ...fieldJson(first),
      ...Object.fromEntries(timers.map((name) => [name, TIMER])),
      group_fwd_mask: '0',
      group_addr: '01:80:c2:00:00:00',
      ...fieldJson(last),
    },
  };
}

function vxlanDetails(vxlan: NonNullable<LinkRow['vxlan']>): Detail {
  let text = `vxlan id ${vxlan.id} `;
  if (vxlan.remote !== undefined) text += `remote ${vxlan.remote} `;
  if (vxlan.local !== undefined) text += `local ${vxlan.local} `;
  if (vxlan.dev !== undefined) text += `dev ${vxlan.dev} `;
  text += `srcport 0 0 dstport ${vxlan.port} ${vxlan.learning ? '' : 'nolearning '}`;
  text += `ttl ${vxlan.ttl === 0 ? 'auto' : vxlan.ttl} ageing ${vxlan.ageing === 0 ? 'none' : vxlan.ageing} `;
  text += `${vxlan.udpCsum ? '' : 'no'}udpcsum noudp6zerocsumtx noudp6zerocsumrx `;
  return {
    text,
    json: {
      info_kind: 'vxlan',
      info_data: {
        id: vxlan.id,
        remote: vxlan.remote,
        local: vxlan.local,
        link: vxlan.dev,
        port_range: { low: 0, high: 0 },
        port: vxlan.port,
        learning: vxlan.learning,
        ttl: vxlan.ttl,
        df: 'unset',
        ageing: vxlan.ageing,
        udp_csum: vxlan.udpCsum,
        udp_zero_csum6_tx: false,
        udp_zero_csum6_rx: false,
      },
    },
  };
}

const onOff = (value: boolean) => (value ? 'on' : 'off');

/** STP state of a port here: forwarding while it and its bridge are up. */
export function portState(link: LinkRow, netlink: Netlink): string {
  const bridge = link.master === undefined ? undefined : netlink.getLink(link.master);
  return link.flags.includes('LOWER_UP') && bridge?.flags.includes('UP') ? 'forwarding' : 'disabled';
}

function portDetails(link: LinkRow, netlink: Netlink): Detail | undefined {
  const { port } = link;
  if (!port) return undefined;
  const state = portState(link, netlink);
  const bridgeId =
    (link.master === undefined ? undefined : netlink.getLink(link.master))?.bridge?.bridgeId ?? '';
  // Port ids are the port's STP priority (0x80) and its number.
  const id = `0x80${port.no.toString(16).padStart(2, '0')}`;
  const designatedPort = 0x8000 + port.no;
  const no = `0x${port.no.toString(16)}`;
  const timers = ['hold_timer', 'message_age_timer', 'forward_delay_timer'];
  const { hairpin, learning, flood, isolated, neighSuppress } = port;
  return {
    text:
      `bridge_slave state ${state} priority ${port.priority} cost ${port.cost} hairpin ${onOff(hairpin)} guard off ` +
      `root_block off fastleave off learning ${onOff(learning)} flood ${onOff(flood)} port_id ${id} port_no ${no} ` +
      `designated_port ${designatedPort} designated_cost 0 designated_bridge ${bridgeId} designated_root ${bridgeId} ` +
      timers.map((name) => `${name} ${TIMER_TEXT} `).join('') +
      'topology_change_ack 0 config_pending 0 proxy_arp off proxy_arp_wifi off mcast_router 1 mcast_fast_leave off ' +
      `mcast_flood on bcast_flood on mcast_to_unicast off neigh_suppress ${onOff(neighSuppress)} group_fwd_mask 0 ` +
      `group_fwd_mask_str 0x0 vlan_tunnel off isolated ${onOff(isolated)} locked off `,
    json: {
      state,
      priority: port.priority,
      cost: port.cost,
      hairpin,
      guard: false,
      root_block: false,
      fastleave: false,
      learning,
      flood,
      id,
      no,
      designated_port: designatedPort,
      designated_cost: 0,
      bridge_id: bridgeId,
      root_id: bridgeId,
      ...Object.fromEntries(timers.map((name) => [name, TIMER])),
      topology_change_ack: 0,
      config_pending: 0,
      proxy_arp: false,
      proxy_arp_wifi: false,
      multicast_router: 1,
      mcast_flood: true,
      bcast_flood: true,
      mcast_to_unicast: false,
      neigh_suppress: neighSuppress,
      group_fwd_mask: '0',
      group_fwd_mask_str: '0x0',
      vlan_tunnel: false,
      isolated,
      locked: false,
    },
  };
}
