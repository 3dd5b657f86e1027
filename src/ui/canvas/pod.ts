/** The inside of a pod's room, top to bottom: its name, its programs, its IP layer, its devices on the lower edge. */
import type { CensusRoom } from './census';
import { polyline, type Box } from './geometry';
import { appKey, devKey, inOneRow, ipKey, processKey, slotsIn, textWidth, type Draft } from './plan';

export const POD = { w: 150, h: 120, chipW: 92, chipH: 30, aisle: 30 };
const PILL = { h: 28, pitch: 34, top: 50 };

const shown = (pod: CensusRoom) => inOneRow(pod.devices.filter(({ group }) => group !== 'loopback'));

export const podWidth = (pod: CensusRoom) =>
  Math.max(POD.w, slotsIn(shown(pod)) * (POD.chipW + 8) + 16, ...pillWidths(pod).map((w) => w + 20));
export const podHeight = (pod: CensusRoom) => POD.h + slotsIn(pod.processes) * PILL.pitch;

function pillWidths({ processes }: CensusRoom): number[] {
  return processes.map(({ name }) => textWidth(name) + 24);
}

/** Draws it into `box`; answers where, down from the box's edge, user space ends, when there is any. */
export function furnishPod(draft: Draft, pod: CensusRoom, box: Box): number | undefined {
  const devices = shown(pod);
  const rows = slotsIn(pod.processes);
  const count = Math.max(1, slotsIn(devices));
  const left = box.x + box.w / 2 - (count * (POD.chipW + 8) - 8) / 2;
  const x = box.x + box.w / 2;
  const ip = { x, y: rows === 0 ? box.y + 62 : box.y + box.h - 44 };
  const app = { x, y: box.y + 4 };
  draft.point(appKey(pod.id), app.x, app.y);
  draft.point(ipKey(pod.id), ip.x, ip.y);
  draft.link('local', appKey(pod.id), ipKey(pod.id), polyline([app, ip]));
  for (const device of devices) {
    const key = devKey(pod.id, device.name);
    const at = { x: left + device.slot * (POD.chipW + 8), y: box.y + box.h - POD.chipH / 2 };
    draft.chip(pod.id, 'device', device.name, key, { ...at, w: POD.chipW, h: POD.chipH });
    const top = { x: at.x + POD.chipW / 2, y: at.y };
    draft.link('local', ipKey(pod.id), key, polyline([ip, top]));
  }
  for (const { name, slot } of pod.processes) {
    const key = processKey(pod.id, name);
    const w = Math.min(box.w - 20, textWidth(name) + 24);
    const pill = { x: x - w / 2, y: box.y + PILL.top + slot * PILL.pitch, w, h: PILL.h };
    draft.chip(pod.id, 'process', name, key, pill);
    draft.link('socket', key, ipKey(pod.id), polyline([{ x, y: pill.y + pill.h }, ip]));
  }
  return rows === 0 ? undefined : PILL.top + rows * PILL.pitch + 2;
}
