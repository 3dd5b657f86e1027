/**
 * Neighbour entries and their state machine (net/core/neighbour.c, RFC 4861 §7.3 as Linux applies it to ARP).
 *
 * Models: NONE, INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, PERMANENT, NOARP; the queue of waiting packets;
 * broadcast and unicast solicitation; confirmation, by TCP's progress too; locktime. Leaves out: garbage collection
 * (tables stay far below gc_thresh1), app_solicit.
 */
import type { Ip4, Mac } from '../../wire/index';
import { ipText, macText } from '../text';
import { MS, SECOND, wheel } from '../costs';
import type { Device } from '../device/device';
import type { NeighRow, NeighState } from '../netlink';
import type { Netns } from '../netns';
import type { Timer } from '../../engine/index';
import type { EventSeq } from '../trace';
import type { IpPacket } from './packet';

/** 212992 bytes of truesize hold 101 small packets; the oldest gives way (unres_qlen). */
const MAX_QUEUE = 101;

const VALID: ReadonlySet<NeighState> = new Set([
  'PERMANENT',
  'NOARP',
  'REACHABLE',
  'PROBE',
  'STALE',
  'DELAY',
]);

class Neighbour {
  state: NeighState = 'NONE';
  lladdr: Mac | undefined;
  readonly queue: IpPacket[] = [];
  probes = 0;
  used: number;
  confirmed: number;
  updated: number;
  row: NeighRow | undefined;
  key: string;
  timer: Timer | undefined;

  constructor(
    readonly device: Device,
    readonly ip: Ip4,
    now: number,
    order: number,
  ) {
    this.used = now;
    // As neigh_alloc: not confirmed within living memory.
    this.confirmed = Number.MIN_SAFE_INTEGER;
    this.updated = now;
    this.key = `${String(device.ifindex).padStart(6, '0')}|${String(order).padStart(6, '0')}`;
  }
  get valid(): boolean {
    return VALID.has(this.state);
  }
}

/** What a lookup for sending found, for the trace. */
interface Resolution {
  readonly verdict: 'resolved' | 'queued';
  readonly state: NeighState;
  readonly lladdr?: Mac;
}

export class NeighbourTable {
  readonly #entries = new Map<number, Neighbour>();
  /** proxy entries (`ip neigh add proxy`), by the same key. */
  readonly proxies = new Map<number, { dev: string; ip: Ip4 }>();
  readonly #reachable = new Map<Device, number>();
  #order = 0;

  constructor(private readonly netns: Netns) {}

  keyOf(device: Device, ip: Ip4): number {
    return device.ifindex * 0x1_0000_0000 + ip;
  }
  get(device: Device, ip: Ip4): Neighbour | undefined {
    return this.#entries.get(this.keyOf(device, ip));
  }
  *entries(): Iterable<Neighbour> {
    yield* this.#entries.values();
  }

  create(device: Device, ip: Ip4): Neighbour {
    const entry = new Neighbour(device, ip, this.netns.now, this.#order++);
    this.#entries.set(this.keyOf(device, ip), entry);
    return entry;
  }

  /**
   * neigh_event_send for one packet: either the MAC is known, or the packet waits in the entry's queue and a
   * solicitation is under way.
   */
  resolve(device: Device, ip: Ip4, packet: IpPacket): Resolution {
    const entry = this.get(device, ip) ?? this.create(device, ip);
    const found = entry.state;
    entry.used = this.netns.now;
    if (found === 'NONE' || found === 'FAILED') {
      this.#solicitFirst(entry, packet.cause, packet);
      return { verdict: 'queued', state: found };
    }
    if (found === 'INCOMPLETE') {
      this.#enqueue(entry, packet);
      return { verdict: 'queued', state: found };
    }
    if (found === 'STALE') this.#enter(entry, 'DELAY', packet.cause);
    return { verdict: 'resolved', state: found, lladdr: entry.lladdr };
  }

  /** neigh_event_send without a packet: asks for an address that will be wanted, unless it is known or being asked for. */
  lookAhead(device: Device, ip: Ip4, cause: EventSeq): void {
    const entry = this.get(device, ip) ?? this.create(device, ip);
    if (entry.state !== 'NONE' && entry.state !== 'FAILED') return;
    entry.used = this.netns.now;
    this.#solicitFirst(entry, cause);
  }

  /**
   * neigh_update: something was heard about a neighbour. `override` may replace a known MAC; `admin` is a request by
   * netlink and may touch PERMANENT and NOARP entries.
   */
  update(
    entry: Neighbour,
    lladdr: Mac | undefined,
    wanted: NeighState,
    how: { readonly override: boolean; readonly admin?: boolean },
    cause: EventSeq,
  ): void {
    const old = entry.state;
    if (!how.admin && (old === 'PERMANENT' || old === 'NOARP')) return;
    const now = this.netns.now;
    const wasValid = entry.valid;
    let state = wanted;
    let mac = lladdr ?? entry.lladdr;
    if (mac !== entry.lladdr) {
      if (wasValid && !how.override) return;
    } else if (state === 'STALE' && !how.admin) {
      // Hearing the same MAC again proves no more than we knew.
      if (old !== 'NONE' && old !== 'INCOMPLETE' && old !== 'FAILED') state = old;
    }
    if (!VALID.has(state)) mac = state === 'FAILED' || state === 'INCOMPLETE' ? undefined : mac;
    if (state === 'REACHABLE' || state === 'PERMANENT' || state === 'NOARP') entry.confirmed = now;
    if (mac !== entry.lladdr || state !== old) entry.updated = now;
    entry.lladdr = mac;
    if (state === old && !how.admin) {
      if (state === 'REACHABLE') this.#arm(entry, this.reachableTime(entry.device), cause);
      this.#show(entry, cause);
    } else this.#enter(entry, state, cause);
    if (!wasValid && entry.valid) this.#flushQueue(entry, cause);
    else if (state === 'FAILED') this.#invalidate(entry, cause);
  }

  /** Removes an entry; packets still waiting are lost with it. */
  remove(entry: Neighbour, cause: EventSeq): void {
    entry.timer?.cancel();
    entry.timer = undefined;
    this.#entries.delete(this.keyOf(entry.device, entry.ip));
    for (const packet of entry.queue.splice(0)) {
      packet.cause = cause;
      this.netns.dropPacket(packet, 'NEIGH_FAILED', 'neigh_destroy', this.#detail(entry));
    }
    this.netns.change('neigh', entry.key, entry.row, undefined, cause);
    entry.row = undefined;
  }

  /** Admin down or removal: entries of the device go (neigh_ifdown); on carrier loss permanent ones stay. */
  flushDevice(device: Device, keepPermanent: boolean, cause: EventSeq): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.device !== device || (keepPermanent && entry.state === 'PERMANENT')) continue;
      this.remove(entry, cause);
    }
  }

  renamed(device: Device, cause: EventSeq): void {
    for (const entry of this.#entries.values()) if (entry.device === device) this.#show(entry, cause);
  }

  /** 0.5–1.5 × base_reachable_time, drawn once per device (neigh_rand_reach_time). */
  reachableTime(device: Device): number {
    let time = this.#reachable.get(device);
    if (time === undefined) {
      const base = this.netns.sysctl.neigh(device.name, 'base_reachable_time_ms');
      time = Math.floor(base / 2) + this.netns.random.below(Math.max(base, 1));
      this.#reachable.set(device, time);
    }
    return wheel(time);
  }

  // --- transitions ---------------------------------------------------------------------------------------------------

  #solicitFirst(entry: Neighbour, cause: EventSeq, packet?: IpPacket): void {
    // __neigh_event_send starts the count at ucast_solicit, so that only mcast_solicit tries are left.
    entry.probes = this.netns.sysctl.neigh(entry.device.name, 'ucast_solicit');
    entry.updated = this.netns.now;
    this.#enter(entry, 'INCOMPLETE', cause);
    if (packet) this.#enqueue(entry, packet);
    this.#probe(entry, cause);
  }

  #enqueue(entry: Neighbour, packet: IpPacket): void {
    entry.queue.push(packet);
    if (entry.queue.length <= MAX_QUEUE) return;
    const oldest = entry.queue.shift();
    if (oldest) this.netns.dropPacket(oldest, 'NEIGH_QUEUEFULL', '__neigh_event_send', this.#detail(entry));
  }

  #enter(entry: Neighbour, state: NeighState, cause: EventSeq): void {
    entry.timer?.cancel();
    entry.timer = undefined;
    if (entry.state !== state) entry.updated = this.netns.now;
    entry.state = state;
    // Only entries that hold true show a MAC.
    if (state === 'FAILED') entry.lladdr = undefined;
    this.#show(entry, cause);
    const { sysctl } = this.netns;
    const dev = entry.device.name;
    if (state === 'REACHABLE') this.#arm(entry, this.reachableTime(entry.device), cause);
    else if (state === 'DELAY')
      this.#arm(entry, wheel(sysctl.neigh(dev, 'delay_first_probe_time') * 1000), cause);
    else if (state === 'INCOMPLETE' || state === 'PROBE') this.#arm(entry, this.#retrans(entry), cause);
  }

  #retrans(entry: Neighbour): number {
    return wheel(this.netns.sysctl.neigh(entry.device.name, 'retrans_time_ms'));
  }

  #arm(entry: Neighbour, delay: number, cause: EventSeq): void {
    entry.timer?.cancel();
    entry.timer = this.netns.timerAt(this.netns.now + delay, () => this.#expired(entry, cause));
  }

  /** neigh_timer_handler. */
  #expired(entry: Neighbour, cause: EventSeq): void {
    const now = this.netns.now;
    const delay = this.netns.sysctl.neigh(entry.device.name, 'delay_first_probe_time') * SECOND;
    switch (entry.state) {
      case 'REACHABLE': {
        const life = this.reachableTime(entry.device);
        if (now < entry.confirmed + life) this.#arm(entry, entry.confirmed + life - now, cause);
        else if (now <= entry.used + delay) this.#enter(entry, 'DELAY', cause);
        else this.#enter(entry, 'STALE', cause);
        break;
      }
      case 'DELAY':
        if (now <= entry.confirmed + delay) this.#enter(entry, 'REACHABLE', cause);
        else {
          entry.probes = 0;
          this.#enter(entry, 'PROBE', cause);
          this.#probe(entry, cause);
        }
        break;
      case 'PROBE':
      case 'INCOMPLETE':
        if (entry.probes >= this.#maxProbes(entry)) {
          this.#enter(entry, 'FAILED', cause);
          this.#invalidate(entry, cause);
        } else {
          this.#arm(entry, this.#retrans(entry), cause);
          this.#probe(entry, cause);
        }
        break;
      default:
    }
  }

  #maxProbes(entry: Neighbour): number {
    const { sysctl } = this.netns;
    const dev = entry.device.name;
    const unicast = sysctl.neigh(dev, 'ucast_solicit') + sysctl.neigh(dev, 'app_solicit');
    return entry.state === 'PROBE' ? unicast : unicast + sysctl.neigh(dev, 'mcast_solicit');
  }

  /** neigh_probe, arp_solicit: unicast to a MAC that may still be right, broadcast otherwise. */
  #probe(entry: Neighbour, cause: EventSeq): void {
    const unicast = entry.state === 'PROBE' ? entry.lladdr : undefined;
    entry.probes++;
    this.netns.arp.solicit(entry.device, entry.ip, unicast, entry.queue.at(-1), cause);
  }

  /** neigh_invalidate: every packet that waited is answered with host unreachable. */
  #invalidate(entry: Neighbour, cause: EventSeq): void {
    for (const packet of entry.queue.splice(0)) {
      packet.cause = cause;
      this.netns.dropPacket(packet, 'NEIGH_FAILED', 'neigh_invalidate', this.#detail(entry));
      this.netns.icmp.hostUnreachable(packet);
    }
  }

  #flushQueue(entry: Neighbour, cause: EventSeq): void {
    for (const packet of entry.queue.splice(0)) {
      packet.cause = cause;
      this.netns.ip.neighbourOutput(entry.device, entry.ip, packet);
    }
  }

  #detail(entry: Neighbour): Record<string, string> {
    return { dst: ipText(entry.ip), dev: entry.device.name, state: entry.state };
  }

  #show(entry: Neighbour, cause: EventSeq): void {
    const row = entry.state === 'NONE' ? undefined : this.rowOf(entry);
    this.netns.change('neigh', entry.key, entry.row, row, cause);
    entry.row = row;
  }

  rowOf(entry: Neighbour): NeighRow {
    return {
      dst: ipText(entry.ip),
      dev: entry.device.name,
      ...(entry.lladdr !== undefined ? { lladdr: macText(entry.lladdr) } : {}),
      state: [entry.state],
    };
  }

  /** May a known MAC be replaced already? (arp_process: locktime since the last update) */
  unlocked(entry: Neighbour): boolean {
    const locktime = this.netns.sysctl.neigh(entry.device.name, 'locktime') * 10 * MS;
    return this.netns.now > entry.updated + locktime;
  }
}
