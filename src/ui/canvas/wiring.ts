/** The lines inside a machine: between its devices, its IP layer and its programs. */
import type { CensusDevice, CensusRoom } from './census';
import { polyline, type Box, type Point } from './geometry';
import { appKey, devKey, ipKey, processKey, type Draft } from './plan';

/** Between two rows of chips: where lines turn. */
export const AISLE = 46;

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);
const middleOf = (box: Box) => box.x + box.w / 2;
const bottomOf = (box: Box) => box.y + box.h;

export function wire(draft: Draft, room: CensusRoom, ip: Box): void {
  for (const device of room.devices) {
    const box = draft.places.get(devKey(room.id, device.name));
    if (box === undefined) continue;
    if (device.group === 'nic') wireNic(draft, room.id, device, ip, box);
    else if (device.group === 'tunnel') wireTunnel(draft, room.id, device, ip, box);
    else wireUpper(draft, room.id, device, ip, box);
    if (device.lane !== null) attach(draft, room.id, device, device.lane, box);
  }
  wirePrograms(draft, room, ip);
}

function wireNic(draft: Draft, id: string, device: CensusDevice, ip: Box, box: Box): void {
  const isAbove = box.y < ip.y;
  const turn = isAbove ? ip.y - AISLE / 2 : bottomOf(ip) + AISLE / 2;
  const [from, to] = [middleOf(ip), middleOf(box)];
  const way = [
    { x: from, y: isAbove ? ip.y : bottomOf(ip) },
    { x: from, y: turn },
    { x: to, y: turn },
    { x: to, y: isAbove ? bottomOf(box) : box.y },
  ];
  draft.link('ip', ipKey(id), devKey(id, device.name), polyline(way, 10));
}

/** Bridges, routed ports and the rest stand above the IP layer. */
function wireUpper(draft: Draft, id: string, device: CensusDevice, ip: Box, box: Box): void {
  const turn = ip.y - AISLE / 2;
  const to = { x: middleOf(ip), y: ip.y };
  const way: Point[] = [];
  const covered = draft.chips.some(
    (other) => other.kind === 'port' && Math.abs(other.x - box.x) < 1 && other.y > box.y,
  );
  if (device.group === 'bridge') {
    way.push({ x: clamp(to.x, box.x + 14, box.x + box.w - 14), y: bottomOf(box) });
  } else if (device.group === 'port' && covered) {
    const y = box.y + box.h / 2;
    way.push({ x: box.x, y }, { x: box.x - 5, y });
  } else way.push({ x: middleOf(box), y: bottomOf(box) });
  const last = way.at(-1) as Point;
  way.push({ x: last.x, y: turn }, { x: to.x, y: turn }, to);
  draft.link('ip', devKey(id, device.name), ipKey(id), polyline(way, 10));
}

function wireTunnel(draft: Draft, id: string, device: CensusDevice, ip: Box, box: Box): void {
  const key = devKey(id, device.name);
  if (device.slot === 0) {
    const y = ip.y + 14;
    draft.link(
      'ip',
      ipKey(id),
      key,
      polyline([
        { x: ip.x + ip.w, y },
        { x: box.x, y },
      ]),
    );
  } else {
    const [from, to, over] = [ip.x + ip.w - 16, box.x + 20, ip.y - 12];
    const way = [
      { x: from, y: ip.y },
      { x: from, y: over },
      { x: to, y: over },
      { x: to, y: box.y },
    ];
    draft.link('ip', ipKey(id), key, polyline(way, 8));
  }
  if (device.kind === 'tun') return;
  // The wrapped packet goes back to the IP layer, which routes it by its outer header.
  if (device.slot === 0) {
    const y = ip.y + ip.h - 12;
    draft.link(
      'under',
      key,
      ipKey(id),
      polyline([
        { x: box.x, y },
        { x: ip.x + ip.w, y },
      ]),
    );
    return;
  }
  const [low, under] = [bottomOf(ip), bottomOf(ip) + 8 + device.slot * 4];
  const [from, to] = [middleOf(box), ip.x + ip.w - 20];
  const way = [
    { x: from, y: low },
    { x: from, y: under },
    { x: to, y: under },
    { x: to, y: low },
  ];
  draft.link('under', key, ipKey(id), polyline(way, 6));
}

/** A port in its bridge, or a NIC or tunnel that is made a port. */
function attach(draft: Draft, id: string, device: CensusDevice, lane: string, box: Box): void {
  const master = devKey(id, lane);
  const bridge = draft.places.get(master);
  if (bridge === undefined) return;
  const x = middleOf(box);
  if (device.group === 'port') {
    const way = [
      { x, y: box.y + box.h / 2 },
      { x, y: bottomOf(bridge) - 54 },
    ];
    draft.link('attach', devKey(id, device.name), master, polyline(way));
    return;
  }
  const isAbove = box.y < bridge.y;
  const [turn, into] = [
    isAbove ? bottomOf(box) + 14 : box.y - 14,
    clamp(x, bridge.x + 14, bridge.x + bridge.w - 14),
  ];
  const way = [
    { x, y: isAbove ? bottomOf(box) : box.y },
    { x, y: turn },
    { x: into, y: turn },
    { x: into, y: isAbove ? bridge.y : bottomOf(bridge) },
  ];
  draft.link('attach', devKey(id, device.name), master, polyline(way, 10));
}

function wirePrograms(draft: Draft, room: CensusRoom, ip: Box): void {
  const { id } = room;
  const into = { x: ip.x + ip.w - 12, y: ip.y };
  const down = (start: Point, turn: number): Point[] => [
    start,
    { x: start.x, y: turn },
    { x: into.x, y: turn },
    into,
  ];
  for (const { name } of room.processes) {
    const pill = draft.places.get(processKey(id, name));
    if (pill === undefined) continue;
    const start = { x: middleOf(pill), y: bottomOf(pill) };
    draft.link('socket', processKey(id, name), ipKey(id), polyline(down(start, ip.y - AISLE / 2 + 8), 10));
    for (const device of room.devices) {
      const tun = draft.places.get(devKey(id, device.name));
      if (tun === undefined || !device.programs.includes(name)) continue;
      const [x, turn] = [middleOf(tun), ip.y - AISLE / 2];
      const way = [{ x, y: tun.y }, { x, y: turn }, { x: start.x, y: turn }, start];
      draft.link('program', devKey(id, device.name), processKey(id, name), polyline(way, 10));
    }
  }
  const app = draft.places.get(appKey(id));
  if (app)
    draft.link(
      'local',
      appKey(id),
      ipKey(id),
      polyline(down({ x: app.x, y: app.y }, ip.y - AISLE / 2 + 8), 10),
    );
}
