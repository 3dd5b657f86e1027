/** Zoom, and everything at once. */
import { useReactFlow } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { IconButton } from '../widgets/Button';
import styles from './stage.module.css';
import { useStrings } from './strings';

export function Controls({ onFit }: { readonly onFit: () => void }) {
  const strings = useStrings();
  const { zoomIn, zoomOut } = useReactFlow();
  return (
    <div className={styles.controls} role="group" aria-label={strings.controls}>
      <IconButton label={strings.zoomIn} icon={<Plus />} onClick={() => void zoomIn({ duration: 160 })} />
      <IconButton label={strings.zoomOut} icon={<Minus />} onClick={() => void zoomOut({ duration: 160 })} />
      <IconButton label={strings.fit} icon={<Maximize />} onClick={onFit} />
    </div>
  );
}
