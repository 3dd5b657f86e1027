import { Popover } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { cx } from './cx';
import styles from './floating.module.css';

interface PopProps {
  readonly trigger: ReactNode;
  readonly label: string;
  readonly align?: 'start' | 'end';
  /** Holds a list of its own: no padding, and as high as there is room. */
  readonly holdsList?: boolean;
  readonly children: ReactNode | ((close: () => void) => ReactNode);
}

/** A small panel that opens from a button. */
export function Pop({ trigger, label, align = 'start', holdsList = false, children }: PopProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={cx(styles.pop, holdsList && styles.holdsList)}
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={8}
        >
          {typeof children === 'function' ? children(() => setOpen(false)) : children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
