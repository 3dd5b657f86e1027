/**
 * Who ever lives on the stage, and in which place. Read from the trace's changes once, whatever the cursor is: so a
 * device keeps its place when others come and go, and stepping never moves a thing. What is gone gives its place to
 * the next of its group that appears, as registers are given out.
 */
import { tunOf } from '../../state';
import type { EventSeq, FrameId, LinkKind, LinkRow, NetnsRow, TraceEvent } from '../../sim/kernel/trace';

/** Where a device is drawn: in the bridge row, as a port in it, at the bottom edge, beside the IP layer, or apart. */
export type Group = 'bridge' | 'port' | 'nic' | 'tunnel' | 'other' | 'loopback';
export type Shape = 'machine' | 'pod' | 'switch' | 'router';

export interface DeviceRef {
  readonly netns: string;
  readonly dev: string;
}
export interface CensusDevice {
  readonly name: string;
  readonly kind: LinkKind;
  readonly group: Group;
  /** Bridge it is or was a port of. */
  readonly lane: string | null;
  readonly slot: number;
  /** Every other end it ever had. */
  readonly peers: readonly DeviceRef[];
  /** The last of them: that of a cable whose ends were moved is where they came to rest. */
  readonly peer: DeviceRef | null;
  /** User-space programs that read and write it (TUN). */
  readonly programs: readonly string[];
}
export interface CensusRoom {
  readonly id: string;
  readonly role: NetnsRow['role'];
  readonly shape: Shape;
  /** The room it is drawn in; null: it stands by itself. */
  readonly home: string | null;
  /** For a pod: the bridge of its home that its cable ends in. */
  readonly lane: string | null;
  /** Among the pods of the same home and lane, or among the rooms that stand by themselves. */
  readonly slot: number;
  readonly devices: readonly CensusDevice[];
  readonly processes: readonly { readonly name: string; readonly slot: number }[];
}
export type Census = readonly CensusRoom[];

interface Life {
  first: EventSeq;
  last: EventSeq;
}
interface Device extends Life {
  readonly name: string;
  row: LinkRow;
  readonly masters: Set<string>;
  readonly peers: Map<string, DeviceRef>;
  readonly programs: Set<string>;
  hasAddress: boolean;
  carried: boolean;
}
interface Room extends Life {
  row: NetnsRow;
  readonly devices: Map<string, Device>;
  readonly processes: Map<string, Life>;
}

const NEVER = Infinity;

export function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Gives each life the lowest place that nobody holds during it, in order of appearance. */
export function giveSlots(lives: readonly (Life & { readonly key: string })[]): Map<string, number> {
  const slots = new Map<string, number>();
  const freeFrom: number[] = [];
  for (const life of [...lives].sort((a, b) => a.first - b.first)) {
    let slot = freeFrom.findIndex((end) => end <= life.first);
    if (slot < 0) slot = freeFrom.length;
    freeFrom[slot] = life.last;
    slots.set(life.key, slot);
  }
  return slots;
}

export class CensusReader {
  private readonly rooms = new Map<string, Room>();
  private readonly origins = new Set<FrameId>();
  private readonly tunnelled = new Set<FrameId>();
  private read = 0;
  private lastEvent: TraceEvent | undefined;

  /** Reads what is new in the events (all of it, when they were cut and went another way). */
  update(events: readonly TraceEvent[]): void {
    if (this.read > events.length || (this.read > 0 && events[this.read - 1] !== this.lastEvent)) {
      this.rooms.clear();
      this.origins.clear();
      this.tunnelled.clear();
      this.read = 0;
    }
    for (; this.read < events.length; this.read++) this.take(events[this.read] as TraceEvent);
    this.lastEvent = events[this.read - 1];
  }

  /** Everyone who lives at or after event `from`. */
  census(from: EventSeq): Census {
    return new Settlement(this.rooms, from).census();
  }

  /** The frame was made by a program or by the kernel itself, even if in answer to another. */
  isOrigin(frame: FrameId): boolean {
    return this.origins.has(frame);
  }

  /** The frame was made by wrapping or unwrapping another. */
  isTunnelled(frame: FrameId): boolean {
    return this.tunnelled.has(frame);
  }

  private take(event: TraceEvent): void {
    if (event.kind === 'change') {
      if (event.table === 'netns')
        this.takeNamespace(event.seq, event.netns, event.after as NetnsRow | undefined);
      else if (event.table === 'link') {
        this.takeLink(
          event.seq,
          event.netns,
          event.before as LinkRow | undefined,
          event.after as LinkRow | undefined,
        );
      } else if (event.table === 'process') {
        const name = ((event.after ?? event.before) as { readonly name: string }).name;
        this.takeProcess(event.seq, event.netns, name, event.after !== undefined);
      } else if (event.table === 'addr' && event.after !== undefined) {
        const device = this.rooms
          .get(event.netns)
          ?.devices.get((event.after as { readonly dev: string }).dev);
        if (device) device.hasAddress = true;
      }
    } else if (event.kind === 'tx') {
      const device = this.rooms.get(event.netns)?.devices.get(event.dev);
      if (device) device.carried = true;
    } else if (event.kind === 'encap' || event.kind === 'decap') {
      this.tunnelled.add(event.frame);
    } else if (event.kind === 'origin') {
      this.origins.add(event.frame);
    } else if (event.kind === 'copy') {
      const tun = tunOf(event.via);
      if (tun !== undefined) this.rooms.get(event.netns)?.devices.get(tun)?.programs.add(event.process);
    }
  }

  private takeNamespace(seq: EventSeq, netns: string, row: NetnsRow | undefined): void {
    const room = this.rooms.get(netns);
    if (row === undefined) {
      if (room) room.last = seq;
    } else if (room) {
      room.row = row;
      room.last = NEVER;
    } else {
      this.rooms.set(netns, { row, first: seq, last: NEVER, devices: new Map(), processes: new Map() });
    }
  }

  private takeLink(seq: EventSeq, netns: string, before?: LinkRow, after?: LinkRow): void {
    const devices = this.rooms.get(netns)?.devices;
    if (devices === undefined) return;
    if (before !== undefined && before.ifname !== after?.ifname) {
      const gone = devices.get(before.ifname);
      if (gone) gone.last = seq;
    }
    if (after === undefined) return;
    let device = devices.get(after.ifname);
    if (device === undefined) {
      device = {
        name: after.ifname,
        row: after,
        first: seq,
        last: NEVER,
        masters: new Set(),
        peers: new Map(),
        programs: new Set(),
        hasAddress: false,
        carried: false,
      };
      devices.set(after.ifname, device);
    }
    device.row = after;
    device.last = NEVER;
    if (after.master !== undefined) device.masters.add(after.master);
    if (after.peer !== undefined) device.peers.set(`${after.peer.netns}/${after.peer.dev}`, after.peer);
  }

  private takeProcess(seq: EventSeq, netns: string, name: string, present: boolean): void {
    const processes = this.rooms.get(netns)?.processes;
    const life = processes?.get(name);
    if (life) life.last = present ? NEVER : seq;
    else if (present) processes?.set(name, { first: seq, last: NEVER });
  }
}

/** Turns records into places. */
class Settlement {
  private readonly rooms = new Map<string, Room>();
  private readonly homes = new Map<string, string | null>();

  constructor(
    all: ReadonlyMap<string, Room>,
    private readonly from: EventSeq,
  ) {
    for (const [id, room] of all) if (room.last > from) this.rooms.set(id, room);
    for (const id of this.rooms.keys()) this.homes.set(id, this.homeOf(id));
    // A room inside a room inside a room would not fit: such a one stands by itself.
    for (const [id, home] of this.homes) {
      if (home !== null && (this.homes.get(home) ?? null) !== null) this.homes.set(id, null);
    }
  }

  census(): Census {
    const shown = [...this.rooms].filter(([id]) => !this.isVacant(id));
    const standing = shown.filter(([id]) => this.homes.get(id) === null);
    const slots = giveSlots(standing.map(([key, { first, last }]) => ({ key, first, last })));
    const lanes = new Map(shown.map(([id]) => [id, this.laneOf(id)]));
    const lanesOfPods = grouped(
      shown.filter(([id]) => this.homes.get(id) !== null),
      ([id]) => `${this.homes.get(id)}/${lanes.get(id)}`,
    );
    for (const pods of lanesOfPods.values()) {
      const given = giveSlots(pods.map(([key, { first, last }]) => ({ key, first, last })));
      for (const [id, slot] of given) slots.set(id, slot);
    }
    return shown.map(([id, room]) => ({
      id,
      role: room.row.role,
      shape: this.shapeOf(id),
      home: this.homes.get(id) ?? null,
      lane: lanes.get(id) ?? null,
      slot: slots.get(id) ?? 0,
      devices: this.devicesOf(id),
      processes: this.processesOf(room),
    }));
  }

  /** The other end may have had another name before it was moved and renamed. */
  private isPresent({ netns, dev }: DeviceRef): boolean {
    const device = this.rooms.get(netns)?.devices.get(dev);
    return device !== undefined && device.last > this.from;
  }

  private living(id: string): Device[] {
    const devices = [...(this.rooms.get(id)?.devices.values() ?? [])];
    return devices.filter((device) => device.last > this.from);
  }

  private cabled(id: string): Device[] {
    return this.living(id).filter((device) => device.row.kind !== 'loopback');
  }

  /** A bridge and its ports without any address: a switch, by whatever role. */
  private isSwitch(id: string): boolean {
    if (this.rooms.get(id)?.row.role === 'switch') return true;
    if (this.rooms.get(id)?.row.role !== 'netns') return false;
    const devices = this.cabled(id);
    return (
      devices.some((device) => device.row.kind === 'bridge') &&
      devices.every(
        (device) => !device.hasAddress && (device.row.kind === 'bridge' || device.masters.size > 0),
      )
    );
  }

  /** The machine's own namespace, when everything happens in others that were made by hand. */
  private isVacant(id: string): boolean {
    const room = this.rooms.get(id);
    if (room === undefined || this.rooms.size === 1 || room.row.role !== 'host') return false;
    if (this.processesOf(room).length > 0) return false;
    if (this.cabled(id).length > 0) return false;
    return ![...this.homes.values()].includes(id);
  }

  /** Containers and pods live in their machine; namespaces made by hand stand beside it, all alike. */
  private homeOf(id: string): string | null {
    const row = this.rooms.get(id)?.row;
    if (row?.role !== 'container' && row?.role !== 'pod') return null;
    return row.parent !== undefined && row.parent !== id && this.rooms.has(row.parent) ? row.parent : null;
  }

  private shapeOf(id: string): Shape {
    if (this.homes.get(id) !== null) return 'pod';
    if (this.isSwitch(id)) return 'switch';
    return this.rooms.get(id)?.row.role === 'router' ? 'router' : 'machine';
  }

  private laneOf(id: string): string | null {
    const home = this.homes.get(id);
    if (home === null || home === undefined) return null;
    for (const device of this.cabled(id)) {
      for (const peer of device.peers.values()) {
        if (peer.netns !== home) continue;
        const [master] = this.rooms.get(home)?.devices.get(peer.dev)?.masters ?? [];
        if (master !== undefined) return master;
      }
    }
    return null;
  }

  private groupOf(id: string, device: Device): Group {
    const { kind } = device.row;
    if (kind === 'loopback' || kind === 'bridge' || kind === 'nic') {
      return kind === 'nic' && this.isSwitch(id) ? 'port' : kind;
    }
    if (kind === 'vxlan' || kind === 'ipip' || kind === 'tun') return 'tunnel';
    if (kind === 'dummy') return 'other';
    if (this.isSwitch(id)) return 'port';
    const peers = [...device.peers.values()];
    if (peers.some((peer) => this.homes.get(peer.netns) === id)) return 'port';
    if (peers.some((peer) => peer.netns !== id && this.rooms.has(peer.netns))) return 'nic';
    return device.masters.size > 0 ? 'port' : 'other';
  }

  private devicesOf(id: string): CensusDevice[] {
    const devices = this.living(id).filter((device) => device.row.kind !== 'loopback' || device.carried);
    const placed = devices.map((device) => {
      const [lane = null] = device.masters;
      return { device, group: this.groupOf(id, device), lane };
    });
    const slots = new Map<string, number>();
    for (const group of grouped(placed, ({ group, lane }) =>
      group === 'port' ? `port/${lane}` : group,
    ).values()) {
      const lives = group.map(({ device: { name, first, last } }) => ({ key: name, first, last }));
      for (const [name, slot] of giveSlots(lives)) slots.set(name, slot);
    }
    return placed.map(({ device, group, lane }) => ({
      name: device.name,
      kind: device.row.kind,
      group,
      lane,
      slot: slots.get(device.name) ?? 0,
      peers: [...device.peers.values()].filter((peer) => this.isPresent(peer)),
      peer: device.row.peer ?? null,
      programs: [...device.programs],
    }));
  }

  private processesOf(room: Room): { name: string; slot: number }[] {
    const living = [...room.processes].filter(([, life]) => life.last > this.from);
    const slots = giveSlots(living.map(([key, { first, last }]) => ({ key, first, last })));
    return living.map(([name]) => ({ name, slot: slots.get(name) ?? 0 }));
  }
}
