import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { cx } from './cx';
import styles from './fold.module.css';

interface FoldProps {
  readonly title: ReactNode;
  /** Open from the start. */
  readonly open?: boolean;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** A heading that shows and hides what is below it. */
export function Fold({ title, open = false, className, children }: FoldProps) {
  const [isOpen, setOpen] = useState(open);
  return (
    <div className={className}>
      <button type="button" className={styles.head} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <ChevronRight aria-hidden className={cx(styles.mark, isOpen && styles.open)} />
        {title}
      </button>
      {isOpen ? children : null}
    </div>
  );
}
