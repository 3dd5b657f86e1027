/**
 * Frames in flight: one canvas over the stage, drawn as a function of the step, the playhead and the viewport. Nothing
 * is written to a store while it runs; the one frame that is looked at is a button besides.
 */
import { useStoreApi, ViewportPortal } from '@xyflow/react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { actions, getTrace, subscribePlayhead, useApp, type FrameId } from '../../state';
import { describeFrame } from './describe';
import type { Director } from './director';
import { Painter } from './painter';
import { useRootTheme } from './rootTheme';
import styles from './stage.module.css';
import { useStrings } from './strings';

interface OverlayProps {
  readonly director: Director;
  /** The frame of the current step, unless another is selected. */
  readonly frame: FrameId | null;
}

function useRepaint(painter: Painter | null, canvas: HTMLCanvasElement | null): void {
  const store = useStoreApi();
  useEffect(() => {
    if (painter === null || canvas === null) return;
    painter.look(store.getState().transform);
    const stopPlayhead = subscribePlayhead(painter.draw);
    const stopViewport = store.subscribe(({ transform }) => painter.look(transform));
    const observer = new ResizeObserver(() => painter.resize());
    observer.observe(canvas);
    return () => {
      stopPlayhead();
      stopViewport();
      observer.disconnect();
    };
  }, [painter, canvas, store]);
}

export function Overlay({ director, frame }: OverlayProps) {
  const theme = useRootTheme();
  const selected = useApp(({ selection }) => selection.frame);
  const cursor = useApp((state) => state.cursor);
  const version = useApp((state) => state.traceVersion);
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const painter = useMemo(() => (canvas ? new Painter(canvas) : null), [canvas]);
  // ViewportPortal renders nothing on its first pass: only a callback ref learns of the element.
  const takeHandle = useCallback((element: HTMLElement | null) => painter?.takeHandle(element), [painter]);
  useRepaint(painter, canvas);
  useEffect(() => {
    painter?.retheme();
  }, [painter, theme]);
  useEffect(() => {
    painter?.show(director, frame);
  }, [painter, director, frame, cursor, selected, version, theme]);
  return (
    <>
      <canvas ref={setCanvas} className={styles.overlay} aria-hidden data-testid="overlay" />
      <ViewportPortal>
        <PacketHandle
          takeElement={takeHandle}
          frame={frame}
          isSelected={frame !== null && selected === frame}
        />
      </ViewportPortal>
    </>
  );
}

interface HandleProps {
  readonly takeElement: (element: HTMLElement | null) => void;
  readonly frame: FrameId | null;
  readonly isSelected: boolean;
}

/** The frame that is looked at, for the mouse, the keyboard and screen readers. The painter moves it. */
function PacketHandle({ takeElement, frame, isSelected }: HandleProps) {
  const strings = useStrings();
  const found = frame === null ? undefined : getTrace().frames[frame];
  const words = found ? describeFrame(found, strings) : '';
  return (
    <button
      type="button"
      ref={takeElement}
      hidden
      className={styles.packet}
      data-testid="packet-handle"
      data-selected={isSelected || undefined}
      aria-label={strings.openPacket(words)}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => {
        actions.selectFrame(isSelected ? null : frame);
        actions.setPanel('packet');
      }}
    >
      <span>{words}</span>
    </button>
  );
}
