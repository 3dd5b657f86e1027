/** Playback and the lanes under it. As high as it needs to be; its parent gives it the width. */
import { useMedia } from '../widgets/dom';
import { useRemembered } from '../widgets/remember';
import { Lanes } from './Lanes';
import styles from './timeline.module.css';
import { Transport } from './Transport';

export function Timeline() {
  const isSmall = useMedia('(max-width: 759px), (max-height: 560px)');
  const [wide, setWide] = useRemembered('lanes', ['open', 'closed'], 'open');
  const [small, setSmall] = useRemembered('lanes.small', ['open', 'closed'], 'closed');
  const [now, set] = isSmall ? ([small, setSmall] as const) : ([wide, setWide] as const);
  const isOpen = now === 'open';
  return (
    <div className={styles.timeline} data-testid="timeline">
      <Transport isOpen={isOpen} onToggle={() => set(isOpen ? 'closed' : 'open')} />
      {isOpen ? <Lanes /> : null}
    </div>
  );
}
