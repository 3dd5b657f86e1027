import type { TupleWord } from '../../explain';
import { cx } from '../widgets/cx';
import styles from './netfilter.module.css';

/** One direction of a connection, its addresses one below the other; what NAT changed stands out. */
export function Tuple({ words }: { readonly words: readonly TupleWord[] }) {
  const isAddress = ({ name }: TupleWord) => name === 'src' || name === 'dst';
  const word = (each: TupleWord) => (
    <span key={each.name} className={cx(styles.word, each.translated && styles.translated)}>
      {`${each.name}=${each.value}`}
    </span>
  );
  return (
    <span className={styles.tuple}>
      {words.filter(isAddress).map(word)}
      <span className={styles.ports}>{words.filter((each) => !isAddress(each)).map(word)}</span>
    </span>
  );
}
