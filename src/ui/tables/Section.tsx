import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useText, type TextKey } from '../i18n';
import { CommandLine } from '../widgets/CommandLine';
import { cx } from '../widgets/cx';
import styles from './tables.module.css';

interface SectionProps {
  readonly name: string;
  readonly netns: string;
  readonly title: TextKey;
  readonly count: number;
  readonly command?: string | undefined;
  /** Further commands, shown below. */
  readonly more?: readonly string[];
  /** Open unless folded by hand. */
  readonly open: boolean;
  /** The current step used or changed rows of it. */
  readonly touched: boolean;
  readonly children: ReactNode;
}

/** One table: heading, number of rows, the Linux command that prints it. A step that touches it opens it. */
export function Section(props: SectionProps) {
  const { name, netns, title, count, command, more = [], open, touched, children } = props;
  const t = useText();
  const [chosen, choose] = useState<boolean | null>(null);
  const isOpen = chosen ?? (open || touched);
  return (
    <section className={styles.section} data-section={name} data-testid={`table-${name}`}>
      <div className={styles.titleRow}>
        <h3>
          <button
            type="button"
            className={styles.heading}
            aria-expanded={isOpen}
            onClick={() => choose(!isOpen)}
          >
            <ChevronRight aria-hidden className={cx(styles.fold, isOpen && styles.isOpen)} />
            <span>{t(title)}</span>
            <span className={styles.count}>{count}</span>
            {touched ? <span className={styles.touched}>{t('table.touched')}</span> : null}
          </button>
        </h3>
        {command === undefined || !isOpen ? null : <CommandLine netns={netns} command={command} bare />}
      </div>
      {isOpen ? (
        <>
          {children}
          {more.map((other) => (
            <div key={other} className={styles.command}>
              <CommandLine netns={netns} command={other} />
            </div>
          ))}
        </>
      ) : null}
    </section>
  );
}
