/**
 * Which tokens hold. Canvases read resolved colours, so they have to wait until the page wears the new theme: the
 * attributes of the root element say so, the setting is a moment early.
 */
import { useSyncExternalStore } from 'react';

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ['data-theme', 'data-projector'],
  });
  return () => observer.disconnect();
}

const current = () => {
  const { dataset } = document.documentElement;
  return `${dataset.theme ?? ''} ${dataset.projector ?? '-'}`;
};

/** Differs whenever the tokens do. */
export const useRootTheme = (): string => useSyncExternalStore(subscribe, current);
