import { Search } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { useText } from '../i18n';
import styles from './netfilter.module.css';

/** With fewer rows there is nothing to search for. */
const WORTH_FILTERING = 20;
/** Rows drawn at first, and with each press of the button. */
const AT_ONCE = 200;

interface Filtered<T> {
  readonly shown: readonly T[];
  /** Nothing is filtered away. */
  readonly all: boolean;
  readonly box: ReactNode;
  readonly more: ReactNode;
}

/**
 * A long list kept usable: a box to search its lines in, and only so many of them at a time. Lines for which `keep` says
 * so are shown in any case.
 */
export function useFilter<T>(
  list: readonly T[],
  textOf: (item: T) => string,
  keep: (item: T) => boolean,
): Filtered<T> {
  const t = useText();
  const [wanted, setWanted] = useState('');
  const [most, setMost] = useState(AT_ONCE);
  const words = wanted.trim().toLowerCase();
  const found = useMemo(
    () => (words === '' ? list : list.filter((item) => textOf(item).toLowerCase().includes(words))),
    [list, words, textOf],
  );
  const shown = found.length <= most ? found : found.filter((item, at) => at < most || keep(item));
  const left = found.length - shown.length;
  const box =
    list.length < WORTH_FILTERING ? null : (
      <label className={styles.filter}>
        <Search aria-hidden />
        <span className="visually-hidden">{t('tables.filter')}</span>
        <input
          type="search"
          value={wanted}
          placeholder={t('tables.filter')}
          onChange={(event) => {
            setWanted(event.target.value);
            setMost(AT_ONCE);
          }}
        />
        {words === '' ? null : (
          <span className={styles.found}>{t('tables.found', { n: found.length, of: list.length })}</span>
        )}
      </label>
    );
  const more =
    left <= 0 ? null : (
      <button type="button" className={styles.more} onClick={() => setMost(most * 5)}>
        {t('tables.more', { n: left })}
      </button>
    );
  return { shown, all: words === '', box, more };
}
