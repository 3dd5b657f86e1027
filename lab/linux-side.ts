/** Linux's half of a case: builds the network in a room of its own, runs the commands, looks at everything. */
import { setTimeout as wait } from 'node:timers/promises';
import { Box, type Place } from './box';
import { Capture, type Tap } from './capture';
import { runJournal } from './journal-run';
import { KernelLog } from './kernel-log';
import { lacking, lackOf } from './needs';
import { givenNumbers, labTexts } from './outputs';
import { levelling, withPrelude } from './script';
import { parseRows, TABLE_COMMANDS } from './tables';
import {
  TABLES,
  type LabCase,
  type Observation,
  type Row,
  type SimObservation,
  type TableName,
  type Tables,
} from './types';

const UP_SECONDS = 4;

/** The machine lacks something that the case needs. */
export class NotHere extends Error {}

/**
 * `rooms` is told of the room, so that it can be closed from outside when the program is interrupted. `logs`: the kernel
 * log is read.
 */
export async function observeLinux(
  labCase: LabCase,
  sim: SimObservation,
  rooms: Set<Box>,
  logs: boolean,
): Promise<Observation> {
  const box = await Box.open();
  rooms.add(box);
  try {
    const without = await lackOf(box, labCase);
    if (without !== undefined) throw new NotHere(without);
    return await new Room(box, labCase, logs).observe(sim);
  } finally {
    await box.close();
    rooms.delete(box);
  }
}

class Room {
  readonly #given: ReadonlySet<number>;

  constructor(
    private readonly box: Box,
    private readonly labCase: LabCase,
    /** Whether the kernel log is read. */
    private readonly logs: boolean,
  ) {
    this.#given = givenNumbers(labTexts(labCase));
  }

  async observe(sim: SimObservation): Promise<Observation> {
    const { box, labCase } = this;
    const built = await box.run('here', `set -e\n${withPrelude(labCase.script)}`);
    if (built.exit !== 0) {
      const without = lacking(built.output);
      if (without !== undefined) throw new NotHere(without);
      throw new Error(`Linux does not build it (exit ${built.exit}): ${built.output.trim()}`);
    }
    const names = await this.#names();
    const level = levelling(sim.built, (await this.#tables(names, ['link'])).tables, labCase.root);
    const done = await box.run('here', `set -e\n${level}`);
    if (done.exit !== 0) throw new Error(`levelling: ${done.output.trim()}`);
    await this.#up(names, sim.built);
    if (labCase.prepare.length > 0) {
      const prepared = await (await runJournal(box, labCase.prepare, Date.now(), labCase.root)).finish();
      const failed = prepared.find(({ command, exit }) => exit !== 0 && !/^ping\b/.test(command));
      const without = failed && lacking(failed.output);
      if (without !== undefined) throw new NotHere(without);
      if (failed) throw new Error(`preparing: ${failed.command}: ${failed.output.trim()}`);
      await wait(labCase.settle * 1000);
      await this.#up(names, sim.before);
    }
    const { taps } = await this.#tables(names, ['link']);
    const capture = await Capture.start(box, taps);
    const before = (await this.#tables(names)).tables;
    const log = this.logs ? new KernelLog() : undefined;
    const began = Date.now();
    const journal = await runJournal(box, labCase.journal, began, labCase.root);
    await wait(labCase.settle * 1000);
    const ended = Date.now();
    const after = (await this.#tables(await this.#names())).tables;
    const outputs = await journal.finish();
    const without = outputs.map(({ output }) => lacking(output)).find((each) => each !== undefined);
    if (without !== undefined) throw new NotHere(without);
    const kernelLog = log?.read();
    log?.close();
    const frames = await capture.stop(began, ended);
    return { before, after, outputs, frames, kernelLog };
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
  async #tables(
    names: readonly string[],
    which: readonly TableName[] = TABLES,
  ): Promise<{ tables: Map<string, Tables>; taps: Tap[] }> {
    const lines = names.map((netns) => {
      const parts = which.map((table) => `echo; echo '@@ ${netns} ${table}'; ${asking(table)}`);
      // One shell for each namespace, without the mounts of `ip netns exec`.
      const within = netns === this.labCase.root ? 'bash' : `nsenter --net=/run/netns/${netns} bash`;
      return `${within} <<'END'\n${parts.join('\n')}\nEND`;
    });
    const { output } = await this.box.run('here', lines.join('\n'));
    const tables = new Map<string, Record<TableName, Row[]>>();
    const devices = new Map<string, Map<number, string>>();
    const raw = new Map<string, Set<string>>();
    for (const part of output.split(/^@@ /m).slice(1)) {
      const [head = '', ...rest] = part.split('\n');
      const [netns = '', table = ''] = head.split(' ') as [string, TableName];
      const found = tables.get(netns) ?? noRows();
      tables.set(netns, found);
      if (table === '') continue;
      const what = `Linux, ${netns}: ${TABLE_COMMANDS[table]}`;
      found[table] = parseRows(table, rest.join('\n'), what, this.#given);
      if (table === 'link') devices.set(netns, indexes(rest.join('')));
      if (table === 'link') raw.set(netns, withoutLinkLayer(rest.join('')));
    }
    const taps = names.map((netns) => ({
      netns,
      place: this.#place(netns),
      devices: devices.get(netns) ?? new Map<number, string>(),
      raw: raw.get(netns),
    }));
    return { tables, taps };
  }

  /** Links come up in their own time (linkwatch runs once a second); the simulator says how it will end. */
  async #up(names: readonly string[], wanted: ReadonlyMap<string, Tables>): Promise<void> {
    for (let waited = 0; waited < UP_SECONDS * 1000; waited += 50) {
      const { tables } = await this.#tables(names, ['link']);
      const states = (all: ReadonlyMap<string, Tables>) =>
        [...all].flatMap(([netns, { link }]) =>
          link.map(({ ifname, operstate }) => `${netns}/${String(ifname)} ${String(operstate)}`),
        );
      const real = new Set(states(tables));
      if (states(wanted).every((state) => real.has(state))) return;
      await wait(50);
    }
  }
}

/** Asks without making anything: looking at a table of iptables or at connections brings them into use. */
function asking(table: TableName): string {
  const command = TABLE_COMMANDS[table];
  if (table === 'iptables')
    return `if read -r name < /proc/net/ip_tables_names 2>/dev/null; then ${command}; fi`;
  const counted = '/proc/sys/net/netfilter/nf_conntrack_count';
  if (table === 'conntrack')
    return `if [ -e ${counted} ] && read -r n < ${counted} && [ "$n" != 0 ]; then ${command} 2>/dev/null; fi`;
  return command;
}

function noRows(): Record<TableName, Row[]> {
  return Object.fromEntries(TABLES.map((table) => [table, []])) as unknown as Record<TableName, Row[]>;
}

function withoutLinkLayer(json: string): Set<string> {
  const rows = JSON.parse(json) as { ifname?: string; link_type?: string }[];
  return new Set(rows.flatMap(({ ifname, link_type }) => (link_type === 'none' && ifname ? [ifname] : [])));
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
