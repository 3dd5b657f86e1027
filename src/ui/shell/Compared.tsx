import { BadgeCheck } from 'lucide-react';
import { useApp } from '../../state';
import { usePick, useText } from '../i18n';
import { Pop } from '../widgets/Pop';
import { useCatalogue, type Compared as Comparison } from './catalogue';
import styles from './header.module.css';

/** With what the scenario was compared, and how; nothing for what was compared with nothing. */
export function Compared() {
  const t = useText();
  const scenarioId = useApp((state) => state.run.scenarioId);
  const compared = useCatalogue().find((entry) => entry.id === scenarioId)?.compared;
  if (compared === undefined) return null;
  const line = t('compared.line', { kernel: compared.kernel });
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
  return (
    <dl className={styles.details}>
      <dt>{t('compared.with')}</dt>
      <dd>{compared.kernel}</dd>
      <dt>{t('compared.covers')}</dt>
      <dd>{pick(compared.what)}</dd>
      <dt>{t('compared.capture')}</dt>
      <dd>
        <code>{compared.capture}</code> {t('compared.date', { date: compared.on })}
      </dd>
    </dl>
  );
}
