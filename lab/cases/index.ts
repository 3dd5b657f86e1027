/** What is run: every catalogue scenario, the scripts as themselves and as exported, and variations of them. */
import { catalogue, exportLab, type CatalogueEntry } from '../../src/scenarios/index';
import { run, type JournalEntry } from '../../src/sim/index';
import { levelled } from '../journal';
import { buildingPart } from '../script';
import { OVERLAY } from './overlay';
import { PRINTED } from './printed';
import { ROUTED } from './routed';
import { SWITCHED } from './switched';
import type { Variation } from './variation';
import type { LabCase } from '../types';

const SETTLE = 0.25;

function exported(entry: CatalogueEntry): LabCase {
  const scenario = entry.load();
  const { script } = exportLab(run(scenario, []), [], entry.id);
  return {
    id: entry.id,
    about: entry.title.en,
    scenario,
    script,
    prepare: [],
    journal: levelled(entry.journal),
    settle: SETTLE,
  };
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
  if (source.kind !== 'script') return [{ id: entry.id, about, load: () => exported(entry) }];
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
  const variations = [...OVERLAY, ...ROUTED, ...SWITCHED, ...PRINTED].map((variation): ListedCase => {
    const base = cases.find(({ id }) => id === variation.base);
    if (!base) throw new Error(`${variation.id}: there is no scenario ${variation.base}`);
    const { id, about } = variation;
    return { id, about, load: () => varied(variation, base.load()) };
  });
  return [...cases, ...variations];
}
