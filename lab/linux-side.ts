/** Linux's half of a case: builds the network in a room of its own, runs the commands, looks at everything. */
import { setTimeout as wait } from 'node:timers/promises';
import { Box, type Place } from './box';
import type { JournalEntry } from '../src/sim/index';
import { Capture, type Tap } from './capture';
import { levelling, withPrelude } from './script';
import { parseRows, TABLE_COMMANDS } from './tables';
import {
  TABLES,
  type CommandOutput,
  type LabCase,
  type Observation,
  type Row,
  type SimObservation,
  type TableName,
  type Tables,
} from './types';

const UP_SECONDS = 4;
const MAX_COMMAND_SECONDS = 60;

/** `rooms` is told of the room, so that it can be closed from outside when the program is interrupted. */
export async function observeLinux(
  labCase: LabCase,
  sim: SimObservation,
  rooms: Set<Box>,
): Promise<Observation> {
  const box = await Box.open();
  rooms.add(box);
  try {
    return await new Room(box, labCase).observe(sim);
  } finally {
    await box.close();
    rooms.delete(box);
  }
}

class Room {
  constructor(
    private readonly box: Box,
    private readonly labCase: LabCase,
  ) {}

  async observe(sim: SimObservation): Promise<Observation> {
    const { box, labCase } = this;
    const built = await box.run('here', `set -e\n${withPrelude(labCase.script)}`);
    if (built.exit !== 0)
      throw new Error(`Linux does not build it (exit ${built.exit}): ${built.output.trim()}`);
    const names = await this.#names();
    const level = levelling(sim.built, (await this.#tables(names)).tables, labCase.root);
    const done = await box.run('here', `set -e\n${level}`);
    if (done.exit !== 0) throw new Error(`levelling: ${done.output.trim()}`);
    await this.#up(names, sim.built);
    if (labCase.prepare.length > 0) {
      const prepared = await this.#journal(labCase.prepare, Date.now());
      const failed = prepared.find(({ command, exit }) => exit !== 0 && !/^ping\b/.test(command));
      if (failed) throw new Error(`preparing: ${failed.command}: ${failed.output.trim()}`);
      await wait(labCase.settle * 1000);
      await this.#up(names, sim.before);
    }
    const { taps } = await this.#tables(names);
    const capture = await Capture.start(box, taps);
    const before = (await this.#tables(names)).tables;
    const began = Date.now();
    const outputs = await this.#journal(labCase.journal, began);
    await wait(labCase.settle * 1000);
    const after = (await this.#tables(await this.#names())).tables;
    const frames = await capture.stop(began);
    return { before, after, outputs, frames };
  }

  /** The script's own machine only where it has given it something. */
  async #names(): Promise<string[]> {
    const listed = await this.box.run('here', 'ip netns list');
    const names = listed.output
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((name) => name !== '');
    return [...(this.labCase.root === undefined ? [] : [this.labCase.root]), ...names.reverse()];
  }

  #place(netns: string): Place {
    return netns === this.labCase.root ? 'here' : { netns };
  }

  /** All tables of all namespaces, asked for in one go. */
  async #tables(names: readonly string[]): Promise<{ tables: Map<string, Tables>; taps: Tap[] }> {
    const lines = names.flatMap((netns) =>
      TABLES.map((table) => {
        const command = TABLE_COMMANDS[table];
        const inside = netns === this.labCase.root ? command : command.replace(/^(\w+)/, `$1 -n ${netns}`);
        return `echo '@@ ${netns} ${table}'; ${inside}`;
      }),
    );
    const { output } = await this.box.run('here', lines.join('\n'));
    const tables = new Map<string, Record<TableName, Row[]>>();
    const devices = new Map<string, Map<number, string>>();
    for (const part of output.split(/^@@ /m).slice(1)) {
      const [head = '', ...rest] = part.split('\n');
      const [netns = '', table = ''] = head.split(' ') as [string, TableName];
      const found = tables.get(netns) ?? ({} as Record<TableName, Row[]>);
      tables.set(netns, found);
      if (table === '') continue;
      found[table] = parseRows(table, rest.join(''), `Linux, ${netns}: ${TABLE_COMMANDS[table]}`);
      if (table === 'link') devices.set(netns, indexes(rest.join('')));
    }
    const taps = names.map((netns) => ({
      netns,
      place: this.#place(netns),
      devices: devices.get(netns) ?? new Map<number, string>(),
    }));
    return { tables, taps };
  }

  /** Links come up in their own time (linkwatch runs once a second); the simulator says how it will end. */
  async #up(names: readonly string[], wanted: ReadonlyMap<string, Tables>): Promise<void> {
    for (let waited = 0; waited < UP_SECONDS * 1000; waited += 50) {
      const { tables } = await this.#tables(names);
      const states = (all: ReadonlyMap<string, Tables>) =>
        [...all].flatMap(([netns, { link }]) =>
          link.map(({ ifname, operstate }) => `${netns}/${String(ifname)} ${String(operstate)}`),
        );
      const real = new Set(states(tables));
      if (states(wanted).every((state) => real.has(state))) return;
      await wait(50);
    }
  }

  // ---- the journal -------------------------------------------------------------------------------------------------

  /** One after another; entries with a time and those that end in `&` beside the others. */
  async #journal(journal: readonly JournalEntry[], began: number): Promise<CommandOutput[]> {
    const results: CommandOutput[] = [];
    const beside: Promise<void>[] = [];
    const background: number[] = [];
    for (const [i, { netns, command, at }] of journal.entries()) {
      const text = command.replace(/ &\s*$/, '');
      const run = async () => {
        const { output, exit } = await this.box.run(
          this.#place(inside(netns, text).netns),
          `echo $$ > /run/lab-${i}; exec ${inside(netns, text).command}`,
          MAX_COMMAND_SECONDS,
        );
        results[i] = { netns, command: text, output, exit };
      };
      if (text !== command) {
        background.push(i);
        beside.push(run());
        await wait(100);
      } else if (at !== undefined) {
        beside.push(wait(Math.max(0, began + at / 1e6 - Date.now())).then(run));
      } else await run();
    }
    await Promise.race([Promise.all(beside), ...(background.length > 0 ? [wait(0)] : [])]);
    for (const i of background)
      await this.box.run('here', `kill -INT $(cat /run/lab-${i}) 2>/dev/null || true`);
    await Promise.all(beside);
    return results;
  }
}

function indexes(json: string): Map<number, string> {
  const rows = JSON.parse(json) as { ifindex?: number; ifname?: string; flags?: string[] }[];
  return new Map(
    rows.flatMap(({ ifindex, ifname, flags }) =>
      // tcpdump refuses to listen on a device that is down.
      ifindex === undefined || ifname === undefined || !flags?.includes('UP')
        ? []
        : [[ifindex, ifname] as const],
    ),
  );
}

/** `docker exec NAME …` runs in the container's own namespace. */
function inside(netns: string, command: string): { netns: string; command: string } {
  const match = /^docker\s+exec\s+(?:-\S+\s+)*(\S+)\s+(.+)$/.exec(command);
  return match ? { netns: match[1] ?? netns, command: match[2] ?? '' } : { netns, command };
}
