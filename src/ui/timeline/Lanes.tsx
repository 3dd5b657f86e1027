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
  type Step,
} from '../../state';
import { useRootTheme } from '../canvas/rootTheme';
import { useWidth } from '../widgets/dom';
import { topicColour } from '../widgets/topics';
import { BusyReader, cutInTheMiddle, lanesFor, NamespaceReader, stepAtX, timeText, xOf } from './lanes';
import { LanePainter } from './marks';
import { useStrings } from './strings';
import styles from './timeline.module.css';

const LANE = 20;
const MOST_LANES = 6;

function useLanes(steps: readonly Step[]): readonly string[] {
  const version = useApp((state) => state.traceVersion);
  const [reader] = useState(() => new NamespaceReader());
  const [busy] = useState(() => new BusyReader());
  return useMemo(
    () => (version < 0 ? [] : lanesFor(busy.update(steps), reader.update(getTrace().events))),
    [steps, version, reader, busy],
  );
}

/** Asking the page for a token makes it work out its styles anew: each is asked for once a theme. */
function tokensOf(element: Element): (name: string) => string {
  const style = getComputedStyle(element);
  const known = new Map<string, string>();
  return (name) => {
    const token = known.get(name) ?? style.getPropertyValue(name).trim();
    known.set(name, token);
    return token;
  };
}

/** While hundreds of thousands of steps come in, painting takes no more than a tenth of the time. */
const REST = 9;
/** ms; below this it is painted at once, always. */
const CHEAP = 12;
interface Rest {
  until: number;
}

/** Keeps the canvas as sharp as the screen and painted anew when anything it shows has changed. */
function useLanePaint(
  ref: RefObject<HTMLCanvasElement | null>,
  width: number,
  height: number,
  lanes: readonly string[],
  scroll: number,
  lane: number,
): void {
  const { steps, index } = useSteps();
  const theme = useRootTheme();
  const colours = useRef<{ theme: string; token: (name: string) => string } | null>(null);
  const [painter] = useState(() => new LanePainter());
  const rest = useRef<Rest>({ until: 0 });
  useLayoutEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined || width === 0) return;
    const paint = () => {
      const started = performance.now();
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      if (colours.current?.theme !== theme) colours.current = { theme, token: tokensOf(canvas) };
      const { token } = colours.current;
      painter.paint(context, {
        steps,
        events: getTrace().events,
        lanes,
        index,
        width,
        height,
        laneHeight: lane,
        scroll,
        colourOf: (topic) => token(topicColour[topic].slice('var('.length, -1)),
        line: token('--line'),
        ground: token('--panel'),
      });
      const ended = performance.now();
      const cost = ended - started;
      rest.current.until = cost < CHEAP ? 0 : ended + REST * cost;
    };
    const wait = rest.current.until - performance.now();
    if (wait <= 0) {
      paint();
      return;
    }
    const timer = setTimeout(paint, wait);
    return () => clearTimeout(timer);
  }, [ref, width, height, lanes, scroll, lane, steps, index, theme, painter]);
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

/** Keeps the lane of the current step among those that are seen. */
function useLaneInView(ref: RefObject<HTMLElement | null>, at: number, lane: number): void {
  useEffect(() => {
    const element = ref.current;
    if (element === null || at < 0) return;
    const [top, bottom] = [at * lane, (at + 1) * lane];
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight)
      element.scrollTop = bottom - element.clientHeight;
  }, [ref, at, lane]);
}

function LaneName({ name }: { readonly name: string }) {
  const [start, end] = cutInTheMiddle(name);
  return (
    <>
      <i>{start}</i>
      {end === '' ? null : <b>{end}</b>}
    </>
  );
}

interface NamesProps {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly lanes: readonly string[];
  readonly current: string | undefined;
  readonly scroll: number;
  readonly lane: number;
  readonly height: number;
  readonly onScroll: (top: number) => void;
}
/** Only those in view are on the page. */
function LaneNames({ scroller, lanes, current, scroll, lane, height, onScroll }: NamesProps) {
  const first = Math.floor(scroll / lane);
  const shown = lanes.slice(first, first + MOST_LANES + 2);
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      style={{ height }}
      onScroll={(event) => onScroll(event.currentTarget.scrollTop)}
    >
      <div style={{ height: lanes.length * lane }} className={styles.names} aria-hidden>
        {shown.map((name, i) => (
          <span
            key={name}
            title={name}
            data-current={name === current || undefined}
            style={{ top: (first + i) * lane, height: lane }}
          >
            <LaneName name={name} />
          </span>
        ))}
      </div>
    </div>
  );
}

export function Lanes() {
  const strings = useStrings();
  const lang = useApp((state) => state.settings.lang);
  const projector = useApp((state) => state.settings.projector);
  const { steps, index } = useSteps();
  const lanes = useLanes(steps);
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const { ref: takeTrack, width } = useWidth();
  const lane = projector ? LANE * 1.3 : LANE;
  const height = Math.max(1, Math.min(lanes.length, MOST_LANES)) * lane;
  const step = steps[index];
  useLanePaint(canvas, width, height, lanes, scroll, lane);
  usePlayheadLine(line, width);
  useLaneInView(scroller, step === undefined ? -1 : lanes.indexOf(step.netns), lane);
  const { hover, handlers } = useScrubber(width);
  return (
    <div className={styles.lanes}>
      <LaneNames {...{ scroller, lanes, scroll, lane, height }} current={step?.netns} onScroll={setScroll} />
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
        aria-valuetext={step === undefined ? strings.atStart : message(lang, step.title)}
        onWheel={(event) => scroller.current?.scrollBy({ top: event.deltaY })}
        {...handlers}
      >
        <canvas ref={canvas} className={styles.canvas} style={{ height }} />
        {hover === null || steps.length === 0 ? null : (
          <>
            <i
              className={styles.hoverLine}
              style={{ transform: `translateX(${xOf(hover, steps.length, width)}px)` }}
            />
            <HoverCard index={hover} width={width} />
          </>
        )}
        <i ref={line} className={styles.head} />
        {steps.length === 0 ? <span className={styles.none}>{strings.noSteps}</span> : null}
      </div>
    </div>
  );
}
