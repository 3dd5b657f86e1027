import { FileDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useText } from '../i18n';
import { openFile } from './files';
import styles from './shell.module.css';

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

/** A file dropped anywhere on the page is opened; while one is over it, a veil says so. */
export function DropZone() {
  const t = useText();
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth++;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hover = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) openFile(file);
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: hover, drop } as const;
    const names = Object.keys(listeners) as (keyof typeof listeners)[];
    for (const name of names) window.addEventListener(name, listeners[name]);
    return () => names.forEach((name) => window.removeEventListener(name, listeners[name]));
  }, []);
  if (!over) return null;
  return (
    <div className={styles.veil}>
      <div className={styles.veilCard}>
        <FileDown aria-hidden />
        <strong>{t('drop.title')}</strong>
        <span>{t('drop.detail')}</span>
      </div>
    </div>
  );
}
