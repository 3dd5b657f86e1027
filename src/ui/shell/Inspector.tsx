import { BookOpen, Layers, SquareTerminal, Table2 } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { actions, useApp, type Panel } from '../../state';
import { useText, type Text } from '../i18n';
import { Tables } from '../tables/Tables';
import { Tabs, type Tab } from '../widgets/Tabs';
import { ErrorBoundary } from './ErrorBoundary';
import styles from './shell.module.css';

const Packet = lazy(() => import('../packet/Packet'));
const Terminal = lazy(() => import('../terminal/Terminal'));
const Lesson = lazy(() => import('../lesson/Lesson'));

/** The panels beside (on a phone: below) the stage. */
export function inspectorTabs(t: Text): readonly Tab<Panel>[] {
  const shown = (content: React.ReactNode) => (
    <ErrorBoundary>
      <Suspense fallback={<p className={styles.wait}>{t('loading')}</p>}>{content}</Suspense>
    </ErrorBoundary>
  );
  return [
    { value: 'tables', label: t('tab.tables'), icon: <Table2 aria-hidden />, content: shown(<Tables />) },
    { value: 'packet', label: t('tab.packet'), icon: <Layers aria-hidden />, content: shown(<Packet />) },
    {
      value: 'terminal',
      label: t('tab.terminal'),
      icon: <SquareTerminal aria-hidden />,
      content: shown(<Terminal />),
    },
    { value: 'lesson', label: t('tab.lesson'), icon: <BookOpen aria-hidden />, content: shown(<Lesson />) },
  ];
}

export function Inspector() {
  const t = useText();
  const panel = useApp((state) => state.panel);
  return (
    <section className={styles.inspector} aria-label={t('inspector')}>
      <Tabs
        idPrefix="tab"
        label={t('inspector')}
        tabs={inspectorTabs(t)}
        value={panel}
        onChange={(next) => actions.setPanel(next)}
      />
    </section>
  );
}
