/** Everything the screen can do. Plain functions; none of them throws. */
import { SPEEDS, setPlaying, showStep } from './player';
import { problem } from './messages';
import * as session from './session';
import { saveSettings } from './settings';
import { stepsView } from './steps';
import { app } from './store';
import { namespacesAt } from './tables';
import { getTrace } from './trace';
import { shareUrl } from './link';
import type { Actions, EventSeq, Selection, Settings } from './types';

/** Largest scenario, script or manifest that is opened, bytes. */
const MAX_FILE = 1_000_000;

/** The cursor before anything that is shown has happened. */
const startOf = (showBoot: boolean): EventSeq => (showBoot ? -1 : getTrace().upSeq - 1);

function moveTo(seq: EventSeq, animated = false): void {
  const last = getTrace().events.length - 1;
  const cursor = Number.isFinite(seq) ? Math.max(-1, Math.min(Math.trunc(seq), last)) : last;
  app.setState((state) => ({ cursor, selection: { ...state.selection, step: null } }));
  showStep(animated);
}

/** Moving by hand stops the player. */
function moveByHand(seq: EventSeq, animated = false): void {
  setPlaying(false);
  moveTo(seq, animated);
}

function stepForward(): void {
  const state = app.getState();
  const { steps, index } = stepsView(state);
  const here = steps[index];
  const next = here !== undefined && state.cursor < here.last ? here : steps[index + 1];
  if (next !== undefined) moveByHand(next.last, true);
  else setPlaying(false);
}

function stepBack(): void {
  const state = app.getState();
  const { steps, index } = stepsView(state);
  const before = steps[index - 1];
  if (before !== undefined) return moveByHand(before.last);
  const start = startOf(state.settings.showBoot);
  moveByHand(index === 0 ? Math.min(start, (steps[0]?.first ?? 0) - 1) : Math.min(state.cursor, start));
}

function select(change: Partial<Selection>): void {
  app.setState((state) => ({ selection: { ...state.selection, ...change } }));
}

function prefer(change: Partial<Settings>): void {
  const settings = { ...app.getState().settings, ...change };
  app.setState({ settings });
  saveSettings(settings);
}

function play(): void {
  const { steps, index } = stepsView(app.getState());
  if (steps.length === 0) return;
  // At the end, play begins again.
  if (index === steps.length - 1) moveTo((steps[0]?.first ?? 0) - 1);
  setPlaying(true);
}

function clearProblems(): void {
  app.setState((state) => ({ run: { ...state.run, problems: [] }, linkProblems: [] }));
}

export const actions: Actions = {
  openScenario(id) {
    void session.openSource({ kind: 'catalogue', id }, null);
  },
  openText(fileName, text) {
    if (text.length > MAX_FILE) {
      const problems = [problem.fileTooLarge(text.length, MAX_FILE)];
      return app.setState((state) => ({ run: { ...state.run, problems } }));
    }
    void session.openSource({ kind: 'text', name: fileName, text }, null);
  },
  slipIn(orders) {
    void session.slipIn(orders);
  },
  execute(netns, command, after) {
    void session.execute(netns, command, after);
  },
  cancel: session.cancel,
  undo() {
    void session.undo();
  },
  redo() {
    void session.redo();
  },
  stepForward,
  stepBack,
  eventForward: () => moveByHand(app.getState().cursor + 1),
  eventBack: () => moveByHand(Math.max(app.getState().cursor - 1, startOf(app.getState().settings.showBoot))),
  toStart: () => moveByHand(startOf(app.getState().settings.showBoot)),
  toEnd: () => moveByHand(getTrace().events.length - 1),
  seek: (seq) => moveByHand(seq),
  play,
  pause: () => setPlaying(false),
  toggle() {
    if (app.getState().player.playing) setPlaying(false);
    else play();
  },
  setSpeed(speed) {
    const bounded = Math.max(SPEEDS.slowest, Math.min(speed, SPEEDS.fastest));
    if (Number.isNaN(bounded)) return;
    app.setState((state) => ({ player: { ...state.player, speed: bounded } }));
  },
  setFollow(follow) {
    app.setState((state) => ({ follow, selection: { ...state.selection, step: null } }));
    showStep(false);
  },
  selectNetns: (netns) => select({ netns, dev: null }),
  selectDevice: (netns, dev) => select({ netns, dev }),
  selectFrame: (frame) => select({ frame }),
  selectStep(index) {
    const step = stepsView(app.getState()).steps[index];
    if (step === undefined) return;
    moveByHand(step.last);
    select({ step: index });
  },
  setPanel: (panel) => app.setState({ panel }),
  setLang: (lang) => prefer({ lang }),
  setTheme: (theme) => prefer({ theme }),
  setProjector: (projector) => prefer({ projector }),
  setShowBoot(showBoot) {
    prefer({ showBoot });
    if (!showBoot && app.getState().cursor < startOf(false)) moveByHand(startOf(false));
    else showStep(false);
  },
  dismissProblems: clearProblems,
  shareUrl,
  completeLine: session.complete,
  passTime(seconds) {
    const { selection, journal, cursor } = app.getState();
    const netns = selection.netns ?? journal[0]?.netns ?? namespacesAt(cursor)[0]?.id ?? '';
    void session.execute(netns, `sleep ${seconds}`, 'end');
  },
};
