import { dissect } from '../../sim/wire';
import { actions, type Frame } from '../../state';
import { useText } from '../i18n';
import { Fold } from '../widgets/Fold';
import { shortName } from '../widgets/protocols';
import styles from './packet.module.css';

const shape = (frame: Frame) =>
  dissect(frame.bytes, frame.link)
    .filter(({ protocol }) => protocol !== 'data')
    .map(({ protocol }) => shortName[protocol])
    .join(' › ');

/** The frames this one was made from, nearest first. */
export function Lineage({ frames }: { readonly frames: readonly Frame[] }) {
  const t = useText();
  if (frames.length === 0) return null;
  return (
    <Fold className={styles.lineage} title={t('lineage', { n: frames.length })}>
      <ol>
        {frames.map((frame) => (
          <li key={frame.id}>
            <button type="button" onClick={() => actions.selectFrame(frame.id)}>
              <span>{shape(frame)}</span>
              <small>{t('packet.title', { n: frame.bytes.length })}</small>
            </button>
          </li>
        ))}
      </ol>
    </Fold>
  );
}
