import { Layers3 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { dissect, tcpdumpLine, type Layer } from '../../sim/wire';
import { actions, getTrace, useSteps, type Frame } from '../../state';
import { useLang, useText } from '../i18n';
import { Button } from '../widgets/Button';
import { Copy } from '../widgets/Copy';
import { EmptyState } from '../widgets/EmptyState';
import { useShownFrame, type ShownFrame } from '../widgets/useShown';
import { longName } from '../widgets/protocols';
import { Capsule } from './Capsule';
import { compareFrames, frameBefore, lineageOf } from './compare';
import { Downloads } from './Downloads';
import { fieldName } from './fieldNames';
import { Hex } from './Hex';
import { LastHop } from './LastHop';
import { sameSpot, spanAt, spotAt, type Spot } from './layers';
import { Lineage } from './Lineage';
import styles from './packet.module.css';
import { Tree } from './Tree';

/** The frame of the current step (or the one chosen): what it says, byte by byte. */
export default function Packet() {
  const t = useText();
  const shown = useShownFrame();
  if (shown === undefined) {
    return <EmptyState icon={<Layers3 aria-hidden />}>{t('packet.none')}</EmptyState>;
  }
  return <FrameView key={shown.frame.id} {...shown} />;
}

const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

function FrameView({ frame, step }: ShownFrame) {
  const t = useText();
  const layers = useMemo(() => dissect(frame.bytes, frame.link), [frame]);
  const line = useMemo(() => tcpdumpLine(frame.bytes, frame.link, { ethernet: true }), [frame]);
  return (
    <div className={styles.frame}>
      <div className={styles.panel}>
        <Head frame={frame} step={step} />
        <Capsule layers={layers} length={frame.bytes.length} />
        <div className={styles.line}>
          <code tabIndex={0}>{line}</code>
          <Copy text={line} label={t('packet.copyLine')} />
        </div>
        <Bytes frame={frame} layers={layers} />
        <div className={styles.foot}>
          <Copy wide text={() => toHex(frame.bytes)} label={t('packet.copyHex')} />
          <Downloads frame={frame} step={step} />
        </div>
        <Lineage frames={lineageOf(frame, getTrace().frames)} />
      </div>
    </div>
  );
}

interface HeadProps {
  readonly frame: Frame;
  readonly step: number | undefined;
}

/** Which frame it is, where, and how to get back to the step's. */
function Head({ frame, step }: HeadProps) {
  const t = useText();
  const { steps, index } = useSteps();
  const { netns, dev = '' } = (step === undefined ? undefined : steps[step]) ?? {};
  return (
    <div className={styles.head}>
      <h2>
        {t('packet.title', { n: frame.bytes.length })}
        <small>
          {t(frame.link === 'ethernet' ? 'packet.ethernet' : 'packet.ip')}
          {netns === undefined ? '' : ` · ${`${netns} ${dev}`.trim()}`}
        </small>
        {step === undefined || step === index ? null : (
          <small className={styles.earlier}>{t('packet.earlier', { n: step + 1 })}</small>
        )}
      </h2>
      {step === undefined ? (
        <Button size="s" onClick={() => actions.selectFrame(null)}>
          {t('packet.followStep')}
        </Button>
      ) : null}
    </div>
  );
}

interface StatusProps {
  readonly layers: readonly Layer[];
  readonly spot: Spot | null;
}

/** What is pointed at, in words: the tree may be out of sight. */
function Status({ layers, spot }: StatusProps) {
  const t = useText();
  const lang = useLang();
  const layer = spot === null ? undefined : layers[spot.layer];
  const field = spot === null || spot.field === null ? undefined : layer?.fields[spot.field];
  if (layer === undefined) return <p className={styles.status}>{t('packet.point')}</p>;
  const name = layer.protocol === 'data' ? t('packet.data') : longName[layer.protocol];
  return (
    <p className={styles.status}>
      <b>{name}</b>
      {field === undefined ? null : ` › ${fieldName(field, lang)}: `}
      {field === undefined ? null : <code>{field.value}</code>}
    </p>
  );
}

interface BytesProps {
  readonly frame: Frame;
  readonly layers: readonly Layer[];
}

/** Tree and hex, linked both ways: what one points at lights up in the other. */
function Bytes({ frame, layers }: BytesProps) {
  const before = frameBefore(frame, getTrace().frames);
  const comparison = useMemo(
    () => (before === undefined ? undefined : compareFrames(before, frame)),
    [before, frame],
  );
  const [chosen, choose] = useState<Spot | null>(null);
  const [hovered, hover] = useState<Spot | null>(null);
  const over = (spot: Spot | null) => hover((now) => (sameSpot(now, spot) ? now : spot));
  const ranges = useMemo(() => comparison?.ranges ?? [], [comparison]);
  return (
    <>
      {comparison === undefined || before === undefined ? null : (
        <LastHop comparison={comparison} before={before} />
      )}
      <Tree
        layers={layers}
        changed={ranges}
        chosen={chosen}
        hovered={hovered}
        onChoose={choose}
        onHover={over}
      />
      <Status layers={layers} spot={hovered ?? chosen} />
      <Hex
        bytes={frame.bytes}
        layers={layers}
        changed={ranges}
        chosen={spanAt(layers, chosen)}
        hovered={spanAt(layers, hovered)}
        onChoose={(at) => choose(spotAt(layers, at))}
        onHover={(at) => over(at === null ? null : spotAt(layers, at))}
      />
    </>
  );
}
