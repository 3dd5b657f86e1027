import { Box, Crosshair, Network, Router, Server, SquareDashed, type LucideIcon } from 'lucide-react';
import { actions, useNamespaces, type NetnsRow } from '../../state';
import { useText } from '../i18n';
import { Chip } from './Chip';
import { Menu, MenuChoice, MenuChoices } from './Menu';
import styles from './netns.module.css';
import { Tip } from './Tip';

const ICONS: Readonly<Record<NetnsRow['role'], LucideIcon>> = {
  host: Server,
  router: Router,
  switch: Network,
  container: Box,
  pod: Box,
  netns: SquareDashed,
};
/** More than this many are picked from a menu. */
const MOST_CHIPS = 12;

interface NetnsPickerProps {
  readonly netns: string;
  /** Whether it follows the story; without it that is no choice. */
  readonly follows?: boolean;
}

/** Which namespace to look into. */
export function NetnsPicker({ netns, follows }: NetnsPickerProps) {
  const t = useText();
  const namespaces = useNamespaces();
  const followChip =
    follows === undefined ? null : (
      <Tip text={t('netns.followHint')}>
        <Chip aria-pressed={follows} onClick={() => actions.selectNetns(follows ? netns : null)}>
          <Crosshair aria-hidden className={styles.icon} />
          {t('netns.follow')}
        </Chip>
      </Tip>
    );
  if (namespaces.length > MOST_CHIPS) {
    return (
      <div className={styles.picker}>
        {followChip}
        <Menu label={t('netns.pick')} trigger={<Chip>{`${netns} ▾`}</Chip>}>
          <MenuChoices value={netns} onChange={(id) => actions.selectNetns(id)}>
            {namespaces.map((row) => (
              <MenuChoice key={row.id} value={row.id} title={row.id} detail={t(`role.${row.role}`)} />
            ))}
          </MenuChoices>
        </Menu>
      </div>
    );
  }
  return (
    <div className={styles.picker} role="group" aria-label={t('netns.pick')}>
      {followChip}
      {namespaces.map((row) => {
        const Icon = ICONS[row.role];
        return (
          <Chip
            key={row.id}
            aria-pressed={row.id === netns}
            className={styles.name}
            title={t(`role.${row.role}`)}
            onClick={() => actions.selectNetns(row.id)}
          >
            <Icon aria-hidden className={styles.icon} />
            {row.id}
          </Chip>
        );
      })}
    </div>
  );
}
