import { useEffect, useState } from 'react';
import { loadCatalogue, type CatalogueItem } from '../../state';

export type { CatalogueItem, Compared } from '../../state';

/** Once here, it is here for every component that asks. */
let items: readonly CatalogueItem[] = [];

/** What is offered, with lessons; empty until it has arrived. */
export function useCatalogue(): readonly CatalogueItem[] {
  const [known, setKnown] = useState(items);
  useEffect(() => {
    let isShown = true;
    void loadCatalogue().then((loaded) => {
      items = loaded;
      if (isShown) setKnown(loaded);
    });
    return () => {
      isShown = false;
    };
  }, []);
  return known;
}
