/** The timeline's texts. */
import { useApp, type Lang } from '../../state';

const en = {
  controls: 'Playback',
  toStart: 'To the start',
  stepBack: 'One step back',
  play: 'Play',
  pause: 'Pause',
  stepForward: 'One step forward',
  toEnd: 'To the end',
  eventBack: 'One event back',
  eventForward: 'One event forward',
  position: (step: number, steps: number) => `Step ${step} of ${steps}`,
  atStart: 'Before the first step',
  time: 'Time since the network was up',
  scrubber: 'Position in the story',
  follow: 'Follow',
  followAll: 'Everything',
  followAllDetail: 'of every command, and what the system does by itself',
  speed: 'Speed',
  passTime: 'Let time pass',
  passSeconds: (n: number) => `+${n} s`,
  passDetail: (n: number) =>
    n === 1 ? 'Timers run for one more second' : `Timers run for ${n} more seconds`,
  showLanes: 'Show the lanes',
  hideLanes: 'Hide the lanes',
  noSteps: 'Nothing has happened yet. Run a command, or let time pass.',
  changes: 'changes a table',
};
type TimelineStrings = typeof en;

const zh: TimelineStrings = {
  controls: '播放控制',
  toStart: '回到开头',
  stepBack: '后退一步',
  play: '播放',
  pause: '暂停',
  stepForward: '前进一步',
  toEnd: '跳到结尾',
  eventBack: '后退一个事件',
  eventForward: '前进一个事件',
  position: (step, steps) => `第 ${step} 步，共 ${steps} 步`,
  atStart: '第一步之前',
  time: '网络就绪后经过的时间',
  scrubber: '在过程中的位置',
  follow: '跟踪',
  followAll: '全部',
  followAllDetail: '每条命令的，以及系统自己发出的',
  speed: '速度',
  passTime: '让时间流逝',
  passSeconds: (n) => `+${n} 秒`,
  passDetail: (n) => `定时器再运行 ${n} 秒`,
  showLanes: '显示泳道',
  hideLanes: '隐藏泳道',
  noSteps: '还什么都没有发生。运行一条命令，或让时间流逝。',
  changes: '改变了一张表',
};

const dictionaries: Readonly<Record<Lang, TimelineStrings>> = { en, zh };
export const useStrings = (): TimelineStrings => dictionaries[useApp((state) => state.settings.lang)];
