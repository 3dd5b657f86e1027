/** A list that opens from a button and is searched by typing: groups of things to choose one of. */
import { Command } from 'cmdk';
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import styles from './finder.module.css';

interface FinderProps {
  readonly label: string;
  readonly placeholder: string;
  readonly none: string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  /** Chosen when it opens. */
  readonly initial?: string | undefined;
  /** Above the list. */
  readonly head?: ReactNode;
  /** Below it. */
  readonly foot?: ReactNode;
  /** Before the list's own keys; of the entry that is chosen. */
  readonly onKeyDown?: (event: KeyboardEvent, chosen: string) => void;
  readonly children: ReactNode;
}

/** The first hit is the chosen one whenever the query changes: Enter takes it. */
export function Finder(props: FinderProps) {
  const { label, placeholder, none, query, onQuery, initial, head, foot, onKeyDown, children } = props;
  const list = useRef<HTMLDivElement>(null);
  const [chosen, choose] = useState(initial ?? '');
  const first = useRef(true);
  useLayoutEffect(() => {
    const box = list.current;
    if (box === null) return;
    if (first.current && initial !== undefined) {
      box.querySelector(`[data-value="${CSS.escape(initial)}"]`)?.scrollIntoView({ block: 'center' });
    } else {
      choose(box.querySelector<HTMLElement>('[cmdk-item]')?.dataset.value ?? '');
      box.scrollTop = 0;
    }
    first.current = false;
  }, [query, initial]);
  return (
    <Command
      className={styles.finder}
      shouldFilter={false}
      loop
      label={label}
      value={chosen}
      onValueChange={choose}
      onKeyDown={(event) => onKeyDown?.(event, chosen)}
    >
      {head}
      <Command.Input
        autoFocus
        className={styles.input}
        placeholder={placeholder}
        value={query}
        onValueChange={onQuery}
      />
      <Command.List className={styles.list} ref={list}>
        <Command.Empty className={styles.none}>{none}</Command.Empty>
        {children}
      </Command.List>
      {foot}
    </Command>
  );
}

export function FinderGroup({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <Command.Group heading={label} className={styles.group}>
      {children}
    </Command.Group>
  );
}

interface FinderItemProps {
  /** Unique in the list, lower or upper case alike. */
  readonly value: string;
  readonly icon?: ReactNode;
  readonly title: ReactNode;
  readonly isCurrent?: boolean;
  readonly onSelect: () => void;
  readonly children?: ReactNode;
}
export function FinderItem({ value, icon, title, isCurrent = false, onSelect, children }: FinderItemProps) {
  return (
    <Command.Item
      className={styles.item}
      value={value}
      onSelect={onSelect}
      aria-current={isCurrent || undefined}
    >
      <span className={styles.icon}>{isCurrent ? <i className={styles.dot} /> : icon}</span>
      <span className={styles.text}>
        <span className={styles.title}>{title}</span>
        {children}
      </span>
    </Command.Item>
  );
}
