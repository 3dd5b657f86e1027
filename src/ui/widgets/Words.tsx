import { Fragment } from 'react';
import styles from './small.module.css';

/** A command's words: lines break between them, not at the hyphens of its options. */
export function Words({ text }: { readonly text: string }) {
  return text.split(' ').map((word, i) => (
    <Fragment key={i}>
      {i === 0 ? '' : ' '}
      <span className={styles.word}>{word}</span>
    </Fragment>
  ));
}
