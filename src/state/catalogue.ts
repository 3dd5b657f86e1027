/** The catalogue for the page: descriptions and lessons, fetched once they are asked for. */
import type { CatalogueItem } from '../scenarios/catalogue';

export type { CatalogueItem, Compared } from '../scenarios/catalogue';

let fetched: Promise<readonly CatalogueItem[]> | undefined;

/** The same promise every time. The scenarios' own data comes with it, so it is a chunk of its own. */
export function loadCatalogue(): Promise<readonly CatalogueItem[]> {
  fetched ??= import('../scenarios/catalogue').then(({ items }) => items);
  return fetched;
}
