import { ChevronDown } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useApp } from '../../state';
import { usePick, useText } from '../i18n';
import { Pop } from '../widgets/Pop';
import { useCatalogue } from './catalogue';
import styles from './header.module.css';
import shell from './shell.module.css';

const ScenarioList = lazy(() => import('./ScenarioList'));

/** What is open, and what else there is. */
export function ScenarioPicker() {
  const t = useText();
  const pick = usePick();
  const { scenarioId, title } = useApp((state) => state.run);
  const entries = useCatalogue();
  const current = entries.find((entry) => entry.id === scenarioId);
  const name = current === undefined ? pick(title) : pick(current.title);
  return (
    <Pop
      holdsList
      label={t('scenario.pick')}
      trigger={
        <button type="button" className={styles.picker} data-testid="scenario-picker">
          <span className={styles.pickerText}>
            <strong>{name === '' ? t('scenario.none') : name}</strong>
          </span>
          <ChevronDown aria-hidden />
        </button>
      }
    >
      {(close) => (
        <Suspense fallback={<p className={shell.wait}>{t('loading')}</p>}>
          <ScenarioList onClose={close} />
        </Suspense>
      )}
    </Pop>
  );
}
