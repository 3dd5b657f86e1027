import type { ChangeEvent, Frame, FrameId, TraceEvent } from '../sim/kernel/trace';
import { factsOf } from './facts';

/**
 * What a step is: one act of one namespace. The first events of an act only lead in (a frame arrives, a packet is made);
 * the decision that follows gives the act its name and is what the why is about.
 */
export type Act =
  | 'arrive'
  | 'make'
  | 'send'
  | 'lookup'
  | 'hook'
  | 'forward'
  | 'resolve'
  | 'arp'
  | 'bridge'
  | 'vtep'
  | 'encap'
  | 'decap'
  | 'fragment'
  | 'reassemble'
  | 'deliver'
  | 'icmp-error'
  | 'copy'
  | 'drop'
  | 'change'
  | 'config'
  | 'control'
  | 'command'
  | 'output'
  | 'exit'
  | 'bound';

/** A step that may still grow. Its events follow one another in the trace without a gap. */
export interface Draft {
  act: Act;
  main: TraceEvent;
  readonly events: TraceEvent[];
  /** Frames its events speak of. */
  readonly frames: FrameId[];
  /** A drop or the end of a command: nothing more belongs to it. */
  closed: boolean;
}

function actOf(e: TraceEvent): Act {
  switch (e.kind) {
    case 'rx':
      return 'arrive';
    case 'origin':
      return 'make';
    case 'tx':
      return 'send';
    case 'fib':
      return 'lookup';
    case 'neigh':
      return 'resolve';
    case 'fdb':
      return 'bridge';
    case 'netlink':
      return 'config';
    case 'arp':
    case 'hook':
    case 'forward':
    case 'vtep':
    case 'encap':
    case 'decap':
    case 'fragment':
    case 'reassemble':
    case 'deliver':
    case 'icmp-error':
    case 'copy':
    case 'drop':
    case 'change':
    case 'control':
    case 'command':
    case 'output':
    case 'exit':
    case 'bound':
      return e.kind;
  }
}

/** The frames an event speaks of. */
export function framesOf(e: TraceEvent): FrameId[] {
  switch (e.kind) {
    case 'forward':
      return [e.frame, e.before];
    case 'encap':
      return [e.frame, e.inner];
    case 'decap':
      return [e.frame, e.outer];
    case 'fragment':
    case 'reassemble':
      return [e.frame, ...e.pieces];
    case 'fib':
    case 'neigh':
      return e.frame === undefined ? [] : [e.frame];
    case 'tx':
    case 'rx':
    case 'arp':
    case 'fdb':
    case 'vtep':
    case 'hook':
    case 'deliver':
    case 'origin':
    case 'icmp-error':
    case 'copy':
    case 'drop':
      return [e.frame];
    case 'change':
    case 'netlink':
    case 'control':
    case 'command':
    case 'output':
    case 'exit':
    case 'bound':
      return [];
  }
}

export function startDraft(e: TraceEvent): Draft {
  return { act: actOf(e), main: e, events: [e], frames: framesOf(e), closed: e.kind === 'drop' };
}

/** A hook where a rule matched or something was refused is worth a step of its own; one that let pass is not. */
function hookSpeaks(e: TraceEvent): boolean {
  return (
    e.kind === 'hook' && (e.verdict !== 'ACCEPT' || e.tried.some((rule) => rule.matched && rule.rule > 0))
  );
}

/** Acts in which a packet is being handled. */
const PACKET_ACTS: ReadonlySet<Act> = new Set<Act>([
  'arrive',
  'make',
  'send',
  'lookup',
  'hook',
  'forward',
  'resolve',
  'arp',
  'bridge',
  'vtep',
  'encap',
  'decap',
  'fragment',
  'reassemble',
  'deliver',
  'icmp-error',
  'copy',
]);

/** Decisions that give a name to what led in to them. */
const NAMED_BY: Partial<Record<TraceEvent['kind'], readonly Act[]>> = {
  fib: ['arrive', 'make'],
  arp: ['arrive', 'lookup'],
  neigh: ['change'],
  'icmp-error': ['lookup'],
  fdb: ['arrive'],
  hook: ['arrive', 'make'],
  deliver: ['arrive'],
  reassemble: ['arrive'],
  forward: ['hook'],
  drop: ['arrive', 'make', 'send'],
  copy: ['arrive'],
};

function isArp(e: TraceEvent, frames: readonly Frame[]): boolean {
  const [id] = framesOf(e);
  const frame = id === undefined ? undefined : frames[id];
  return frame !== undefined && factsOf(frame).topic === 'arp';
}

/** Was it caused by the step, or does it speak of the step's frames? */
function causedBy(draft: Draft, e: TraceEvent): boolean {
  const first = draft.events[0]?.seq ?? 0;
  return e.cause >= first && e.cause < e.seq;
}
function sibling(draft: Draft, e: TraceEvent): boolean {
  return e.cause >= 0 && e.cause === draft.events[0]?.cause;
}
function sharesFrame(draft: Draft, e: TraceEvent, frames: readonly Frame[]): boolean {
  return framesOf(e).some((id) => {
    if (draft.frames.includes(id)) return true;
    const from = frames[id]?.from;
    return from !== undefined && draft.frames.includes(from);
  });
}

/** Acts whose business is to change neighbour entries; elsewhere such a change begins the neighbour's own step. */
const NEIGHBOUR_ACTS: ReadonlySet<Act> = new Set<Act>([
  'arp',
  'change',
  'config',
  'control',
  'command',
  'resolve',
]);

function changeJoins(draft: Draft, e: TraceEvent & { kind: 'change' }): boolean {
  if (e.table === 'neigh' && !NEIGHBOUR_ACTS.has(draft.act)) return false;
  if (causedBy(draft, e)) return true;
  const last = draft.events.at(-1);
  if (draft.act === 'change') return last?.kind === 'change' && last.at === e.at && last.cause === e.cause;
  return draft.act === 'config' && sibling(draft, e);
}

/** The row changed because a packet was to be sent there: the lookup follows at once. */
function neighJoins(draft: Draft, e: TraceEvent & { kind: 'neigh' }): boolean {
  const last = draft.events.at(-1);
  if (last?.at !== e.at) return false;
  if (draft.act === 'change' && draft.main.kind === 'change' && draft.main.table === 'neigh') {
    const { before, after } = draft.main as ChangeEvent<'neigh'>;
    const row = after ?? before;
    return row?.dst === e.dst && row.dev === e.dev;
  }
  // Said only after the request has gone into the bridge.
  return draft.act === 'bridge' && e.verdict === 'queued' && e.cause < draft.main.seq;
}

/** A program asks which way it would go (connect) before it says anything; what it sends later are steps of their own. */
function onlyStarted(draft: Draft): boolean {
  return draft.events.every((e) => e.kind === 'command' || e.kind === 'netlink' || e.kind === 'change');
}

function fibJoins(draft: Draft, e: TraceEvent & { kind: 'fib' }, linked: boolean): boolean {
  if (e.direction === 'icmp-reply') return draft.act === 'icmp-error' || draft.act === 'make';
  if (draft.act === 'command') return onlyStarted(draft) && e.direction === 'output' && causedBy(draft, e);
  if (e.direction === 'rp-filter') return linked && (draft.act === 'arrive' || draft.act === 'lookup');
  if (draft.main.kind === 'fib' && draft.main.direction === 'rp-filter') return linked;
  return linked && (draft.act === 'arrive' || draft.act === 'make');
}

function deliverJoins(draft: Draft, linked: boolean): boolean {
  if (!linked) return false;
  if (draft.act === 'lookup') return draft.main.kind === 'fib' && draft.main.decision.result !== 'unicast';
  return draft.act === 'arrive' || draft.act === 'reassemble' || draft.act === 'hook';
}

function originJoins(draft: Draft, e: TraceEvent, frames: readonly Frame[]): boolean {
  if (isArp(e, frames)) {
    const near = causedBy(draft, e) || (sibling(draft, e) && draft.events[0]?.at === e.at);
    return near && (draft.act === 'resolve' || draft.act === 'arp' || draft.act === 'change');
  }
  if (draft.act === 'icmp-error') return causedBy(draft, e);
  // The kernel finds the way before it builds the packet.
  return (
    draft.act === 'lookup' &&
    draft.main.kind === 'fib' &&
    draft.main.direction !== 'input' &&
    causedBy(draft, e)
  );
}

function txJoins(draft: Draft, e: TraceEvent, frames: readonly Frame[]): boolean {
  if (draft.act === 'send' || draft.act === 'arrive' || draft.act === 'vtep') return false;
  if (draft.act === 'change') return isArp(e, frames) && sharesFrame(draft, e, frames);
  // A packet that had waited for the answer is another story than the answer.
  if (draft.act === 'arp') return isArp(e, frames) && sharesFrame(draft, e, frames);
  return PACKET_ACTS.has(draft.act) && (causedBy(draft, e) || sharesFrame(draft, e, frames));
}

/** A bridge or a tunnel hands the frame up to its own device. */
function rxJoins(draft: Draft, e: TraceEvent & { kind: 'rx' }): boolean {
  if (!causedBy(draft, e)) return false;
  if (draft.act === 'bridge') return draft.main.kind === 'fdb' && draft.main.dev === e.dev;
  return draft.act === 'decap' || draft.act === 'copy';
}

function outputJoins(draft: Draft, e: TraceEvent & { kind: 'output' | 'exit' }): boolean {
  if (draft.act === 'command' || draft.act === 'config') {
    return draft.events.some((o) => o.kind === 'command' && o.command === e.command);
  }
  return draft.act === 'output' && draft.main.kind === 'output' && draft.main.command === e.command;
}

/** A daemon reacts at once: what it does at the same moment because of what it heard is one step. */
function reaction(draft: Draft, e: TraceEvent & { kind: 'netlink' | 'control' }): boolean {
  const { main } = draft;
  const last = draft.events.at(-1);
  if (last?.at !== e.at || !(causedBy(draft, e) || sibling(draft, e))) return false;
  if (main.kind === 'control') return main.by === e.by || main.to === e.by;
  return main.kind === 'netlink' && main.by === e.by;
}

function netlinkJoins(draft: Draft, e: TraceEvent & { kind: 'netlink' }): boolean {
  return draft.act === 'command' ? causedBy(draft, e) : reaction(draft, e);
}

function controlJoins(draft: Draft, e: TraceEvent & { kind: 'control' }): boolean {
  if (draft.act === 'command') return causedBy(draft, e);
  // A question to somebody else begins a new step, unless it is asked in the middle of the work.
  const atWork = draft.events.some((o) => o.kind === 'netlink');
  return (e.to === undefined || (atWork && e.by !== 'etcd')) && reaction(draft, e);
}

const CONFIGURES: ReadonlySet<Act> = new Set<Act>(['command', 'config', 'control']);

/**
 * Packets keep to their namespace. But what a command or a daemon sets up may lie in another one (`ip netns exec`, the
 * other end of a veth), and belongs to the same step, as does the command's end.
 */
function joinsFromElsewhere(draft: Draft, e: TraceEvent): boolean {
  if (!CONFIGURES.has(draft.act)) return false;
  if (e.kind === 'change') return causedBy(draft, e);
  if (e.kind === 'netlink') return draft.act === 'command' && causedBy(draft, e);
  return e.kind === 'exit' && outputJoins(draft, e);
}

/** Does `e`, the next event of the trace, belong to the step that is being gathered? */
export function joins(draft: Draft, e: TraceEvent, frames: readonly Frame[]): boolean {
  const { main, act } = draft;
  if (draft.closed || (main.at < 0 && e.at >= 0)) return false;
  if (e.netns !== draft.events[0]?.netns) return joinsFromElsewhere(draft, e);
  const linked = causedBy(draft, e) || sharesFrame(draft, e, frames);
  switch (e.kind) {
    case 'change':
      return changeJoins(draft, e);
    case 'rx':
      return rxJoins(draft, e);
    case 'tx':
      return txJoins(draft, e, frames);
    case 'hook':
      if (!linked || !PACKET_ACTS.has(act)) return false;
      return !hookSpeaks(e) || act === 'arrive';
    case 'fib':
      return fibJoins(draft, e, linked);
    case 'arp':
      return linked && (act === 'arrive' || (main.kind === 'fib' && main.direction === 'proxy-arp'));
    case 'fdb':
      return linked && act === 'arrive';
    case 'deliver':
      return deliverJoins(draft, linked);
    case 'origin':
      return originJoins(draft, e, frames);
    case 'reassemble':
    case 'copy':
      return (
        linked &&
        (act === 'arrive' || (act === 'lookup' && main.kind === 'fib' && main.decision.result === 'local'))
      );
    case 'forward':
      return linked && act === 'hook' && !hookSpeaks(main);
    case 'icmp-error':
      return linked && act === 'lookup';
    case 'drop':
      return act === 'change' ? sibling(draft, e) : linked && PACKET_ACTS.has(act);
    case 'neigh':
      return neighJoins(draft, e);
    case 'netlink':
      return netlinkJoins(draft, e);
    case 'control':
      return controlJoins(draft, e);
    case 'output':
    case 'exit':
      return outputJoins(draft, e);
    case 'vtep':
    case 'encap':
    case 'decap':
    case 'fragment':
    case 'command':
    case 'bound':
      return false;
  }
}

/** Adds an event that {@link joins}. */
export function extend(draft: Draft, e: TraceEvent): void {
  draft.events.push(e);
  for (const id of framesOf(e)) if (!draft.frames.includes(id)) draft.frames.push(id);
  if (e.kind === 'drop' || e.kind === 'exit') draft.closed = true;
  if (NAMED_BY[e.kind]?.includes(draft.act) === true && !(e.kind === 'hook' && !hookSpeaks(e))) {
    // A check of the way back is not yet the way; the lookup proper follows and takes over.
    draft.act = actOf(e);
    draft.main = e;
  } else if (draft.act === 'lookup' && e.kind === 'fib' && e.direction !== 'rp-filter') draft.main = e;
  else if (draft.act === 'command' && (e.kind === 'netlink' || e.kind === 'fib')) takeOver(draft, e);
}

/** What a command did is more telling than that it began; a refusal more than what went well. */
function takeOver(draft: Draft, e: TraceEvent & { kind: 'netlink' | 'fib' }): void {
  const refused = e.kind === 'netlink' && e.error !== undefined;
  if (draft.main.kind === 'command' || refused) draft.main = e;
}
