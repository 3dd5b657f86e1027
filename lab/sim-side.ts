/** The simulator's half of a case. */
import { World, type JournalEntry, type Trace, type TraceEvent } from '../src/sim/index';
import type { NetnsRow } from '../src/sim/index';
import { isLogged, writesLog } from './kernel-log';
import { givenNumbers, labTexts } from './outputs';
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
const LOG_ALL = 'sysctl -w net.netfilter.nf_log_all_netns=1';

export function observeSim(labCase: LabCase): SimObservation {
  const world = World.open(labCase.scenario, { settleNs: labCase.settle * NS });
  const failed = world.setupFailures[0];
  if (failed)
    throw new Error(`the simulator cannot build it: ${failed.place}: ${failed.command}: ${failed.output}`);
  if (labCase.lead) world.execute(labCase.lead);
  const logs = writesLog(labCase);
  if (logs) world.execute(machines(world).map((netns) => ({ netns, command: LOG_ALL })));
  const given = givenNumbers(labTexts(labCase));
  const built = allTables(world, given);
  if (labCase.prepare.length > 0) world.execute(labCase.prepare);
  const quiet = labCase.prepare.length === 0 && labCase.lead === undefined && !logs;
  const from = quiet ? world.trace.upSeq : world.trace.events.length;
  const began = world.trace.end;
  const before = allTables(world, given);
  world.execute(labCase.journal.map((entry) => later(entry, began)));
  const after = allTables(world, given);
  const log = kernelLog(world, began);
  // What programs in the background say on their way out comes when nobody looks any more.
  const until = world.trace.events.length;
  world.finish();
  const { frames, events } = world.trace;
  return {
    built,
    before,
    after,
    frames: framesOf(events.slice(from, until), frames, began),
    outputs: outputsOf(events.slice(from)),
    kernelLog: log,
  };
}

/** Namespaces that are machines. */
function machines(world: World): string[] {
  const roots = world.trace.events.flatMap((event) => {
    const row =
      event.kind === 'change' && event.table === 'netns' ? (event.after as NetnsRow | undefined) : undefined;
    return row !== undefined && row.parent === undefined ? [event.netns] : [];
  });
  return [...new Set(roots)];
}

/** What the machines' `dmesg` says since `began`. */
function kernelLog(world: World, began: number): string[] {
  return machines(world)
    .flatMap((netns) => (world.query(netns, 'dmesg') ?? '').split('\n'))
    .flatMap((line) => {
      const match = /^\[ *(\d+)\.(\d{6})\] (.*)$/.exec(line);
      return match ? [{ at: Number(match[1]) * 1e6 + Number(match[2]), text: match[3] ?? '' }] : [];
    })
    .filter(({ at, text }) => at >= Math.floor(began / 1e3) && isLogged(text))
    .sort((a, b) => a.at - b.at)
    .map(({ text }) => text);
}

function allTables(world: World, given: ReadonlySet<number>): Map<string, Tables> {
  return new Map(
    world.namespaces.map((netns) => {
      const rows = TABLES.map((table) => {
        const printed = (world.query(netns, TABLE_COMMANDS[table]) ?? '').replace(
          /^bash: \w+: command not found\n/,
          '',
        );
        return [
          table,
          parseRows(table, printed, `simulator, ${netns}: ${TABLE_COMMANDS[table]}`, given),
        ] as const;
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
    const frame = all[event.frame];
    if (!frame) continue;
    const { bytes, link } = frame;
    const key = `${event.netns}/${event.dev}`;
    const list = frames.get(key) ?? [];
    frames.set(key, list);
    list.push({ dir: event.kind === 'tx' ? 'out' : 'in', link, bytes, at: (event.at - began) / NS });
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
