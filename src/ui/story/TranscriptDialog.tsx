import { Download, Printer } from 'lucide-react';
import { useMemo } from 'react';
import { transcript } from '../../explain';
import { getTrace, useApp } from '../../state';
import { useLang, usePick, useText } from '../i18n';
import { Button } from '../widgets/Button';
import { download } from '../widgets/clipboard';
import { Copy } from '../widgets/Copy';
import { Dialog } from '../widgets/Dialog';
import styles from './transcript.module.css';
import { TranscriptLines } from './TranscriptLines';

/** The same story as plain text: for screen readers, for print, for a bug report. */
export default function TranscriptDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useText();
  const lang = useLang();
  const title = usePick()(useApp((state) => state.run.title));
  const version = useApp((state) => state.traceVersion);
  const lines = useMemo(() => (version < 0 ? [] : transcript(getTrace(), lang)), [lang, version]);
  const text = () => lines.join('\n');
  return (
    <Dialog
      size="l"
      title={t('transcript')}
      lead={title}
      onClose={onClose}
      footer={
        <>
          <Copy wide text={text} label={t('transcript.copy')} />
          <Button size="s" onClick={() => download('framewalk.txt', text(), 'text/plain')}>
            <Download aria-hidden />
            {t('download')}
          </Button>
          <Button size="s" onClick={() => window.print()}>
            <Printer aria-hidden />
            {t('print')}
          </Button>
        </>
      }
    >
      <pre className={styles.text} tabIndex={0}>
        <TranscriptLines lines={lines} />
      </pre>
    </Dialog>
  );
}
