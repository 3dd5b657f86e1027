/** What is run: every catalogue scenario, and what breaks in them. */
import { catalogue, exportLab, type CatalogueEntry } from '../src/scenarios/index';
import { run } from '../src/sim/index';
import type { LabCase } from './types';

const SETTLE = 0.25;

function exported(entry: CatalogueEntry): LabCase {
  const scenario = entry.load();
  const { script } = exportLab(run(scenario, []), [], entry.id);
  return { id: entry.id, about: entry.title.en, scenario, script, journal: entry.journal, settle: SETTLE };
}

export function allCases(): LabCase[] {
  return catalogue.flatMap((entry) => {
    const asExported = exported(entry);
    if (entry.source.kind !== 'script') return [asExported];
    const root = asExported.scenario.machines[0]?.name;
    return [
      { ...asExported, script: entry.source.text, root },
      { ...asExported, id: `${entry.id}-exported`, about: `${entry.title.en}, exported and rebuilt` },
    ];
  });
}
