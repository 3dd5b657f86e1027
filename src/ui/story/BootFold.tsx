import { ChevronDown, ChevronRight, Hammer } from 'lucide-react';
import type { ReactNode } from 'react';
import { actions, useApp } from '../../state';
import { useText } from '../i18n';
import styles from './story.module.css';

interface BootFoldProps {
  /** How many steps built the network; 0 while they are not shown. */
  readonly steps: number;
  readonly children?: ReactNode;
}

/** How the network was built: folded away unless asked for, as it is a story of its own. */
export function BootFold({ steps, children }: BootFoldProps) {
  const t = useText();
  const open = useApp((state) => state.settings.showBoot);
  const follows = useApp((state) => state.follow !== 'all');
  const known = useApp((state) => state.traceVersion > 0);
  // A single command's story has nothing of the building in it.
  if (follows || !known) return null;
  const Mark = open ? ChevronDown : ChevronRight;
  return (
    <div>
      <div className={styles.boot}>
        <button
          type="button"
          className={styles.bootHead}
          aria-expanded={open}
          onClick={() => actions.setShowBoot(!open)}
        >
          <Hammer aria-hidden />
          <span>{t('story.boot')}</span>
          {open && steps > 0 ? <small>{t('story.bootSteps', { n: steps })}</small> : null}
          <Mark aria-hidden />
        </button>
      </div>
      {open ? children : null}
    </div>
  );
}
