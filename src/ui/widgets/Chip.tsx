import type { ComponentProps } from 'react';
import { cx } from './cx';
import styles from './small.module.css';

/** A choice among few; say `aria-pressed` or `aria-checked`. */
export function Chip({ className, ...rest }: ComponentProps<'button'>) {
  return <button type="button" className={cx(styles.chip, className)} {...rest} />;
}
