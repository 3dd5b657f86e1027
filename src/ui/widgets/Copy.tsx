import { Check, Copy as CopyIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../i18n';
import { Button, IconButton } from './Button';
import { copyText } from './clipboard';
import styles from './small.module.css';

interface CopyProps {
  /** What is copied; a function when it is costly to make. */
  readonly text: string | (() => string);
  /** What the button says it copies; default: Copy. */
  readonly label?: string;
  /** The label is written beside the icon. */
  readonly wide?: boolean;
}

/** Copies, and says that it has (or that the browser forbids it). */
export function Copy({ text, label, wide = false }: CopyProps) {
  const t = useText();
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = () => {
    void copyText(typeof text === 'function' ? text() : text).then((done) => {
      setState(done ? 'done' : 'failed');
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setState('idle'), 1600);
    });
  };
  const shown = state === 'done' ? t('copied') : state === 'failed' ? t('copyFailed') : (label ?? t('copy'));
  const icon = state === 'done' ? <Check aria-hidden className={styles.copied} /> : <CopyIcon aria-hidden />;
  return (
    <>
      {wide ? (
        <Button size="s" onClick={copy}>
          {icon}
          {shown}
        </Button>
      ) : (
        <IconButton label={shown} size="s" icon={icon} onClick={copy} />
      )}
      <span className="visually-hidden" role="status">
        {state === 'idle' ? '' : shown}
      </span>
    </>
  );
}
