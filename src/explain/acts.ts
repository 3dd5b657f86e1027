import type { ChangeEvent, Frame, TraceEvent } from '../sim/kernel/trace';
import { LATE, actOf, isLogLine, type Act, type Draft } from './draft';
import { factsOf } from './facts';
import { framesOf } from './frames';
import { hookSpeaks } from './hooks';
import type { Names } from './names';
import { readTcp } from './tcp';
import { isTranslated } from './tuples';

/** What is known around the events that are being gathered. */
export interface Scene {
  readonly events: readonly TraceEvent[];
  readonly frames: readonly Frame[];
  readonly names: Names;
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
  hook: ['arrive', 'log', 'change'],
  deliver: ['arrive'],
  reassemble: ['arrive', 'lookup'],
  forward: ['hook'],
  drop: ['arrive', 'make', 'send'],
  origin: ['copy'],
  copy: ['arrive', 'lookup'],
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

const remembers = (e: TraceEvent): boolean => e.kind === 'change' && e.table === 'conntrack';

/**
 * A new connection whose addresses NAT rewrites. Conntrack notes it at the end of the packet's last hook, which is told
 * of behind it; the two are one step.
 */
function remembersRewriting(e: TraceEvent): boolean {
  if (!remembers(e)) return false;
  const { before, after } = e as ChangeEvent<'conntrack'>;
  return before === undefined && after !== undefined && isTranslated(after);
}

function changeJoins(draft: Draft, e: TraceEvent & { kind: 'change' }): boolean {
  if (e.table === 'neigh' && (!NEIGHBOUR_ACTS.has(draft.act) || remembers(draft.main))) return false;
  // Conntrack speaks between a hook's log lines and the hook itself.
  if (e.table === 'conntrack' && draft.act === 'log') return sibling(draft, e) || causedBy(draft, e);
  if (remembersRewriting(e)) return false;
  if (causedBy(draft, e)) return true;
  const last = draft.events.at(-1);
  if (draft.act === 'change') return last?.kind === 'change' && last.at === e.at && last.cause === e.cause;
  return draft.act === 'config' && sibling(draft, e);
}

/** The row changed because a packet was to be sent there: the lookup follows at once. */
function neighJoins(draft: Draft, e: TraceEvent & { kind: 'neigh' }, { frames }: Scene): boolean {
  const last = draft.events.at(-1);
  if (last?.at !== e.at) return false;
  // A program's own segment: that it is sent has been said when it was made.
  if (makesSegment(draft, frames)) return e.verdict === 'resolved' && causedBy(draft, e);
  if (draft.act === 'change' && draft.main.kind === 'change' && draft.main.table === 'neigh') {
    const { before, after } = draft.main as ChangeEvent<'neigh'>;
    const row = after ?? before;
    return row?.dst === e.dst && row.dev === e.dev;
  }
  // Said only after the request has gone into the bridge.
  return draft.act === 'bridge' && e.verdict === 'queued' && e.cause < draft.main.seq;
}

function makesSegment({ act, events }: Draft, frames: readonly Frame[]): boolean {
  if (act !== 'make' && act !== 'lookup') return false;
  const made = events.find((e) => e.kind === 'origin');
  const frame = made && frames[made.frame];
  return frame !== undefined && readTcp(frame) !== undefined;
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

function hookJoins(draft: Draft, e: TraceEvent & { kind: 'hook' }, linked: boolean, scene: Scene): boolean {
  if (draft.act === 'log') return linked || sibling(draft, e);
  if (remembersRewriting(draft.main)) return sibling(draft, e);
  if (!linked || !PACKET_ACTS.has(draft.act)) return false;
  return draft.act === 'arrive' || !hookSpeaks(e, scene);
}

/** What a program sends or receives itself is part of making or taking the packet; one that relays others' is a story. */
function copyJoins(
  draft: Draft,
  e: TraceEvent & { kind: 'copy' },
  linked: boolean,
  { names }: Scene,
): boolean {
  if (!linked) return false;
  // The kernel looks for the way before it copies what is to be sent.
  if (names.relays(e.machine, e.process))
    return e.direction === 'to-kernel' && draft.act === 'lookup' && onlyAsked(draft);
  if (e.direction === 'to-kernel')
    return draft.act === 'lookup' || draft.act === 'make' || draft.act === 'command';
  return (
    draft.act === 'arrive' ||
    (draft.act === 'lookup' && draft.main.kind === 'fib' && draft.main.decision.result === 'local')
  );
}

const onlyAsked = ({ events }: Draft): boolean =>
  events.every((e) => e.kind === 'fib' && e.direction === 'output');

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
  if (draft.act === 'icmp-error' || draft.act === 'copy') return causedBy(draft, e);
  // The kernel finds the way before it builds the packet.
  return (
    draft.act === 'lookup' &&
    draft.main.kind === 'fib' &&
    draft.main.direction !== 'input' &&
    causedBy(draft, e)
  );
}

function txJoins(draft: Draft, e: TraceEvent, frames: readonly Frame[]): boolean {
  if (e.at - (draft.events.at(-1)?.at ?? e.at) >= LATE) return false;
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

function netlinkJoins(draft: Draft, e: TraceEvent & { kind: 'netlink' }, { names }: Scene): boolean {
  if (draft.act === 'command') return causedBy(draft, e) && !names.isDaemon(e.machine, e.by);
  return reaction(draft, e);
}

function controlJoins(draft: Draft, e: TraceEvent & { kind: 'control' }, { names }: Scene): boolean {
  if (draft.act === 'command') return causedBy(draft, e) && !names.isDaemon(e.machine, e.by);
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
export function joins(draft: Draft, e: TraceEvent, scene: Scene): boolean {
  const { main, act } = draft;
  const { frames } = scene;
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
      return hookJoins(draft, e, linked, scene);
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
    case 'copy':
      return copyJoins(draft, e, linked, scene);
    case 'reassemble':
      return (
        linked &&
        (act === 'arrive' || (act === 'lookup' && main.kind === 'fib' && main.decision.result === 'local'))
      );
    case 'forward':
      return linked && act === 'hook' && !hookSpeaks(main, scene);
    case 'icmp-error':
      return linked && act === 'lookup';
    case 'drop':
      return act === 'change' ? sibling(draft, e) : linked && PACKET_ACTS.has(act);
    case 'neigh':
      return neighJoins(draft, e, scene);
    case 'netlink':
      return netlinkJoins(draft, e, scene);
    case 'control':
      if (isLogLine(e)) return act === 'arrive' ? linked : act === 'log' && sibling(draft, e);
      return controlJoins(draft, e, scene);
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

function relayed({ main }: Draft, { names }: Scene): boolean {
  return main.kind === 'copy' && names.relays(main.machine, main.process);
}

/** Adds an event that {@link joins}. */
export function extend(draft: Draft, e: TraceEvent, scene: Scene): void {
  draft.events.push(e);
  for (const id of framesOf(e)) if (!draft.frames.includes(id)) draft.frames.push(id);
  if (e.kind === 'drop' || e.kind === 'exit') draft.closed = true;
  const quiet =
    (e.kind === 'origin' && relayed(draft, scene)) ||
    (e.kind === 'copy' && draft.act === 'lookup' && !scene.names.relays(e.machine, e.process)) ||
    (e.kind === 'hook' && !draft.events.some(isLogLine) && !hookSpeaks(e, scene));
  if (NAMED_BY[e.kind]?.includes(draft.act) === true && !quiet) {
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
