/** Two observations of the same case, and everything in which they differ. */
import { readU16, tcpdumpLine, toHex } from '../src/sim/wire/index';
import { Canonical } from './canonical';
import { diffLines } from './diff';
import { comparedLines, comparedLogLine } from './outputs';
import { changedKeys, tableLines } from './tables';
import {
  TABLES,
  type Difference,
  type Observation,
  type Row,
  type SeenFrame,
  type TableName,
  type Tables,
} from './types';

const ETH_P_ARP = 0x0806;
const DEFAULT_VXLAN_PORTS = [4789, 8472];
const EMPTY = Object.fromEntries(TABLES.map((table) => [table, []])) as unknown as Tables;

/** `given` are the ports and ids that the commands and the script name. */
export function compare(
  linux: Observation,
  sim: Observation,
  given: ReadonlySet<number> = new Set(),
): Difference[] {
  const before = tables('before', linux.before, sim.before);
  // What was wrong all the time is told once.
  const told = new Set(before.map(({ lines }) => JSON.stringify(lines)));
  const after = tables('after', linux.after, sim.after);
  return [
    ...namespaces(linux, sim),
    ...before,
    ...outputs(linux, sim, given),
    ...kernelLog(linux, sim, given),
    ...frames(linux, sim, given),
    ...after.filter(({ lines }) => !told.has(JSON.stringify(lines))),
  ];
}

function namespaces(linux: Observation, sim: Observation): Difference[] {
  // An export leaves out the script's own machine where that holds nothing.
  const held = [...sim.before].filter(
    ([netns, { link }]) => linux.before.has(netns) || link.some(({ link_type }) => link_type !== 'loopback'),
  );
  return lineDifference('namespaces', [...linux.before.keys()].sort(), held.map(([netns]) => netns).sort());
}

// ---- tables --------------------------------------------------------------------------------------------------------

function tables(
  when: 'before' | 'after',
  linux: ReadonlyMap<string, Tables>,
  sim: ReadonlyMap<string, Tables>,
): Difference[] {
  return [...linux.keys()].flatMap((netns) =>
    TABLES.flatMap((table) => {
      const own = (sim.get(netns) ?? EMPTY)[table];
      const real = (linux.get(netns) ?? EMPTY)[table].map((row) => asNic(table, row, own));
      const what = `${table} of ${netns} ${when}`;
      return rowDifference(table, what, tableLines(table, real), tableLines(table, own));
    }),
  );
}

function rowDifference(
  table: TableName,
  what: string,
  linux: readonly string[],
  sim: readonly string[],
): Difference[] {
  return lineDifference(what, linux, sim).map(({ lines }) => {
    const missing = lines.filter(({ side }) => side === 'linux').map(({ text }) => text);
    const shown = lines.map((line) => {
      if (line.side !== 'sim') return line;
      const changes = missing.map((text) => changedKeys(table, text, line.text)).find((text) => text !== '');
      return { ...line, text: line.text + (changes ?? '') };
    });
    return { what, lines: shown };
  });
}

/** A machine's NIC is a veth in the lab. */
function asNic(table: TableName, row: Row, simulated: readonly Row[]): Row {
  const own = table === 'link' ? simulated.find(({ ifname }) => ifname === row.ifname) : undefined;
  if (row.kind !== 'veth' || own?.link_type !== 'ether' || own.kind !== undefined) return row;
  return Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'kind'));
}

// ---- outputs -------------------------------------------------------------------------------------------------------

function outputs(linux: Observation, sim: Observation, given: ReadonlySet<number>): Difference[] {
  const count = Math.max(linux.outputs.length, sim.outputs.length);
  return Array.from({ length: count }, (_, i) => {
    const [real, own] = [linux.outputs[i], sim.outputs[i]];
    const text = (each: typeof real) =>
      each ? [...comparedLines(each.command, each.output, given), `exit ${each.exit}`] : ['(not run)'];
    const one = real ?? own;
    return lineDifference(
      `output of \`${one?.command ?? ''}\` in ${one?.netns ?? ''}`,
      text(real),
      text(own),
    );
  }).flat();
}

function lineDifference(what: string, linux: readonly string[], sim: readonly string[]): Difference[] {
  const lines = diffLines(linux, sim);
  if (lines.every(({ side }) => side === 'both')) return [];
  return [
    {
      what,
      lines: lines.map(({ side, index }) => ({ side, text: (side === 'sim' ? sim : linux)[index] ?? '' })),
    },
  ];
}

function kernelLog(linux: Observation, sim: Observation, given: ReadonlySet<number>): Difference[] {
  if (!linux.kernelLog || !sim.kernelLog) return [];
  const lines = (list: readonly string[]) => list.map((line) => comparedLogLine(line, given));
  return lineDifference('kernel log', lines(linux.kernelLog), lines(sim.kernelLog));
}

// ---- frames --------------------------------------------------------------------------------------------------------

/** The ports VXLAN devices of either side use. */
function vxlanPorts(...observations: readonly Observation[]): Set<number> {
  const ports = new Set(DEFAULT_VXLAN_PORTS);
  for (const { before, after } of observations) {
    for (const { link } of [...before.values(), ...after.values()]) {
      for (const row of link) {
        const port = (row.data as Row | undefined)?.port;
        if (row.kind === 'vxlan' && typeof port === 'number') ports.add(port);
      }
    }
  }
  return ports;
}

/** A frame, and what of it is compared. */
interface Form {
  readonly frame: SeenFrame;
  readonly dir: SeenFrame['dir'];
  readonly bytes: Uint8Array;
}

function frames(linux: Observation, sim: Observation, given: ReadonlySet<number>): Difference[] {
  const ports = vxlanPorts(linux, sim);
  const places = [...new Set([...linux.frames.keys(), ...sim.frames.keys()])].sort();
  return places.flatMap((place) => {
    const [real, own] = [linux.frames.get(place) ?? [], sim.frames.get(place) ?? []];
    const loopback = place.endsWith('/lo');
    const canonical = (list: readonly SeenFrame[]) => {
      const same = new Canonical({ vxlanPorts: ports, loopback, given });
      return list.map((frame) => ({ frame, dir: frame.dir, bytes: same.frame(frame.bytes, frame.link) }));
    };
    const [realForms, ownForms] = [inOrder(canonical(real)), inOrder(canonical(own))];
    const keys = (list: typeof realForms) => list.map(({ dir, bytes }) => `${dir} ${toHex(bytes)}`);
    const lines = diffLines(keys(realForms), keys(ownForms));
    if (lines.every(({ side }) => side === 'both')) return [];
    const shown = lines.map(({ side, index }, i) => {
      const frame = (side === 'sim' ? ownForms : realForms)[index]?.frame;
      const before = lines[i - 1];
      const pair = side === 'sim' && before?.side === 'linux' ? realForms[before.index]?.bytes : undefined;
      const mine = ownForms[index]?.bytes;
      const where = pair && mine ? changedBytes(pair, mine) : '';
      return { side, text: frame ? `${frameText(frame)}${where}` : '' };
    });
    return [{ what: `frames of ${place}`, lines: shown }];
  });
}

/** Requests that follow each other directly are sorted: they are sent again by timers of hosts that know nothing of each other. */
function inOrder(list: readonly Form[]): Form[] {
  const sorted: Form[] = [];
  let run: Form[] = [];
  const flush = () => {
    sorted.push(...run.sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1)));
    run = [];
  };
  for (const form of list) {
    if (isArpRequest(form)) run.push(form);
    else {
      flush();
      sorted.push(form);
    }
  }
  flush();
  return sorted;
}
const orderKey = ({ dir, bytes }: Form): string => `${dir} ${toHex(bytes)}`;
const isArpRequest = ({ frame: { link }, bytes }: Form): boolean =>
  link === 'ethernet' && readU16(bytes, 12) === ETH_P_ARP && readU16(bytes, 20) === 1;

function frameText({ dir, link, bytes, at }: SeenFrame): string {
  const line = tcpdumpLine(bytes, link, { ethernet: true, verbose: true }).replace(/\n\s*/g, ' ');
  return `${at.toFixed(6).padStart(9)} ${dir.padEnd(3)} ${line}`;
}

/** `  [byte 22: 40, 3f]` for the first bytes that differ between frames of one length. */
function changedBytes(linux: Uint8Array, sim: Uint8Array): string {
  if (linux.length !== sim.length) return `  [${linux.length} bytes in Linux, ${sim.length} simulated]`;
  const hex = (value: number | undefined) => (value ?? 0).toString(16).padStart(2, '0');
  const at = linux.findIndex((byte, i) => byte !== sim[i]);
  return at < 0 ? '' : `  [byte ${at}: ${hex(linux[at])} in Linux, ${hex(sim[at])} simulated]`;
}
