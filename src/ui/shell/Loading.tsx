import { useEffect, useState } from 'react';
import { actions, getTrace, useApp } from '../../state';
import { useText } from '../i18n';
import { Button } from '../widgets/Button';
import styles from './shell.module.css';

/** A run that takes longer than this is spoken of. */
const PATIENCE_MS = 350;

/** While a run is being computed: a bar, and after a moment how far it is and a way out. */
export function Loading() {
  const t = useText();
  const loading = useApp((state) => state.run.phase === 'loading' || state.run.busy);
  const progress = useApp((state) => state.run.progress);
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!loading) return;
    const timer = setTimeout(() => setSlow(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [loading]);
  if (!loading) return null;
  return (
    <div className={styles.loading} role="status" aria-busy>
      <div className={styles.bar} />
      {slow ? (
        <div className={styles.loadingCard}>
          <span>{t('loading.events', { n: Math.max(progress, getTrace().events.length) })}</span>
          <Button size="s" onClick={() => actions.cancel()}>
            {t('cancel')}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
