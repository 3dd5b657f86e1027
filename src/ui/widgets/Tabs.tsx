import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './tabs.module.css';

export interface Tab<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly icon?: ReactNode;
  readonly content: ReactNode;
}
interface TabsProps<V extends string> {
  readonly tabs: readonly Tab<V>[];
  readonly value: V;
  readonly onChange: (value: V) => void;
  readonly label: string;
  readonly idPrefix: string;
}

/** Tabs that fill their container; only the shown panel is rendered. */
export function Tabs<V extends string>({ tabs, value, onChange, label, idPrefix }: TabsProps<V>) {
  return (
    <Radix.Root className={styles.root} value={value} onValueChange={(next) => onChange(next as V)}>
      <Radix.List className={styles.list} aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            className={styles.trigger}
            value={tab.value}
            data-testid={`${idPrefix}-${tab.value}`}
            // The mouse leaves the keyboard where it is: ← and → go on stepping. Radix would move the focus here.
            onMouseDown={(event) => {
              event.preventDefault();
              if (event.button === 0 && !event.ctrlKey) onChange(tab.value);
            }}
          >
            {tab.icon}
            <span>{tab.label}</span>
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content
          key={tab.value}
          className={styles.content}
          value={tab.value}
          tabIndex={-1}
          data-testid={`${idPrefix}-${tab.value}-panel`}
        >
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
