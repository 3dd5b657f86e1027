/** What is offered: descriptions and sources, without the simulation, so that a page can list them cheaply. */
import type { CatalogueItem } from './item';
import { DOCKER } from './items-docker';
import { FLANNEL } from './items-flannel';
import { ROUTES } from './items-routes';
import { SCRIPTS } from './items-scripts';

export type { CatalogueItem, Compared } from './item';

export const items: readonly CatalogueItem[] = [...DOCKER, ...FLANNEL, ...ROUTES, ...SCRIPTS];
