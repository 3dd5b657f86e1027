/** The simulator's half of a case. */
import { World, type JournalEntry, type Trace, type TraceEvent } from '../src/sim/index';
import { TABLE_COMMANDS, parseRows } from './tables';
import {
  TABLES,
  type CommandOutput,
  type LabCase,
  type SimObservation,
  type SeenFrame,
  type Tables,
} from './types';

const NS = 1e9;

export function observeSim(labCase: LabCase): SimObservation {
  const world = World.open(labCase.scenario, { settleNs: labCase.settle * NS });
  const failed = world.setupFailures[0];
  if (failed)
    throw new Error(`the simulator cannot build it: ${failed.place}: ${failed.command}: ${failed.output}`);
  const built = allTables(world);
  if (labCase.prepare.length > 0) world.execute(labCase.prepare);
  const from = labCase.prepare.length > 0 ? world.trace.events.length : world.trace.upSeq;
  const began = world.trace.end;
  const before = allTables(world);
  world.execute(labCase.journal.map((entry) => later(entry, began)));
  const after = allTables(world);
  world.finish();
  const { frames, events } = world.trace;
  const seen = events.slice(from);
  return { built, before, after, frames: framesOf(seen, frames, began), outputs: outputsOf(seen) };
}

function allTables(world: World): Map<string, Tables> {
  return new Map(
    world.namespaces.map((netns) => {
      const rows = TABLES.map((table) => {
        const printed = world.query(netns, TABLE_COMMANDS[table]) ?? '';
        return [table, parseRows(table, printed, `simulator, ${netns}: ${TABLE_COMMANDS[table]}`)] as const;
      });
      return [netns, Object.fromEntries(rows) as unknown as Tables];
    }),
  );
}

function later(entry: JournalEntry, began: number): JournalEntry {
  return entry.at === undefined ? entry : { ...entry, at: entry.at + began };
}

function framesOf(
  events: readonly TraceEvent[],
  all: Trace['frames'],
  began: number,
): Map<string, SeenFrame[]> {
  const frames = new Map<string, SeenFrame[]>();
  for (const event of events) {
    if (event.kind !== 'tx' && event.kind !== 'rx') continue;
    // As libpcap on Linux: what the loopback device sends is seen once, when it comes back in.
    if (event.dev === 'lo' && event.kind === 'tx') continue;
    const bytes = all[event.frame]?.bytes;
    if (!bytes) continue;
    const key = `${event.netns}/${event.dev}`;
    const list = frames.get(key) ?? [];
    frames.set(key, list);
    list.push({ dir: event.kind === 'tx' ? 'out' : 'in', bytes, at: (event.at - began) / NS });
  }
  return frames;
}

function outputsOf(events: readonly TraceEvent[]): CommandOutput[] {
  const outputs = new Map<number, { -readonly [Key in keyof CommandOutput]: CommandOutput[Key] }>();
  for (const event of events) {
    if (event.kind === 'command' && event.origin === 'journal') {
      outputs.set(event.command, { netns: event.netns, command: event.text, output: '', exit: -1 });
    } else if (event.kind === 'output') {
      const found = outputs.get(event.command);
      if (found) found.output += event.text;
    } else if (event.kind === 'exit') {
      const found = outputs.get(event.command);
      if (found) found.exit = event.exit;
    }
  }
  return [...outputs.values()];
}
