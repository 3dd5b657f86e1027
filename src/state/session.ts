/**
 * The run: what was asked of the simulation, the journal, and undo. Requests are carried out one after another; the
 * store changes when one is fulfilled, and a request that fails leaves everything as it was.
 */
import { SimClient, connectWorker, type Connect, type Done, type Outcome } from '../worker/client';
import { problem } from './messages';
import { setPlaying, showStep } from './player';
import { stepsReady, storyTrouble } from './steps';
import { app } from './store';
import { commandStartingAt } from './terminal';
import { appendTrace, cutTrace, finishTrace, getTrace } from './trace';
import type {
  AfterCommand,
  AppState,
  Completion,
  EventSeq,
  Follow,
  Frame,
  InputProblem,
  JournalEntry,
  ScenarioSource,
  Selection,
  TraceEvent,
} from './types';
import { LIMITS } from './url';

/** A journal one can return to, and where one was in it. */
interface Story {
  readonly journal: readonly JournalEntry[];
  readonly cursor: EventSeq;
}
/** What a link says about the moment, once the trace is there. */
export interface Arrival {
  readonly cursor?: (state: AppState) => EventSeq;
  readonly follow?: (state: AppState) => Follow;
  readonly selection?: (state: AppState) => Omit<Selection, 'step'>;
}

const MAX_JOURNAL = LIMITS.journal;
const MAX_COMMAND = LIMITS.command;

let client: SimClient | undefined;
let connect: Connect = connectWorker;
/** What is open, and the scenario's own opening journal: a link carries the one and need not carry the other. */
let opened: { readonly source: ScenarioSource; readonly journal: readonly JournalEntry[] } | undefined;
let opening: readonly JournalEntry[] = [];
let undoStack: readonly Story[] = [];
let redoStack: readonly Story[] = [];
/** Each change of the journal begins with the journal that the one before has left. */
let turn: Promise<void> = Promise.resolve();
let working = 0;
/** Changes asked for so far, and up to which of them they have been called off. */
let tickets = 0;
let cancelledTickets = 0;

/** Runs the simulation elsewhere than in a Web Worker: in tests, in Node. What was open is closed. */
export function connectTo(elsewhere: Connect): void {
  client?.close();
  client = undefined;
  connect = elsewhere;
}

export const openScenarioSource = () => opened;
export const sessionQuiet = (): boolean => working === 0 && (client?.quiet ?? true);

function setRun(change: Partial<AppState['run']>): void {
  app.setState((state) => ({ run: { ...state.run, ...change } }));
}

/**
 * What arrives is held back until it is complete, so that a fork is one change on the screen; a large run is shown as it
 * comes. `partial`: some of it is in the trace already, and the rest is to come.
 */
const HOLD_BACK = 20_000;
let held: (() => void)[] = [];
let heldEvents = 0;
let partial = false;

function apply(): void {
  partial ||= held.length > 0;
  heldEvents = 0;
  for (const update of held.splice(0)) update();
}

function hold(update: () => void, events = 0): void {
  held.push(update);
  heldEvents += events;
  if (partial || heldEvents > HOLD_BACK) apply();
}

function theClient(): SimClient {
  client ??= new SimClient(connect, {
    opened(update) {
      hold(() => {
        opening = update.opening;
        setRun({ title: update.title, notes: update.notes });
      });
    },
    reset: (keepEvents, keepFrames) => hold(() => cut(keepEvents, keepFrames)),
    batch: (events, frames) => hold(() => grow(events, frames), events.length),
    progress: (events) => setRun({ progress: events }),
  });
  return client;
}

function cut(keepEvents: number, keepFrames: number): void {
  cutTrace(keepEvents, keepFrames);
  app.setState((state) => ({
    traceVersion: state.traceVersion + 1,
    cursor: Math.min(state.cursor, keepEvents - 1),
    selection: { ...state.selection, frame: keptFrame(state.selection.frame, keepFrames), step: null },
  }));
}

function grow(events: readonly TraceEvent[], frames: readonly Frame[]): void {
  appendTrace(events, frames);
  app.setState((state) => ({ traceVersion: state.traceVersion + 1 }));
}

const keptFrame = (frame: number | null, keep: number) => (frame !== null && frame < keep ? frame : null);

/** One after another, and never an unhandled rejection: what nobody foresaw is shown. */
function inTurn(task: () => Promise<void>): Promise<void> {
  working++;
  const ticket = ++tickets;
  turn = turn
    .then(() => (ticket > cancelledTickets ? task() : undefined))
    .catch((error: unknown) => failed([problem.unexpected(String(error))]))
    .finally(() => working--);
  return turn;
}

function failed(problems: readonly InputProblem[]): void {
  const phase = opened === undefined ? 'error' : 'ready';
  setRun({ phase, problems, busy: false, progress: 0 });
}

/** What was fulfilled; undefined when what went wrong is on show and everything is as before. */
async function settle(outcome: Outcome): Promise<Done | undefined> {
  if (outcome.ok) {
    apply();
    partial = false;
    finishTrace(outcome.done.upSeq, outcome.done.end);
    await stepsReady();
    return outcome.done;
  }
  held = [];
  heldEvents = 0;
  if (partial) await restore();
  failed(outcome.problems);
  return undefined;
}

/** The connection broke off in the middle of a trace: has what was there before computed again. */
async function restore(): Promise<void> {
  partial = false;
  const { journal, cursor } = app.getState();
  const again = opened === undefined ? undefined : await theClient().open(opened.source, journal);
  apply();
  partial = false;
  if (again?.ok === true) finishTrace(again.done.upSeq, again.done.end);
  else {
    cut(0, 0);
    opened = undefined;
    app.setState({ journal: [], starts: [] });
  }
  await stepsReady();
  app.setState({ cursor: clampCursor(cursor) });
}

function arrived(done: Done, found: readonly InputProblem[], change: Partial<AppState>): void {
  const trouble = storyTrouble();
  const problems = trouble === undefined ? found : [...found, problem.storyEnds(trouble)];
  app.setState((state) => ({
    ...change,
    run: { ...state.run, ...change.run, phase: 'ready', problems, busy: false, progress: 0 },
    journal: done.journal,
    starts: done.starts,
    undoDepth: undoStack.length,
    redoDepth: redoStack.length,
    traceVersion: state.traceVersion + 1,
  }));
}

const clampCursor = (cursor: EventSeq): EventSeq =>
  Math.max(-1, Math.min(Math.trunc(cursor), getTrace().events.length - 1));

/** Opens a scenario and goes to a moment of it: by default to the network just up. */
export function openSource(
  source: ScenarioSource,
  journal: readonly JournalEntry[] | null,
  arrival: Arrival = {},
): Promise<void> {
  return inTurn(async () => {
    setPlaying(false);
    setRun({ phase: 'loading', problems: [], busy: true, progress: 0 });
    const outcome = await theClient().open(source, journal);
    const done = await settle(outcome);
    if (done === undefined) return;
    opened = { source, journal: opening };
    undoStack = [];
    redoStack = [];
    arrived(done, outcome.problems, {
      run: { ...app.getState().run, scenarioId: source.kind === 'catalogue' ? source.id : null },
      follow: 'all',
      cursor: done.upSeq - 1,
      selection: { netns: null, dev: null, frame: null, step: null },
    });
    goTo(arrival);
  });
}

function goTo(arrival: Arrival): void {
  const { cursor, follow, selection } = arrival;
  if (cursor !== undefined) app.setState((state) => ({ cursor: clampCursor(cursor(state)) }));
  if (follow !== undefined) app.setState((state) => ({ follow: follow(state) }));
  if (selection !== undefined) {
    app.setState((state) => ({ selection: { ...state.selection, ...selection(state), step: null } }));
  }
  showStep(false);
}

/** Another moment of the run that is open. */
export function arriveAt(arrival: Arrival): Promise<void> {
  return inTurn(() => {
    setPlaying(false);
    goTo(arrival);
    return Promise.resolve();
  });
}

/** The run's whole journal from now on; `onDone` runs before the store changes. */
async function replay(journal: readonly JournalEntry[], onDone: () => void): Promise<Done | undefined> {
  setPlaying(false);
  setRun({ problems: [], busy: true });
  const outcome = await theClient().execute(journal);
  const done = await settle(outcome);
  if (done === undefined) return undefined;
  onDone();
  arrived(done, outcome.problems, {});
  return done;
}

/** A command and where it is typed. */
interface Order {
  readonly netns: string;
  readonly command: string;
}

/**
 * The journal as it is at the cursor, with some more commands, and how many entries end with the last of them. What
 * starts after the cursor is set aside, or follows when it is to be `kept` and has no times of its own. The new commands
 * start when those before have ended; but at this very moment when one of them is still running, or when time was
 * passing idly until a command with a time of its own.
 */
function journalWith(
  state: AppState,
  orders: readonly Order[],
  rest: 'aside' | 'kept',
): { readonly journal: readonly JournalEntry[]; readonly upTo: number } {
  const { journal, starts, cursor } = state;
  const isKept = (i: number) => (starts[i] ?? Infinity) <= cursor;
  const isRunning = (i: number) => {
    const exit = commandStartingAt(starts[i] as EventSeq)?.exitSeq;
    return exit === undefined || exit > cursor;
  };
  const exact = journal.some(({ at }, i) => (isKept(i) ? isRunning(i) : at !== undefined));
  const now = getTrace().events[cursor]?.at;
  const before = journal.filter((_, i) => isKept(i));
  const timed = (entry: Order, i: number): JournalEntry =>
    exact && now !== undefined ? { ...entry, at: Math.max(0, now + 1 + i) } : entry;
  const after = rest === 'kept' && !exact ? journal.filter((_, i) => !isKept(i)) : [];
  return { journal: [...before, ...orders.map(timed), ...after], upTo: before.length + orders.length };
}

/** Something travelled: worth walking through. */
function hasTraffic(first: EventSeq, last: EventSeq): boolean {
  const { events } = getTrace();
  for (let seq = first; seq <= last; seq++) if (events[seq]?.kind === 'tx') return true;
  return false;
}

function goToCommand(startSeq: EventSeq, after: AfterCommand | undefined): void {
  const last = getTrace().events.length - 1;
  const start = Math.min(startSeq, last);
  const exit = commandStartingAt(start)?.exitSeq ?? last;
  const how = after ?? (hasTraffic(start, exit) ? 'play' : 'end');
  app.setState({ cursor: how === 'end' ? exit : start });
  showStep(how === 'play');
  if (how === 'play') setPlaying(true);
}

function act(orders: readonly Order[], rest: 'aside' | 'kept', after?: AfterCommand): Promise<void> {
  return inTurn(async () => {
    const state = app.getState();
    if (opened === undefined) return failed([problem.nothingOpen()]);
    const longest = Math.max(...orders.map(({ command }) => command.length));
    if (longest > MAX_COMMAND) return failed([problem.commandTooLong(longest, MAX_COMMAND)]);
    const { journal, upTo } = journalWith(state, orders, rest);
    if (journal.length > MAX_JOURNAL) return failed([problem.journalFull(MAX_JOURNAL)]);
    const story = { journal: state.journal, cursor: state.cursor };
    const done = await replay(journal, () => {
      undoStack = [...undoStack, story];
      redoStack = [];
    });
    if (done !== undefined) goToCommand(done.starts[upTo - 1] ?? Infinity, after);
  });
}

export function execute(netns: string, command: string, after?: AfterCommand): Promise<void> {
  return act([{ netns, command }], 'aside', after);
}

/** A fault: commands slipped in at the cursor. What was to come comes all the same, and shows what they did to it. */
export function slipIn(orders: readonly Order[]): Promise<void> {
  return orders.length === 0 ? Promise.resolve() : act(orders, 'kept', 'end');
}

/** Undo and redo are the same walk, in opposite directions. */
function walkStories(direction: 'undo' | 'redo'): Promise<void> {
  return inTurn(async () => {
    const { journal, cursor } = app.getState();
    const story = (direction === 'undo' ? undoStack : redoStack).at(-1);
    if (story === undefined) return;
    const done = await replay(story.journal, () => {
      const here = { journal, cursor };
      undoStack = direction === 'undo' ? undoStack.slice(0, -1) : [...undoStack, here];
      redoStack = direction === 'undo' ? [...redoStack, here] : redoStack.slice(0, -1);
    });
    if (done === undefined) return;
    app.setState({ cursor: clampCursor(story.cursor) });
    showStep(false);
  });
}

export const undo = () => walkStories('undo');
export const redo = () => walkStories('redo');

/** Calls off what is under way and what waits. */
export function cancel(): void {
  cancelledTickets = tickets;
  client?.cancel();
}

export const complete = (netns: string, line: string): Promise<Completion> =>
  theClient().complete(netns, line);
