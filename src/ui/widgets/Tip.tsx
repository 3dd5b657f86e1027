import { Tooltip } from 'radix-ui';
import { createContext, useContext, type ReactNode } from 'react';
import { Kbd } from './Kbd';
import styles from './floating.module.css';

export function TipProvider({ children }: { readonly children: ReactNode }) {
  return <Tooltip.Provider delayDuration={450}>{children}</Tooltip.Provider>;
}

/** How to close the dialog one is in: Escape does it even while a tooltip is shown, which would have the first press. */
export const CloseDialog = createContext<(() => void) | undefined>(undefined);

interface TipProps {
  readonly text: string;
  readonly keys?: string | undefined;
  readonly children: ReactNode;
}

/** A tooltip on what it wraps: one element that takes a ref. */
export function Tip({ text, keys, children }: TipProps) {
  const closeDialog = useContext(CloseDialog);
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          className={styles.tip}
          sideOffset={6}
          collisionPadding={8}
          {...(closeDialog && { onEscapeKeyDown: closeDialog })}
        >
          {text}
          {keys === undefined ? null : <Kbd>{keys}</Kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
