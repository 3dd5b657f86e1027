import { BookOpen } from 'lucide-react';
import { useApp } from '../../state';
import { usePick, useText } from '../i18n';
import { useCatalogue } from '../shell/catalogue';
import { ComparedDetails } from '../shell/Compared';
import { EmptyState } from '../widgets/EmptyState';
import styles from './lesson.module.css';
import { Markdown } from './Markdown';

/** The text beside the stage, what is simplified, and what it was compared with. */
export default function Lesson() {
  const t = useText();
  const pick = usePick();
  const scenarioId = useApp((state) => state.run.scenarioId);
  const entry = useCatalogue().find(({ id }) => id === scenarioId);
  if (entry === undefined) {
    return <EmptyState icon={<BookOpen aria-hidden />}>{t('lesson.none')}</EmptyState>;
  }
  return (
    <article className={styles.panel} tabIndex={0} aria-label={pick(entry.title)}>
      <Markdown text={pick(entry.lesson)} />
      {entry.compared === undefined ? null : (
        <section className={styles.about}>
          <h3>{t('compared.title')}</h3>
          <ComparedDetails compared={entry.compared} />
        </section>
      )}
    </article>
  );
}
