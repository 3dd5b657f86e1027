import { actions, useKernelLog, useNamespaces, useSteps, type LogLine, type Step } from '../../state';
import { useText } from '../i18n';
import { cx } from '../widgets/cx';
import { useCurrentStep } from '../widgets/useShown';
import { useFilter } from './Filter';
import { logTime } from './log-time';
import styles from './netfilter.module.css';
import { Section } from './Section';

/** Goes to the step in which something was written; to the very event when no step that is shown holds it. */
function goTo(seq: number, steps: readonly Step[]): void {
  const index = steps.findLastIndex((step) => step.first <= seq);
  const step = steps[index];
  if (step !== undefined && step.last >= seq) actions.selectStep(index);
  else actions.seek(seq);
}

const textOf = (line: LogLine) => line.text;

/** What `dmesg` prints: lines of LOG and TRACE rules up to the cursor, each leading to its step. */
export function KernelLog({ netns }: { readonly netns: string }) {
  const t = useText();
  const machine = useNamespaces().find((row) => row.id === netns)?.machine;
  const lines = useKernelLog(machine);
  const step = useCurrentStep();
  const { steps } = useSteps();
  const isNow = (line: LogLine) => step !== undefined && line.seq >= step.first && line.seq <= step.last;
  const { shown, box, more } = useFilter(lines, textOf, isNow);
  if (lines.length === 0) return null;
  return (
    <Section
      name="log"
      netns={netns}
      title="table.log"
      count={lines.length}
      command="dmesg"
      open
      touched={lines.some(isNow)}
    >
      {box}
      <ol className={styles.log}>
        {shown.map((line) => (
          <li key={line.seq} className={cx(isNow(line) && styles.now)}>
            <button
              type="button"
              title={t('log.goTo')}
              aria-current={isNow(line) ? 'step' : undefined}
              onClick={() => goTo(line.seq, steps)}
            >
              <span className={styles.time}>{logTime(line.at)}</span> {line.text}
            </button>
          </li>
        ))}
      </ol>
      {more}
    </Section>
  );
}
