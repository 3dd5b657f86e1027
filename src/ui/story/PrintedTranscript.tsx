import { useEffect, useState } from 'react';
import { createPortal, flushSync } from 'react-dom';
import { transcript } from '../../explain';
import { getTrace } from '../../state';
import { useLang } from '../i18n';
import { TranscriptLines } from './TranscriptLines';

/** What the browser's "Print…" puts on paper: the whole story as text, made when it is asked for. */
export function PrintedTranscript() {
  const lang = useLang();
  const [lines, setLines] = useState<readonly string[]>([]);
  useEffect(() => {
    const before = () => flushSync(() => setLines(transcript(getTrace(), lang)));
    const after = () => setLines([]);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, [lang]);
  if (lines.length === 0) return null;
  const root = document.getElementById('root');
  return root === null
    ? null
    : createPortal(
        <pre className="print-only">
          <TranscriptLines lines={lines} />
        </pre>,
        root,
      );
}
