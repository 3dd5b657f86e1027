import type { TableName } from '../../sim/kernel/trace';
import { actions } from '../../state';

/** Sections that hold the rows of tables without one of their own. */
const SECTION_OF: Partial<Record<TableName, string>> = { addr: 'link' };

/** Opens the tables of a namespace where one of them is; the panel scrolls, the page does not. */
export function showTable(netns: string, table: TableName): void {
  actions.selectNetns(netns);
  actions.setPanel('tables');
  // The panel is drawn first.
  requestAnimationFrame(() => {
    const section = document.querySelector(`[data-section="${SECTION_OF[table] ?? table}"]`);
    const panel = section?.closest('[data-scrolls]');
    if (!section || !panel) return;
    panel.scrollTop += section.getBoundingClientRect().top - panel.getBoundingClientRect().top;
  });
}
