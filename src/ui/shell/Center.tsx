import { lazy, Suspense } from 'react';
import { useApp } from '../../state';
import { useText } from '../i18n';
import { Timeline } from '../timeline';
import { EmptyState } from '../widgets/EmptyState';
import { ErrorBoundary } from './ErrorBoundary';
import styles from './shell.module.css';

/** Asked for at once, but not waited for: the page shows its shape while the stage and the first run arrive. */
const canvas = import('../canvas');
const Stage = lazy(() => canvas.then((module) => ({ default: module.Stage })));

/** The stage, or what stands in for it while there is none. */
export function StageArea() {
  const t = useText();
  const phase = useApp((state) => state.run.phase);
  const empty = useApp((state) => state.traceVersion === 0);
  if (phase === 'error' && empty) return <EmptyState>{t('stage.error')}</EmptyState>;
  if (empty) return <Skeleton />;
  return (
    <ErrorBoundary>
      <Suspense fallback={<Skeleton />}>
        <Stage />
      </Suspense>
    </ErrorBoundary>
  );
}

/** The shape of what is coming: two machines and the switch between them. */
function Skeleton() {
  const t = useText();
  return (
    <div className={styles.skeleton} aria-label={t('loading')} role="img">
      <div className={styles.ghostRoom} />
      <div className={styles.ghostRoom} />
      <div className={styles.ghostSwitch} />
    </div>
  );
}

/** The stage above the timeline. */
export function Center() {
  const t = useText();
  return (
    <>
      <section className={styles.stage} aria-label={t('stage')}>
        <StageArea />
      </section>
      <section className={styles.timeline} aria-label={t('timeline')}>
        <ErrorBoundary>
          <Timeline />
        </ErrorBoundary>
      </section>
    </>
  );
}
