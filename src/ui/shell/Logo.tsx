import styles from './header.module.css';

/** Headers around headers: the mark is a capsule within a capsule. */
export function Logo() {
  return (
    <h1 className={styles.logo}>
      <svg viewBox="0 0 32 20" aria-hidden className={styles.mark}>
        <rect x="1" y="1" width="30" height="18" rx="5.5" fill="var(--vxlan)" />
        <rect
          x="10"
          y="4.5"
          width="17.5"
          height="11"
          rx="3"
          fill="var(--ip)"
          stroke="var(--panel)"
          strokeWidth="1.5"
        />
        <rect x="18" y="7.5" width="6.5" height="5" rx="1.5" fill="var(--panel)" />
      </svg>
      <span className={styles.wordmark}>{'Framewalk'}</span>
    </h1>
  );
}
