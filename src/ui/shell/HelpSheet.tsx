import { Fragment } from 'react';
import { useText, type TextKey } from '../i18n';
import { Dialog } from '../widgets/Dialog';
import { Kbd } from '../widgets/Kbd';
import styles from './shell.module.css';
import { shortcuts, type Shortcut } from './shortcuts';

const GROUPS: readonly (readonly [Shortcut['group'], TextKey])[] = [
  ['walk', 'help.walk'],
  ['look', 'help.look'],
  ['act', 'help.act'],
  ['page', 'help.page'],
];

/** Every key there is. */
export default function HelpSheet({ onClose }: { readonly onClose: () => void }) {
  const t = useText();
  return (
    <Dialog title={t('help')} lead={t('help.lead')} size="l" onClose={onClose}>
      <div className={styles.keys}>
        {GROUPS.map(([group, title]) => (
          <section key={group}>
            <h3>{t(title)}</h3>
            <dl>
              {shortcuts
                .filter((shortcut) => shortcut.group === group)
                .map((shortcut) => (
                  <Fragment key={shortcut.text}>
                    <dt>
                      {shortcut.shown.map((key) => (
                        <Kbd key={key}>{key}</Kbd>
                      ))}
                    </dt>
                    <dd>{t(shortcut.text)}</dd>
                  </Fragment>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p className={styles.helpNote}>{t('help.hex')}</p>
    </Dialog>
  );
}
