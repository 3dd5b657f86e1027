/** Scenarios: the catalogue, and the ways to load others. */
import type { Scenario } from '../sim/index';
import { items, type CatalogueItem } from './catalogue';
import { fromValue, scenarioFromJson, scenarioFromScript } from './load';
import { scenarioFromManifest } from './manifest';
import type { Loaded } from './types';

export { exportLab, isSimulatedOnly, movesDaemons } from './lab';
export { scenarioFromJson, scenarioFromManifest, scenarioFromScript };
export { traceText } from './trace-text';
export type { Bilingual, InputProblem, Loaded } from './types';

export interface CatalogueEntry extends CatalogueItem {
  load(): Scenario;
}

/** An entry as it would come out of a file. */
export function loadItem(item: CatalogueItem): Loaded {
  const { source } = item;
  return source.kind === 'json' ? fromValue(source.value, item.id) : scenarioFromScript(source.text, item.id);
}

export const catalogue: readonly CatalogueEntry[] = items.map((item) => ({
  ...item,
  load: () => {
    const loaded = loadItem(item);
    if (loaded.ok) return loaded.value.scenario;
    throw new Error(
      `scenario ${item.id}: ${loaded.error.map((each) => `${each.place}: ${each.message.en}`).join('; ')}`,
    );
  },
}));

/** By the look of a file's name: JSON, script, or manifest. */
export function scenarioFromFile(name: string, text: string): Loaded {
  const base = name.replace(/^.*\//, '');
  const stem = base.replace(/\.\w+$/, '');
  if (/\.ya?ml$/i.test(base)) return scenarioFromManifest(text, stem);
  if (/\.json$/i.test(base)) return scenarioFromJson(text, stem);
  if (/\.sh$/i.test(base)) return scenarioFromScript(text, stem);
  const start = text.trimStart();
  if (start.startsWith('{')) return scenarioFromJson(text, stem);
  return /^(apiVersion|kind|---)/m.test(start) && !start.startsWith('#!')
    ? scenarioFromManifest(text, stem)
    : scenarioFromScript(text, stem);
}
