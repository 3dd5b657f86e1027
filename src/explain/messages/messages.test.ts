import { describe, expect, it } from 'vitest';
import type { DropReason, NeighState, RouteReason, TableName } from '../../sim/kernel/trace';
import { message, placesOf } from '../format';
import { dropHint, dropLabel, dropSentence, neighStateMessage, routeReasonMessage } from '../labels';
import type { Lang } from '../types';
import { catalogues, isMessageId, type MessageId } from '.';

const ids = Object.keys(catalogues.en) as MessageId[];
const LANGS: readonly Lang[] = ['en', 'zh'];

/** Written out so that a reason the trace gains does not compile here until it has its words. */
const DROPS = Object.keys({
  OTHERHOST: 1,
  IP_CSUM: 1,
  IP_INHDR: 1,
  IP_NOPROTO: 1,
  TTL_EXCEEDED: 1,
  PKT_TOO_BIG: 1,
  IP_INNOROUTES: 1,
  IP_OUTNOROUTES: 1,
  IP_ROUTE_BLACKHOLE: 1,
  IP_ROUTE_UNREACHABLE: 1,
  IP_ROUTE_PROHIBIT: 1,
  IP_FORWARDING_OFF: 1,
  IP_RPFILTER: 1,
  IP_INVALID_SOURCE: 1,
  IP_INVALID_DEST: 1,
  IP_LOCAL_SOURCE: 1,
  NEIGH_FAILED: 1,
  NEIGH_QUEUEFULL: 1,
  NO_SOCKET: 1,
  UDP_CSUM: 1,
  TCP_CSUM: 1,
  TCP_FLAGS: 1,
  TCP_RESET: 1,
  TCP_CLOSE: 1,
  TCP_INVALID_SYN: 1,
  TCP_INVALID_SEQUENCE: 1,
  TCP_INVALID_ACK_SEQUENCE: 1,
  TCP_OLD_SEQUENCE: 1,
  TCP_OLD_DATA: 1,
  TCP_OLD_ACK: 1,
  TCP_ACK_UNSENT_DATA: 1,
  TCP_OVERWINDOW: 1,
  TCP_RFC7323_PAWS: 1,
  TCP_ABORT_ON_DATA: 1,
  TCP_LISTEN_OVERFLOW: 1,
  ICMP_CSUM: 1,
  NETFILTER_DROP: 1,
  VXLAN_NO_REMOTE: 1,
  VXLAN_VNI_NOT_FOUND: 1,
  VXLAN_INVALID_HDR: 1,
  VXLAN_INVALID_SMAC: 1,
  TUNNEL_TXINFO: 1,
  DEV_READY: 1,
  DEV_NOT_UP: 1,
  NO_CARRIER: 1,
  MTU_EXCEEDED: 1,
  BRIDGE_NO_EGRESS_PORT: 1,
  BRIDGE_INGRESS_STP_STATE: 1,
  MAC_INVALID_SOURCE: 1,
  MAC_IEEE_MAC_CONTROL: 1,
  UNHANDLED_PROTO: 1,
  FRAG_REASM_TIMEOUT: 1,
  DUP_FRAG: 1,
  FULL_RING: 1,
  QDISC_DROP: 1,
  SOCKET_RCVBUFF: 1,
  CABLE_CUT: 1,
  CABLE_LOSS: 1,
  HOP_LIMIT: 1,
  NOT_SPECIFIED: 1,
} satisfies Record<DropReason, 1>) as DropReason[];

const STATES = Object.keys({
  NONE: 1,
  INCOMPLETE: 1,
  REACHABLE: 1,
  STALE: 1,
  DELAY: 1,
  PROBE: 1,
  FAILED: 1,
  PERMANENT: 1,
  NOARP: 1,
} satisfies Record<NeighState, 1>) as NeighState[];

const ROUTE_REASONS = Object.values({
  'longest-prefix': { why: 'longest-prefix', bits: 24 },
  'lowest-metric': { why: 'lowest-metric', bits: 24, metric: 0 },
  'first-listed': { why: 'first-listed', bits: 24 },
  'not-in-prefix': { why: 'not-in-prefix', first: '10.1.15.0', last: '10.1.15.255' },
  'shorter-prefix': { why: 'shorter-prefix', bits: 16, winnerBits: 24 },
  'higher-metric': { why: 'higher-metric', metric: 100, winnerMetric: 0 },
  'listed-later': { why: 'listed-later' },
  'nexthop-dead': { why: 'nexthop-dead' },
  'wrong-device': { why: 'wrong-device', wanted: 'eth0' },
  'scope-too-wide': { why: 'scope-too-wide' },
  throw: { why: 'throw' },
} satisfies { [W in RouteReason['why']]: Extract<RouteReason, { why: W }> });

const TABLES = Object.keys({
  netns: 1,
  link: 1,
  addr: 1,
  route: 1,
  rule: 1,
  neigh: 1,
  fdb: 1,
  sysctl: 1,
  process: 1,
  etcd: 1,
  iptables: 1,
  conntrack: 1,
  ipset: 1,
  qdisc: 1,
  socket: 1,
  kube: 1,
} satisfies Record<TableName, 1>) as TableName[];

describe('the catalogues', () => {
  it('hold many texts', () => {
    expect(ids.length).toBeGreaterThan(250);
  });

  it.each(ids)('%s has the same places in both languages', (id) => {
    expect(placesOf(catalogues.zh[id]).sort()).toEqual(placesOf(catalogues.en[id]).sort());
  });

  it.each(LANGS)('have balanced marks and no loose blanks (%s)', (lang) => {
    for (const id of ids) {
      const text = catalogues[lang][id];
      expect(text.split('**').length % 2, id).toBe(1);
      expect(text.split('`').length % 2, id).toBe(1);
      expect(text, id).toBe(text.trim());
      expect(text, id).not.toMatch(/ {2}|\{\}|undefined/);
    }
  });

  it('set Chinese with full-width punctuation and a space before Latin', () => {
    for (const id of ids) {
      const text = catalogues.zh[id].replaceAll('**', '').replaceAll('`', '');
      expect(text, id).not.toMatch(/[\u4e00-\u9fff][,;:!?()]|[,;:!?][\u4e00-\u9fff]/);
      expect(text, id).not.toMatch(/[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]/);
      expect(text, id).not.toMatch(/[\u4e00-\u9fff]\{(?!@)|(?<!\{@\w*)\}[\u4e00-\u9fff]/);
    }
  });

  it('are translated, but for names that both languages share', () => {
    const same = ids.filter((id) => catalogues.zh[id] === catalogues.en[id]);
    const words = (id: MessageId): string => catalogues.en[id].replace(/\{[^}]*\}|[`*·()\s]/g, '');
    expect([...new Set(same.map(words))].sort()).toEqual([
      '',
      'ARP',
      'Kubernetes',
      'TCPACK',
      'TCPFIN',
      'TCPSYN',
      'TCPSYN-ACK',
      'conntrack',
      'etcd',
      'iptables',
    ]);
  });

  it('have terms without places', () => {
    for (const id of ids)
      if (/^(pkt|label|icmp|held|arpWhy|table)\./.test(id))
        expect(placesOf(catalogues.en[id]), id).toEqual([]);
  });
});

describe.each(LANGS)('reasons in %s', (lang) => {
  it.each(DROPS)('%s has a short label, a sentence and a hint', (reason) => {
    const label = message(lang, dropLabel({ reason, where: '' }));
    if (lang === 'en') expect(label.split(' ').length).toBeLessThanOrEqual(2);
    else expect(label.length).toBeLessThanOrEqual(10);
    expect(message(lang, dropSentence(reason)).length).toBeGreaterThan(4);
    expect(message(lang, dropHint(reason)).length).toBeGreaterThan(4);
  });

  it('a drop is told by the function that gave up where that says more', () => {
    const said = (reason: DropReason, where: string): string[] =>
      [dropLabel({ reason, where }), dropSentence(reason, where), dropHint(reason, where)].map((m) =>
        message(lang, m),
      );
    const plain = said('QDISC_DROP', 'elsewhere');
    const netem = said('QDISC_DROP', 'netem_enqueue');
    expect(plain.filter((text, i) => text === netem[i])).toEqual([]);
    expect(said('DEV_READY', 'tun_net_xmit')).toEqual(said('QDISC_DROP', 'noop_enqueue'));
    expect(said('FULL_RING', 'tun_net_xmit')).not.toEqual(said('FULL_RING', 'elsewhere'));
  });

  it.each(STATES)('%s is explained', (state) => {
    expect(message(lang, neighStateMessage(state)).length).toBeGreaterThan(4);
  });

  it.each(ROUTE_REASONS)('a route that is $why', (reason) => {
    expect(message(lang, routeReasonMessage(reason, '10.1.16.3'))).not.toContain('{');
  });

  it.each(TABLES)('table %s has a name', (table) => {
    const id = `table.${table}`;
    expect(isMessageId(id) && message(lang, { id, values: {} })).toBeTruthy();
  });
});

describe('reasons that name addresses', () => {
  it('say the range, or the single address', () => {
    const say = (reason: RouteReason): string => message('en', routeReasonMessage(reason, '10.1.16.3'));
    expect(say({ why: 'not-in-prefix', first: '10.1.15.0', last: '10.1.15.255' })).toBe(
      '10.1.16.3 is not in 10.1.15.0 – 10.1.15.255',
    );
    expect(say({ why: 'not-in-prefix', first: '10.1.15.1', last: '10.1.15.1' })).toBe(
      '10.1.16.3 is not 10.1.15.1',
    );
    expect(say({ why: 'shorter-prefix', bits: 0, winnerBits: 24 })).toBe(
      'matches, but with 0 bits: used only if nothing longer matches',
    );
  });
});
