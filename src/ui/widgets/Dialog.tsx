import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useText } from '../i18n';
import { cx } from './cx';
import { IconButton } from './Button';
import styles from './floating.module.css';
import { CloseDialog } from './Tip';

interface DialogProps {
  readonly title: string;
  /** A sentence below the title. */
  readonly lead?: string;
  readonly size?: 'm' | 'l';
  readonly footer?: ReactNode;
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** A modal dialog, open as long as it is rendered. Focus goes in and comes back. */
export function Dialog({ title, lead, size = 'm', footer, children, onClose }: DialogProps) {
  const t = useText();
  return (
    <Radix.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          className={cx(styles.dialog, size === 'l' && styles.large)}
          tabIndex={-1}
          onOpenAutoFocus={(event) => {
            // The dialog itself: its first button would show its tooltip over what one came to read.
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
          {...(lead === undefined && { 'aria-describedby': undefined })}
        >
          <CloseDialog value={onClose}>
            <header className={styles.dialogHead}>
              <div>
                <Radix.Title>{title}</Radix.Title>
                {lead === undefined ? null : <Radix.Description>{lead}</Radix.Description>}
              </div>
              <Radix.Close asChild>
                <IconButton label={t('close')} icon={<X aria-hidden />} />
              </Radix.Close>
            </header>
            <div className={styles.dialogBody}>{children}</div>
            {footer === undefined ? null : <footer className={styles.dialogFoot}>{footer}</footer>}
          </CloseDialog>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
