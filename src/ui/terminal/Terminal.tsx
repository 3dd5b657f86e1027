import { SquareTerminal } from 'lucide-react';
import { Fragment, useEffect, useRef } from 'react';
import { useApp, useTerminal, type TerminalCommand } from '../../state';
import { useText } from '../i18n';
import { EmptyState } from '../widgets/EmptyState';
import { NetnsPicker } from '../widgets/NetnsPicker';
import { useTerminalNetns } from '../widgets/useShown';
import { cx } from '../widgets/cx';
import { Prompt } from './Prompt';
import styles from './terminal.module.css';

/** A shell in any namespace: what has been printed up to the cursor, and a prompt that acts there. */
export default function Terminal() {
  const t = useText();
  const netns = useTerminalNetns();
  if (netns === null) {
    return <EmptyState icon={<SquareTerminal aria-hidden />}>{t('terminal.none')}</EmptyState>;
  }
  return (
    <div className={styles.panel}>
      <NetnsPicker netns={netns} />
      <Shell key={netns} netns={netns} />
    </div>
  );
}

function Shell({ netns }: { readonly netns: string }) {
  const t = useText();
  const commands = useTerminal(netns);
  const box = useRef<HTMLDivElement>(null);
  const shown = commands.filter(({ upcoming }) => !upcoming);
  const coming = commands.length - shown.length;
  const printed = shown.reduce((sum, { lines }) => sum + lines.length + 1, 0);
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [printed]);
  return (
    <div
      className={styles.shell}
      ref={box}
      onClick={(event) => {
        // A click beside the text is meant for the prompt; one that selects text is not.
        const target = event.target as HTMLElement;
        if (window.getSelection()?.isCollapsed !== false && target.closest('button, a, input') === null) {
          box.current?.querySelector('input')?.focus();
        }
      }}
    >
      <div
        role="log"
        aria-live="polite"
        aria-label={t('terminal.output', { netns })}
        data-testid="terminal-output"
        className={styles.log}
      >
        {shown.length === 0 ? <p className={styles.hint}>{t('terminal.welcome', { netns })}</p> : null}
        {shown.map((command) => (
          <Entry key={command.command} netns={netns} command={command} />
        ))}
      </div>
      {coming > 0 ? <p className={styles.coming}>{t('terminal.coming', { n: coming })}</p> : null}
      <Prompt netns={netns} history={commands.map(({ text }) => text)} />
    </div>
  );
}

export const promptOf = (netns: string): string => `root@${netns}:~# `;

function Entry({ netns, command }: { readonly netns: string; readonly command: TerminalCommand }) {
  const t = useText();
  const busy = useApp((state) => state.run.busy);
  const { text, lines, exit } = command;
  return (
    <div className={styles.entry}>
      <div className={styles.typed}>
        <span className={styles.prompt}>{promptOf(netns)}</span>
        {text}
      </div>
      {lines.map((line) => (
        <Fragment key={line.seq}>
          <div className={cx(styles.line, line.stream === 'stderr' && styles.error)}>
            {line.text.replace(/\n$/, '') || '\u00a0'}
          </div>
        </Fragment>
      ))}
      {exit === undefined ? (
        <div className={styles.running}>
          {busy ? <span aria-hidden className={styles.spinner} /> : null}
          {t(busy ? 'terminal.running' : 'terminal.stillRunning')}
        </div>
      ) : exit === 0 ? null : (
        <div className={styles.exit} title={t('terminal.exitHint')}>
          {t('terminal.exit', { code: exit })}
        </div>
      )}
    </div>
  );
}
