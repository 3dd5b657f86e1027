import { createContext, useContext } from 'react';
import type { Panel } from '../../state';

/** On a phone the story is one of the panels. */
export type ShownPanel = 'story' | Panel;
export type Overlay = 'palette' | 'help' | 'transcript';

export interface Shell {
  /** Brings a panel to the front and, when asked, the keyboard into it. */
  showPanel(panel: ShownPanel, focus?: boolean): void;
  open(overlay: Overlay): void;
}

export const ShellContext = createContext<Shell>({ showPanel: () => {}, open: () => {} });
export const useShell = (): Shell => useContext(ShellContext);
