import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './cx';
import styles from './floating.module.css';

interface MenuProps {
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly align?: 'start' | 'end';
  readonly wide?: boolean;
  readonly label: string;
  readonly onOpenChange?: (open: boolean) => void;
}

export function Menu({ trigger, children, align = 'start', wide = false, label, onOpenChange }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false} {...(onOpenChange && { onOpenChange })}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={cx(styles.menu, wide && styles.wide)}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          aria-label={label}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface MenuItemProps {
  readonly title: string;
  readonly icon?: ReactNode;
  /** A smaller line below. */
  readonly detail?: string | undefined;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

export function MenuItem({ title, icon, detail, disabled = false, onSelect }: MenuItemProps) {
  return (
    <DropdownMenu.Item className={styles.item} disabled={disabled} onSelect={onSelect}>
      <span className={styles.itemIcon}>{icon}</span>
      <ItemText title={title} detail={detail} />
    </DropdownMenu.Item>
  );
}

interface ItemTextProps {
  readonly title: string;
  readonly detail: string | undefined;
  readonly note?: ReactNode;
}
function ItemText({ title, detail, note }: ItemTextProps) {
  return (
    <span className={styles.itemText}>
      <span>{title}</span>
      {detail === undefined ? null : <small>{detail}</small>}
      {note}
    </span>
  );
}

interface MenuChoiceProps {
  readonly value: string;
  readonly title: string;
  readonly detail?: string;
  /** Below the detail. */
  readonly note?: ReactNode;
}

/** One of a {@link MenuChoices}. */
export function MenuChoice({ value, title, detail, note }: MenuChoiceProps) {
  return (
    <DropdownMenu.RadioItem className={styles.item} value={value}>
      <span className={styles.itemIcon}>
        <DropdownMenu.ItemIndicator className={styles.dot} />
      </span>
      <ItemText title={title} detail={detail} note={note} />
    </DropdownMenu.RadioItem>
  );
}

interface MenuChoicesProps {
  readonly label?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: ReactNode;
}

export function MenuChoices({ label, value, onChange, children }: MenuChoicesProps) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={onChange}>
      {label === undefined ? null : (
        <DropdownMenu.Label className={styles.menuLabel}>{label}</DropdownMenu.Label>
      )}
      {children}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuRule() {
  return <DropdownMenu.Separator className={styles.rule} />;
}
