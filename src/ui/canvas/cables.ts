/** Cables between rooms: down from the NIC, along the aisles between the machines, into the port. Tunnels: over the top. */
import type { CensusRoom } from './census';
import { curve, polyline, type Box, type Path, type Point } from './geometry';
import type { Grid } from './layout';
import { devKey, type Link } from './plan';

const TRACK = 8;
const TRACKS = 5;

interface End {
  readonly id: string;
  readonly room: string;
  readonly key: string;
  readonly box: Box;
}

/** Every pair of ends that ever was one cable and is not drawn inside a machine, once. */
function pairs(rooms: readonly CensusRoom[], places: ReadonlyMap<string, Box>): [End, End][] {
  const byId = new Map(rooms.map((room) => [room.id, room]));
  const seen = new Set<string>();
  const found: [End, End][] = [];
  for (const room of rooms) {
    for (const device of room.devices) {
      for (const peer of device.peers) {
        const [a, b] = [devKey(room.id, device.name), devKey(peer.netns, peer.dev)];
        const [from, to] = [places.get(a), places.get(b)];
        const other = byId.get(peer.netns);
        if (from === undefined || to === undefined || other === undefined) continue;
        if (seen.has(`${a} ${b}`) || seen.has(`${b} ${a}`)) continue;
        seen.add(`${a} ${b}`);
        if (room.home === other.id || other.home === room.id) continue;
        found.push([
          { id: room.id, room: room.home ?? room.id, key: a, box: from },
          { id: other.id, room: other.home ?? other.id, key: b, box: to },
        ]);
      }
    }
  }
  return found;
}

const middle = ({ box }: End) => box.x + box.w / 2;
const top = (end: End): Point => ({ x: middle(end), y: end.box.y });
const bottom = (end: End): Point => ({ x: middle(end), y: end.box.y + end.box.h });

export function cableRoutes(
  rooms: readonly CensusRoom[],
  places: ReadonlyMap<string, Box>,
  tiers: ReadonlyMap<string, number>,
  grid: Grid,
): Link[] {
  const tracks = new Map<string, number>();
  const trackOf = (id: string) => {
    const known = tracks.get(id) ?? tracks.size % TRACKS;
    tracks.set(id, known);
    return known * TRACK;
  };
  return pairs(rooms, places).map(([one, two]): Link => {
    const [a, b] = (tiers.get(one.room) ?? 0) <= (tiers.get(two.room) ?? 0) ? [one, two] : [two, one];
    const nested = a.id !== a.room || b.id !== b.room;
    const path = nested || a.room === b.room ? slack(a, b) : route(a, b, tiers, grid, trackOf);
    return { id: `cable ${a.key} ${b.key}`, kind: 'cable', a: a.key, b: b.key, path, drawn: true };
  });
}

/** A patch cable that hangs between two ends. */
function slack(a: End, b: End): Path {
  const [from, to] = [bottom(a), bottom(b)];
  const sag = 24 + Math.abs(from.x - to.x) * 0.12;
  return curve(from, { x: from.x, y: from.y + sag }, { x: to.x, y: to.y + sag }, to);
}

function route(
  a: End,
  b: End,
  tiers: ReadonlyMap<string, number>,
  grid: Grid,
  trackOf: (id: string) => number,
): Path {
  const [tierA, tierB] = [tiers.get(a.room) ?? 0, tiers.get(b.room) ?? 0];
  const [from, to] = [bottom(a), tierA === tierB ? bottom(b) : top(b)];
  const cellA = grid.cellOf.get(a.room);
  if (cellA === undefined || tierA > 0) {
    const y = tierA === tierB ? Math.max(from.y, to.y) + 18 + trackOf(b.room) : (from.y + to.y) / 2;
    return polyline([from, { x: from.x, y }, { x: to.x, y }, to]);
  }
  const last = grid.bottoms.length - 1;
  const aisle = (row: number) => (grid.bottoms[row] ?? from.y) + 18;
  const cellB = grid.cellOf.get(b.room);
  if (cellB !== undefined) {
    const [y1, y2] = [aisle(cellA.row) + trackOf(b.room), aisle(cellB.row) + trackOf(b.room)];
    const x = shaft(grid, cellA.column, to.x);
    const between =
      cellA.row === cellB.row
        ? []
        : [
            { x, y: y1 },
            { x, y: y2 },
          ];
    return polyline([from, { x: from.x, y: y1 }, ...between, { x: to.x, y: y2 }, to]);
  }
  const y = aisle(last) + trackOf(b.room);
  if (cellA.row === last) return polyline([from, { x: from.x, y }, { x: to.x, y }, to]);
  const x = shaft(grid, cellA.column, to.x);
  const first = aisle(cellA.row) + trackOf(b.room);
  return polyline([from, { x: from.x, y: first }, { x, y: first }, { x, y }, { x: to.x, y }, to]);
}

/** The aisle beside a column, on the side that faces `towards`. */
function shaft(grid: Grid, column: number, towards: number): number {
  const { x, w } = grid.columns[column] ?? { x: 0, w: 0 };
  return towards >= x + w / 2 ? x + w + 20 : x - 20;
}

/** The dashed line between two VTEPs. */
export function tunnelPath(a: Box, b: Box): Path {
  const [left, right] = a.x <= b.x ? [a, b] : [b, a];
  const gap = right.x - (left.x + left.w);
  if (Math.abs(left.y - right.y) < 8 && gap > 0 && gap < 200) {
    // Face to face: a short way through both walls.
    const from = { x: left.x + left.w, y: left.y + left.h / 2 };
    const to = { x: right.x, y: right.y + right.h / 2 };
    const sag = 14;
    return curve(from, { x: from.x + gap / 3, y: from.y + sag }, { x: to.x - gap / 3, y: to.y + sag }, to);
  }
  if (gap < 0) {
    // One above the other: around the rooms' right side.
    const from = { x: left.x + left.w, y: left.y + left.h / 2 };
    const to = { x: right.x + right.w, y: right.y + right.h / 2 };
    const out = Math.max(from.x, to.x) + 90;
    return curve(from, { x: out, y: from.y }, { x: out, y: to.y }, to);
  }
  const from = { x: left.x + left.w / 2, y: left.y + left.h };
  const to = { x: right.x + right.w / 2, y: right.y + right.h };
  const sag = 36 + Math.min(160, Math.abs(gap) * 0.2);
  return curve(from, { x: from.x, y: from.y + sag }, { x: to.x, y: to.y + sag }, to);
}
