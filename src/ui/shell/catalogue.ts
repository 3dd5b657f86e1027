import { useEffect, useState } from 'react';
import { loadCatalogue, type CatalogueItem } from '../../state';

export type { CatalogueItem, Compared } from '../../state';

let known: readonly CatalogueItem[] = [];

/** What is offered; empty for the moment until it has been fetched. */
export function useCatalogue(): readonly CatalogueItem[] {
  const [items, setItems] = useState(known);
  useEffect(() => {
    let mounted = true;
    void loadCatalogue().then((loaded) => {
      known = loaded;
      if (mounted) setItems(loaded);
    });
    return () => {
      mounted = false;
    };
  }, []);
  return items;
}
