/**
 * Both directions between the main thread and the simulation's worker: plain data only. The assertions at the foot of
 * this file refuse, at compile time, anything that structured cloning would refuse or change.
 */
import type { Bilingual, InputProblem } from '../scenarios/index';
import type { Frame, JournalEntry, SimTime, TraceEvent } from '../sim/index';

export type { Bilingual, InputProblem, JournalEntry };

/** Candidates replace the line from offset `from` on. */
export interface Completion {
  readonly from: number;
  readonly candidates: readonly string[];
}

/** Where a scenario comes from. A text is read and checked inside the worker; its name says what it is (`.json`, `.sh`, `.yaml`). */
export type ScenarioSource =
  | { readonly kind: 'catalogue'; readonly id: string }
  | { readonly kind: 'text'; readonly name: string; readonly text: string };

/** Numbered by the client, so that answers to an abandoned request can be told apart. */
export type RequestId = number;

export type Command =
  /** A new run from nothing. `journal` null: the scenario's own opening journal. */
  | {
      readonly type: 'open';
      readonly id: RequestId;
      readonly source: ScenarioSource;
      readonly journal: readonly JournalEntry[] | null;
    }
  /** The run's whole journal from now on. What it adds at the end is carried on with; any other change runs the world again. */
  | { readonly type: 'execute'; readonly id: RequestId; readonly journal: readonly JournalEntry[] }
  | { readonly type: 'complete'; readonly id: RequestId; readonly netns: string; readonly line: string }
  /** Gives up the request with this id; it is answered by `cancelled` and the previous state stands. */
  | { readonly type: 'cancel'; readonly id: RequestId };

/** Frames of one batch: all bytes in one buffer, which is transferred. Frame `first + i` is `bytes[offsets[i]..offsets[i+1]]`. */
export interface FrameBlock {
  readonly first: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** One more than there are frames. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  /** Bit 0: begins with an IP header (else Ethernet). */
  readonly links: Uint8Array<ArrayBuffer>;
  /** The frame it was made from, -1 for none. */
  readonly from: Int32Array<ArrayBuffer>;
}

export type Update =
  /** Answers `open` before its first batch. `opening` is the scenario's own journal, whichever was asked for. */
  | {
      readonly type: 'opened';
      readonly id: RequestId;
      readonly title: Bilingual;
      readonly notes: readonly Bilingual[];
      readonly opening: readonly JournalEntry[];
    }
  /** Events from `keepEvents` on and frames from `keepFrames` on no longer hold. */
  | {
      readonly type: 'reset';
      readonly id: RequestId;
      readonly keepEvents: number;
      readonly keepFrames: number;
    }
  | {
      readonly type: 'batch';
      readonly id: RequestId;
      readonly events: readonly TraceEvent[];
      readonly frames: FrameBlock;
    }
  /** The request is fulfilled. `starts[i]` is the event with which journal entry i begins. */
  | {
      readonly type: 'done';
      readonly id: RequestId;
      readonly upSeq: number;
      readonly end: SimTime;
      readonly journal: readonly JournalEntry[];
      readonly starts: readonly number[];
    }
  /** How far a long run has come. */
  | {
      readonly type: 'progress';
      readonly id: RequestId;
      readonly entries: number;
      readonly of: number;
      readonly events: number;
    }
  /** `failed`: the request came to nothing and the previous state stands. Otherwise `done` follows. */
  | {
      readonly type: 'problems';
      readonly id: RequestId;
      readonly problems: readonly InputProblem[];
      readonly failed: boolean;
    }
  | { readonly type: 'cancelled'; readonly id: RequestId }
  | { readonly type: 'completion'; readonly id: RequestId; readonly completion: Completion };

// ---- Compile-time check: only what structured cloning carries over unchanged -------------------------------------

type Primitive = string | number | boolean | bigint | null | undefined;
type Bytes = Uint8Array | Uint32Array | Int32Array;
/** `true` for plain data; the name of the trouble otherwise. */
type Trouble<T> = T extends Primitive | Bytes
  ? never
  : T extends (...args: never[]) => unknown
    ? 'function'
    : T extends symbol
      ? 'symbol'
      : T extends readonly (infer Item)[]
        ? Trouble<Item>
        : T extends object
          ? { [Key in keyof T]-?: Trouble<T[Key]> }[keyof T]
          : 'unknown';
type Plain<T> = [Trouble<T>] extends [never] ? true : Trouble<T>;
const plain: { command: Plain<Command>; update: Plain<Update>; frame: Plain<Frame> } = {
  command: true,
  update: true,
  frame: true,
};
void plain;
