import type { Frame, FrameId, TraceEvent, TraceEventKind } from '../../sim/kernel/trace';
import type { Draft } from '../draft';
import { factsOf, type FrameFacts } from '../facts';
import type { Names } from '../names';
import type { Message, StepTopic } from '../types';

/** What the sentences of a step are made from. */
export interface TitleContext {
  readonly draft: Draft;
  readonly names: Names;
  readonly frames: readonly Frame[];
  readonly events: readonly TraceEvent[];
}

/** The parts of a step that are words. */
export interface Told {
  readonly title: Message;
  readonly detail: Message;
  readonly topic: StepTopic;
  readonly dev?: string;
}

export type EventOf<K extends TraceEventKind> = Extract<TraceEvent, { kind: K }>;

const NOTHING: FrameFacts = { term: 'pkt.ip', topic: 'ip', bytes: 0 };

export function factsAt(frames: readonly Frame[], id: FrameId | undefined): FrameFacts {
  const frame = id === undefined ? undefined : frames[id];
  return frame === undefined ? NOTHING : factsOf(frame);
}

/** The first event of a kind in the step. */
export function find<K extends TraceEventKind>(draft: Draft, kind: K): EventOf<K> | undefined {
  return draft.events.find((e): e is EventOf<K> => e.kind === kind);
}

/** Cuts what people typed or programs printed to what fits a title. */
export function short(text: string, length = 60): string {
  const [line = ''] = text.trim().split('\n');
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
