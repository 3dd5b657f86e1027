import type { Bilingual } from '../../state';

/** What a scenario was checked against. */
export interface Compared {
  readonly capture: string;
  readonly kernel: string;
  /** ISO date. */
  readonly on: string;
  readonly what: Bilingual;
}
/** One line of the scenario picker, with its lesson. */
export interface CatalogueItem {
  readonly id: string;
  readonly kind: 'network' | 'script';
  readonly title: Bilingual;
  readonly summary: Bilingual;
  readonly lesson: Bilingual;
  readonly compared?: Compared;
}
const NONE: readonly CatalogueItem[] = [];

export const useCatalogue = (): readonly CatalogueItem[] => NONE;
