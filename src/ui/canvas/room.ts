/**
 * The inside of a machine, top to bottom: pods beside user space, bridges with their ports, the IP layer with the
 * tunnels at its side, NICs on the bottom edge. Where other rooms stand above it, the NICs to them are on its top edge.
 */
import { grouped, type CensusDevice, type CensusRoom } from './census';
import { polyline, type Box } from './geometry';
import {
  appKey,
  devKey,
  Draft,
  inOneRow,
  ipKey,
  processKey,
  slotsIn,
  textWidth,
  type Band,
  type PlacedPod,
  type RoomPlan,
} from './plan';
import { furnishPod, POD, podHeight, podWidth } from './pod';
import { AISLE, wire } from './wiring';

const PAD = 12;
const TITLE = 42;
const PORT = { w: 130, h: 24, gap: 6 };
const CHIP = { w: 132, h: 44, gap: 22 };
const PILL = { h: 28, gap: 8 };
const LANDING = 20;
const LANE_GAP = 14;
/** Between the kernel's edge and what stands in it. */
const INSET = 8;
/** The band of user space: rows of programs before it grows wider, and how wide it may grow. */
const USER = { least: 164, most: 300, rows: 3 };
/** Under the ports: room for a frame to stand in the bridge, and its name. */
const BRIDGE_BODY = 72;
/** Between two columns of pods, for each row whose cables have to pass. */
const GUTTER = 7;

/** One bridge and what hangs on it; without a bridge: the pods whose cables end in the IP layer. */
interface Lane {
  readonly bridge: CensusDevice | null;
  readonly pods: readonly CensusRoom[];
  readonly ports: readonly CensusDevice[];
  /** Ports that no pod here stands above, in one row. */
  readonly extra: readonly CensusDevice[];
  /** NICs on the top edge that are or were ports of the bridge. */
  readonly tops: readonly string[];
  readonly columns: number;
  readonly rows: number;
  readonly podW: number;
  readonly pitch: number;
  readonly x: number;
  readonly w: number;
}

const columnsFor = (count: number) => (count <= 4 ? count : Math.ceil(Math.sqrt(count * 1.6)));
const isAside = ({ group }: CensusDevice) => group === 'other' || group === 'loopback';
const pillWidth = (name: string) => textWidth(name) + 24;

function userWidth({ processes }: CensusRoom): number {
  if (processes.length === 0) return 0;
  const widths = [...grouped(processes, ({ slot }) => slot).values()].map((sharing) =>
    Math.max(...sharing.map(({ name }) => pillWidth(name))),
  );
  const all = widths.reduce((sum, w) => sum + w + PILL.gap, 0);
  const wanted = Math.max(Math.ceil(all / USER.rows) + 48, Math.max(...widths) + 20);
  return Math.min(USER.most, Math.max(USER.least, wanted));
}

function laneOf(
  bridge: CensusDevice | null,
  pods: readonly CensusRoom[],
  ports: readonly CensusDevice[],
  tops: readonly string[],
  x: number,
): Lane {
  const count = slotsIn(pods);
  const columns = columnsFor(count);
  const rows = columns === 0 ? 0 : Math.ceil(count / columns);
  const here = new Set(pods.map(({ id }) => id));
  const extra = inOneRow(ports.filter(({ peers }) => !peers.some(({ netns }) => here.has(netns))));
  const podW = pods.reduce((most, pod) => Math.max(most, podWidth(pod)), POD.w);
  const pitch = podW + 12 + Math.max(0, rows - 1) * GUTTER;
  const forExtra = slotsIn(extra) * (PORT.w + 10);
  const least = bridge === null ? 0 : POD.w;
  return {
    bridge,
    pods,
    ports,
    extra,
    tops,
    columns,
    rows,
    podW,
    pitch,
    x,
    w: Math.max(columns * pitch + forExtra, least, tops.length * (CHIP.w + 10) + 6),
  };
}

function lanesOf(
  room: CensusRoom,
  pods: readonly CensusRoom[],
  tops: readonly CensusDevice[],
  left: number,
): Lane[] {
  const bridges = room.devices.filter(({ group }) => group === 'bridge').sort((a, b) => a.slot - b.slot);
  const known = new Set(bridges.map(({ name }) => name));
  const laneName = ({ lane }: { readonly lane: string | null }) =>
    lane !== null && known.has(lane) ? lane : null;
  const podsBy = grouped(pods, laneName);
  const portsBy = grouped(
    room.devices.filter(({ group }) => group === 'port'),
    laneName,
  );
  const names: (CensusDevice | null)[] = [...bridges];
  if (podsBy.has(null) || portsBy.has(null)) names.push(null);
  let x = left;
  return names.map((bridge) => {
    const name = bridge?.name ?? null;
    const above = tops.filter((device) => name !== null && device.lane === name).map((device) => device.name);
    const lane = laneOf(bridge, podsBy.get(name) ?? [], portsBy.get(name) ?? [], above, x);
    x += lane.w + LANE_GAP;
    return lane;
  });
}

/** Lays out a machine. `pods` are the rooms that live in it, `tops` the NICs on its top edge, from left to right. */
export function planMachine(
  room: CensusRoom,
  pods: readonly CensusRoom[],
  tops: readonly string[] = [],
): RoomPlan {
  return new MachinePlan(room, pods, tops).plan();
}

class MachinePlan {
  private readonly draft = new Draft();
  private readonly pods: PlacedPod[] = [];
  private readonly bands: Band[] = [];
  private readonly lanes: readonly Lane[];
  private readonly inner: number;
  /** All pods here are as tall as the tallest has to be. */
  private readonly podH: number;
  /** NICs on the top edge that no bridge here has, and where they begin and end. */
  private readonly freeTops: readonly string[];
  private readonly topsLeft: number;
  private readonly topsRight: number;

  constructor(
    private readonly room: CensusRoom,
    pods: readonly CensusRoom[],
    private readonly tops: readonly string[],
  ) {
    // Beside the room's name.
    const left = PAD + INSET + (tops.length === 0 ? 0 : Math.max(0, textWidth(room.id, 8.4) + 12 - INSET));
    const devices = tops.flatMap((name) => room.devices.find((device) => device.name === name) ?? []);
    this.lanes = lanesOf(room, pods, devices, left);
    const inLanes = new Set(this.lanes.flatMap((lane) => lane.tops));
    this.freeTops = tops.filter((name) => !inLanes.has(name));
    const last = this.lanes.at(-1);
    this.topsLeft = last === undefined ? left : last.x + last.w + LANE_GAP;
    this.topsRight = this.topsLeft + this.freeTops.length * (CHIP.w + 10);
    this.inner = this.innerWidth();
    this.podH = pods.reduce((most, pod) => Math.max(most, podHeight(pod)), POD.h);
  }

  plan(): RoomPlan {
    const upper = this.placeUpper();
    const kernelTop = upper === 0 ? TITLE : TITLE + upper + 24;
    const rowA = kernelTop + 32;
    const belowA = this.placeBridges(rowA);
    const rowB = belowA === rowA ? kernelTop + 30 : belowA + AISLE;
    const ip = this.placeIp(rowB);
    const nics = inOneRow(this.bottomNics());
    const h = rowB + CHIP.h + (nics.length > 0 ? AISLE + CHIP.h / 2 : 24);
    this.placeNics(nics, ip.x + ip.w / 2, h);
    this.placeTops();
    this.bands.push({ kind: 'kernel', x: PAD, y: kernelTop, w: this.inner, h: h - kernelTop - PAD });
    const boundary = this.room.processes.length > 0 ? { boundary: kernelTop } : {};
    this.placeApp(ip);
    wire(this.draft, this.room, ip);
    const { chips, links, places } = this.draft;
    const size = { w: this.inner + 2 * PAD, h };
    return { ...size, ...boundary, pods: this.pods, bands: this.bands, chips, links, places };
  }

  private bottomNics(): CensusDevice[] {
    return this.room.devices.filter(({ group, name }) => group === 'nic' && !this.tops.includes(name));
  }

  private count(group: CensusDevice['group']): number {
    return slotsIn(this.room.devices.filter((device) => device.group === group));
  }

  private innerWidth(): number {
    const last = this.lanes.at(-1);
    const lanes = last === undefined ? 0 : last.x + last.w - PAD + INSET;
    const user = userWidth(this.room);
    const hasPods = this.lanes.some(({ pods }) => pods.length > 0);
    const beside = hasPods || this.tops.length > 0;
    const upper = beside && user > 0 ? this.topsRight - PAD + user : Math.max(lanes, user);
    const aside = slotsIn(inOneRow(this.room.devices.filter(isAside))) * (CHIP.w + 10);
    const rowA = (aside > 0 ? this.topsRight - PAD : lanes) + aside + 16;
    const rowB = CHIP.w + this.count('tunnel') * (CHIP.w + CHIP.gap) + 2 * PAD;
    const rowC = slotsIn(inOneRow(this.bottomNics())) * (CHIP.w + 10) + 2 * PAD;
    const top = this.tops.length > 0 ? this.topsRight - PAD : 0;
    const title = textWidth(this.room.id, 8.4) + 130;
    return Math.max(188, upper, rowA, rowB, rowC, top, title);
  }

  /** Pods and user space; answers how tall they are. */
  private placeUpper(): number {
    let tallest = 0;
    const h = this.podH;
    for (const lane of this.lanes) {
      for (const pod of lane.pods) {
        const [column, row] = [pod.slot % lane.columns, Math.floor(pod.slot / lane.columns)];
        const y = TITLE + row * (h + POD.aisle);
        const box = { x: lane.x + column * lane.pitch, y, w: lane.podW, h };
        const boundary = furnishPod(this.draft, pod, box);
        this.pods.push({ id: pod.id, ...box, ...(boundary === undefined ? {} : { boundary }) });
        tallest = Math.max(tallest, y + box.h - TITLE);
      }
    }
    if (this.room.processes.length === 0) return tallest;
    const x = this.userLeft(tallest > 0);
    const w = PAD + this.inner - x;
    const band = Math.max(Math.min(tallest, h), this.placeProcesses(x, w));
    this.bands.push({ kind: 'user', x, y: TITLE, w, h: band });
    return Math.max(tallest, band);
  }

  /** Beside the pods, and beside what comes down from the top edge. */
  private userLeft(hasPods: boolean): number {
    if (this.tops.length > 0) return this.topsRight;
    const last = this.lanes.at(-1);
    if (!hasPods || last === undefined) return PAD;
    return last.x + last.w + (last.columns > 0 ? 2 : LANE_GAP);
  }

  /** Pills in rows, those that a device leads up to in the lowest; answers the height of the band. */
  private placeProcesses(x: number, w: number): number {
    const wired = new Set(this.room.devices.flatMap(({ programs }) => programs));
    const isWired = (processes: readonly { readonly name: string }[]) =>
      processes.some(({ name }) => wired.has(name)) ? 1 : 0;
    const bySlot = [...grouped(this.room.processes, ({ slot }) => slot)].sort(
      ([a, one], [b, two]) => isWired(one) - isWired(two) || a - b,
    );
    let [at, top] = [x + 10, TITLE + 28];
    let landed = false;
    for (const [, processes] of bySlot) {
      const width = Math.min(w - 20, Math.max(...processes.map(({ name }) => pillWidth(name))));
      const isFirst = at === x + 10;
      // Above the first that packets are carried to there is room for one.
      const isLanding: boolean = isWired(processes) > 0 && !landed;
      if (!isFirst && (isLanding || at + width > x + w - 10)) [at, top] = [x + 10, top + PILL.h + PILL.gap];
      if (isLanding && top > TITLE + 28) top += LANDING;
      landed ||= isLanding;
      for (const { name } of processes) {
        const key = processKey(this.room.id, name);
        this.draft.chip(this.room.id, 'process', name, key, { x: at, y: top, w: width, h: PILL.h });
      }
      at += width + PILL.gap;
    }
    return top + PILL.h + 10 - TITLE;
  }

  /** Bridges with their ports, routed ports, and what has no better place; answers the lowest edge. */
  private placeBridges(top: number): number {
    let lowest = top;
    for (const lane of this.lanes) {
      const stack = Math.max(lane.rows, lane.ports.length > 0 ? 1 : 0);
      const portsH = stack === 0 ? 0 : stack * (PORT.h + PORT.gap) - PORT.gap;
      if (lane.bridge !== null) {
        const head = stack === 0 ? 0 : PORT.h / 2;
        const w = lane.w - (lane.columns > 0 && lane.extra.length === 0 ? lane.pitch - lane.podW : 0);
        const box = { x: lane.x, y: top + head, w, h: portsH - head + BRIDGE_BODY };
        const key = devKey(this.room.id, lane.bridge.name);
        this.draft.chip(this.room.id, 'bridge', lane.bridge.name, key, box);
        lowest = Math.max(lowest, box.y + box.h);
      }
      this.placePorts(lane, top);
      lowest = Math.max(lowest, top + portsH);
    }
    const right = this.lanes.length === 0 && this.tops.length === 0 ? PAD + 8 : this.topsRight;
    for (const device of inOneRow(this.room.devices.filter(isAside))) {
      const box = { x: right + device.slot * (CHIP.w + 10), y: top, w: CHIP.w, h: CHIP.h };
      this.draft.chip(this.room.id, 'device', device.name, devKey(this.room.id, device.name), box);
      lowest = Math.max(lowest, top + CHIP.h);
    }
    return lowest;
  }

  private placePorts(lane: Lane, top: number): void {
    const pods = new Map(lane.pods.map((pod) => [pod.id, pod]));
    const extraX = lane.columns > 0 ? lane.x + lane.columns * lane.pitch : lane.x + (POD.w - PORT.w) / 2;
    const extras = new Map(lane.extra.map(({ name, slot }) => [name, slot]));
    for (const port of lane.ports) {
      const peer = port.peers.find(({ netns }) => pods.has(netns));
      const pod = peer && pods.get(peer.netns);
      const key = devKey(this.room.id, port.name);
      const size = { w: PORT.w, h: PORT.h };
      if (peer === undefined || pod === undefined) {
        const x = extraX + (extras.get(port.name) ?? 0) * (PORT.w + 10);
        this.draft.chip(this.room.id, 'port', port.name, key, { x, y: top, ...size });
        continue;
      }
      // The lowest row of pods stands on the highest row of ports; the rows above go around it.
      const [column, row] = [pod.slot % lane.columns, Math.floor(pod.slot / lane.columns)];
      const x = lane.x + column * lane.pitch + (lane.podW - PORT.w) / 2;
      const y = top + (lane.rows - 1 - row) * (PORT.h + PORT.gap);
      this.draft.chip(this.room.id, 'port', port.name, key, { x, y, ...size });
      // The other end had another name while it was being moved in.
      for (const end of port.peers) {
        if (end.netns === pod.id) this.plug(lane, pod, devKey(pod.id, end.dev), key);
      }
    }
  }

  private plug(lane: Lane, pod: CensusRoom, podEnd: string, port: string): void {
    const [from, to] = [this.draft.places.get(podEnd), this.draft.places.get(port)];
    if (from === undefined || to === undefined) return;
    const below = lane.rows - 1 - Math.floor(pod.slot / lane.columns);
    const start = { x: from.x + from.w / 2, y: from.y + from.h };
    if (below === 0) {
      this.draft.link('plug', podEnd, port, polyline([start, { x: to.x + to.w / 2, y: to.y }], 8));
      return;
    }
    const gutter = lane.x + (pod.slot % lane.columns) * lane.pitch + lane.podW + 2 + GUTTER * below;
    const [turn, y] = [start.y + 7, to.y + to.h / 2];
    const way = [
      start,
      { x: start.x, y: turn },
      { x: gutter, y: turn },
      { x: gutter, y },
      { x: to.x + to.w, y },
    ];
    this.draft.link('plug', podEnd, port, polyline(way, 6));
  }

  /** The IP layer; one narrow lane stands above it, so that the line between them is straight. */
  private placeIp(top: number): Box {
    const tunnels = this.room.devices.filter(({ group }) => group === 'tunnel');
    const spread = this.inner - 2 * PAD - CHIP.w - slotsIn(tunnels) * (CHIP.w + CHIP.gap);
    const narrow = this.lanes.length > 0 && (this.lanes[0]?.w ?? 0) < this.inner * 0.6;
    const x = 2 * PAD + (narrow || tunnels.length > 0 ? Math.min(spread, 60) : spread / 2);
    const ip = { x, y: top, w: CHIP.w, h: CHIP.h };
    this.draft.chip(this.room.id, 'ip', '', ipKey(this.room.id), ip);
    for (const device of tunnels) {
      const box = { x: x + (device.slot + 1) * (CHIP.w + CHIP.gap), y: top, w: CHIP.w, h: CHIP.h };
      this.draft.chip(this.room.id, 'device', device.name, devKey(this.room.id, device.name), box);
    }
    return ip;
  }

  private placeNics(nics: readonly CensusDevice[], middle: number, bottom: number): void {
    const width = slotsIn(nics) * (CHIP.w + 10) - 10;
    const left = Math.max(2 * PAD, Math.min(middle - width / 2, this.inner - width));
    for (const nic of nics) {
      const box = { x: left + nic.slot * (CHIP.w + 10), y: bottom - CHIP.h / 2, w: CHIP.w, h: CHIP.h };
      this.draft.chip(this.room.id, 'device', nic.name, devKey(this.room.id, nic.name), box, 'bottom');
    }
  }

  private placeTops(): void {
    const place = (name: string, x: number) => {
      const box = { x, y: -CHIP.h / 2, w: CHIP.w, h: CHIP.h };
      this.draft.chip(this.room.id, 'device', name, devKey(this.room.id, name), box, 'top');
    };
    for (const { tops, x, w } of this.lanes) {
      const first = x + (w - tops.length * (CHIP.w + 10) + 10) / 2;
      tops.forEach((name, i) => place(name, first + i * (CHIP.w + 10)));
    }
    this.freeTops.forEach((name, i) => place(name, this.topsLeft + i * (CHIP.w + 10)));
  }

  /** Where programs without a pill of their own (ping) are thought to be. */
  private placeApp(ip: Box): void {
    const user = this.bands.find(({ kind }) => kind === 'user');
    if (user) this.draft.point(appKey(this.room.id), user.x + user.w / 2, user.y + 14);
    else this.draft.point(appKey(this.room.id), ip.x + ip.w / 2, TITLE / 2 + 4);
  }
}
