import { useEffect, useState } from 'react';
import { message } from '../../explain';
import { useApp, useSteps } from '../../state';
import { useLang, useText } from '../i18n';

/** A screen reader is told of a step once it stays. */
const SETTLED_MS = 350;

/** Tells screen readers, politely, in which step the story is. */
export function Announcer() {
  const t = useText();
  const lang = useLang();
  const { steps, index } = useSteps();
  const playing = useApp((state) => state.player.playing);
  const [said, say] = useState('');
  const step = steps[index];
  useEffect(() => {
    if (step === undefined || playing) return;
    const timer = setTimeout(() => {
      say(t('announce', { n: index + 1, of: steps.length, text: message(lang, step.title) }));
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [step, index, steps.length, lang, playing, t]);
  return (
    <div className="visually-hidden" aria-live="polite" data-testid="announcer">
      {said}
    </div>
  );
}
