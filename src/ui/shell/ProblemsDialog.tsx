import type { InputProblem } from '../../state';
import { useLang, usePick, useText } from '../i18n';
import { Button } from '../widgets/Button';
import { Copy } from '../widgets/Copy';
import { Dialog } from '../widgets/Dialog';
import { placeText } from '../widgets/place';
import styles from './shell.module.css';

interface ProblemsProps {
  readonly problems: readonly InputProblem[];
  /** What was open before still is. */
  readonly kept: boolean;
  readonly onClose: () => void;
}

/** What is wrong with what was opened or typed, place by place. */
export default function ProblemsDialog({ problems, kept, onClose }: ProblemsProps) {
  const t = useText();
  const pick = usePick();
  const lang = useLang();
  const asText = () =>
    problems.map(({ place, message }) => `${placeText(place, lang)}: ${pick(message)}`).join('\n');
  return (
    <Dialog
      title={t('problems.title', { n: problems.length })}
      {...(kept && { lead: t('problems.kept') })}
      onClose={onClose}
      footer={
        <>
          <Copy wide text={asText} label={t('problems.copy')} />
          <Button look="primary" size="s" onClick={onClose}>
            {t('close')}
          </Button>
        </>
      }
    >
      <ul className={styles.problems}>
        {problems.map((problem, i) => (
          <li key={i}>
            <code>{placeText(problem.place, lang)}</code>
            <span>{pick(problem.message)}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
