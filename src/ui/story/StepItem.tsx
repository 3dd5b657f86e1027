import { memo, type CSSProperties } from 'react';
import { actions, type Step } from '../../state';
import { cx } from '../widgets/cx';
import { Sentence } from '../widgets/Sentence';
import { topicColour, topicShape } from '../widgets/topics';
import styles from './story.module.css';
import { WhyCard } from './WhyCard';

interface StepItemProps {
  readonly step: Step;
  readonly index: number;
  readonly of: number;
  readonly current: number;
  /** The one step that Tab stops at; ↑ and ↓ reach the others. */
  readonly tabStop: number;
}

/** One sentence; the current one opens its why. */
export function StepItem({ step, index, of, current, tabStop }: StepItemProps) {
  return (
    <Row
      step={step}
      index={index}
      of={of}
      isStop={index === tabStop}
      when={index === current ? 'now' : index < current ? 'past' : 'coming'}
    />
  );
}

interface RowProps {
  readonly step: Step;
  readonly index: number;
  readonly of: number;
  readonly isStop: boolean;
  readonly when: 'past' | 'now' | 'coming';
}
const Row = memo(function Row({ step, index, of, isStop, when }: RowProps) {
  const shape = topicShape(step.isDrop ? 'drop' : step.topic);
  const colour = topicColour[step.isDrop ? 'drop' : step.topic];
  return (
    <div
      role="listitem"
      aria-setsize={of}
      aria-posinset={index + 1}
      data-testid="step"
      data-index={index}
      aria-current={when === 'now' ? 'step' : undefined}
      className={cx(styles.item, styles[when], step.isDrop && styles.isDrop, styles[shape])}
      style={{ '--topic': colour } as CSSProperties}
    >
      <button
        type="button"
        className={styles.step}
        tabIndex={isStop ? 0 : -1}
        onClick={() => actions.selectStep(index)}
      >
        <span className={styles.number}>{index + 1}</span>
        <span className={styles.mark} aria-hidden />
        <span className={styles.words}>
          <span className={styles.title}>
            <Sentence of={step.title} />
          </span>
          <small className={styles.detail}>
            <Sentence of={step.detail} />
          </small>
        </span>
      </button>
      {when === 'now' ? <WhyCard step={step} /> : null}
    </div>
  );
});
