/**
 * Bytes that cross between a process and the kernel (copy_from_iter, copy_to_iter), as events. A packet's chain of causes
 * goes through user space over them.
 */
import { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { CopyEvent, EventSeq, FrameId } from '../trace';

type Copy = Pick<CopyEvent, 'frame' | 'direction' | 'process' | 'via' | 'bytes' | 'switches' | 'cause'>;

export function copied(netns: Netns, copy: Copy): EventSeq {
  return netns.emit({
    seq: 0,
    at: 0,
    machine: netns.machine,
    netns: netns.id,
    cause: copy.cause,
    kind: 'copy',
    frame: copy.frame,
    direction: copy.direction,
    process: copy.process,
    via: copy.via,
    bytes: copy.bytes,
    switches: copy.switches,
  });
}

/** The frame of which the process got a copy, when that is what made it act. */
export function copiedFrame(netns: Netns, cause: EventSeq): FrameId | undefined {
  const event = netns.tracer.events[cause];
  return event?.kind === 'copy' ? event.frame : undefined;
}

/** A process has sent `length` bytes that became this packet: copied into the kernel, then given its first event. */
export function originateFrom(
  netns: Netns,
  bytes: Uint8Array,
  process: string,
  length: number,
  cause: EventSeq,
  from?: FrameId,
): IpPacket {
  const frame = netns.tracer.frame(bytes, 'ip', from);
  const copy = copied(netns, {
    frame: frame.id,
    direction: 'to-kernel',
    process,
    via: 'sendto',
    bytes: length,
    switches: 0,
    cause,
  });
  const seq = netns.emit({
    seq: 0,
    at: 0,
    machine: netns.machine,
    netns: netns.id,
    cause: copy,
    kind: 'origin',
    frame: frame.id,
    by: process,
  });
  const packet = new IpPacket(bytes, frame.id, seq);
  packet.owner = 'process';
  return packet;
}
