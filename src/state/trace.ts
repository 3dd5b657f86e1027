/**
 * The trace as received so far. It lives outside the store because it is large and only grows; the store's
 * `traceVersion` says when it changed.
 */
import type { EventSeq, Frame, FrameId, LiveTrace, SimTime, TraceEvent } from './types';

interface Growing extends LiveTrace {
  readonly events: TraceEvent[];
  readonly frames: Frame[];
  upSeq: EventSeq;
  end: SimTime;
}

/** Told of everything that comes and goes, in order. Event numbers are indexes into the live arrays. */
interface TraceObserver {
  /** Events from `from` to the end are new. */
  appended(from: EventSeq): void;
  /** Events from `keep` on are gone; called after they have been cut. */
  cut(keep: EventSeq): void;
}

const trace: Growing = { events: [], frames: [], upSeq: 0, end: 0 };
const observers: TraceObserver[] = [];

/** The live arrays: always the same object. */
export const getTrace = (): LiveTrace => trace;

export function observeTrace(observer: TraceObserver): void {
  observers.push(observer);
  if (trace.events.length > 0) observer.appended(0);
}

export function appendTrace(events: readonly TraceEvent[], frames: readonly Frame[]): void {
  const from = trace.events.length;
  for (const frame of frames) trace.frames.push(frame);
  for (const event of events) trace.events.push(event);
  for (const observer of observers) observer.appended(from);
}

export function cutTrace(keepEvents: EventSeq, keepFrames: FrameId): void {
  if (keepFrames < trace.frames.length) trace.frames.length = keepFrames;
  if (keepEvents >= trace.events.length) return;
  trace.events.length = keepEvents;
  trace.upSeq = Math.min(trace.upSeq, keepEvents);
  for (const observer of observers) observer.cut(keepEvents);
}

export function finishTrace(upSeq: EventSeq, end: SimTime): void {
  trace.upSeq = upSeq;
  trace.end = end;
}
