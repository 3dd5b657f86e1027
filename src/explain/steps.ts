import { assert } from '../base/assert';
import type { EventSeq, FrameId, Trace, TraceEvent } from '../sim/kernel/trace';
import { extend, joins, type Scene } from './acts';
import { startDraft, type Draft } from './draft';
import { framesOf } from './frames';
import { Names } from './names';
import { tell } from './titles';
import type { Step } from './types';

/** The part of a trace that steps are made from. Both arrays may still grow while steps are being built. */
export type Story = Pick<Trace, 'events' | 'frames'>;

/**
 * Builds the steps of a trace as its events come in, each event looked at once. The trace's own arrays must hold the
 * events and frames before they are pushed.
 */
export class StepBuilder {
  /** All steps so far. The last one may be replaced when more events come. */
  readonly steps: Step[] = [];
  readonly names: Names;
  readonly #story: Story;
  readonly #scene: Scene;
  #draft: Draft | undefined;

  constructor(story: Story) {
    this.#story = story;
    this.names = new Names(story);
    const { names } = this;
    this.#scene = { events: story.events, frames: story.frames, names };
  }

  /** Takes in the next events, in order. Returns the index of the first step that is new or has changed. */
  push(events: readonly TraceEvent[]): number {
    const firstTouched = Math.max(0, this.steps.length - 1);
    const [first] = events;
    if (first === undefined) return this.steps.length;
    if (this.#draft) this.steps.pop();
    for (const e of events) this.#take(e);
    if (this.#draft) this.steps.push(this.#finish(this.#draft));
    return firstTouched;
  }

  #take(e: TraceEvent): void {
    this.names.learn(e);
    const draft = this.#draft;
    if (draft && joins(draft, e, this.#scene)) {
      extend(draft, e, this.#scene);
      return;
    }
    if (draft) this.steps.push(this.#finish(draft));
    this.#draft = startDraft(e);
  }

  #finish(draft: Draft): Step {
    const { events, frames } = this.#story;
    const told = tell({ draft, names: this.names, frames, events });
    const [firstEvent] = draft.events;
    const lastEvent = draft.events.at(-1);
    assert(firstEvent !== undefined && lastEvent !== undefined, 'a step has at least one event');
    return {
      index: this.steps.length,
      first: firstEvent.seq,
      last: lastEvent.seq,
      seqs: draft.events.map((e) => e.seq),
      netns: firstEvent.netns,
      machine: firstEvent.machine,
      dev: told.dev,
      frame: frameOf(draft),
      command: this.names.rootOf(firstEvent.seq),
      topic: told.topic,
      title: told.title,
      detail: told.detail,
      isBoot: firstEvent.at < 0,
      isDrop: draft.events.some((e) => e.kind === 'drop'),
      main: draft.main.seq,
    };
  }
}

/** The frame as it is when the step is done: what was sent last, else what the decision was about. */
function frameOf(draft: Draft): FrameId | undefined {
  const sent = draft.events.findLast((e) => e.kind === 'tx' || e.kind === 'drop');
  return framesOf(sent ?? draft.main)[0] ?? draft.frames[0];
}

/** The steps of a whole trace. */
export function computeSteps(trace: Story): readonly Step[] {
  const builder = new StepBuilder(trace);
  builder.push(trace.events);
  return builder.steps;
}

/** Number of the journal's command that an event goes back to; -1 for set-up, daemons and timers of their own. */
export function commandOf(seq: EventSeq, trace: Story): number {
  let root = -1;
  let e = trace.events[seq];
  while (e !== undefined) {
    if (e.kind === 'command' && e.origin === 'journal') root = e.command;
    e = e.cause >= 0 && e.cause < e.seq ? trace.events[e.cause] : undefined;
  }
  return root;
}
