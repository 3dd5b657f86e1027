import { BadgeCheck } from 'lucide-react';
import { useApp } from '../../state';
import { usePick, useText } from '../i18n';
import { Pop } from '../widgets/Pop';
import { useCatalogue, type Compared as Comparison } from './catalogue';
import { comparedLine } from './compared';
import styles from './header.module.css';

/** With what the scenario was compared, and how; nothing for what was compared with nothing. */
export function Compared() {
  const t = useText();
  const scenarioId = useApp((state) => state.run.scenarioId);
  const compared = useCatalogue().find((entry) => entry.id === scenarioId)?.compared;
  if (compared === undefined) return null;
  const line = comparedLine(compared, t);
  return (
    <Pop
      label={t('compared.title')}
      trigger={
        <button type="button" className={styles.compared} aria-label={line}>
          <BadgeCheck aria-hidden />
          <span data-narrow="hide">{line}</span>
        </button>
      }
    >
      <ComparedDetails compared={compared} />
    </Pop>
  );
}

export function ComparedDetails({ compared }: { readonly compared: Comparison }) {
  const t = useText();
  const pick = usePick();
  const { by, capture, kernel, on, what } = compared;
  return (
    <dl className={styles.details}>
      <dt>{t('compared.with')}</dt>
      <dd>{kernel}</dd>
      <dt>{t('compared.covers')}</dt>
      <dd>{pick(what)}</dd>
      <dt>{t(by === 'lab' ? 'compared.how' : 'compared.capture')}</dt>
      <dd>
        {by === 'lab' ? (
          t('compared.rebuilt', { command: 'npm run lab', date: on })
        ) : (
          <>
            <code>{capture}</code> {t('compared.date', { date: on })}
          </>
        )}
      </dd>
    </dl>
  );
}
