import type { CSSProperties } from 'react';
import { hangOf } from './hanging';
import styles from './transcript.module.css';

/** Lines that wrap under their own beginning. */
export function TranscriptLines({ lines }: { readonly lines: readonly string[] }) {
  return lines.map((line, i) => (
    <span key={i} className={styles.row} style={{ '--hang': hangOf(line) } as CSSProperties}>
      {line}
    </span>
  ));
}
