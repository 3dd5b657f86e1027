/** What is run: every catalogue scenario, the scripts as themselves and as exported, and variations of them. */
import {
  catalogue,
  exportLab,
  isSimulatedOnly,
  movesDaemons,
  type CatalogueEntry,
} from '../../src/scenarios/index';
import { World, type JournalEntry } from '../../src/sim/index';
import { levelled } from '../journal';
import { buildingPart } from '../script';
import { NETFILTER } from './netfilter';
import { OVERLAY } from './overlay';
import { PRINTED } from './printed';
import { ROUTED } from './routed';
import { SWITCHED } from './switched';
import { TRANSPORT } from './transport';
import { USERSPACE } from './userspace';
import type { Variation } from './variation';
import type { LabCase } from '../types';

const SETTLE = 0.25;

/** Long enough for daemons to have done what a command made them do. */
const DAEMONS_SECONDS = 12;

/**
 * The journal in parts: Linux has no daemons, so what a command made them do is taken from the simulation, and a part goes
 * on from there. `lead` is everything before the part.
 */
export function parts(journal: readonly JournalEntry[]): { lead: JournalEntry[]; journal: JournalEntry[] }[] {
  const found: { lead: JournalEntry[]; journal: JournalEntry[] }[] = [{ lead: [], journal: [] }];
  journal.forEach((entry, i) => {
    const last = found.at(-1);
    if (!movesDaemons(entry)) {
      if (!isSimulatedOnly(entry)) last?.journal.push(entry);
      return;
    }
    found.push({ lead: moved(journal.slice(0, i + 1)), journal: [] });
  });
  return found.filter((part, i) => i === 0 || part.journal.length > 0);
}

/** Commands that move daemons, and the time these take. */
function moved(commands: readonly JournalEntry[]): JournalEntry[] {
  const netns = commands.at(-1)?.netns ?? '';
  return [...commands, { netns, command: `sleep ${DAEMONS_SECONDS}` }];
}

function exported(entry: CatalogueEntry, part = 0): LabCase {
  const { lead = [], journal = [] } = parts(levelled(entry.journal))[part] ?? {};
  return built(entry, lead, journal);
}

/** What stands in the tables after `lead`. */
function built(
  entry: CatalogueEntry,
  lead: readonly JournalEntry[],
  journal: readonly JournalEntry[],
): LabCase {
  const scenario = entry.load();
  const world = World.open(scenario);
  if (lead.length > 0) world.execute(lead);
  const { trace } = world;
  const { script } = exportLab(trace, [], entry.id, {
    learnt: true,
    ...(lead.length > 0 ? { at: trace.events.length } : {}),
  });
  return {
    id: entry.id,
    about: entry.title.en,
    scenario,
    script,
    prepare: [],
    journal,
    settle: SETTLE,
    ...(lead.length > 0 ? { lead: forgetting(lead, world) } : {}),
  };
}

/** Connections and counters are not exported; the simulation begins without them as well. */
function forgetting(lead: readonly JournalEntry[], world: World): JournalEntry[] {
  const { namespaces } = world;
  const used = (netns: string) =>
    [...(world.query(netns, 'iptables-save') ?? '').matchAll(/^\*(\w+)$/gm)].map(([, table = '']) => table);
  const clear = namespaces.flatMap((netns) => [
    { netns, command: 'conntrack -F' },
    ...used(netns).map((table) => ({ netns, command: `iptables -t ${table} -Z` })),
  ]);
  return [...lead, ...clear];
}

/** A case whose network is built only when it is run. */
export interface ListedCase {
  readonly id: string;
  readonly about: string;
  load(): LabCase;
}

/** A script is read by bash and by the simulator; exported, it is rebuilt from what the simulator made of it. */
function casesOf(entry: CatalogueEntry): ListedCase[] {
  const { source } = entry;
  const about = entry.title.en;
  if (source.kind !== 'script') {
    return parts(entry.journal).map(({ lead }, i) => {
      const id = i === 0 ? entry.id : `${entry.id}-${i + 1}`;
      const after = lead.at(-2)?.command;
      const told = after === undefined ? about : `${about}, after \`${after}\``;
      return { id, about: told, load: () => ({ ...exported(entry, i), id }) };
    });
  }
  const itself = (): LabCase => {
    const asExported = exported(entry);
    return { ...asExported, script: buildingPart(source.text), root: asExported.scenario.machines[0]?.name };
  };
  const id = `${entry.id}-exported`;
  return [
    { id: entry.id, about, load: itself },
    { id, about: `${about}, exported and rebuilt`, load: () => ({ ...exported(entry), id }) },
  ];
}

function parse(line: string): JournalEntry {
  const match = /^(?:@([\d.]+) )?(\S+): (.+)$/.exec(line);
  if (!match) throw new Error(`not a command: ${line}`);
  const [, at, netns = '', command = ''] = match;
  return { netns, command, ...(at === undefined ? {} : { at: Number(at) * 1e9 }) };
}

function varied({ id, about, prepare = [], commands, settle = SETTLE }: Variation, base: LabCase): LabCase {
  return { ...base, id, about, settle, prepare: prepare.map(parse), journal: commands.map(parse) };
}

export function allCases(): ListedCase[] {
  const cases = catalogue.flatMap(casesOf);
  const variations = [
    ...OVERLAY,
    ...ROUTED,
    ...SWITCHED,
    ...NETFILTER,
    ...USERSPACE,
    ...TRANSPORT,
    ...PRINTED,
  ].map((variation): ListedCase => {
    const { id, about, base, after } = variation;
    const plain = cases.find((each) => each.id === base);
    const entry = catalogue.find((each) => each.id === base);
    if (!plain || !entry) throw new Error(`${id}: there is no scenario ${base}`);
    const load = () => (after === undefined ? plain.load() : built(entry, moved(after.map(parse)), []));
    return { id, about, load: () => varied(variation, load()) };
  });
  return [...cases, ...variations];
}
