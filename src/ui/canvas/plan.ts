/** What a laid-out room is made of, and how places are called. */
import type { CensusDevice } from './census';
import type { Box, Path } from './geometry';

export type ChipKind = 'device' | 'port' | 'socket' | 'bridge' | 'switch' | 'ip' | 'process';
/** Something small with a name. `key` is its place. */
export interface Chip extends Box {
  readonly key: string;
  readonly room: string;
  readonly kind: ChipKind;
  readonly name: string;
  /** Which edge of its room it sits on. */
  readonly side?: 'top' | 'bottom';
}
export interface Band extends Box {
  readonly kind: 'user' | 'kernel';
}
export interface PlacedPod extends Box {
  readonly id: string;
  /** Where, down from its upper edge, user space ends; absent in pods without a program. */
  readonly boundary?: number;
}
/**
 * How two places hang together: a cable between rooms, a pod's cable into its home, device and IP layer, a tunnel's way
 * back to the IP layer with the outer header on, port and bridge, TUN and program, two VTEPs. `socket`, a program and the
 * IP layer, is drawn only where a packet goes; `local` never: only frames go there.
 */
export type LinkKind =
  'cable' | 'plug' | 'ip' | 'under' | 'attach' | 'program' | 'socket' | 'local' | 'tunnel';
export interface Link {
  readonly id: string;
  readonly kind: LinkKind;
  readonly a: string;
  readonly b: string;
  readonly path: Path;
  readonly drawn: boolean;
}
/** The inside of one room; its corner is (0, 0). Points without extent (a pod's IP layer) are boxes of size 0. */
export interface RoomPlan {
  readonly w: number;
  readonly h: number;
  /** Where, down from the upper edge, the kernel begins; absent without user space. */
  readonly boundary?: number;
  readonly pods: readonly PlacedPod[];
  readonly bands: readonly Band[];
  readonly chips: readonly Chip[];
  readonly links: readonly Link[];
  readonly places: ReadonlyMap<string, Box>;
}

/** A machine seen from afar. */
export const roomKey = (id: string) => `room ${id}`;
export const devKey = (netns: string, dev: string) => `dev ${netns}/${dev}`;
export const ipKey = (netns: string) => `ip ${netns}`;
export const appKey = (netns: string) => `app ${netns}`;
export const processKey = (netns: string, name: string) => `proc ${netns}/${name}`;

/** Names of devices and programs hold no slash. */
export function netnsOf(key: string): string {
  const name = key.slice(key.indexOf(' ') + 1);
  const end = name.lastIndexOf('/');
  return key.startsWith('dev ') || key.startsWith('proc ') ? name.slice(0, end) : name;
}
export const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);

/** `node1 eth0`, `node1 ip`: what people and tests call a place. */
export const placeName = (key: string) =>
  `${netnsOf(key)} ${key.startsWith('dev ') || key.startsWith('proc ') ? nameOf(key) : 'ip'}`;

/** Pixels that text takes, on the generous side; 7.6 a letter is 13 px. */
export const textWidth = (text: string, perLetter = 7.6) => Math.ceil([...text].length * perLetter);

export const slotsIn = (items: readonly { readonly slot: number }[]) =>
  items.reduce((most, { slot }) => Math.max(most, slot + 1), 0);

/** Devices of several groups in one row: places without gaps, in order of group and slot. */
export function inOneRow(devices: readonly CensusDevice[]): CensusDevice[] {
  const keyOf = ({ group, slot }: CensusDevice) => `${group}/${String(slot).padStart(6, '0')}`;
  const keys = [...new Set(devices.map(keyOf))].sort();
  return devices.map((device) => ({ ...device, slot: keys.indexOf(keyOf(device)) }));
}

/** Collects chips, links and where everything is. */
export class Draft {
  readonly chips: Chip[] = [];
  readonly links: Link[] = [];
  readonly places = new Map<string, Box>();

  chip(room: string, kind: ChipKind, name: string, key: string, box: Box, side?: 'top' | 'bottom'): void {
    this.places.set(key, box);
    this.chips.push({ key, room, kind, name, ...box, ...(side ? { side } : {}) });
  }

  point(key: string, x: number, y: number): void {
    this.places.set(key, { x, y, w: 0, h: 0 });
  }

  link(kind: LinkKind, a: string, b: string, path: Path): void {
    this.links.push({ id: `${kind} ${a} ${b}`, kind, a, b, path, drawn: kind !== 'local' });
  }
}
