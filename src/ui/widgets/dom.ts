import { useCallback, useEffect, useState, useSyncExternalStore, type MouseEvent } from 'react';

/** Whether a media query holds, followed live. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', changed);
      return () => media.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** Width of an element's content box in CSS pixels, 0 until it is there. Give `ref` to the element. */
export function useWidth(): { readonly ref: (element: HTMLElement | null) => void; readonly width: number } {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return { ref, width };
}

/** Scrolls a pane, and nothing around it, so far that the element in it is seen. */
export function revealIn(pane: HTMLElement | null, element: HTMLElement | null): void {
  if (pane === null || element === null || pane.scrollHeight <= pane.clientHeight) return;
  const frame = pane.getBoundingClientRect();
  const place = element.getBoundingClientRect();
  if (place.top < frame.top) pane.scrollTop -= frame.top - place.top + 8;
  else if (place.bottom > frame.bottom) pane.scrollTop += place.bottom - frame.bottom + 8;
}

/** Focuses what matches as soon as it is on the page; gives up after half a second. */
export function focusSoon(selector: string): void {
  const until = performance.now() + 500;
  const look = () => {
    const element = document.querySelector<HTMLElement>(selector);
    if (element !== null) element.focus();
    else if (performance.now() < until) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** For what has arrow keys of its own: after a click with the pointer they belong to the page again. */
export function leaveKeysToPage({ currentTarget, detail }: MouseEvent): void {
  const active = document.activeElement;
  // A click that Enter made has no count.
  if (detail > 0 && active instanceof HTMLElement && currentTarget.contains(active)) active.blur();
}
