/**
 * What all network devices share (struct net_device): identity, administrative state, addresses, counters, taps, and the
 * two doors every frame passes: `transmit` (dev_queue_xmit) and `receive` (__netif_receive_skb).
 */
import {
  ETHERNET_LENGTH,
  MAC_BROADCAST,
  isMulticastMac,
  readMac,
  type Ip4,
  type Mac,
} from '../../wire/index';
import type { AddrRow, FdbRow, LinkKind, LinkRow, LinkStats, RouteScope } from '../netlink';
import type { Netns } from '../netns';
import type { EventSeq, Frame, PacketType } from '../trace';
import type { Qdisc } from '../qdisc/qdisc';
import type { BridgePort } from './bridge';

/** One IPv4 address of a device (struct in_ifaddr). */
export interface IfAddress {
  readonly local: Ip4;
  readonly prefixlen: number;
  readonly peer?: Ip4;
  readonly broadcast?: Ip4;
  readonly scope: RouteScope;
  readonly label: string;
  readonly secondary: boolean;
  /** Order of arrival in the namespace. */
  readonly order: number;
  /** Last row shown in the trace. */
  row: AddrRow | undefined;
}

export type Tap = (bytes: Uint8Array, at: number, dev: string, direction: 'in' | 'out') => void;

const NO_ROWS: ReadonlyMap<string, FdbRow> = new Map();

export abstract class Device {
  up = false;
  everUp = false;
  mtu = 1500;
  txqlen = 1000;
  noarp = false;
  /** Set by hand (`ip link set promisc on`): the flag that is shown. */
  promiscSet = false;
  /** Taps that want everything; counted, but not shown as a flag. */
  promiscuity = 0;
  port: BridgePort | undefined;
  /** Put on by hand; absent: frames go straight out. */
  qdisc: Qdisc | undefined;
  addresses: IfAddress[] = [];
  /** Extra hardware addresses listened to (`bridge fdb add … self`). */
  readonly filters = new Set<Mac>();
  /** Rows last shown in the trace for what the device listens to, by key, and what they were made of. */
  shownFilters: {
    readonly rows: ReadonlyMap<string, FdbRow>;
    readonly macs: readonly Mac[];
    readonly of: string;
  } = { rows: NO_ROWS, macs: [], of: '' };
  readonly taps = new Set<Tap>();
  readonly stats = {
    rxBytes: 0,
    rxPackets: 0,
    rxDropped: 0,
    txBytes: 0,
    txPackets: 0,
    txDropped: 0,
    txErrors: 0,
  };
  /** Last row shown in the trace. */
  row: LinkRow | undefined;
  abstract readonly kind: LinkKind;
  readonly link: 'ethernet' | 'ip' = 'ethernet';

  constructor(
    public netns: Netns,
    public ifindex: number,
    public name: string,
    public mac: Mac,
  ) {}

  /** Is there somebody at the other end? (netif_carrier_ok) */
  get carrier(): boolean {
    return this.up;
  }
  get promiscuous(): boolean {
    return this.promiscSet || this.promiscuity > 0;
  }
  get running(): boolean {
    return this.up && this.carrier;
  }
  get loopback(): boolean {
    return false;
  }
  get hardHeaderLength(): number {
    return this.link === 'ethernet' ? ETHERNET_LENGTH : 0;
  }
  get statistics(): LinkStats {
    return this.stats;
  }

  /** Sends a complete frame out of this device. */
  transmit(frame: Frame, cause: EventSeq): void {
    const netns = this.netns;
    if (!this.up) {
      netns.drop(frame, cause, 'DEV_NOT_UP', 'dev_queue_xmit', this.name, { dev: this.name });
      return;
    }
    if (this.qdisc) this.qdisc.enqueue(frame, cause);
    else this.hardStartXmit(frame, cause);
  }

  /** dev_hard_start_xmit: what the queueing discipline has let through. */
  hardStartXmit(frame: Frame, cause: EventSeq): void {
    const seq = this.netns.traceTx(this.name, frame.id, cause);
    this.countTx(frame.bytes.length);
    if (this.taps.size > 0) this.#tap(frame, 'out');
    this.startXmit(frame, seq);
  }

  /** A frame has arrived on this device. */
  receive(frame: Frame, cause: EventSeq): void {
    if (!this.up) {
      this.stats.rxDropped++;
      this.netns.drop(frame, cause, 'DEV_READY', 'enqueue_to_backlog', this.name, { dev: this.name });
      return;
    }
    const pkt = this.packetType(frame.bytes);
    const seq = this.netns.traceRx(this.name, frame.id, pkt, cause);
    this.stats.rxPackets++;
    this.stats.rxBytes += this.countedRx(frame.bytes.length);
    if (this.taps.size > 0) this.#tap(frame, 'in');
    if (this.port) this.port.bridge.handleFrame(this.port, frame, seq);
    else this.netns.deliverFrame(this, frame, pkt, seq);
  }

  /** eth_type_trans. */
  packetType(bytes: Uint8Array): PacketType {
    if (this.link === 'ip') return 'host';
    const dst = readMac(bytes, 0);
    if (dst === this.mac) return 'host';
    if (dst === MAC_BROADCAST) return 'broadcast';
    return isMulticastMac(dst) ? 'multicast' : 'otherhost';
  }

  /** is_skb_forwardable: frames larger than the receiver's MTU plus a VLAN tag are not passed on. */
  accepts(frame: Frame): boolean {
    return frame.bytes.length <= this.mtu + this.hardHeaderLength + 4;
  }

  /** The device's own transmission (ndo_start_xmit). */
  protected abstract startXmit(frame: Frame, cause: EventSeq): void;

  protected countTx(length: number): void {
    this.stats.txPackets++;
    this.stats.txBytes += this.countedTx(length);
  }
  /** Bytes of a frame of `length` bytes that the counters show. */
  protected countedRx(length: number): number {
    return length;
  }
  protected countedTx(length: number): number {
    return length;
  }
  /** Called after `up` changed (ndo_open, ndo_stop). */
  stateChanged(_cause: EventSeq): void {}
  /** Called when the device leaves its namespace for good. */
  removed(_cause: EventSeq): void {}
  /** Keys that only this kind has in its row. */
  rowExtras(): Partial<LinkRow> {
    return {};
  }

  #tap(frame: Frame, direction: 'in' | 'out'): void {
    // The loopback device shows every packet twice; libpcap leaves the outgoing one out.
    if (this.loopback && direction === 'out') return;
    for (const tap of this.taps) tap(frame.bytes, this.netns.now, this.name, direction);
  }
}
