import { ListOrdered } from 'lucide-react';
import { useText } from '../i18n';
import { Story } from '../story/Story';
import { Timeline } from '../timeline';
import { Tabs, type Tab } from '../widgets/Tabs';
import { StageArea } from './Center';
import { ErrorBoundary } from './ErrorBoundary';
import { inspectorTabs } from './Inspector';
import { useShell, type ShownPanel } from './panels';
import styles from './shell.module.css';

/** One column: the stage, the panels as tabs, the controls at the bottom where the thumb is. */
export function Phone({ panel }: { readonly panel: ShownPanel }) {
  const t = useText();
  const shell = useShell();
  const story: Tab<ShownPanel> = {
    value: 'story',
    label: t('story'),
    icon: <ListOrdered aria-hidden />,
    content: (
      <ErrorBoundary>
        <Story />
      </ErrorBoundary>
    ),
  };
  return (
    <main className={styles.phone}>
      <section className={styles.stage} aria-label={t('stage')}>
        <StageArea />
      </section>
      <section className={styles.phonePanels} aria-label={t('inspector')}>
        <Tabs<ShownPanel>
          idPrefix="tab"
          label={t('inspector')}
          tabs={[story, ...inspectorTabs(t)]}
          value={panel}
          onChange={(next) => shell.showPanel(next)}
        />
      </section>
      <section className={styles.timeline} aria-label={t('timeline')}>
        <ErrorBoundary>
          <Timeline />
        </ErrorBoundary>
      </section>
    </main>
  );
}
