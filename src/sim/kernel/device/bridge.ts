/**
 * The Linux bridge (net/bridge): a learning switch whose host is one of its ports.
 *
 * Models: learning, moving, ageing, local entries, flooding in port order (newest port first, the bridge device last),
 * hairpin, isolation, per-port learning/flood switches, MAC and MTU taken from ports until set.
 * Leaves out: spanning tree (ports forward at once), VLAN filtering, multicast snooping, bridge netfilter's own tables.
 */
import { assert } from '../../../base/assert';
import { MAC_BROADCAST, MAC_ZERO, isMulticastMac, readMac, type Mac } from '../../wire/index';
import { macText } from '../text';
import type { IpPacket } from '../ip/packet';
import { COST, MS } from '../costs';
import type { FdbRow, LinkRow } from '../netlink';
import type { BridgeVerdict, EventSeq, Frame } from '../trace';
import { bridgeCallsIptables, bridgeForward, bridgePrerouting } from './bridge-nf';
import { Device } from './device';

/** One row of the forwarding database (struct net_bridge_fdb_entry). */
interface FdbEntry {
  readonly mac: Mac;
  /** undefined: the bridge device itself. */
  port: BridgePort | undefined;
  local: boolean;
  /** Set by hand; never ages. */
  static: boolean;
  used: number;
  updated: number;
  /** Order of insertion; the dump lists newest first. */
  readonly order: number;
  row: FdbRow | undefined;
  key: string;
}

export class BridgePort {
  learning = true;
  flood = true;
  hairpin = false;
  isolated = false;
  neighSuppress = false;
  priority = 32;
  cost = 2;

  constructor(
    readonly bridge: BridgeDevice,
    readonly device: Device,
    readonly no: number,
  ) {}
  get forwarding(): boolean {
    return this.device.running;
  }
}

const LINK_LOCAL = 0x0180c2000000;

export class BridgeDevice extends Device {
  readonly kind = 'bridge';
  /** Newest first: the order in which floods leave. */
  readonly ports: BridgePort[] = [];
  readonly fdb = new Map<Mac, FdbEntry>();
  ageingCs = 30_000;
  stp = false;
  mcastSnooping = true;
  macSet = false;
  mtuSet = false;
  #order = 0;

  override get carrier(): boolean {
    return this.up && this.ports.some((port) => port.forwarding);
  }

  // --- ports ---------------------------------------------------------------------------------------------------------

  addPort(device: Device, cause: EventSeq): void {
    const taken = new Set(this.ports.map((port) => port.no));
    let no = 1;
    while (taken.has(no)) no++;
    const port = new BridgePort(this, device, no);
    device.port = port;
    this.ports.unshift(port);
    this.addLocal(device.mac, port, cause);
    this.#recompute(cause);
  }

  removePort(port: BridgePort, cause: EventSeq): void {
    const at = this.ports.indexOf(port);
    assert(at >= 0, 'not a port of this bridge');
    this.ports.splice(at, 1);
    port.device.port = undefined;
    for (const entry of [...this.fdb.values()]) if (entry.port === port) this.#forget(entry, cause);
    this.#recompute(cause);
  }

  /** A port came up or went down: its learned entries go at once (br_fdb_delete_by_port). */
  portChanged(port: BridgePort, cause: EventSeq): void {
    if (port.device.running) return;
    for (const entry of [...this.fdb.values()]) {
      if (entry.port === port && !entry.local && !entry.static) this.#forget(entry, cause);
    }
  }

  /** A port's or the bridge's own MAC changed. */
  macChanged(device: Device, before: Mac, cause: EventSeq): void {
    const port = device === this ? undefined : device.port;
    const entry = this.fdb.get(before);
    if (entry?.local && entry.port === port) this.#forget(entry, cause);
    this.addLocal(device.mac, port, cause);
    if (device !== this) this.#recompute(cause);
  }

  mtuChanged(cause: EventSeq): void {
    this.#recompute(cause);
  }

  addLocal(mac: Mac, port: BridgePort | undefined, cause: EventSeq): void {
    if (mac === MAC_ZERO) return;
    const known = this.fdb.get(mac);
    if (known?.local) return;
    if (known) this.#forget(known, cause);
    this.#insert({ mac, port, local: true, static: true }, cause);
  }

  /** Until somebody sets them, the MAC is the lowest of the ports' and the MTU the smallest (br_stp_recalculate_bridge_id). */
  #recompute(cause: EventSeq): void {
    if (!this.macSet) {
      const macs = this.ports.map((port) => port.device.mac);
      const lowest = macs.length > 0 ? Math.min(...macs) : MAC_ZERO;
      if (lowest !== this.mac) {
        const before = this.mac;
        this.mac = lowest;
        const old = this.fdb.get(before);
        if (old?.local && old.port === undefined) this.#forget(old, cause);
        this.addLocal(lowest, undefined, cause);
      }
    }
    if (!this.mtuSet && this.ports.length > 0)
      this.mtu = Math.min(...this.ports.map((port) => port.device.mtu));
    this.netns.syncLink(this, cause);
  }

  // --- the database --------------------------------------------------------------------------------------------------

  /** br_fdb_update: learn, or move, the sender. */
  learn(mac: Mac, port: BridgePort, cause: EventSeq): void {
    const entry = this.fdb.get(mac);
    const now = this.netns.now;
    if (!entry) {
      this.#insert({ mac, port, local: false, static: false }, cause);
      return;
    }
    if (entry.local) return;
    entry.updated = now;
    if (entry.port === port) return;
    entry.port = port;
    this.#show(entry, cause);
  }

  /** RTM_NEWNEIGH on a port with `master`. */
  addByHand(
    mac: Mac,
    port: BridgePort | undefined,
    state: 'permanent' | 'static' | 'dynamic',
    cause: EventSeq,
  ): void {
    const known = this.fdb.get(mac);
    if (known) this.#forget(known, cause);
    this.#insert({ mac, port, local: state === 'permanent', static: state !== 'dynamic' }, cause);
  }

  deleteByHand(mac: Mac, port: BridgePort | undefined, cause: EventSeq): boolean {
    const entry = this.fdb.get(mac);
    if (!entry || entry.port !== port) return false;
    this.#forget(entry, cause);
    return true;
  }

  rowOf(entry: FdbEntry): FdbRow {
    const state = entry.local ? 'permanent' : entry.static ? 'static' : '';
    return {
      mac: macText(entry.mac),
      ifname: (entry.port?.device ?? this).name,
      flags: [],
      master: this.name,
      state,
    };
  }

  /** A port or the bridge got another name: rows speak of names. */
  renamed(cause: EventSeq): void {
    for (const entry of this.fdb.values()) this.#show(entry, cause);
  }

  #insert(what: Pick<FdbEntry, 'mac' | 'port' | 'local' | 'static'>, cause: EventSeq): void {
    const now = this.netns.now;
    const entry: FdbEntry = {
      ...what,
      used: now,
      updated: now,
      order: this.#order++,
      row: undefined,
      key: '',
    };
    this.fdb.set(entry.mac, entry);
    this.#show(entry, cause);
    if (!entry.static) this.#armAgeing(entry);
  }

  #forget(entry: FdbEntry, cause: EventSeq): void {
    this.fdb.delete(entry.mac);
    this.netns.change('fdb', entry.key, entry.row, undefined, cause);
    entry.row = undefined;
  }

  /** Brings the trace up to date with an entry. Rows sort by device, newest first, as the dump does. */
  #show(entry: FdbEntry, cause: EventSeq): void {
    const device = entry.port?.device ?? this;
    const index = String(device.ifindex).padStart(6, '0');
    const key = `${index}|${String(999_999 - entry.order)}|${macText(entry.mac)}`;
    const row = this.rowOf(entry);
    if (entry.row && entry.key !== key) {
      this.netns.change('fdb', entry.key, entry.row, undefined, cause);
      entry.row = undefined;
    }
    this.netns.change('fdb', key, entry.row, row, cause);
    entry.key = key;
    entry.row = row;
  }

  /** br_fdb_cleanup, one entry at a time: look again when the entry would be too old. */
  #armAgeing(entry: FdbEntry): void {
    const due = entry.updated + this.ageingCs * 10 * MS;
    const cause = this.netns.lastSeq;
    this.netns.timerAt(Math.max(due, this.netns.now), () => {
      if (this.fdb.get(entry.mac) !== entry || entry.static) return;
      if (entry.updated + this.ageingCs * 10 * MS > this.netns.now) this.#armAgeing(entry);
      else this.#forget(entry, cause);
    });
  }

  // --- frames --------------------------------------------------------------------------------------------------------

  /** The port's rx handler (br_handle_frame, br_handle_frame_finish): the frame never sees the port's own IP stack. */
  handleFrame(port: BridgePort, frame: Frame, cause: EventSeq): void {
    const src = readMac(frame.bytes, 6);
    const dst = readMac(frame.bytes, 0);
    const netns = this.netns;
    if (src === MAC_ZERO || isMulticastMac(src)) {
      netns.drop(frame, cause, 'MAC_INVALID_SOURCE', 'br_handle_frame', port.device.name, {
        mac: macText(src),
      });
      return;
    }
    if (!this.up || !port.forwarding) {
      netns.drop(frame, cause, 'BRIDGE_INGRESS_STP_STATE', 'br_handle_frame', port.device.name, {
        dev: this.name,
      });
      return;
    }
    if (dst >= LINK_LOCAL && dst <= LINK_LOCAL + 0xf) {
      const seq = this.#decide(frame, port, dst, undefined, { to: 'nowhere', why: 'link-local' }, cause);
      netns.drop(frame, seq, 'MAC_IEEE_MAC_CONTROL', 'br_handle_frame', port.device.name);
      return;
    }
    if (bridgeCallsIptables(netns)) bridgePrerouting(port, frame, cause);
    else this.finish(port, frame, cause);
  }

  /** br_handle_frame_finish; `packet` when netfilter has seen it. */
  finish(port: BridgePort, frame: Frame, cause: EventSeq, packet?: IpPacket): void {
    if (port.learning) this.learn(readMac(frame.bytes, 6), port, cause);
    this.#forward(port, frame, readMac(frame.bytes, 0), cause, packet);
  }
  /** br_pass_frame_up. */
  #passUp(frame: Frame, cause: EventSeq, packet: IpPacket | undefined): void {
    this.netns.netfilter.passedUp = packet;
    this.receive(frame, cause);
    this.netns.netfilter.passedUp = undefined;
  }

  /** br_dev_xmit: the host sends through its own bridge device. */
  protected startXmit(frame: Frame, cause: EventSeq): void {
    this.#forward(undefined, frame, readMac(frame.bytes, 0), cause);
  }

  #forward(port: BridgePort | undefined, frame: Frame, dst: Mac, cause: EventSeq, packet?: IpPacket): void {
    const group = isMulticastMac(dst);
    const entry = group ? undefined : this.fdb.get(dst);
    if (entry) {
      entry.used = this.netns.now;
      if (entry.local) this.#toLocal(port, frame, dst, entry, cause, packet);
      else this.#toPort(port, frame, dst, entry, cause, packet);
      return;
    }
    const why = dst === MAC_BROADCAST ? 'broadcast' : group ? 'multicast' : 'unknown-unicast';
    const out = this.ports.filter((to) => (group || to.flood) && this.#shouldDeliver(port, to));
    const local = (group || this.promiscuous) && port !== undefined;
    const verdict: BridgeVerdict = { to: 'flood', ports: out.map((to) => to.device.name), local, why };
    const seq = this.#decide(frame, port, dst, undefined, verdict, cause);
    if (out.length === 0 && !local) {
      this.netns.drop(frame, seq, 'BRIDGE_NO_EGRESS_PORT', 'br_flood', this.name, { mac: macText(dst) });
      return;
    }
    const base = port ? COST.bridge : COST.bridgeDevice;
    out.forEach((to, at) => this.#send(to, frame, base + at * COST.bridgeCopy, seq, packet));
    if (local) this.netns.work(base + out.length * COST.bridgeCopy, () => this.#passUp(frame, seq, packet));
  }

  #toLocal(
    port: BridgePort | undefined,
    frame: Frame,
    dst: Mac,
    entry: FdbEntry,
    cause: EventSeq,
    packet: IpPacket | undefined,
  ): void {
    const seq = this.#decide(frame, port, dst, entry, { to: 'local' }, cause);
    if (port) this.#passUp(frame, seq, packet);
    else
      this.netns.drop(frame, seq, 'BRIDGE_NO_EGRESS_PORT', 'br_dev_xmit', this.name, { mac: macText(dst) });
  }

  #toPort(
    from: BridgePort | undefined,
    frame: Frame,
    dst: Mac,
    entry: FdbEntry,
    cause: EventSeq,
    packet: IpPacket | undefined,
  ): void {
    const to = entry.port;
    if (to && this.#shouldDeliver(from, to)) {
      const seq = this.#decide(frame, from, dst, entry, { to: 'port', port: to.device.name }, cause);
      this.#send(to, frame, from ? COST.bridge : COST.bridgeDevice, seq, packet);
      // Somebody listens on the bridge device: it gets a copy of what is switched (br_pass_frame_up).
      if (from && this.promiscuous)
        this.netns.work(COST.bridge + COST.bridgeCopy, () => this.#passUp(frame, seq, packet));
      return;
    }
    const why = !to
      ? 'no-port'
      : to === from
        ? 'same-port'
        : !to.forwarding
          ? 'port-not-forwarding'
          : 'isolated';
    const seq = this.#decide(frame, from, dst, entry, { to: 'nowhere', why }, cause);
    this.netns.drop(frame, seq, 'BRIDGE_NO_EGRESS_PORT', 'br_forward', this.name, { mac: macText(dst) });
  }

  #shouldDeliver(from: BridgePort | undefined, to: BridgePort): boolean {
    if (!to.forwarding) return false;
    if (from === to) return to.hairpin;
    return !(from?.isolated && to.isolated);
  }

  #send(to: BridgePort, frame: Frame, delay: number, cause: EventSeq, packet?: IpPacket): void {
    this.netns.work(delay, () => {
      if (to.device.port !== to) return;
      if (packet) bridgeForward(to, frame, packet, cause);
      else this.push(to, frame, cause);
    });
  }
  /** br_dev_queue_push_xmit. */
  push(to: BridgePort, frame: Frame, cause: EventSeq): void {
    if (!to.device.accepts(frame)) {
      const detail = { dev: to.device.name, length: frame.bytes.length, mtu: to.device.mtu };
      this.netns.drop(frame, cause, 'PKT_TOO_BIG', 'br_dev_queue_push_xmit', to.device.name, detail);
      return;
    }
    to.device.transmit(frame, cause);
  }

  #decide(
    frame: Frame,
    port: BridgePort | undefined,
    mac: Mac,
    entry: FdbEntry | undefined,
    verdict: BridgeVerdict,
    cause: EventSeq,
  ): EventSeq {
    const row = entry ? this.rowOf(entry) : undefined;
    const text = macText(mac);
    return this.netns.emit({
      seq: 0,
      at: 0,
      machine: this.netns.machine,
      netns: this.netns.id,
      cause: cause,
      kind: 'fdb',
      dev: this.name,
      frame: frame.id,
      port: port?.device.name,
      mac: text,
      row,
      verdict,
    });
  }

  /** br_pass_frame_up counts after eth_type_trans took the Ethernet header off. */
  protected override countedRx(length: number): number {
    return length - this.hardHeaderLength;
  }

  override stateChanged(cause: EventSeq): void {
    if (this.up) this.addLocal(this.mac, undefined, cause);
  }

  override removed(cause: EventSeq): void {
    for (const port of [...this.ports]) {
      const { device } = port;
      this.removePort(port, cause);
      device.netns.syncLink(device, cause);
    }
    for (const entry of [...this.fdb.values()]) this.#forget(entry, cause);
  }

  override rowExtras(): Partial<LinkRow> {
    // bridge_id prints as %02x%02x.%x:%x:… in iproute2: octets without leading zeros. A placeholder MAC is no id.
    const bridgeId = `8000.${macText(this.macSet || this.ports.length > 0 ? this.mac : MAC_ZERO)
      .split(':')
      .map((octet) => octet.replace(/^0(?=.)/, ''))
      .join(':')}`;
    return {
      bridge: {
        ageing: this.ageingCs,
        stp: this.stp,
        bridgeId,
        mcastSnooping: this.mcastSnooping,
        macSet: this.macSet,
      },
    };
  }
}
