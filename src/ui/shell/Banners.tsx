import { useState } from 'react';
import { actions, useApp } from '../../state';
import type { Bilingual } from '../../state';
import { usePick, useText } from '../i18n';
import { Banner } from '../widgets/Banner';

/** What a link said that could not be used, and what a manifest asked for that is not built. */
export function Banners() {
  const t = useText();
  const pick = usePick();
  const linkProblems = useApp((state) => state.linkProblems);
  const notes = useApp((state) => state.run.notes);
  const [dismissed, setDismissed] = useState<readonly Bilingual[] | null>(null);
  return (
    <>
      {linkProblems.length === 0 ? null : (
        <Banner tone="bad" onDismiss={() => actions.dismissProblems()}>
          {t('link.problems')}
          <ul>
            {linkProblems.map((problem, i) => (
              <li key={i}>{pick(problem.message)}</li>
            ))}
          </ul>
        </Banner>
      )}
      {notes.length === 0 || notes === dismissed ? null : (
        <Banner onDismiss={() => setDismissed(notes)}>
          {t('notes.title')}
          <ul>
            {notes.map((note, i) => (
              <li key={i}>{pick(note)}</li>
            ))}
          </ul>
        </Banner>
      )}
    </>
  );
}
