import type { ReactNode } from 'react';
import styles from './small.module.css';

interface EmptyStateProps {
  readonly icon?: ReactNode;
  readonly children: ReactNode;
}

export function EmptyState({ icon, children }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      {icon}
      <div>{children}</div>
    </div>
  );
}
