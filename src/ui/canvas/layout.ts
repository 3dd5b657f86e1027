/**
 * The whole stage: machines in rows, under them switches and routers, tier by tier as far from the machines as their
 * cables are. Depends on who ever lives here and on the shape of the window, never on the cursor.
 */
import { cableRoutes } from './cables';
import { grouped, type Census, type CensusRoom, type Shape } from './census';
import { around, mapped, type Box, type Point } from './geometry';
import { isPlainRouter, planRouter, planSwitch, type SidedPort } from './infra';
import { devKey, type Band, type Chip, type Link, type RoomPlan } from './plan';
import { planMachine } from './room';

export interface PlacedRoom extends Box {
  readonly id: string;
  readonly shape: Shape;
  readonly home: string | null;
  readonly mirrored: boolean;
  readonly bands: readonly Band[];
  /** Devices on its upper edge, which leave no room for an address beside the name. */
  readonly isCrowned: boolean;
  /** Where, down from its upper edge, user space ends and the kernel begins. */
  readonly boundary?: number;
}
export interface StageLayout {
  readonly rooms: readonly PlacedRoom[];
  readonly chips: readonly Chip[];
  readonly links: readonly Link[];
  /** Every place by its key, points included. */
  readonly places: ReadonlyMap<string, Box>;
  /** VTEPs that tunnels can be drawn between. */
  readonly vteps: readonly { readonly netns: string; readonly dev: string; readonly key: string }[];
  readonly size: Box;
}

const GAP_X = 40;
const GAP_Y = 64;
const TIER_GAP = 72;
/** What NICs stick out of their room. */
const NIC_OUT = 22;

/** Where the rows and columns of machines are; cables run between them. */
export interface Grid {
  readonly columns: readonly { readonly x: number; readonly w: number }[];
  /** y under each row, NICs included. */
  readonly bottoms: readonly number[];
  readonly cellOf: ReadonlyMap<string, { readonly column: number; readonly row: number }>;
}

/** So few machines stand side by side wherever the window is not a tall one: the story reads from left to right. */
const SIDE_BY_SIDE = 2;

/** Cables need not run around machines that stand in one row: for that they may be drawn a little smaller. */
const AS_GOOD = 0.92;
const MOST_COLUMNS = 60;

interface Measures {
  readonly w: number;
  readonly h: number;
}

/** `below`: what the tiers under the machines take. */
function gridSize(sizes: readonly Measures[], below: Measures, columns: number): Measures {
  const rows = Math.ceil(sizes.length / columns);
  const widths = new Array<number>(columns).fill(0);
  const heights = new Array<number>(rows).fill(0);
  sizes.forEach(({ w, h }, i) => {
    widths[i % columns] = Math.max(widths[i % columns] as number, w);
    heights[Math.floor(i / columns)] = Math.max(heights[Math.floor(i / columns)] as number, h);
  });
  const sum = (list: readonly number[], gap: number) =>
    list.reduce((total, size) => total + size + gap, -gap);
  return { w: Math.max(sum(widths, GAP_X), below.w), h: sum(heights, GAP_Y + NIC_OUT) + below.h };
}

/** How many columns let the whole be drawn largest in a window of this shape; of two as good the wider. */
function columnsFor(sizes: readonly Measures[], below: Measures, aspect: number): number {
  if (sizes.length <= SIDE_BY_SIDE && aspect >= 0.8) return Math.max(1, sizes.length);
  const zooms = Array.from({ length: Math.min(sizes.length, MOST_COLUMNS) }, (_, i) => {
    const { w, h } = gridSize(sizes, below, i + 1);
    return Math.min(aspect / w, 1 / h);
  });
  const enough = Math.max(...zooms) * AS_GOOD;
  return Math.max(1, zooms.findLastIndex((zoom) => zoom >= enough) + 1);
}

const peersOf = (room: CensusRoom) => room.devices.flatMap(({ peers }) => peers.map(({ netns }) => netns));

/**
 * Bare namespaces around one that joins them stand above it, as machines do above their switch. A machine with
 * containers, or one that is plugged into something else besides, stays among the machines.
 */
function hubsOf(standing: readonly CensusRoom[], hasPods: (id: string) => boolean): Set<string> {
  const byId = new Map(standing.map((room) => [room.id, room]));
  const neighbours = (room: CensusRoom) =>
    [...new Set(room.devices.flatMap(({ peer }) => peer?.netns ?? []))].flatMap((id) =>
      id === room.id ? [] : (byId.get(id) ?? []),
    );
  const isBare = ({ shape, role }: CensusRoom) => shape === 'machine' && role === 'netns';
  const isHub = (room: CensusRoom) => {
    const around = neighbours(room);
    if (room.shape !== 'machine' || around.length < 2 || hasPods(room.id)) return false;
    if (!isBare(room) && !around.every(isBare)) return false;
    return around.some((leaf) => isBare(leaf) && neighbours(leaf).length === 1);
  };
  return new Set(standing.filter(isHub).map(({ id }) => id));
}

/** How many cables each standing room is away from the nearest machine. */
function tiersOf(
  standing: readonly CensusRoom[],
  outer: (id: string) => string,
  hubs: ReadonlySet<string>,
): Map<string, number> {
  const machines = standing.filter(({ id, shape }) => shape === 'machine' && !hubs.has(id));
  const roots = machines.length > 0 ? machines : standing.filter(({ shape }) => shape === 'router');
  const tiers = new Map((roots.length > 0 ? roots : standing).map(({ id }) => [id, 0]));
  const neighbours = new Map<string, Set<string>>(standing.map(({ id }) => [id, new Set<string>()]));
  for (const room of standing) {
    for (const peer of peersOf(room)) {
      neighbours.get(room.id)?.add(outer(peer));
      neighbours.get(outer(peer))?.add(room.id);
    }
  }
  const queue = [...tiers.keys()];
  for (const id of queue) {
    for (const next of neighbours.get(id) ?? []) {
      if (tiers.has(next)) continue;
      tiers.set(next, (tiers.get(id) ?? 0) + 1);
      queue.push(next);
    }
  }
  for (const { id } of standing) if (!tiers.has(id)) tiers.set(id, 1);
  return tiers;
}

export function layoutStage(census: Census, aspect = 1.3): StageLayout {
  return new Arrangement(census, aspect).layout();
}

class Arrangement {
  private readonly byId: ReadonlyMap<string, CensusRoom>;
  private readonly podsOf: ReadonlyMap<string | null, CensusRoom[]>;
  private readonly standing: readonly CensusRoom[];
  private readonly tiers: ReadonlyMap<string, number>;
  private readonly rooms: PlacedRoom[] = [];
  private readonly chips: Chip[] = [];
  private readonly links: Link[] = [];
  private readonly places = new Map<string, Box>();

  constructor(
    census: Census,
    private readonly aspect: number,
  ) {
    this.byId = new Map(census.map((room) => [room.id, room]));
    this.podsOf = grouped(census, ({ home }) => home);
    this.standing = [...(this.podsOf.get(null) ?? [])].sort((a, b) => a.slot - b.slot);
    const hubs = hubsOf(this.standing, (id) => this.podsOf.has(id));
    this.tiers = tiersOf(this.standing, (id) => this.byId.get(id)?.home ?? id, hubs);
  }

  layout(): StageLayout {
    const grid = this.placeMachines();
    const last = Math.max(0, ...this.tiers.values());
    let y = (grid.bottoms.at(-1) ?? 0) + TIER_GAP;
    for (let tier = 1; tier <= last; tier++) y = this.placeTier(tier, y) + TIER_GAP;
    const cables = cableRoutes([...this.byId.values()], this.places, this.tiers, grid);
    this.links.push(...cables);
    const vteps = [...this.byId.values()].flatMap(({ id, devices }) =>
      devices
        .filter(({ kind }) => kind === 'vxlan')
        .map(({ name }) => ({ netns: id, dev: name, key: devKey(id, name) })),
    );
    const ways = cables.flatMap(({ path }) =>
      path.points.map(({ x, y: top }) => ({ x, y: top, w: 0, h: 0 })),
    );
    const size = around([...this.rooms, ...this.chips, ...ways]) ?? { x: 0, y: 0, w: 1, h: 1 };
    return { rooms: this.rooms, chips: this.chips, links: this.links, places: this.places, vteps, size };
  }

  private placeMachines(): Grid {
    const machines = this.standing.filter(({ id }) => this.tiers.get(id) === 0);
    const plans = machines.map((room) => this.planOf(room, (dev) => this.sideOf(room.id, dev)));
    const columns = columnsFor(plans, this.belowMachines(), this.aspect);
    const widths: number[] = [];
    const heights: number[] = [];
    plans.forEach(({ w, h }, i) => {
      widths[i % columns] = Math.max(widths[i % columns] ?? 0, w);
      const row = Math.floor(i / columns);
      heights[row] = Math.max(heights[row] ?? 0, h);
    });
    const cellOf = new Map<string, { column: number; row: number }>();
    const xs = widths.map((_, i) => widths.slice(0, i).reduce((sum, w) => sum + w + GAP_X, 0));
    const ys = heights.map((_, i) => heights.slice(0, i).reduce((sum, h) => sum + h + NIC_OUT + GAP_Y, 0));
    const pair = machines.length === 2 && columns === 2;
    machines.forEach((room, i) => {
      const plan = plans[i] as RoomPlan;
      const [column, row] = [i % columns, Math.floor(i / columns)];
      cellOf.set(room.id, { column, row });
      const x = (xs[column] as number) + ((widths[column] as number) - plan.w) / 2;
      this.put(room, plan, { x, y: ys[row] as number }, pair && i === 1 && room.shape === 'machine');
    });
    return {
      columns: widths.map((w, i) => ({ x: xs[i] as number, w })),
      bottoms: heights.map((h, i) => (ys[i] as number) + h + NIC_OUT),
      cellOf,
    };
  }

  /** How large the tiers will be; the order of their ports, which is not known yet, makes no difference. */
  private belowMachines(): Measures {
    let [w, h] = [0, 0];
    const tiers = grouped(this.standing, ({ id }) => this.tiers.get(id) ?? 0);
    for (const [tier, rooms] of tiers) {
      if (tier === 0) continue;
      const plans = rooms.map((room) => this.planOf(room, (dev) => this.sideOf(room.id, dev)));
      w = Math.max(
        w,
        plans.reduce((sum, plan) => sum + plan.w + GAP_X, -GAP_X),
      );
      h += TIER_GAP + NIC_OUT + plans.reduce((most, plan) => Math.max(most, plan.h), 0);
    }
    return { w, h };
  }

  /** One row of switches and routers under what they are plugged into; answers its lower edge. */
  private placeTier(tier: number, y: number): number {
    const rooms = this.standing.filter(({ id }) => this.tiers.get(id) === tier);
    const wanted = rooms.map((room) => {
      const plan = this.planOf(room, (dev) => this.sideOf(room.id, dev));
      const above = room.devices.flatMap(({ peers }) =>
        peers.flatMap((peer) => this.middleOf(devKey(peer.netns, peer.dev)) ?? []),
      );
      const mean = above.reduce((sum, x) => sum + x, 0) / Math.max(1, above.length);
      return { room, plan, x: mean - plan.w / 2 };
    });
    wanted.sort((a, b) => a.x + a.plan.w / 2 - (b.x + b.plan.w / 2));
    let free = -Infinity;
    const xs = wanted.map(({ plan, x }) => {
      const at = Math.max(x, free);
      free = at + plan.w + GAP_X;
      return at;
    });
    const shift =
      wanted.reduce((sum, { x }, i) => sum + x - (xs[i] as number), 0) / Math.max(1, wanted.length);
    let lowest = y;
    wanted.forEach(({ room, plan }, i) => {
      this.put(room, plan, { x: Math.round((xs[i] as number) + shift), y }, false);
      lowest = Math.max(lowest, y + plan.h + NIC_OUT);
    });
    return lowest;
  }

  /** Ports look up to what is nearer to the machines, down to everything else. */
  private sideOf(id: string, dev: string): 'top' | 'bottom' {
    const device = this.byId.get(id)?.devices.find(({ name }) => name === dev);
    const own = this.tiers.get(id) ?? 0;
    const isAbove = device?.peers.some(({ netns }) => {
      const room = this.byId.get(netns);
      return (this.tiers.get(room?.home ?? netns) ?? own) < own;
    });
    return isAbove || (own > 0 && (device?.peers.length ?? 0) === 0) ? 'top' : 'bottom';
  }

  private planOf(room: CensusRoom, sideOf: (dev: string) => 'top' | 'bottom'): RoomPlan {
    const pods = this.podsOf.get(room.id) ?? [];
    const isPlain = isPlainRouter(room, pods.length > 0);
    const isMachine = room.shape !== 'switch' && !isPlain;
    const ports = room.devices
      .filter(({ group }) => group === (room.shape === 'switch' ? 'port' : 'nic'))
      .map((device) => ({ device, x: this.meanOfPeers(device.peers) }))
      .sort((a, b) => a.x - b.x || a.device.slot - b.device.slot)
      .map(({ device }): SidedPort => ({ dev: device.name, side: sideOf(device.name) }));
    if (isMachine)
      return planMachine(
        room,
        pods,
        ports.flatMap(({ dev, side }) => (side === 'top' ? [dev] : [])),
      );
    return room.shape === 'switch' ? planSwitch(room, ports) : planRouter(room, ports);
  }

  private meanOfPeers(peers: readonly { readonly netns: string; readonly dev: string }[]): number {
    const xs = peers.flatMap(({ netns, dev }) => this.middleOf(devKey(netns, dev)) ?? []);
    return xs.length === 0 ? Number.MAX_SAFE_INTEGER : xs.reduce((sum, x) => sum + x, 0) / xs.length;
  }

  private middleOf(key: string): number | undefined {
    const box = this.places.get(key);
    return box && box.x + box.w / 2;
  }

  private put(room: CensusRoom, plan: RoomPlan, corner: Point, mirrored: boolean): void {
    const movePoint = ({ x, y }: Point): Point => ({
      x: corner.x + (mirrored ? plan.w - x : x),
      y: corner.y + y,
    });
    const moveBox = <T extends Box>(box: T): T => ({
      ...box,
      x: corner.x + (mirrored ? plan.w - box.x - box.w : box.x),
      y: corner.y + box.y,
    });
    const { id, shape, home } = room;
    const bands = plan.bands.map(moveBox);
    const isCrowned = plan.chips.some(({ side }) => side === 'top');
    const { w, h, boundary } = plan;
    const line = boundary === undefined ? {} : { boundary };
    this.rooms.push({ id, shape, home, mirrored, bands, isCrowned, ...corner, w, h, ...line });
    for (const pod of plan.pods) {
      const { id: podId, ...box } = moveBox(pod);
      this.rooms.push({ id: podId, shape: 'pod', home: id, mirrored, bands: [], isCrowned: false, ...box });
    }
    this.chips.push(...plan.chips.map(moveBox));
    for (const [key, box] of plan.places) this.places.set(key, moveBox(box));
    this.links.push(...plan.links.map((link) => ({ ...link, path: mapped(link.path, movePoint) })));
  }
}
