/** Every key of the application, in one list: what listens to them and what the help sheet shows. */
import { actions, app, type NetnsRow } from '../../state';
import type { TextKey } from '../i18n';
import { focusSoon } from '../widgets/dom';
import type { Shell } from './panels';

export interface Shortcut {
  /** As tinykeys writes them; any of them does it. */
  readonly keys: readonly string[];
  /** As a keyboard shows it. */
  readonly shown: readonly string[];
  readonly text: TextKey;
  readonly group: 'walk' | 'look' | 'act' | 'page';
  /** Also while a button has the focus (space and Enter belong to the button). */
  readonly onButtons?: false;
  readonly run: (context: ShortcutContext) => void;
}
export interface ShortcutContext {
  readonly shell: Shell;
  readonly namespaces: readonly NetnsRow[];
  readonly netns: string | null;
  readonly theme: 'light' | 'dark';
}

function cycle({ namespaces, netns }: ShortcutContext, by: 1 | -1): void {
  const at = namespaces.findIndex((row) => row.id === netns);
  const next = namespaces[(at + by + namespaces.length) % namespaces.length];
  if (next !== undefined) actions.selectNetns(next.id);
}

export const shortcuts: readonly Shortcut[] = [
  {
    keys: ['ArrowRight'],
    shown: ['→'],
    text: 'key.stepForward',
    group: 'walk',
    run: () => actions.stepForward(),
  },
  { keys: ['ArrowLeft'], shown: ['←'], text: 'key.stepBack', group: 'walk', run: () => actions.stepBack() },
  {
    keys: ['Shift+ArrowRight'],
    shown: ['⇧', '→'],
    text: 'key.eventForward',
    group: 'walk',
    run: () => actions.eventForward(),
  },
  {
    keys: ['Shift+ArrowLeft'],
    shown: ['⇧', '←'],
    text: 'key.eventBack',
    group: 'walk',
    run: () => actions.eventBack(),
  },
  {
    keys: ['Space'],
    shown: ['Space'],
    text: 'key.play',
    group: 'walk',
    onButtons: false,
    run: () => actions.toggle(),
  },
  { keys: ['Home'], shown: ['Home'], text: 'key.toStart', group: 'walk', run: () => actions.toStart() },
  { keys: ['End'], shown: ['End'], text: 'key.toEnd', group: 'walk', run: () => actions.toEnd() },
  {
    keys: ['/', 'Shift+/', '$mod+k'],
    shown: ['/'],
    text: 'key.search',
    group: 'look',
    run: ({ shell }) => shell.open('palette'),
  },
  {
    keys: ['1'],
    shown: ['1'],
    text: 'key.story',
    group: 'look',
    run: ({ shell }) => shell.showPanel('story', true),
  },
  {
    keys: ['2'],
    shown: ['2'],
    text: 'key.tables',
    group: 'look',
    run: ({ shell }) => shell.showPanel('tables', true),
  },
  {
    keys: ['3'],
    shown: ['3'],
    text: 'key.packet',
    group: 'look',
    run: ({ shell }) => shell.showPanel('packet', true),
  },
  {
    keys: ['4', 't'],
    shown: ['t'],
    text: 'key.terminal',
    group: 'look',
    run: ({ shell }) => shell.showPanel('terminal', true),
  },
  {
    keys: ['5'],
    shown: ['5'],
    text: 'key.lesson',
    group: 'look',
    run: ({ shell }) => shell.showPanel('lesson', true),
  },
  { keys: ['g'], shown: ['g'], text: 'key.nextNetns', group: 'look', run: (context) => cycle(context, 1) },
  {
    keys: ['Shift+G'],
    shown: ['⇧', 'G'],
    text: 'key.previousNetns',
    group: 'look',
    run: (context) => cycle(context, -1),
  },
  { keys: ['u', '$mod+z'], shown: ['u'], text: 'key.undo', group: 'act', run: () => actions.undo() },
  {
    keys: ['Shift+U', '$mod+Shift+z'],
    shown: ['⇧', 'U'],
    text: 'key.redo',
    group: 'act',
    run: () => actions.redo(),
  },
  { keys: ['b'], shown: ['b'], text: 'key.break', group: 'act', run: () => openBreakMenu() },
  {
    keys: ['l'],
    shown: ['l'],
    text: 'key.language',
    group: 'page',
    run: () => actions.setLang(app.getState().settings.lang === 'en' ? 'zh' : 'en'),
  },
  {
    keys: ['d'],
    shown: ['d'],
    text: 'key.theme',
    group: 'page',
    run: ({ theme }) => actions.setTheme(theme === 'dark' ? 'light' : 'dark'),
  },
  {
    keys: ['p'],
    shown: ['p'],
    text: 'key.projector',
    group: 'page',
    run: () => actions.setProjector(!app.getState().settings.projector),
  },
  {
    keys: ['?', 'Shift+?'],
    shown: ['?'],
    text: 'key.help',
    group: 'page',
    run: ({ shell }) => shell.open('help'),
  },
];

function openBreakMenu(): void {
  const button = document.querySelector<HTMLElement>('[data-testid="break-menu"]');
  button?.focus();
  button?.click();
}

const PANEL_FOCUS = {
  // The step that Tab stops at; without steps, the story's first button.
  story:
    '[data-testid="step"] > button[tabindex="0"], [data-testid="story"]:not(:has([data-testid="step"])) button',
  // Not the tab: → and ← would go to the next tab instead of the next step.
  tables: '[data-testid="tab-tables-panel"]',
  packet: '[data-testid="tab-packet-panel"]',
  terminal: '[data-testid="terminal-input"]',
  lesson: '[data-testid="tab-lesson-panel"]',
} as const;
export const focusPanel = (panel: keyof typeof PANEL_FOCUS): void => focusSoon(PANEL_FOCUS[panel]);
