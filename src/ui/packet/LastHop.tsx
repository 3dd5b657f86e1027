import { ArrowRight } from 'lucide-react';
import { actions, useApp, type Frame } from '../../state';
import { useLang, useText } from '../i18n';
import { longName } from '../widgets/protocols';
import { worthTelling, type Comparison } from './compare';
import { fieldName } from './fieldNames';
import styles from './packet.module.css';

interface LastHopProps {
  readonly comparison: Comparison;
  readonly before: Frame;
}

/** Fields named one by one before the rest is counted. */
const MOST = 5;

/** What the last hop did to the frame. */
export function LastHop({ comparison, before }: LastHopProps) {
  const t = useText();
  const lang = useLang();
  const pinned = useApp((state) => state.selection.frame === before.id);
  const { added, removed, isAnswer, grown } = comparison;
  const { macs, fields } = worthTelling(comparison);
  const names = (layers: Comparison['added']) => layers.map(({ protocol }) => longName[protocol]).join(' + ');
  const nothing = added.length + removed.length + fields.length === 0 && !macs;
  return (
    <div className={styles.hop}>
      <div className={styles.hopTitle}>
        <span>{t('hop.title')}</span>
        <button type="button" disabled={pinned} onClick={() => actions.selectFrame(before.id)}>
          {t('hop.before')}
        </button>
      </div>
      <ul>
        {isAnswer ? <li>{t('hop.answer')}</li> : null}
        {added.length > 0 ? <li>{t('hop.added', { names: names(added), n: Math.max(grown, 0) })}</li> : null}
        {removed.length > 0 ? (
          <li>{t('hop.removed', { names: names(removed), n: Math.max(-grown, 0) })}</li>
        ) : null}
        {macs && !isAnswer ? <li>{t('hop.macs')}</li> : null}
        {isAnswer
          ? null
          : fields.slice(0, MOST).map(({ field, before: was, after }, i) => (
              <li key={i}>
                {fieldName(field, lang)} <code>{was}</code> <ArrowRight aria-label={t('hop.to')} />{' '}
                <code>{after}</code>
              </li>
            ))}
        {!isAnswer && fields.length > MOST ? <li>{t('hop.more', { n: fields.length - MOST })}</li> : null}
        {nothing ? <li>{t('hop.nothing')}</li> : null}
      </ul>
    </div>
  );
}
