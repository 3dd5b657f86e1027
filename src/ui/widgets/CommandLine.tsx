import { Play } from 'lucide-react';
import { actions, useApp } from '../../state';
import { useText } from '../i18n';
import { IconButton } from './Button';
import styles from './command.module.css';
import { Copy } from './Copy';
import { cx } from './cx';

interface CommandLineProps {
  readonly netns: string;
  readonly command: string;
  /** Beside a heading: without a background of its own. */
  readonly bare?: boolean;
}

/** A Linux command, ready to copy or to run where it belongs. */
export function CommandLine({ netns, command, bare = false }: CommandLineProps) {
  const t = useText();
  const ready = useApp((state) => state.run.phase === 'ready');
  const run = () => {
    actions.selectNetns(netns);
    actions.setPanel('terminal');
    actions.execute(netns, command, 'end');
  };
  return (
    <div className={cx(styles.line, bare && styles.bare)}>
      <code tabIndex={0}>{command}</code>
      <Copy text={command} label={t('command.copy')} />
      <IconButton
        size="s"
        label={t('command.run', { netns })}
        icon={<Play aria-hidden />}
        disabled={!ready}
        onClick={run}
      />
    </div>
  );
}
