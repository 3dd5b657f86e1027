import { useText } from '../i18n';
import { Dialog } from '../widgets/Dialog';
import styles from './shell.module.css';

/** The link, selected, to be copied by hand. */
export default function LinkDialog({ url, onClose }: { readonly url: string; readonly onClose: () => void }) {
  const t = useText();
  return (
    <Dialog title={t('share')} lead={t('share.byHand')} onClose={onClose}>
      <input
        className={styles.link}
        readOnly
        value={url}
        aria-label={t('share')}
        onFocus={(event) => event.currentTarget.select()}
      />
    </Dialog>
  );
}
