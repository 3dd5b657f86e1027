import { Command } from 'cmdk';
import { Dialog as Radix } from 'radix-ui';
import { useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { actions, useApp, useDevices, useNamespaces, useSteps, useTheme } from '../../state';
import { useLang, usePick, useText } from '../i18n';
import { Kbd } from '../widgets/Kbd';
import { useShownNetns } from '../widgets/useShown';
import { useCatalogue } from './catalogue';
import styles from './palette.module.css';
import { useShell } from './panels';
import { findCommands, findEvents, findNamespaces, findSteps, matches, stepTexts } from './search';
import { shortcuts } from './shortcuts';

interface PaletteProps {
  readonly onClose: () => void;
}

/** The first hit is the chosen one whenever the query changes: Enter goes there. */
function useFirstHit(query: string) {
  const list = useRef<HTMLDivElement>(null);
  const [chosen, choose] = useState('');
  useLayoutEffect(() => {
    const box = list.current;
    if (box === null) return;
    choose(box.querySelector<HTMLElement>('[cmdk-item]')?.dataset.value ?? '');
    box.scrollTop = 0;
  }, [query]);
  return { list, chosen, choose };
}

/** Finds a step, an event, a namespace, a device, a command, an action or a scenario by its words, and goes there. */
export default function Palette({ onClose }: PaletteProps) {
  const t = useText();
  const [typed, setTyped] = useState('');
  const query = typed.trim();
  const { list, chosen, choose } = useFirstHit(query);
  const close = (then: () => void) => () => {
    onClose();
    then();
  };
  return (
    <Radix.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content className={styles.palette} aria-describedby={undefined}>
          <Radix.Title className="visually-hidden">{t('search')}</Radix.Title>
          <Command shouldFilter={false} loop label={t('search')} value={chosen} onValueChange={choose}>
            <Command.Input
              className={styles.input}
              placeholder={t('palette.placeholder')}
              value={typed}
              onValueChange={setTyped}
            />
            <Command.List className={styles.list} ref={list}>
              <Command.Empty className={styles.none}>{t('palette.none')}</Command.Empty>
              <StoryHits query={query} close={close} />
              <PlaceHits query={query} close={close} />
              <ActionHits query={query} close={close} />
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface HitsProps {
  readonly query: string;
  readonly close: (then: () => void) => () => void;
}

interface ItemProps {
  readonly value: string;
  readonly onSelect: () => void;
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  readonly end?: ReactNode;
}
function Item({ value, onSelect, title, detail, end }: ItemProps) {
  return (
    <Command.Item className={styles.item} value={value} onSelect={onSelect}>
      <span className={styles.text}>
        <span>{title}</span>
        {detail === undefined ? null : <small>{detail}</small>}
      </span>
      {end}
    </Command.Item>
  );
}

function StoryHits({ query, close }: HitsProps) {
  const t = useText();
  const lang = useLang();
  const { steps } = useSteps();
  const version = useApp((state) => state.traceVersion);
  const journal = useApp((state) => state.journal);
  const starts = useApp((state) => state.starts);
  const texts = useMemo(() => stepTexts(steps, lang), [steps, lang]);
  const found = query === '' ? [] : findSteps(texts, query);
  const events = useMemo(() => (query === '' || version === 0 ? [] : findEvents(query)), [query, version]);
  const commands = findCommands(journal, starts, query);
  return (
    <>
      {found.length === 0 ? null : (
        <Command.Group heading={t('palette.steps')} className={styles.group}>
          {found.map((hit) => (
            <Item
              key={hit.index}
              value={`step ${hit.index}`}
              title={hit.text}
              detail={hit.detail}
              end={<span className={styles.number}>{hit.index + 1}</span>}
              onSelect={close(() => actions.selectStep(hit.index))}
            />
          ))}
        </Command.Group>
      )}
      {commands.length === 0 ? null : (
        <Command.Group heading={t('palette.commands')} className={styles.group}>
          {commands.map(({ entry, start }, i) => (
            <Item
              key={i}
              value={`command ${i}`}
              title={<code>{entry.command}</code>}
              detail={entry.netns}
              onSelect={close(() => (start === undefined ? undefined : actions.seek(start)))}
            />
          ))}
        </Command.Group>
      )}
      {events.length === 0 ? null : (
        <Command.Group heading={t('palette.events')} className={styles.group}>
          {events.map((hit) => (
            <Item
              key={hit.seq}
              value={`event ${hit.seq}`}
              title={<code>{hit.text}</code>}
              end={<span className={styles.number}>{`e${hit.seq}`}</span>}
              onSelect={close(() => actions.seek(hit.seq))}
            />
          ))}
        </Command.Group>
      )}
    </>
  );
}

function PlaceHits({ query, close }: HitsProps) {
  const t = useText();
  const namespaces = useNamespaces();
  const { netns } = useShownNetns();
  const devices = useDevices(netns).filter((link) => matches(`${link.ifname} ${link.kind}`, query));
  const places = findNamespaces(namespaces, query);
  return (
    <>
      {places.length === 0 ? null : (
        <Command.Group heading={t('palette.namespaces')} className={styles.group}>
          {places.map((row) => (
            <Item
              key={row.id}
              value={`netns ${row.id}`}
              title={row.id}
              detail={t(`role.${row.role}`)}
              onSelect={close(() => actions.selectNetns(row.id))}
            />
          ))}
        </Command.Group>
      )}
      {netns === null || devices.length === 0 ? null : (
        <Command.Group heading={t('palette.devices', { netns })} className={styles.group}>
          {devices.map((link) => (
            <Item
              key={link.ifindex}
              value={`dev ${link.ifname}`}
              title={link.ifname}
              detail={`${link.kind} · ${link.address}`}
              onSelect={close(() => actions.selectDevice(netns, link.ifname))}
            />
          ))}
        </Command.Group>
      )}
    </>
  );
}

function ActionHits({ query, close }: HitsProps) {
  const t = useText();
  const pick = usePick();
  const shell = useShell();
  const theme = useTheme();
  const namespaces = useNamespaces();
  const { netns } = useShownNetns();
  const entries = useCatalogue().filter((entry) =>
    matches(`${pick(entry.title)} ${pick(entry.summary)}`, query),
  );
  const found = shortcuts.filter(({ text }) => text !== 'key.search' && matches(t(text), query));
  const context = { shell, namespaces, netns, theme };
  return (
    <>
      {found.length === 0 && !matches(t('transcript'), query) ? null : (
        <Command.Group heading={t('palette.actions')} className={styles.group}>
          {matches(t('transcript'), query) ? (
            <Item
              value="transcript"
              title={t('transcript')}
              onSelect={close(() => shell.open('transcript'))}
            />
          ) : null}
          {found.map((shortcut) => (
            <Item
              key={shortcut.text}
              value={shortcut.text}
              title={t(shortcut.text)}
              end={shortcut.shown.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
              onSelect={close(() => shortcut.run(context))}
            />
          ))}
        </Command.Group>
      )}
      {entries.length === 0 ? null : (
        <Command.Group heading={t('scenario.catalogue')} className={styles.group}>
          {entries.map((entry) => (
            <Item
              key={entry.id}
              value={`scenario ${entry.id}`}
              title={pick(entry.title)}
              detail={pick(entry.summary)}
              onSelect={close(() => actions.openScenario(entry.id))}
            />
          ))}
        </Command.Group>
      )}
    </>
  );
}
