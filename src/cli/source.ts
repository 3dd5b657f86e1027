/** Where a scenario comes from on the command line, and the journal that is to be run on it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { err, ok, type Result } from '../base/result';
import { catalogue, loadItem, scenarioFromFile, type Loaded } from '../scenarios/index';
import { World, type JournalEntry, type RunOptions } from '../sim/index';
import type { Exec } from './args';

const MAX_FILE_BYTES = 4_000_000;

function load(source: string): Result<Loaded & { ok: true }, string> {
  const item = catalogue.find(({ id }) => id === source);
  if (!item && !existsSync(source)) {
    return err(`there is no scenario "${source}" (see "list") and no such file`);
  }
  if (!item && (statSync(source).isDirectory() || statSync(source).size > MAX_FILE_BYTES)) {
    return err(`${source} is no scenario file: a folder, or larger than ${MAX_FILE_BYTES} bytes`);
  }
  const loaded = item ? loadItem(item) : scenarioFromFile(source, readFileSync(source, 'utf8'));
  if (loaded.ok) return ok(loaded);
  return err(loaded.error.map(({ place, message }) => `${source}: ${place}: ${message.en}`).join('\n'));
}

interface Opened {
  readonly title: string;
  readonly notes: readonly string[];
  readonly world: World;
  readonly journal: readonly JournalEntry[];
}

/** A namespace that an earlier command of the journal makes is there when it is needed. */
function missing(world: World, execs: readonly Exec[]): string | undefined {
  const known = new Set(world.namespaces);
  for (const { where, entry } of execs) {
    if (!known.has(entry.netns)) {
      return `${where}: there is no network namespace "${entry.netns}"; there are ${[...known].join(', ')}`;
    }
    const made = /\bnetns\s+add\s+(\S+)/.exec(entry.command)?.[1];
    if (made !== undefined) known.add(made);
  }
  return undefined;
}

/** Entries with a time start then whatever else is running, so none of the others waits for them. */
function inSequence(entries: readonly JournalEntry[]): JournalEntry[] {
  return [...entries.filter(({ at }) => at === undefined), ...entries.filter(({ at }) => at !== undefined)];
}

export function open(source: string, execs: readonly Exec[], options: RunOptions): Result<Opened> {
  const loaded = load(source);
  if (!loaded.ok) return loaded;
  const { title, scenario, journal, notes } = loaded.value.value;
  const world = World.open(scenario, options);
  const failed = world.setupFailures;
  if (failed.length > 0) {
    return err(
      failed
        .map(({ place, command, output }) => `${source}: ${place}: \`${command}\` failed: ${output}`)
        .join('\n'),
    );
  }
  const anywhere = world.namespaces[0] ?? '';
  const wanted = execs.map((exec) =>
    exec.entry.netns === '' ? { ...exec, entry: { ...exec.entry, netns: anywhere } } : exec,
  );
  const problem = missing(world, wanted);
  if (problem !== undefined) return err(problem);
  return ok({
    title: title.en,
    notes: notes.map((note) => note.en),
    world,
    journal: execs.length > 0 ? inSequence(wanted.map(({ entry }) => entry)) : journal,
  });
}
