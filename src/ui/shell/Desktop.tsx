import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels';
import { useApp } from '../../state';
import { useText } from '../i18n';
import { Story } from '../story/Story';
import { Center } from './Center';
import { ErrorBoundary } from './ErrorBoundary';
import { Inspector } from './Inspector';
import styles from './shell.module.css';

/** Three columns whose widths one can drag; double click puts a width back, the arrow keys change it. */
export function Desktop() {
  const projector = useApp((state) => state.settings.projector);
  // The projector has widths of its own.
  return <Columns key={String(projector)} projector={projector} />;
}

function Columns({ projector }: { readonly projector: boolean }) {
  const t = useText();
  const large = projector ? 1.15 : 1;
  const layout = useDefaultLayout({
    id: projector ? 'framewalk.columns.projector' : 'framewalk.columns',
    storage: quietStorage,
    onlySaveAfterUserInteractions: true,
  });
  return (
    <main className={styles.main}>
      <Group className={styles.columns} orientation="horizontal" {...layout}>
        <Panel
          id="column-story"
          className={styles.side}
          defaultSize={316 * large}
          minSize={220}
          maxSize="45%"
          collapsible
          groupResizeBehavior="preserve-pixel-size"
        >
          <ErrorBoundary>
            <Story />
          </ErrorBoundary>
        </Panel>
        <Separator className={styles.grip} aria-label={t('grip.story')} />
        <Panel id="column-stage" className={styles.center} minSize={280}>
          <Center />
        </Panel>
        <Separator className={styles.grip} aria-label={t('grip.inspector')} />
        <Panel
          id="column-inspector"
          className={styles.side}
          defaultSize={372 * large}
          minSize={260}
          maxSize="60%"
          collapsible
          groupResizeBehavior="preserve-pixel-size"
        >
          <ErrorBoundary>
            <Inspector />
          </ErrorBoundary>
        </Panel>
      </Group>
    </main>
  );
}

/** The browser's storage where it is allowed; a private window starts afresh. */
const quietStorage = {
  getItem(key: string): string | null {
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  setItem(key: string, value: string): void {
    try {
      window.localStorage.setItem(key, value);
    } catch {
      // Forbidden or full: widths last until the page is closed.
    }
  },
};
