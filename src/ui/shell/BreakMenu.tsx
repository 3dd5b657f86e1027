import { ChevronDown, Zap } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useApp } from '../../state';
import { useText } from '../i18n';
import { Button } from '../widgets/Button';
import { Pop } from '../widgets/Pop';
import { useShownNetns } from '../widgets/useShown';
import styles from './shell.module.css';

const BreakPanel = lazy(() => import('./BreakPanel'));

/** Commands that break or mend something, with what they will run. */
export function BreakMenu() {
  const t = useText();
  const ready = useApp((state) => state.run.phase === 'ready');
  const { netns } = useShownNetns();
  return (
    <Pop
      holdsList
      align="end"
      label={t('break.title')}
      trigger={
        <Button disabled={!ready || netns === null} data-testid="break-menu" aria-label={t('break.title')}>
          <Zap aria-hidden />
          <span data-narrow="hide">{t('break.title')}</span>
          <ChevronDown aria-hidden data-narrow="hide" />
        </Button>
      }
    >
      {(close) => (
        <Suspense fallback={<p className={styles.wait}>{t('loading')}</p>}>
          {netns === null ? null : <BreakPanel netns={netns} onClose={close} />}
        </Suspense>
      )}
    </Pop>
  );
}
