import { useEffect, useRef } from 'react';
import { tinykeys } from 'tinykeys';
import { useNamespaces, useTheme } from '../../state';
import { useShownNetns } from '../widgets/useShown';
import type { Shell } from './panels';
import { shortcuts, type Shortcut, type ShortcutContext } from './shortcuts';

/** Widgets that have a use of their own for arrows, Home, End and letters. */
const OWN_KEYS =
  '[role="menu"], [role="dialog"], [role="listbox"], [role="slider"], [role="separator"], [role="tree"], [role="grid"]';
const TYPING = 'input, textarea, select, [contenteditable="true"]';
const ACTIVATED_BY_SPACE = 'button, a, summary, [role="tab"], [role="button"]';
const ARROWS = /^(Arrow|Home|End)/;

function isTaken(event: KeyboardEvent, shortcut: Shortcut): boolean {
  if (event.defaultPrevented || event.isComposing) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (document.querySelector('[role="dialog"][data-state="open"], [role="menu"]') !== null) return true;
  if (target === null) return false;
  if (target.closest(TYPING) !== null) return !(event.ctrlKey || event.metaKey) || event.key !== 'k';
  if (shortcut.onButtons === false && target.closest(ACTIVATED_BY_SPACE) !== null) return true;
  if (ARROWS.test(event.key) && target.closest('[role="tablist"]') !== null) return true;
  return ARROWS.test(event.key) && target.closest(OWN_KEYS) !== null;
}

/** Listens to the keys of {@link shortcuts} everywhere on the page, except where something else needs them. */
export function useShortcuts(shell: Shell): void {
  const namespaces = useNamespaces();
  const { netns } = useShownNetns();
  const theme = useTheme();
  const context = useRef<ShortcutContext>({ shell, namespaces, netns, theme });
  useEffect(() => {
    context.current = { shell, namespaces, netns, theme };
  });
  useEffect(() => {
    const bindings = shortcuts.flatMap((shortcut) =>
      shortcut.keys.map((key): [string, (event: KeyboardEvent) => void] => [
        key,
        (event) => {
          if (isTaken(event, shortcut)) return;
          event.preventDefault();
          shortcut.run(context.current);
        },
      ]),
    );
    return tinykeys(window, Object.fromEntries(bindings));
  }, []);
}
