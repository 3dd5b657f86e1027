/** What the stores hold and the hooks answer. Ids and a cursor are state; everything else is derived from the trace. */
import type { Step } from '../explain/index';
import type {
  ChangeEvent,
  EventSeq,
  Frame,
  FrameId,
  HookEvent,
  LinkRow,
  NetnsRow,
  SimTime,
  TableName,
  TableRows,
  TraceEvent,
} from '../sim/kernel/trace';
import type { Bilingual, Completion, InputProblem, JournalEntry, ScenarioSource } from '../worker/messages';

export type { Bilingual, Completion, InputProblem, JournalEntry, ScenarioSource, Step };
export type {
  ChangeEvent,
  EventSeq,
  Frame,
  FrameId,
  HookEvent,
  LinkRow,
  NetnsRow,
  SimTime,
  TableName,
  TableRows,
  TraceEvent,
};

export type Lang = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';
export type Panel = 'tables' | 'packet' | 'terminal' | 'lesson';
/** `command` is the number that the trace's command events carry. */
export type Follow = 'all' | { readonly command: number };

/** The arrays are live: they grow in place as batches arrive. `traceVersion` in the store says when. */
export interface LiveTrace {
  readonly events: readonly TraceEvent[];
  readonly frames: readonly Frame[];
  /** First event at or after time 0. */
  readonly upSeq: EventSeq;
  readonly end: SimTime;
}

export interface RunState {
  readonly phase: 'idle' | 'loading' | 'ready' | 'error';
  /** null: a custom scenario. */
  readonly scenarioId: string | null;
  readonly title: Bilingual;
  readonly notes: readonly Bilingual[];
  /** Of the last request; with phase 'ready' the previous state still stands. */
  readonly problems: readonly InputProblem[];
  /** A request is being worked on; what is shown is still the previous state. */
  readonly busy: boolean;
  /** Events computed so far while a long run is going on. */
  readonly progress: number;
}
export interface PlayerState {
  readonly playing: boolean;
  /** 1 is the normal speed; 0.25 to 8. */
  readonly speed: number;
}
export interface Selection {
  readonly netns: string | null;
  readonly dev: string | null;
  readonly frame: FrameId | null;
  /** A step chosen in the story, an index into `useSteps().steps`; null: the step the cursor is in. */
  readonly step: number | null;
}
export interface Settings {
  readonly lang: Lang;
  readonly theme: Theme;
  readonly projector: boolean;
  /** Show what happened before the network was up. */
  readonly showBoot: boolean;
}
/** Something in the link could not be used and was left out. */
export interface LinkProblem {
  /** Which field, as written in the link (`c`), or `link`. */
  readonly field: string;
  readonly id: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly message: Bilingual;
}

export interface AppState {
  readonly run: RunState;
  readonly journal: readonly JournalEntry[];
  /** Event with which each journal entry begins. */
  readonly starts: readonly EventSeq[];
  readonly undoDepth: number;
  readonly redoDepth: number;
  /** Goes up whenever the trace grew or was cut. */
  readonly traceVersion: number;
  /** Everything up to and including this event has happened; `getTrace().upSeq - 1`: the network is just up. */
  readonly cursor: EventSeq;
  readonly follow: Follow;
  readonly player: PlayerState;
  readonly selection: Selection;
  readonly panel: Panel;
  readonly settings: Settings;
  readonly linkProblems: readonly LinkProblem[];
}

/** What happens after a command: 'play' walks through it, 'start' waits before its first step, 'end' jumps behind it. */
export type AfterCommand = 'play' | 'start' | 'end';

export interface Actions {
  openScenario(id: string): void;
  /** A scenario (.json), a script of commands (.sh) or a manifest (.yaml); otherwise what the text looks like. */
  openText(fileName: string, text: string): void;
  /** At the end of the story: appended. In the past: forks, what came later is set aside until undo. */
  execute(netns: string, command: string, after?: AfterCommand): void;
  /** Commands slipped in at the cursor, as one thing to undo; what was to come follows them. */
  slipIn(orders: readonly { readonly netns: string; readonly command: string }[]): void;
  /** Gives up a long run; what was there before stands. */
  cancel(): void;
  undo(): void;
  redo(): void;
  stepForward(): void;
  stepBack(): void;
  eventForward(): void;
  eventBack(): void;
  toStart(): void;
  toEnd(): void;
  seek(seq: EventSeq): void;
  play(): void;
  pause(): void;
  toggle(): void;
  setSpeed(speed: number): void;
  setFollow(follow: Follow): void;
  selectNetns(netns: string | null): void;
  selectDevice(netns: string, dev: string): void;
  selectFrame(frame: FrameId | null): void;
  /** Goes to the step (an index into `useSteps().steps`). */
  selectStep(index: number): void;
  setPanel(panel: Panel): void;
  setLang(lang: Lang): void;
  setTheme(theme: Theme): void;
  setProjector(on: boolean): void;
  setShowBoot(on: boolean): void;
  dismissProblems(): void;
  /** Link to this very moment. */
  shareUrl(): string;
  completeLine(netns: string, line: string): Promise<Completion>;
  /** Lets virtual time pass. */
  passTime(seconds: number): void;
}

export interface KeyedRow<T extends TableName = TableName> {
  readonly key: string;
  readonly row: TableRows[T];
}
export interface RowMarks {
  /** Keys of rows that decided something in the current step. */
  readonly used: ReadonlySet<string>;
  readonly changed: ReadonlyMap<string, 'added' | 'changed' | 'removed'>;
  /** Rows that are in `changed` as removed, as they were: they are no longer among the table's rows. */
  readonly removed: readonly KeyedRow[];
}
export interface StepsView {
  /** After the follow filter. */
  readonly steps: readonly Step[];
  /** The step the cursor is in; -1 before the first. */
  readonly index: number;
}
export interface TerminalLine {
  readonly stream: 'stdout' | 'stderr';
  /** As printed, may hold newlines. */
  readonly text: string;
  readonly seq: EventSeq;
}
export interface TerminalCommand {
  readonly command: number;
  readonly text: string;
  readonly startAt: SimTime;
  readonly startSeq: EventSeq;
  /** Printed up to the cursor. */
  readonly lines: readonly TerminalLine[];
  /** Exit code, once the cursor has reached the end of the command. */
  readonly exit?: number;
  /** Starts after the cursor. */
  readonly upcoming: boolean;
  /** Index in the journal; absent for commands of the scenario's set-up. */
  readonly entry?: number;
}

/** Where something is on the stage: a device, a process, or the IP layer of a namespace. */
export interface Place {
  readonly netns: string;
  readonly dev?: string;
  readonly process?: string;
  readonly what?: 'ip' | 'app';
}
export interface Flight {
  readonly frame: FrameId;
  readonly from: Place;
  readonly to: Place;
  readonly startSeq: EventSeq;
  readonly endSeq: EventSeq;
  /** 0..1 of the step. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'wire' | 'up' | 'down' | 'inside' | 'drop';
}
/** Written by the player only, sixty times a second, outside the store. */
export interface Playhead {
  /** Index into `useSteps().steps`, -1 before the first. */
  stepIndex: number;
  /** 0..1 through this step's animation; 1 when at rest. */
  progress: number;
}
