import { useState } from 'react';

/** A small choice of this panel, kept in the browser between visits; private windows forget it. */
export function useRemembered<T extends string>(
  name: string,
  choices: readonly T[],
  fallback: T,
): readonly [T, (value: T) => void] {
  const key = `framewalk.ui.${name}`;
  const [value, setValue] = useState<T>(() => {
    const kept = read(key);
    return choices.find((choice) => choice === kept) ?? fallback;
  });
  const change = (next: T) => {
    setValue(next);
    try {
      window.localStorage.setItem(key, next);
    } catch {
      // Forbidden or full: it holds until the page is closed.
    }
  };
  return [value, change];
}

function read(key: string): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}
