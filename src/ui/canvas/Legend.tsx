/** The colours of the protocols that this run has packets of. */
import { useMemo } from 'react';
import { getTrace, useApp } from '../../state';
import type { LayerProtocol } from '../../sim/wire';
import { shortName } from '../widgets/protocols';
import { segmentsOfFrame } from './director';
import styles from './stage.module.css';
import { useStrings } from './strings';

const ORDER: readonly LayerProtocol[] = ['eth', 'arp', 'ip', 'icmp', 'udp', 'tcp', 'vxlan', 'ipip'];
/** A long run has shown by then what it speaks. */
const MOST_FRAMES = 4000;

function protocolsPresent(): Set<LayerProtocol> {
  const found = new Set<LayerProtocol>();
  for (const frame of getTrace().frames.slice(0, MOST_FRAMES)) {
    for (const { protocol } of segmentsOfFrame(frame)) found.add(protocol);
    if (found.size > ORDER.length) break;
  }
  return found;
}

export function Legend() {
  const strings = useStrings();
  const version = useApp((state) => state.traceVersion);
  // The trace is live and has one identity: its version says when to look again.
  const present = useMemo(() => (version >= 0 ? protocolsPresent() : new Set<LayerProtocol>()), [version]);
  return (
    <ul className={styles.legend} aria-label={strings.legend}>
      {ORDER.filter((protocol) => present.has(protocol)).map((protocol) => (
        <li key={protocol}>
          <i style={{ background: `var(--${protocol})` }} />
          {protocol === 'eth' ? strings.ethernet : shortName[protocol]}
        </li>
      ))}
    </ul>
  );
}
