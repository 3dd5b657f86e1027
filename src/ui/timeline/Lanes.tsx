/** One lane for each namespace, a mark for each step, and the playhead over all of them, which is also the scrubber. */
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from 'react';
import { message } from '../../explain';
import {
  actions,
  app,
  getTrace,
  playhead,
  subscribePlayhead,
  useApp,
  useSteps,
  useTheme,
  type Step,
} from '../../state';
import { topicColour } from '../widgets/topics';
import { lanesFor, NamespaceReader, stepAtX, timeText, xOf } from './lanes';
import { paintLanes } from './marks';
import { useStrings } from './strings';
import styles from './timeline.module.css';

const LANE = 20;
const MOST_LANES = 6;

function useLanes(steps: readonly Step[]): readonly string[] {
  const version = useApp((state) => state.traceVersion);
  const [reader] = useState(() => new NamespaceReader());
  return useMemo(
    () => (version < 0 ? [] : lanesFor(steps, reader.update(getTrace().events))),
    [steps, version, reader],
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Keeps the canvas as sharp as the screen and painted anew when anything it shows has changed. */
function useLanePaint(
  ref: RefObject<HTMLCanvasElement | null>,
  size: Size,
  lanes: readonly string[],
  scroll: number,
  lane: number,
): void {
  const { steps, index } = useSteps();
  const theme = useTheme();
  useLayoutEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined || size.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(canvas);
    const token = (name: string) => style.getPropertyValue(name).trim();
    const resolved = new Map<string, string>();
    const colourOf = (topic: Step['topic']) => {
      const name = topicColour[topic].slice('var('.length, -1);
      const colour = resolved.get(name) ?? token(name);
      resolved.set(name, colour);
      return colour;
    };
    paintLanes(context, {
      steps,
      events: getTrace().events,
      lanes,
      index,
      ...size,
      laneHeight: lane,
      scroll,
      colourOf,
      line: token('--line'),
      ground: token('--panel'),
    });
  }, [ref, size, lanes, scroll, lane, steps, index, theme]);
}

/** The line follows the player without React: between two steps it glides. */
function usePlayheadLine(ref: RefObject<HTMLElement | null>, width: number): void {
  const { steps, index } = useSteps();
  useEffect(() => {
    const place = () => {
      const element = ref.current;
      if (element === null) return;
      const at = playhead.stepIndex;
      const to = xOf(at, steps.length, width);
      const from = xOf(at - 1, steps.length, width);
      element.style.transform = `translateX(${from + (to - from) * playhead.progress}px)`;
    };
    place();
    return subscribePlayhead(place);
  }, [ref, steps, index, width]);
}

function seekTo(steps: readonly Step[], index: number): void {
  const step = steps[index];
  if (step === undefined) actions.toStart();
  else if (step.last !== app.getState().cursor) actions.seek(step.last);
}

function useScrubber(width: number) {
  const { steps, index } = useSteps();
  const [hover, setHover] = useState<number | null>(null);
  const isDragging = useRef(false);
  const stepUnder = (event: PointerEvent<HTMLElement>) =>
    stepAtX(event.clientX - event.currentTarget.getBoundingClientRect().left, steps.length, width);
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    isDragging.current = true;
    seekTo(steps, stepUnder(event));
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const under = stepUnder(event);
    setHover(under);
    if (isDragging.current) seekTo(steps, under);
  };
  const onPointerUp = () => {
    isDragging.current = false;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.round(steps.length / 10));
    const moves: Readonly<Record<string, () => void>> = {
      ArrowRight: () => actions.stepForward(),
      ArrowUp: () => actions.stepForward(),
      ArrowLeft: () => actions.stepBack(),
      ArrowDown: () => actions.stepBack(),
      PageUp: () => seekTo(steps, Math.min(steps.length - 1, index + page)),
      PageDown: () => seekTo(steps, index - page),
      Home: () => actions.toStart(),
      End: () => actions.toEnd(),
    };
    const move =
      event.shiftKey || event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  return {
    hover,
    handlers: {
      onPointerDown,
      onPointerMove,
      onPointerUp,
      onPointerCancel: onPointerUp,
      onPointerLeave: () => setHover(null),
      onKeyDown,
    },
  };
}

interface HoverProps {
  readonly index: number;
  readonly width: number;
}
/** When, where and what, above the mark under the mouse. */
function HoverCard({ index, width }: HoverProps) {
  const strings = useStrings();
  const lang = useApp((state) => state.settings.lang);
  const { steps } = useSteps();
  const step = steps[index];
  const x = xOf(index, steps.length, width);
  const side = Math.min(150, width / 2);
  return (
    <div
      className={styles.hover}
      style={{ left: Math.min(Math.max(x, side), width - side) }}
      role="presentation"
    >
      {step === undefined ? (
        strings.atStart
      ) : (
        <>
          <span>
            <b>{index + 1}</b> {message(lang, step.title)}
          </span>
          <small>
            {step.netns} · {timeText(getTrace().events[step.first]?.at ?? 0)}
          </small>
        </>
      )}
    </div>
  );
}

function useSize(): readonly [(element: HTMLElement | null) => void, Size] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, size];
}

export function Lanes() {
  const strings = useStrings();
  const lang = useApp((state) => state.settings.lang);
  const projector = useApp((state) => state.settings.projector);
  const { steps, index } = useSteps();
  const lanes = useLanes(steps);
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<HTMLElement>(null);
  const [scroll, setScroll] = useState(0);
  const [takeTrack, size] = useSize();
  const lane = projector ? LANE * 1.3 : LANE;
  useLanePaint(canvas, size, lanes, scroll, lane);
  usePlayheadLine(line, size.width);
  const { hover, handlers } = useScrubber(size.width);
  const step = steps[index];
  const where = step === undefined ? strings.atStart : message(lang, step.title);
  const first = Math.floor(scroll / lane);
  const shown = lanes.slice(first, first + MOST_LANES + 2);
  const height = Math.max(1, Math.min(lanes.length, MOST_LANES)) * lane;
  return (
    <div className={styles.lanes}>
      <div
        className={styles.scroller}
        style={{ height }}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        <div style={{ height: lanes.length * lane }} className={styles.names} aria-hidden>
          {shown.map((name, i) => (
            <span
              key={name}
              title={name}
              data-current={name === step?.netns || undefined}
              style={{ top: (first + i) * lane, height: lane }}
            >
              {name}
            </span>
          ))}
        </div>
      </div>
      <div
        ref={takeTrack}
        className={styles.track}
        style={{ height: height + 10 }}
        role="slider"
        tabIndex={0}
        data-testid="scrubber"
        aria-label={strings.scrubber}
        aria-valuemin={0}
        aria-valuemax={steps.length}
        aria-valuenow={index + 1}
        aria-valuetext={where}
        {...handlers}
      >
        <canvas ref={canvas} className={styles.canvas} />
        {hover === null || steps.length === 0 ? null : (
          <>
            <i
              className={styles.hoverLine}
              style={{ transform: `translateX(${xOf(hover, steps.length, size.width)}px)` }}
            />
            <HoverCard index={hover} width={size.width} />
          </>
        )}
        <i ref={line} className={styles.head} />
        {steps.length === 0 ? <span className={styles.none}>{strings.noSteps}</span> : null}
      </div>
    </div>
  );
}
