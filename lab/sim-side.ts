/** The simulator's half of a case. */
import { World, type Trace } from '../src/sim/index';
import { TABLE_COMMANDS, parseRows } from './tables';
import { TABLES, type CommandOutput, type LabCase, type Observation, type SeenFrame, type Tables } from './types';

const NS = 1e9;

export function observeSim(labCase: LabCase): Observation {
  const world = World.open(labCase.scenario, { settleNs: labCase.settle * NS });
  const failed = world.setupFailures[0];
  if (failed) throw new Error(`the simulator cannot build it: ${failed.place}: ${failed.command}: ${failed.output}`);
  const before = allTables(world);
  world.execute(labCase.journal);
  const after = allTables(world);
  world.finish();
  return { before, after, frames: framesOf(world.trace), outputs: outputsOf(world.trace) };
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

function framesOf(trace: Trace): Map<string, SeenFrame[]> {
  const frames = new Map<string, SeenFrame[]>();
  for (const event of trace.events.slice(trace.upSeq)) {
    if (event.kind !== 'tx' && event.kind !== 'rx') continue;
    // As libpcap on Linux: what the loopback device sends is seen once, when it comes back in.
    if (event.dev === 'lo' && event.kind === 'tx') continue;
    const bytes = trace.frames[event.frame]?.bytes;
    if (!bytes) continue;
    const key = `${event.netns}/${event.dev}`;
    const list = frames.get(key) ?? [];
    frames.set(key, list);
    list.push({ dir: event.kind === 'tx' ? 'out' : 'in', bytes, at: event.at / NS });
  }
  return frames;
}

function outputsOf(trace: Trace): CommandOutput[] {
  const outputs = new Map<number, { -readonly [Key in keyof CommandOutput]: CommandOutput[Key] }>();
  for (const event of trace.events) {
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
