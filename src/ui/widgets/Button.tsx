import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx';
import styles from './button.module.css';
import { Tip } from './Tip';

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'plain' | 'primary' | 'ghost' | 'danger';
  readonly size?: 'm' | 's';
}

export function Button({ look = 'plain', size = 'm', className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={cx(styles.button, styles[look], size === 's' && styles.small, className)}
      {...rest}
    />
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** What it does: the accessible name and the tooltip. */
  readonly label: string;
  /** Its key, shown in the tooltip. */
  readonly keys?: string;
  readonly icon: ReactNode;
}

export function IconButton({ label, keys, icon, className, look = 'ghost', ...rest }: IconButtonProps) {
  return (
    <Tip text={label} keys={keys}>
      <Button aria-label={label} look={look} className={cx(styles.icon, className)} {...rest}>
        {icon}
      </Button>
    </Tip>
  );
}
