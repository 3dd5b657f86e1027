/**
 * A VXLAN tunnel end point (drivers/net/vxlan, RFC 7348): wraps Ethernet frames in VXLAN, UDP and IP, and finds the
 * remote end by the inner destination MAC in a forwarding database of its own.
 *
 * Models: FDB with remotes, all-zero default entry, learning, source port from the inner flow, UDP checksum, VNI and
 * flag checks. Leaves out: multicast groups, metadata mode, GBP, MDB, IPv6.
 */
import {
  IPPROTO_UDP,
  MAC_ZERO,
  buildIpv4,
  buildUdp,
  buildVxlan,
  isMalformed,
  isMulticastMac,
  parseVxlan,
  readMac,
  vxlanSourcePort,
  VXLAN_LENGTH,
  type Ip4,
  type Mac,
} from '../../wire/index';
import { ipText, macText } from '../text';
import { COST } from '../costs';
import { IpPacket } from '../ip/packet';
import type { FdbRow, LinkRow } from '../netlink';
import type { Netns } from '../netns';
import type { EventSeq, Frame } from '../trace';
import { Device } from './device';

export const VXLAN_DEFAULT_PORT = 8472;

interface VxlanRemote {
  readonly dst: Ip4;
  readonly port?: number;
  readonly vni?: number;
}
interface VxlanEntry {
  readonly mac: Mac;
  remotes: VxlanRemote[];
  state: 'permanent' | 'static' | 'dynamic';
  used: number;
  updated: number;
  readonly order: number;
  rows: { key: string; row: FdbRow }[];
}
interface VxlanConfig {
  readonly id: number;
  readonly local?: Ip4;
  readonly remote?: Ip4;
  readonly lower?: string;
  readonly port: number;
  readonly learning: boolean;
  readonly ttl: number;
  readonly ageing: number;
  readonly udpCsum: boolean;
}

export class VxlanDevice extends Device {
  readonly kind = 'vxlan';
  readonly fdb = new Map<Mac, VxlanEntry>();
  #order = 0;

  constructor(
    readonly config: VxlanConfig,
    ...args: ConstructorParameters<typeof Device>
  ) {
    super(...args);
  }

  // --- the database --------------------------------------------------------------------------------------------------

  addRemote(
    mac: Mac,
    remote: VxlanRemote,
    state: VxlanEntry['state'],
    append: boolean,
    cause: EventSeq,
  ): void {
    const now = this.netns.now;
    let entry = this.fdb.get(mac);
    if (!entry) {
      entry = { mac, remotes: [], state, used: now, updated: now, order: this.#order++, rows: [] };
      this.fdb.set(mac, entry);
    }
    entry.state = state;
    entry.updated = now;
    entry.remotes = append ? [...entry.remotes, remote] : [remote];
    this.#show(entry, cause);
    if (state === 'dynamic') this.#armAgeing(entry);
  }

  deleteEntry(mac: Mac, dst: Ip4 | undefined, cause: EventSeq): boolean {
    const entry = this.fdb.get(mac);
    if (!entry) return false;
    const left = dst === undefined ? [] : entry.remotes.filter((remote) => remote.dst !== dst);
    if (left.length === entry.remotes.length) return false;
    entry.remotes = left;
    if (left.length === 0) this.fdb.delete(mac);
    this.#show(entry, cause);
    return true;
  }

  rowsOf(entry: VxlanEntry): FdbRow[] {
    return entry.remotes.map((remote) => ({
      mac: macText(entry.mac),
      ifname: this.name,
      dst: ipText(remote.dst),
      ...(remote.port !== undefined && remote.port !== this.config.port ? { port: remote.port } : {}),
      ...(remote.vni !== undefined && remote.vni !== this.config.id ? { vni: remote.vni } : {}),
      flags: ['self'],
      state: entry.state === 'permanent' ? 'permanent' : entry.state === 'static' ? 'static' : '',
    }));
  }

  renamed(cause: EventSeq): void {
    for (const entry of this.fdb.values()) this.#show(entry, cause);
  }

  #show(entry: VxlanEntry, cause: EventSeq): void {
    const index = String(this.ifindex).padStart(6, '0');
    const order = String(entry.order).padStart(6, '0');
    const next = this.rowsOf(entry).map((row) => ({
      key: `${index}|s${order}|${row.mac}|${row.dst ?? ''}`,
      row,
    }));
    for (const { key, row } of entry.rows) {
      if (!next.some((other) => other.key === key)) this.netns.change('fdb', key, row, undefined, cause);
    }
    for (const { key, row } of next) {
      const before = entry.rows.find((other) => other.key === key)?.row;
      this.netns.change('fdb', key, before, row, cause);
    }
    entry.rows = next;
  }

  #armAgeing(entry: VxlanEntry): void {
    const cause = this.netns.lastSeq;
    const life = this.config.ageing * 1_000_000_000;
    this.netns.timerAt(Math.max(entry.updated + life, this.netns.now), () => {
      if (this.fdb.get(entry.mac) !== entry || entry.state !== 'dynamic') return;
      if (entry.updated + life > this.netns.now) this.#armAgeing(entry);
      else this.deleteEntry(entry.mac, undefined, cause);
    });
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** vxlan_xmit: which remotes does the inner destination lead to? */
  protected startXmit(frame: Frame, cause: EventSeq): void {
    const mac = readMac(frame.bytes, 0);
    const own = this.fdb.get(mac);
    const entry = own ?? this.fdb.get(MAC_ZERO);
    const rows = entry ? this.rowsOf(entry) : [];
    const seq = this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: cause,
      kind: 'vtep',
      dev: this.name,
      frame: frame.id,
      mac: macText(mac),
      rows,
      verdict: own ? 'remote' : entry ? 'default' : 'miss',
      remotes: rows.map((row) => row.dst ?? ''),
    });
    if (!entry) {
      this.stats.txDropped++;
      const detail = { mac: macText(mac), dev: this.name };
      this.netns.drop(frame, seq, 'VXLAN_NO_REMOTE', 'vxlan_xmit', this.name, detail);
      return;
    }
    entry.used = this.netns.now;
    for (const remote of entry.remotes)
      this.netns.work(COST.encap, () => this.#encapsulate(frame, remote, seq));
  }

  /** vxlan_xmit_one: outer route, headers, and out through the host's own IP output. */
  #encapsulate(frame: Frame, remote: VxlanRemote, cause: EventSeq): void {
    const { netns, config } = this;
    const route = netns.ip.routeOutput(
      { dst: remote.dst, src: config.local, oif: config.lower },
      cause,
      frame.id,
    );
    if (!route.ok) {
      this.stats.txErrors++;
      const detail = { dst: ipText(remote.dst), dev: this.name };
      netns.drop(frame, route.seq, 'IP_OUTNOROUTES', 'vxlan_xmit_one', this.name, detail);
      return;
    }
    const src = config.local ?? route.source;
    const range = netns.sysctl.portRange();
    const srcPort = vxlanSourcePort(frame.bytes, netns.kernel.hashSeed, range[0], range[1]);
    const dstPort = remote.port ?? config.port;
    const vni = remote.vni ?? config.id;
    const pseudo = config.udpCsum ? { src, dst: remote.dst } : null;
    const udp = buildUdp({ srcPort, dstPort }, buildVxlan(vni, frame.bytes), pseudo);
    const id = netns.nextIpId();
    const ttl = config.ttl || netns.sysctl.defaultTtl();
    const bytes = buildIpv4({ tos: 0, id, ttl, protocol: IPPROTO_UDP, src, dst: remote.dst }, udp);
    const outer = netns.tracer.frame(bytes, 'ip', frame.id);
    const seq = netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: route.seq,
      kind: 'encap',
      dev: this.name,
      frame: outer.id,
      inner: frame.id,
      header: 'vxlan',
      local: ipText(src),
      remote: ipText(remote.dst),
      vni,
      srcPort,
      dstPort,
      added: bytes.length - frame.bytes.length,
    });
    netns.ip.sendRouted(new IpPacket(bytes, outer.id, seq), route);
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** vxlan_rcv after the VNI led here: take the headers off and receive the inner frame on this device. */
  decapsulate(packet: IpPacket, vxlan: Uint8Array): void {
    const cause = packet.cause;
    const inner = vxlan.subarray(VXLAN_LENGTH);
    const netns = this.netns;
    const frame = netns.tracer.frame(inner, 'ethernet', packet.frame);
    const src = readMac(inner, 6);
    if (src === this.mac) {
      netns.drop(frame, cause, 'VXLAN_INVALID_SMAC', 'vxlan_rcv', this.name, { mac: macText(src) });
      return;
    }
    const seq = netns.emit({
      seq: 0,
      at: 0,
      machine: netns.machine,
      netns: netns.id,
      cause: cause,
      kind: 'decap',
      dev: this.name,
      frame: frame.id,
      outer: packet.frame,
      header: 'vxlan',
      vni: this.config.id,
      removed: packet.bytes.length - inner.length,
    });
    if (this.config.learning && !isMulticastMac(src)) this.#learn(src, packet.header.src, seq);
    netns.work(COST.decap, () => this.receive(frame, seq));
  }

  /** vxlan_snoop. */
  #learn(mac: Mac, from: Ip4, cause: EventSeq): void {
    const entry = this.fdb.get(mac);
    if (!entry) this.addRemote(mac, { dst: from }, 'dynamic', false, cause);
    else if (entry.state === 'dynamic') {
      entry.updated = this.netns.now;
      if (entry.remotes[0]?.dst !== from) this.addRemote(mac, { dst: from }, 'dynamic', false, cause);
    }
  }

  /** Tunnels count what they carry without its Ethernet header (iptunnel_xmit_stats, gro_cells). */
  protected override countedRx(length: number): number {
    return length - this.hardHeaderLength;
  }
  protected override countedTx(length: number): number {
    return length - this.hardHeaderLength;
  }

  override removed(cause: EventSeq): void {
    for (const mac of [...this.fdb.keys()]) this.deleteEntry(mac, undefined, cause);
  }

  override rowExtras(): Partial<LinkRow> {
    const { config } = this;
    return {
      vxlan: {
        id: config.id,
        ...(config.local !== undefined ? { local: ipText(config.local) } : {}),
        ...(config.remote !== undefined ? { remote: ipText(config.remote) } : {}),
        ...(config.lower !== undefined ? { dev: config.lower } : {}),
        port: config.port,
        learning: config.learning,
        ttl: config.ttl,
        ageing: config.ageing,
        udpCsum: config.udpCsum,
      },
    };
  }
}

/**
 * What the kernel does with a UDP datagram on a VXLAN port (vxlan_rcv): the I flag must be set and a device must have
 * the VNI; otherwise the packet is dropped in silence.
 */
export function receiveVxlan(netns: Netns, packet: IpPacket, payload: Uint8Array, port: number): void {
  const header = parseVxlan(payload, 0);
  if (isMalformed(header)) {
    netns.dropPacket(packet, 'VXLAN_INVALID_HDR', 'vxlan_rcv');
    return;
  }
  for (const device of netns.devices) {
    if (
      device instanceof VxlanDevice &&
      device.up &&
      device.config.port === port &&
      device.config.id === header.vni
    ) {
      device.decapsulate(packet, payload);
      return;
    }
  }
  netns.dropPacket(packet, 'VXLAN_VNI_NOT_FOUND', 'vxlan_rcv', { vni: header.vni });
}
