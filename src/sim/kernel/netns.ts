/**
 * One network namespace: its devices, tables, sockets and hooks, and the small services they share (stamping events,
 * dropping, choosing addresses). What others may ask of it goes through `netlink()` and `sockets.api()`.
 */
import type { Random } from '../../base/random';
import {
  ETHERNET_LENGTH,
  ETH_P_ARP,
  ETH_P_IP,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  MAC_ZERO,
  readU16,
  type Ip4,
} from '../wire/index';
import type { Timer } from '../engine/index';
import { Backlog } from './backlog';
import { COST } from './costs';
import type { Device } from './device/device';
import { LoopbackDevice } from './device/simple';
import { fibHost, isLocalAddress, selectAddress } from './ip/addresses';
import { Arp } from './ip/arp';
import { Fib } from './ip/fib';
import { Fragments } from './ip/fragments';
import { Icmp } from './ip/icmp';
import { IpLayer } from './ip/ip';
import { NeighbourTable } from './ip/neighbour';
import { IpPacket } from './ip/packet';
import { PathMtu } from './ip/pmtu';
import type { Kernel } from './kernel';
import type { Netlink, NetnsHandle, Requester, SocketApi } from './netlink';
import { Hooks, NetfilterTables } from './netfilter/index';
import { takeOff } from './qdisc/request';
import { syncFilters } from './rtnetlink/filters';
import { linkRow, sameRow } from './rtnetlink/link-row';
import { dropAddress, newAddr } from './rtnetlink/addrs';
import { RtNetlink } from './rtnetlink/rtnetlink';
import { Sockets } from './socket/sockets';
import { Sysctls } from './sysctl';
import type {
  DropReason,
  EventSeq,
  Frame,
  FrameId,
  NetnsRow,
  PacketType,
  TableName,
  TableRows,
  TraceEvent,
} from './trace';
import type { Tracer } from './tracer';

const LOOPBACK_ADDRESS: Ip4 = 0x7f000001;

export class Netns {
  readonly machine: string;
  readonly handle: NetnsHandle;
  readonly tracer: Tracer;
  readonly random: Random;
  readonly fib: Fib;
  readonly neigh = new NeighbourTable(this);
  readonly arp = new Arp(this);
  readonly ip = new IpLayer(this);
  readonly icmp = new Icmp(this);
  readonly pmtu = new PathMtu(this);
  readonly fragments = new Fragments(this);
  readonly hooks = new Hooks(this);
  readonly sockets = new Sockets(this);
  readonly netfilter: NetfilterTables;
  readonly sysctl: Sysctls;
  readonly backlog: Backlog;
  /** Made by `ip netns add`, so that it has a name that iproute2 can print. */
  named = false;
  loopback!: LoopbackDevice;
  readonly #byIndex = new Map<number, Device>();
  readonly #byName = new Map<string, Device>();
  readonly #nsids = new Map<Netns, number>();
  #row: NetnsRow;
  #nextIfindex = 1;
  #addressOrder = 0;
  /** Cause of the change being carried out, for what the FIB reports back. */
  #cause: EventSeq = -1;

  constructor(
    readonly id: string,
    readonly kernel: Kernel,
    row: Pick<NetnsRow, 'role' | 'parent'>,
    cause: EventSeq,
  ) {
    this.machine = kernel.machine;
    this.handle = { id, machine: kernel.machine };
    this.tracer = kernel.ground.tracer;
    this.backlog = new Backlog(kernel.ground.engine);
    this.random = kernel.ground.random.fork(`netns ${id}`);
    this.#row = { id, machine: kernel.machine, ...row };
    this.#cause = cause;
    this.sysctl = new Sysctls((name, before, after) => {
      this.change('sysctl', name, { name, value: before }, { name, value: after }, this.#cause);
      if (name.endsWith('.ignore_routes_with_linkdown')) this.fib.settingsChanged();
    });
    this.netfilter = new NetfilterTables(this);
    this.change('netns', id, undefined, this.#row, cause);
    this.fib = new Fib(fibHost(this), ({ table, key, before, after }) =>
      // The FIB speaks of routes and rules; which of the two the row is goes with `table`.
      this.change(table, key, before, after, this.#cause),
    );
  }

  /** After the namespace is registered: gives it its loopback device. */
  boot(cause: EventSeq): void {
    this.loopback = new LoopbackDevice(this, this.#nextIfindex, 'lo', MAC_ZERO);
    this.addDevice(this.loopback, cause);
    const forward = { name: 'net.ipv4.ip_forward', value: '0' };
    this.change('sysctl', forward.name, undefined, forward, cause);
  }

  shutdown(cause: EventSeq): void {
    this.sockets.shutdown(cause);
    for (const device of [...this.#byIndex.values()]) this.removeDevice(device, cause);
    // nf_conntrack_cleanup_net
    this.netfilter.causing(cause, () => this.netfilter.deleteConntrack());
    this.change('netns', this.id, this.#row, undefined, cause);
  }

  setRole(role: NetnsRow['role'], cause: EventSeq): void {
    if (this.#row.role === role) return;
    const next = { ...this.#row, role };
    this.change('netns', this.id, this.#row, next, cause);
    this.#row = next;
  }

  netlink(requester: Requester): Netlink {
    return new RtNetlink(this, requester);
  }
  socketApi(requester: Requester): SocketApi {
    return this.sockets.api(requester);
  }

  // --- time and trace ------------------------------------------------------------------------------------------------

  get now(): number {
    return this.kernel.ground.engine.now;
  }
  get lastSeq(): EventSeq {
    return this.tracer.events.length - 1;
  }
  timerAt(time: number, action: () => void): Timer {
    return this.kernel.ground.engine.at(time, action);
  }
  /** Something on its way to this namespace or through it, which nobody here is busy with. */
  packet(delay: number, action: () => void): Timer {
    return this.kernel.ground.engine.packet(delay, action);
  }
  /** The rest of the work on a frame, done after `delay`: nothing that arrives is looked at before. */
  work(delay: number, action: () => void): void {
    this.backlog.busy(delay);
    this.kernel.ground.engine.packet(delay, action);
  }
  /** Runs something whose table changes are caused by `cause`. */
  causing<T>(cause: EventSeq, action: () => T): T {
    const before = this.#cause;
    this.#cause = cause;
    try {
      return action();
    } finally {
      this.#cause = before;
    }
  }

  emit(event: TraceEvent): EventSeq {
    return this.tracer.add(event);
  }
  traceTx(dev: string, frame: FrameId, cause: EventSeq): EventSeq {
    return this.tracer.add({
      seq: 0,
      at: 0,
      machine: this.machine,
      netns: this.id,
      cause,
      kind: 'tx',
      dev,
      frame,
    });
  }
  traceRx(dev: string, frame: FrameId, pkt: PacketType, cause: EventSeq): EventSeq {
    return this.tracer.add({
      seq: 0,
      at: 0,
      machine: this.machine,
      netns: this.id,
      cause,
      kind: 'rx',
      dev,
      frame,
      pkt,
    });
  }

  drop(
    frame: Pick<Frame, 'id'>,
    cause: EventSeq,
    reason: DropReason,
    where: string,
    dev?: string,
    detail?: Record<string, string | number>,
  ): EventSeq {
    return this.emit({
      seq: 0,
      at: 0,
      machine: this.machine,
      netns: this.id,
      cause: cause,
      kind: 'drop',
      dev,
      frame: frame.id,
      reason,
      where,
      detail,
    });
  }
  /** Ends a packet; its cause becomes the drop, so that an ICMP error about it hangs on it. */
  dropPacket(
    packet: IpPacket,
    reason: DropReason,
    where: string,
    detail?: Record<string, string | number>,
  ): void {
    const frame = { id: packet.frame };
    packet.cause = this.drop(frame, packet.cause, reason, where, packet.iif?.name, detail);
  }

  /** Reports a row of a table when it really differs. Both absent or equal: nothing happens. */
  change<T extends TableName>(
    table: T,
    key: string,
    before: TableRows[T] | undefined,
    after: TableRows[T] | undefined,
    cause: EventSeq,
  ): EventSeq {
    if (sameRow(before, after)) return cause;
    return this.emit({
      seq: 0,
      at: 0,
      machine: this.machine,
      netns: this.id,
      cause: cause,
      kind: 'change',
      table,
      key,
      before,
      after,
    });
  }

  /** A packet made here gets its frame and its first event. */
  originate(bytes: Uint8Array, by: string, cause: EventSeq, from?: FrameId): IpPacket {
    const frame = this.tracer.frame(bytes, 'ip', from);
    const seq = this.emit({
      seq: 0,
      at: 0,
      machine: this.machine,
      netns: this.id,
      cause: cause,
      kind: 'origin',
      frame: frame.id,
      by,
    });
    return new IpPacket(bytes, frame.id, seq);
  }

  delivered(packet: IpPacket, protocol: string, to: string): EventSeq {
    packet.cause = this.emit({
      seq: 0,
      at: 0,
      machine: this.machine,
      netns: this.id,
      cause: packet.cause,
      kind: 'deliver',
      frame: packet.frame,
      protocol,
      to,
    });
    return packet.cause;
  }

  /** Linux draws ids from a keyed hash and a counter; what matters is that they differ. */
  nextIpId(): number {
    return this.random.u32() >>> 16;
  }

  // --- devices -------------------------------------------------------------------------------------------------------

  get devices(): Iterable<Device> {
    return this.#byIndex.values();
  }
  device(name: string): Device | undefined {
    return this.#byName.get(name);
  }
  deviceByIndex(ifindex: number): Device | undefined {
    return this.#byIndex.get(ifindex);
  }

  allocateIfindex(wanted?: number): number {
    if (wanted !== undefined && !this.#byIndex.has(wanted)) return wanted;
    while (this.#byIndex.has(this.#nextIfindex)) this.#nextIfindex++;
    return this.#nextIfindex;
  }

  addDevice(device: Device, cause: EventSeq): void {
    const last = device.ifindex >= this.#nextIfindex;
    this.#byIndex.set(device.ifindex, device);
    this.#byName.set(device.name, device);
    this.#nextIfindex = Math.max(this.#nextIfindex, device.ifindex + 1);
    if (!last) this.#sortDevices();
    this.sysctl.deviceAdded(device.name);
    this.syncLink(device, cause);
  }

  /** Dumps walk devices by index; a device that moved in with a low index takes its place. */
  #sortDevices(): void {
    const sorted = [...this.#byIndex].sort(([a], [b]) => a - b);
    this.#byIndex.clear();
    for (const [index, each] of sorted) this.#byIndex.set(index, each);
  }

  /** unregister_netdevice: everything that hangs on the device goes first. */
  removeDevice(device: Device, cause: EventSeq): void {
    if (!this.#byIndex.has(device.ifindex)) return;
    this.setUp(device, false, cause);
    this.detach(device, cause);
    device.removed(cause);
  }

  /** Takes a device out of this namespace's tables, to be deleted or moved. */
  detach(device: Device, cause: EventSeq): void {
    device.port?.bridge.removePort(device.port, cause);
    this.neigh.flushDevice(device, false, cause);
    for (const address of [...device.addresses]) this.removeAddress(device, address.local, cause);
    this.causing(cause, () => this.fib.deviceRemoved(device.name));
    this.#byIndex.delete(device.ifindex);
    this.#byName.delete(device.name);
    this.sysctl.deviceRemoved(device.name);
    syncFilters(device, cause, true);
    takeOff(device, cause);
    this.change('link', this.linkKey(device), device.row, undefined, cause);
    device.row = undefined;
  }

  rename(device: Device, name: string, cause: EventSeq): void {
    const before = device.name;
    this.#byName.delete(before);
    device.name = name;
    this.#byName.set(name, device);
    this.sysctl.deviceRenamed(before, name);
    this.causing(cause, () => this.fib.deviceRenamed(before, name));
    this.syncLink(device, cause);
  }

  /** IFF_UP set or cleared (__dev_open, __dev_close), with everything that hangs on it. */
  setUp(device: Device, up: boolean, cause: EventSeq): void {
    if (device.up === up) return;
    device.up = up;
    if (!up) {
      this.netfilter.deviceDown(device.name, cause);
      device.qdisc?.reset(cause);
    }
    device.everUp ||= up;
    this.causing(cause, () => {
      if (up) this.fib.deviceUp(device.name);
      else {
        this.neigh.flushDevice(device, false, cause);
        this.fib.deviceDown(device.name);
        this.pmtu.clear();
      }
    });
    device.stateChanged(cause);
    this.carrierChanged(device, cause);
    // inetdev_event: the loopback device has its address as soon as it is up.
    if (up && device.loopback && device.addresses.length === 0) {
      newAddr(this, { dev: device.name, local: LOOPBACK_ADDRESS, prefixlen: 8, scope: 'host' }, false, cause);
    }
    if (up && this.sysctl.confMax(device.name, 'arp_notify') !== 0 && !device.noarp)
      this.arp.gratuitous(device, cause);
  }

  /** Carrier of a device may have changed (linkwatch): its row, its routes' flags, its bridge. */
  carrierChanged(device: Device, cause: EventSeq): void {
    // neigh_carrier_down (arp_evict_nocarrier): without carrier nothing that was learned is believed any more.
    if (device.up && !device.carrier) this.neigh.flushDevice(device, true, cause);
    this.causing(cause, () => this.fib.carrierChanged(device.name));
    this.syncLink(device, cause);
    const { port } = device;
    if (!port) return;
    port.bridge.portChanged(port, cause);
    this.causing(cause, () => this.fib.carrierChanged(port.bridge.name));
    this.syncLink(port.bridge, cause);
  }

  linkKey(device: Device): string {
    return String(device.ifindex).padStart(6, '0');
  }

  /** Brings the trace's row of a device, and of what mirrors it, up to date. */
  syncLink(device: Device, cause: EventSeq): void {
    if (this.#byIndex.get(device.ifindex) !== device) return;
    const row = linkRow(device);
    this.change('link', this.linkKey(device), device.row, row, cause);
    device.row = row;
    syncFilters(device, cause);
  }

  /** The number given already, if any. */
  knownNsid(other: Netns): number | undefined {
    return this.#nsids.get(other);
  }
  /** Number under which this namespace knows another (`link-netnsid`), given in order of need. */
  nsid(other: Netns): number {
    const id = this.#nsids.get(other) ?? this.#nsids.size;
    this.#nsids.set(other, id);
    return id;
  }

  removeAddress(device: Device, local: Ip4, cause: EventSeq): void {
    const address = device.addresses.find((each) => each.local === local);
    if (address) dropAddress(this, device, address, cause);
  }
  nextAddressOrder(): number {
    return this.#addressOrder++;
  }

  // --- frames --------------------------------------------------------------------------------------------------------

  /** The protocol handlers behind __netif_receive_skb_core. */
  deliverFrame(device: Device, frame: Frame, pkt: PacketType, cause: EventSeq): void {
    const type = device.link === 'ethernet' ? readU16(frame.bytes, ETHERNET_LENGTH - 2) : ETH_P_IP;
    if (type === ETH_P_IP) this.ip.receive(device, frame, pkt, cause);
    else if (type === ETH_P_ARP) this.arp.receive(device, frame, pkt, cause);
    else this.drop(frame, cause, 'UNHANDLED_PROTO', '__netif_receive_skb_core', device.name, { type });
  }

  /** ip_local_deliver_finish. */
  deliverLocal(packet: IpPacket): void {
    this.work(COST.deliver, () => {
      const { protocol } = packet.header;
      if (protocol === IPPROTO_ICMP) this.icmp.receive(packet);
      else if (protocol === IPPROTO_UDP) this.sockets.udpReceive(packet);
      else if (protocol === IPPROTO_TCP) this.sockets.tcp.receive(packet);
      else {
        this.dropPacket(packet, 'IP_NOPROTO', 'ip_protocol_deliver_rcu', { protocol });
        this.icmp.error(packet, 3, 2, 0);
      }
    });
  }

  // --- addresses -----------------------------------------------------------------------------------------------------

  isLocal(ip: Ip4): boolean {
    return isLocalAddress(this, ip);
  }
  selectAddress(device: Device, target: Ip4): Ip4 {
    return selectAddress(this, device, target);
  }
}
