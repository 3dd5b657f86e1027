import { BadgeCheck, FileUp } from 'lucide-react';
import { useState } from 'react';
import { actions, useApp } from '../../state';
import { usePick, useText, type TextKey } from '../i18n';
import { Finder, FinderGroup, FinderItem } from '../widgets/Finder';
import { useCatalogue, type CatalogueItem } from './catalogue';
import { comparedLine } from './compared';
import { pickFile } from './files';
import styles from './header.module.css';
import { matches } from './search';

const GROUPS: readonly (readonly [CatalogueItem['group'], TextKey])[] = [
  ['docker', 'scenario.group.docker'],
  ['flannel', 'scenario.group.flannel'],
  ['routes', 'scenario.group.routes'],
  ['script', 'scenario.group.script'],
];
const valueOf = ({ id }: CatalogueItem) => `scenario ${id}`;

/** The catalogue, searched by the words of titles, summaries and groups in the language shown. */
export default function ScenarioList({ onClose }: { readonly onClose: () => void }) {
  const t = useText();
  const pick = usePick();
  const { scenarioId } = useApp((state) => state.run);
  const entries = useCatalogue();
  const [typed, setTyped] = useState('');
  const query = typed.trim();
  const current = entries.find(({ id }) => id === scenarioId);
  const found = (entry: CatalogueItem, group: string) =>
    matches(
      `${pick(entry.title)} ${pick(entry.summary)} ${entry.id} ${group} ${entry.puzzle === true ? t('scenario.puzzle') : ''}`,
      query,
    );
  return (
    <Finder
      label={t('scenario.pick')}
      placeholder={t('scenario.find')}
      none={t('scenario.nothing')}
      query={typed}
      onQuery={setTyped}
      initial={current && valueOf(current)}
    >
      {GROUPS.map(([group, text]) => {
        const listed = entries.filter((entry) => entry.group === group && found(entry, t(text)));
        return listed.length === 0 ? null : (
          <FinderGroup key={group} label={t(text)}>
            {listed.map((entry) => (
              <ScenarioItem
                key={entry.id}
                entry={entry}
                isCurrent={entry === current}
                onOpen={() => {
                  onClose();
                  actions.openScenario(entry.id);
                }}
              />
            ))}
          </FinderGroup>
        );
      })}
      {matches(`${t('scenario.open')} ${t('scenario.openDetail')}`, query) ? (
        <FinderItem
          value="open a file"
          icon={<FileUp aria-hidden />}
          title={t('scenario.open')}
          onSelect={() => {
            onClose();
            pickFile();
          }}
        >
          <small>{t('scenario.openDetail')}</small>
        </FinderItem>
      ) : null}
    </Finder>
  );
}

interface ScenarioItemProps {
  readonly entry: CatalogueItem;
  readonly isCurrent: boolean;
  readonly onOpen: () => void;
}
function ScenarioItem({ entry, isCurrent, onOpen }: ScenarioItemProps) {
  const t = useText();
  const pick = usePick();
  return (
    <FinderItem
      value={valueOf(entry)}
      isCurrent={isCurrent}
      onSelect={onOpen}
      title={
        <>
          <span>{pick(entry.title)}</span>
          {entry.puzzle === true ? <span className={styles.puzzle}>{t('scenario.puzzle')}</span> : null}
        </>
      }
    >
      <small>{pick(entry.summary)}</small>
      {entry.compared === undefined ? null : (
        <span className={styles.checked}>
          <BadgeCheck aria-hidden />
          {comparedLine(entry.compared, t)}
        </span>
      )}
    </FinderItem>
  );
}
