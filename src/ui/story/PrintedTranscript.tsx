import { useEffect, useState } from 'react';
import { createPortal, flushSync } from 'react-dom';
import { transcript } from '../../explain';
import { getTrace } from '../../state';
import { useLang } from '../i18n';

/** What the browser's "Print…" puts on paper: the whole story as text, made when it is asked for. */
export function PrintedTranscript() {
  const lang = useLang();
  const [text, setText] = useState('');
  useEffect(() => {
    const before = () => flushSync(() => setText(transcript(getTrace(), lang).join('\n')));
    const after = () => setText('');
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, [lang]);
  if (text === '') return null;
  const root = document.getElementById('root');
  return root === null ? null : createPortal(<pre className="print-only">{text}</pre>, root);
}
