import type { CSSProperties, ReactNode } from 'react';
import type { Layer } from '../../sim/wire';
import { useText } from '../i18n';
import { longName, shortName } from '../widgets/protocols';
import { layerColour } from './layers';
import styles from './packet.module.css';

/** Payload longer than this is drawn no longer. */
const MOST_BYTES = 1000;

interface CapsuleProps {
  readonly layers: readonly Layer[];
  readonly length: number;
}

/** The headers, outer around inner, as on the stage. */
export function Capsule({ layers, length }: CapsuleProps) {
  const t = useText();
  const spoken = layers
    .filter(({ protocol }) => protocol !== 'data')
    .map(({ protocol }) => longName[protocol]);
  return (
    <div
      className={styles.capsuleRow}
      role="img"
      aria-label={t('packet.capsule', { layers: spoken.join(', '), n: length })}
    >
      <span className={styles.capsule}>{nest(layers)}</span>
    </div>
  );
}

/** An ICMP quote and the inside of a tunnel lie in a box of their own. */
function nest(layers: readonly Layer[]): ReactNode {
  const parts: ReactNode[] = [];
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as Layer;
    const first = layers[0] as Layer;
    const goesIn = layer.depth > first.depth || (layer.quoted === true && first.quoted !== true);
    if (goesIn) {
      const inside = layers.slice(i);
      const backAt = inside.findIndex(
        (inner) => inner.depth <= first.depth && (inner.quoted === true) === (first.quoted === true),
      );
      const part = backAt < 0 ? inside : inside.slice(0, backAt);
      parts.push(
        <span key={i} className={styles.inner} data-quoted={layer.quoted}>
          {nest(part)}
        </span>,
      );
      i += part.length - 1;
    } else if (layer.protocol !== 'data') {
      parts.push(
        <span
          key={i}
          className={styles.segment}
          data-bad={layer.malformed !== undefined || undefined}
          style={{ '--layer': layerColour(layer.protocol) } as CSSProperties}
        >
          {shortName[layer.protocol]}
        </span>,
      );
    } else {
      parts.push(
        <span
          key={i}
          className={styles.payload}
          style={{ '--bytes': Math.min(layer.length, MOST_BYTES) } as CSSProperties}
        />,
      );
    }
  }
  return parts;
}
