/** What the person's system prefers; followed live. */
import { createStore } from 'zustand/vanilla';

export const system = createStore(() => ({ dark: false, reducedMotion: false }));

function follow(query: string, set: (matches: boolean) => void): void {
  const media = window.matchMedia(query);
  set(media.matches);
  media.addEventListener('change', (event) => set(event.matches));
}

export function followSystem(): void {
  if (typeof window === 'undefined' || typeof window.matchMedia !== 'function') return;
  follow('(prefers-color-scheme: dark)', (dark) => system.setState({ dark }));
  follow('(prefers-reduced-motion: reduce)', (reducedMotion) => system.setState({ reducedMotion }));
}
