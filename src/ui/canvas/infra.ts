/** The small rooms between machines: switches and plain routers. */
import type { CensusRoom } from './census';
import { polyline } from './geometry';
import { appKey, devKey, Draft, ipKey, processKey, textWidth, type RoomPlan } from './plan';

const SOCKET = { w: 12, h: 10, pitch: 16 };
const PORT = { h: 24, gap: 8, pad: 14 };
const NIC = { w: 132, h: 44, gap: 10 };
const IP = { w: 124, h: 44 };
const PILL = { h: 28, gap: 8 };
/** From here on ports are sockets without a name: they would be wider than the machines above. */
const MANY_PORTS = 13;

/** A port of a small room, from left to right within its side. */
export interface SidedPort {
  readonly dev: string;
  readonly side: 'top' | 'bottom';
}

/** Ports on the edges, the bridge in the middle. */
export function planSwitch(room: CensusRoom, ports: readonly SidedPort[]): RoomPlan {
  const draft = new Draft();
  const small = ports.length >= MANY_PORTS;
  const widthOf = (dev: string) => (small ? SOCKET.w : Math.min(130, textWidth(dev) + 16));
  const gap = small ? SOCKET.pitch - SOCKET.w : PORT.gap;
  const rowOf = (side: SidedPort['side']) => ports.filter((port) => port.side === side);
  const rowWidth = (side: SidedPort['side']) =>
    rowOf(side).reduce((sum, { dev }) => sum + widthOf(dev) + gap, -gap) + 2 * PORT.pad;
  const w = Math.max(252, rowWidth('top'), rowWidth('bottom'), textWidth(room.id, 8.4) + 150);
  // Among many machines it is seen from afar.
  const h = small ? Math.min(220, 76 + ports.length) : 82;
  const bridge = room.devices.find(({ group }) => group === 'bridge');
  const body = { x: 0, y: 0, w, h };
  const core = bridge === undefined ? ipKey(room.id) : devKey(room.id, bridge.name);
  draft.chip(room.id, 'switch', bridge?.name ?? '', core, body);
  for (const side of ['top', 'bottom'] as const) {
    const row = rowOf(side);
    // Spread over the edge: cables come from left and right.
    const used = row.reduce((sum, { dev }) => sum + widthOf(dev), 0);
    const space = small ? gap : Math.min(120, (w - 2 * PORT.pad - used) / Math.max(1, row.length - 1));
    let x = (w - used - space * (row.length - 1)) / 2;
    for (const { dev } of row) {
      const size = { w: widthOf(dev), h: small ? SOCKET.h : PORT.h };
      const box = { x, y: (side === 'top' ? 0 : h) - size.h / 2, ...size };
      const key = devKey(room.id, dev);
      draft.chip(room.id, small ? 'socket' : 'port', dev, key, box, side);
      const from = { x: x + size.w / 2, y: box.y + size.h / 2 };
      draft.link('local', key, core, polyline([from, { x: from.x, y: h / 2 }, { x: w / 2, y: h / 2 }], 8));
      x += size.w + space;
    }
  }
  draft.point(appKey(room.id), w / 2, 10);
  return { w, h, pods: [], bands: [], chips: draft.chips, links: draft.links, places: draft.places };
}

/** Name at the left, IP layer at the right, NICs on the edges, programs below. */
export function planRouter(room: CensusRoom, ports: readonly SidedPort[]): RoomPlan {
  const draft = new Draft();
  const name = textWidth(room.id, 8.4) + 28;
  const pills = room.processes.map((process) => ({ ...process, w: textWidth(process.name) + 24 }));
  const pillsW = pills.reduce((sum, pill) => sum + pill.w + PILL.gap, 12);
  const rowOf = (side: SidedPort['side']) => ports.filter((port) => port.side === side);
  const nicsW = Math.max(rowOf('top').length, rowOf('bottom').length) * (NIC.w + NIC.gap) + 20;
  const w = Math.max(name + IP.w + 28, nicsW, pillsW);
  const ip = { x: w - IP.w - 14, y: NIC.h / 2 + 32, ...IP };
  const pillsTop = ip.y + IP.h + 12;
  const h = (pills.length > 0 ? pillsTop + PILL.h : ip.y + IP.h) + NIC.h / 2 + 12;
  draft.chip(room.id, 'ip', '', ipKey(room.id), ip);
  const middle = ip.x + ip.w / 2;
  for (const side of ['top', 'bottom'] as const) {
    const row = rowOf(side);
    let x = (w - row.length * (NIC.w + NIC.gap) + NIC.gap) / 2;
    for (const { dev } of row) {
      const key = devKey(room.id, dev);
      draft.chip(
        room.id,
        'device',
        dev,
        key,
        { x, y: (side === 'top' ? 0 : h) - NIC.h / 2, w: NIC.w, h: NIC.h },
        side,
      );
      const cx = x + NIC.w / 2;
      const [edge, turn, end] =
        side === 'top'
          ? [NIC.h / 2, NIC.h / 2 + 7, ip.y]
          : [h - NIC.h / 2, pills.length > 0 ? pillsTop - 6 : h - NIC.h / 2 - 6, ip.y + ip.h];
      const way = [
        { x: middle, y: end },
        { x: middle, y: turn },
        { x: cx, y: turn },
        { x: cx, y: edge },
      ];
      draft.link('ip', ipKey(room.id), key, polyline(way, 6));
      x += NIC.w + NIC.gap;
    }
  }
  let x = 12;
  for (const pill of pills) {
    const key = processKey(room.id, pill.name);
    draft.chip(room.id, 'process', pill.name, key, { x, y: pillsTop, w: pill.w, h: PILL.h });
    const from = { x: x + pill.w / 2, y: pillsTop };
    draft.link('socket', key, ipKey(room.id), polyline([from, { x: middle, y: ip.y + ip.h }]));
    x += pill.w + PILL.gap;
  }
  draft.point(appKey(room.id), name / 2, ip.y + ip.h / 2);
  const from = { x: name / 2, y: ip.y + ip.h / 2 };
  draft.link('local', appKey(room.id), ipKey(room.id), polyline([from, { x: ip.x, y: from.y }]));
  return { w, h, pods: [], bands: [], chips: draft.chips, links: draft.links, places: draft.places };
}

/** A router that is more than its NICs is laid out like a machine. */
export const isPlainRouter = (room: CensusRoom, hasPods: boolean) =>
  room.shape === 'router' &&
  !hasPods &&
  room.devices.every(({ group }) => group === 'nic' || group === 'loopback');
