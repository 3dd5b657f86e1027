import { BadgeCheck, ChevronDown, FileUp } from 'lucide-react';
import { actions, useApp } from '../../state';
import { usePick, useText, type TextKey } from '../i18n';
import { useCatalogue, type CatalogueItem } from './catalogue';
import { Menu, MenuChoice, MenuChoices, MenuItem, MenuRule } from '../widgets/Menu';
import { pickFile } from './files';
import styles from './header.module.css';

const KINDS: readonly (readonly [CatalogueItem['kind'], TextKey])[] = [
  ['network', 'scenario.catalogue'],
  ['script', 'scenario.scripts'],
];

/** What is open, and what else there is. */
export function ScenarioPicker() {
  const t = useText();
  const pick = usePick();
  const { scenarioId, title } = useApp((state) => state.run);
  const entries = useCatalogue();
  const current = entries.find((entry) => entry.id === scenarioId);
  const name = current === undefined ? pick(title) : pick(current.title);
  return (
    <Menu
      wide
      label={t('scenario.pick')}
      trigger={
        <button type="button" className={styles.picker} data-testid="scenario-picker">
          <span className={styles.pickerText}>
            <strong>{name === '' ? t('scenario.none') : name}</strong>
          </span>
          <ChevronDown aria-hidden />
        </button>
      }
    >
      {KINDS.map(([kind, label]) => {
        const listed = entries.filter((entry) => entry.kind === kind);
        return listed.length === 0 ? null : (
          <MenuChoices
            key={kind}
            label={t(label)}
            value={scenarioId ?? ''}
            onChange={(id) => actions.openScenario(id)}
          >
            {listed.map((entry) => (
              <MenuChoice
                key={entry.id}
                value={entry.id}
                title={pick(entry.title)}
                detail={pick(entry.summary)}
                note={
                  entry.compared === undefined ? undefined : (
                    <span className={styles.checked}>
                      <BadgeCheck aria-hidden />
                      {t('compared.line', { kernel: entry.compared.kernel })}
                    </span>
                  )
                }
              />
            ))}
          </MenuChoices>
        );
      })}
      <MenuRule />
      <MenuItem
        icon={<FileUp aria-hidden />}
        title={t('scenario.open')}
        detail={t('scenario.openDetail')}
        onSelect={pickFile}
      />
    </Menu>
  );
}
