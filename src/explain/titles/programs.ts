import type { ChangeEvent, CopyEvent, Frame, FrameId } from '../../sim/kernel/trace';
import { LATE } from '../draft';
import { copyBefore, copyNumber } from '../copies';
import { endpointsOf } from '../endpoints';
import { readTcp } from '../tcp';
import { msg } from '../messages';
import type { Message } from '../types';
import { factsAt, find, short, type EventOf, type Told, type TitleContext } from './context';

const VIA_LENGTH = 22;

/** Bytes go from user space into the kernel or back. */
export function tellCopy({ frames, events }: TitleContext, e: CopyEvent): Told {
  const facts = factsAt(frames, e.frame);
  const values = {
    process: e.process,
    what: facts.term,
    via: short(e.via, VIA_LENGTH),
    n: copyNumber(e, events),
  };
  const wraps = e.direction === 'to-kernel' && values.n > 1 && facts.topic === 'udp';
  let title = msg(e.direction === 'to-user' ? 'copy.read' : 'copy.write', values);
  if (wraps && facts.dst !== undefined) title = msg('copy.wrap', { ...values, remote: facts.dst });
  const [, dev] = /^write (\S+)$/.exec(e.via) ?? [];
  if (dev !== undefined) title = msg('copy.tunWrite', { ...values, dev });
  const small = { place: e.netns, bytes: e.bytes, switches: e.switches };
  const lowered = ttlLowered(e, frames, events);
  const detail = lowered ? msg('small.copyTtl', { ...small, ...lowered }) : msg('small.copy', small);
  return { title, detail, topic: facts.topic };
}

/** What the process that relays the packet did to its TTL, since it read it. */
export function ttlLowered(
  e: CopyEvent,
  frames: readonly Frame[],
  events: TitleContext['events'],
): { readonly before: number; readonly after: number } | undefined {
  const read = e.direction === 'to-kernel' ? copyBefore(e, events) : undefined;
  if (read?.direction !== 'to-user' || read.process !== e.process) return undefined;
  const ttlOf = (id: FrameId): number | undefined => {
    const { carriedTtl, ttl } = factsAt(frames, id);
    return carriedTtl ?? ttl;
  };
  const [before, after] = [ttlOf(read.frame), ttlOf(e.frame)];
  return before === undefined || after === undefined || after >= before ? undefined : { before, after };
}

/** The small line of a packet that a program makes or takes, where copies are counted. */
export function smallCopied({ draft, names, events }: TitleContext, dev: string, bytes: number): Message {
  const copy = names.hasRelays ? find(draft, 'copy') : undefined;
  if (!copy) return msg('small.frame', { dev, bytes });
  const values = { dev, bytes, n: copyNumber(copy, events) };
  return msg(copy.direction === 'to-user' ? 'small.copiedUp' : 'small.copiedDown', values);
}

/** A frame that the device's queueing discipline held back for a while. */
export function tellDelay(ctx: TitleContext, e: EventOf<'tx'>): Message | undefined {
  const { events, names, frames } = ctx;
  const cause = events[e.cause];
  const qdisc = names.qdisc(e.netns, e.dev);
  if (cause === undefined || qdisc === undefined || e.at - cause.at < LATE) return undefined;
  const delay = ((e.at - cause.at) / 1_000_000).toFixed(1).replace(/\.0$/, '');
  const what = factsAt(frames, e.frame).term;
  return msg('frame.txDelayed', { dev: e.dev, who: e.netns, what, delay, qdisc: qdisc.kind });
}

/** A segment reaches its socket, whose state may change with it. */
export function tellTaken({ draft, frames }: TitleContext): Message | undefined {
  const deliver = find(draft, 'deliver');
  const frame = deliver && frames[deliver.frame];
  if (!deliver || !frame || !readTcp(frame)) return undefined;
  const change = draft.events.find(
    (e): e is ChangeEvent<'socket'> => e.kind === 'change' && e.table === 'socket',
  );
  if (!change) return undefined;
  const base = { who: deliver.netns, what: factsAt(frames, deliver.frame).term };
  const { before, after } = change;
  if (!after) return msg('tcp.takesLast', base);
  if (!before) return msg('tcp.takesNew', { ...base, after: after.state });
  return before.state === after.state
    ? undefined
    : msg('tcp.takes', { ...base, before: before.state, after: after.state });
}

const frameOf = (frames: readonly Frame[], id: FrameId): Frame | undefined => frames[id];

/** A segment that TCP makes: its part in the conversation. Undefined for what is no TCP. */
export function tellSegment(ctx: TitleContext, e: EventOf<'origin'>): Told | undefined {
  const frame = frameOf(ctx.frames, e.frame);
  const tcp = frame && readTcp(frame);
  const ends = frame && endpointsOf(frame);
  if (!tcp || !ends) return undefined;
  const { netns: who } = e;
  const facts = factsAt(ctx.frames, e.frame);
  const what = facts.term;
  const base = { who, what, dst: ends.dst };
  const port = ends.dstPort ?? 0;
  const dev = find(ctx.draft, 'tx')?.dev ?? find(ctx.draft, 'fib')?.decision.dev;
  const told = {
    detail: msg('small.frame', { dev: dev ?? e.by, bytes: facts.bytes }),
    topic: facts.topic,
    dev,
  };
  return { ...told, title: segmentTitle(e.by, tcp, base, port, ctx, e) };
}

type Tcp = NonNullable<ReturnType<typeof readTcp>>;

function segmentTitle(
  by: string,
  tcp: Tcp,
  base: { who: string; what: ReturnType<typeof factsAt>['term']; dst: string },
  port: number,
  { events, frames }: TitleContext,
  e: EventOf<'origin'>,
): Message {
  if (by === 'tcp_retransmit_skb') return msg('tcp.again', base);
  if (tcp.rst) {
    const cause = frames[e.frame]?.from;
    const asked = cause === undefined ? undefined : frames[cause];
    const refused = asked !== undefined && readTcp(asked)?.syn === true && !hadSocket(e, events);
    return msg(refused ? 'tcp.refuse' : 'tcp.rst', base);
  }
  if (tcp.syn) return tcp.ack ? msg('tcp.synAck', base) : msg('tcp.syn', { ...base, port });
  if (tcp.payload > 0) return msg('tcp.data', { who: base.who, dst: base.dst, n: tcp.payload, port });
  if (tcp.fin) return msg('tcp.fin', base);
  return msg('tcp.ack', base);
}

/** A reset that a socket sends on its own account refuses nothing. */
function hadSocket(e: EventOf<'origin'>, events: TitleContext['events']): boolean {
  return e.by === 'tcp_send_active_reset' || events[e.cause]?.kind === 'change';
}
