/** The buttons: to and fro, play, what is followed, how fast, and letting time pass. */
import {
  ChevronDown,
  ChevronLeft,
  ChevronRight,
  ChevronUp,
  Hourglass,
  Pause,
  Play,
  SkipBack,
  SkipForward,
  StepBack,
  StepForward,
} from 'lucide-react';
import { useMemo } from 'react';
import { actions, getTrace, useApp, useSteps } from '../../state';
import { Button, IconButton } from '../widgets/Button';
import { Menu, MenuChoice, MenuChoices, MenuItem } from '../widgets/Menu';
import { timeText } from './lanes';
import { useStrings } from './strings';
import styles from './timeline.module.css';

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const SECONDS = [1, 10, 60];

function Moves() {
  const strings = useStrings();
  const isPlaying = useApp(({ player }) => player.playing);
  const { steps, index } = useSteps();
  const cursor = useApp((state) => state.cursor);
  const version = useApp((state) => state.traceVersion);
  const atEnd = version >= 0 && cursor >= getTrace().events.length - 1 && index >= steps.length - 1;
  return (
    <div className={styles.moves} role="group" aria-label={strings.controls}>
      <IconButton
        label={strings.toStart}
        keys="Home"
        icon={<SkipBack />}
        disabled={index < 0}
        onClick={() => actions.toStart()}
      />
      <IconButton
        className={styles.minor}
        label={strings.eventBack}
        keys="⇧←"
        icon={<ChevronLeft />}
        disabled={index < 0}
        onClick={() => actions.eventBack()}
      />
      <IconButton
        label={strings.stepBack}
        keys="←"
        icon={<StepBack />}
        disabled={index < 0}
        onClick={() => actions.stepBack()}
      />
      <IconButton
        className={styles.play}
        look="primary"
        data-testid="play"
        label={isPlaying ? strings.pause : strings.play}
        keys="Space"
        icon={isPlaying ? <Pause fill="currentColor" /> : <Play fill="currentColor" />}
        disabled={steps.length === 0}
        onClick={() => actions.toggle()}
      />
      <IconButton
        label={strings.stepForward}
        keys="→"
        icon={<StepForward />}
        disabled={atEnd}
        onClick={() => actions.stepForward()}
      />
      <IconButton
        className={styles.minor}
        label={strings.eventForward}
        keys="⇧→"
        icon={<ChevronRight />}
        disabled={atEnd}
        onClick={() => actions.eventForward()}
      />
      <IconButton
        label={strings.toEnd}
        keys="End"
        icon={<SkipForward />}
        disabled={atEnd}
        onClick={() => actions.toEnd()}
      />
    </div>
  );
}

/** `7 / 23 · 41.2 µs` */
function Position() {
  const strings = useStrings();
  const { steps, index } = useSteps();
  const cursor = useApp((state) => state.cursor);
  // Before the first event after the network is up, the clock stands at its zero.
  const at = cursor === getTrace().upSeq - 1 ? 0 : (getTrace().events[cursor]?.at ?? 0);
  return (
    <span className={styles.position} data-testid="position">
      <span title={index < 0 ? strings.atStart : strings.position(index + 1, steps.length)}>
        <b>{index + 1}</b> / {steps.length}
      </span>
      <span className={styles.time} title={strings.time}>
        {timeText(at)}
      </span>
    </span>
  );
}

function FollowMenu() {
  const strings = useStrings();
  const follow = useApp((state) => state.follow);
  const starts = useApp((state) => state.starts);
  const commands = useMemo(
    () =>
      starts.flatMap((seq) => {
        const event = getTrace().events[seq];
        return event?.kind === 'command'
          ? [{ command: event.command, netns: event.netns, text: event.text }]
          : [];
      }),
    [starts],
  );
  const followed = follow === 'all' ? undefined : commands.find(({ command }) => command === follow.command);
  return (
    <Menu
      label={strings.follow}
      align="end"
      trigger={
        <Button
          look="ghost"
          className={styles.follow}
          aria-label={`${strings.follow}: ${followed?.text ?? strings.followAll}`}
        >
          {followed === undefined ? <span>{strings.followAll}</span> : <code>{followed.text}</code>}
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      <MenuChoices
        label={strings.follow}
        value={follow === 'all' ? 'all' : String(follow.command)}
        onChange={(value) => actions.setFollow(value === 'all' ? 'all' : { command: Number(value) })}
      >
        <MenuChoice value="all" title={strings.followAll} detail={strings.followAllDetail} />
        {commands.map(({ command, netns, text }) => (
          <MenuChoice key={command} value={String(command)} title={text} detail={netns} />
        ))}
      </MenuChoices>
    </Menu>
  );
}

function SpeedMenu() {
  const strings = useStrings();
  const speed = useApp(({ player }) => player.speed);
  return (
    <Menu
      label={strings.speed}
      align="end"
      trigger={
        <Button look="ghost" className={styles.speed} aria-label={`${strings.speed}: ${speed}×`}>
          {speed}×
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      <MenuChoices
        label={strings.speed}
        value={String(speed)}
        onChange={(value) => actions.setSpeed(Number(value))}
      >
        {SPEEDS.map((value) => (
          <MenuChoice key={value} value={String(value)} title={`${value}×`} />
        ))}
      </MenuChoices>
    </Menu>
  );
}

function TimeMenu() {
  const strings = useStrings();
  return (
    <Menu
      label={strings.passTime}
      align="end"
      trigger={
        <Button
          look="ghost"
          className={styles.narrow}
          aria-label={strings.passTime}
          title={strings.passTime}
          data-testid="pass-time"
        >
          <Hourglass aria-hidden />
          <span className={styles.wideOnly}>{strings.passTime}</span>
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      {SECONDS.map((seconds) => (
        <MenuItem
          key={seconds}
          title={strings.passSeconds(seconds)}
          detail={strings.passDetail(seconds)}
          onSelect={() => actions.passTime(seconds)}
        />
      ))}
    </Menu>
  );
}

interface TransportProps {
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}
export function Transport({ isOpen, onToggle }: TransportProps) {
  const strings = useStrings();
  return (
    <div className={styles.transport}>
      <Moves />
      <Position />
      <span className={styles.space} />
      <FollowMenu />
      <SpeedMenu />
      <TimeMenu />
      <IconButton
        label={isOpen ? strings.hideLanes : strings.showLanes}
        aria-expanded={isOpen}
        icon={isOpen ? <ChevronDown /> : <ChevronUp />}
        onClick={onToggle}
      />
    </div>
  );
}
