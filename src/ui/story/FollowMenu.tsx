import { ChevronsUpDown } from 'lucide-react';
import { useMemo } from 'react';
import { actions, getTrace, useApp } from '../../state';
import { useText } from '../i18n';
import { Menu, MenuChoice, MenuChoices } from '../widgets/Menu';
import styles from './story.module.css';

interface Followable {
  readonly command: number;
  readonly netns: string;
  readonly text: string;
}

/** Commands of the journal that have begun, with the numbers the trace gives them. */
function useCommands(): readonly Followable[] {
  const starts = useApp((state) => state.starts);
  const journal = useApp((state) => state.journal);
  return useMemo(
    () =>
      starts.flatMap((seq, i) => {
        const event = getTrace().events[seq];
        const entry = journal[i];
        if (event?.kind !== 'command' || entry === undefined) return [];
        return [{ command: event.command, netns: entry.netns, text: entry.command }];
      }),
    [starts, journal],
  );
}

/** The story's title: which command is followed, and the choice of another. */
export function FollowMenu() {
  const t = useText();
  const follow = useApp((state) => state.follow);
  const commands = useCommands();
  const followed = follow === 'all' ? undefined : commands.find(({ command }) => command === follow.command);
  return (
    <Menu
      label={t('follow')}
      trigger={
        <button type="button" className={styles.follow} title={t('follow')}>
          <b>{t('story')}</b>
          {followed === undefined ? <span>{t('follow.all')}</span> : <code>{followed.text}</code>}
          <ChevronsUpDown aria-hidden />
        </button>
      }
    >
      <MenuChoices
        label={t('follow')}
        value={follow === 'all' ? 'all' : String(follow.command)}
        onChange={(value) => actions.setFollow(value === 'all' ? 'all' : { command: Number(value) })}
      >
        <MenuChoice value="all" title={t('follow.all')} detail={t('follow.allDetail')} />
        {commands.map(({ command, netns, text }) => (
          <MenuChoice key={command} value={String(command)} title={text} detail={netns} />
        ))}
      </MenuChoices>
    </Menu>
  );
}
