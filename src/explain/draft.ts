import type { FrameId, TraceEvent } from '../sim/kernel/trace';
import { framesOf } from './frames';

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
  | 'log'
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

/** A line of the kernel's log: written by a rule while a hook is at work, so the hook itself follows. */
export const isLogLine = (e: TraceEvent): boolean =>
  e.kind === 'control' && e.by === 'kernel' && e.action === 'printk';

export function actOf(e: TraceEvent): Act {
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
    case 'control':
      return isLogLine(e) ? 'log' : 'control';
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
    case 'command':
    case 'output':
    case 'exit':
    case 'bound':
      return e.kind;
  }
}

export function startDraft(e: TraceEvent): Draft {
  return { act: actOf(e), main: e, events: [e], frames: framesOf(e), closed: e.kind === 'drop' };
}

/** A frame that leaves so much later, ns, was held back by its device's queueing discipline. */
export const LATE = 100_000;
