/** Captures as files that Wireshark opens: one frame, or all that a device saw. */
import { LINKTYPE_ETHERNET, LINKTYPE_RAW, writePcap, type PcapRecord } from '../../sim/wire';
import type { Frame, LiveTrace } from '../../state';

const linkType = (link: Frame['link']) => (link === 'ethernet' ? LINKTYPE_ETHERNET : LINKTYPE_RAW);
/** The writer's buffer is always its own. */
const owned = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;

/** One frame. A frame from before the network was up is put at time 0, the earliest a capture can say. */
export function captureOfFrame(frame: Frame, at: number): Uint8Array<ArrayBuffer> {
  return owned(writePcap(linkType(frame.link), [{ at: Math.max(at, 0), bytes: frame.bytes }]));
}

/** All a tap on the device saw since the network was up, both directions, in order; undefined when it saw nothing. */
export function captureOfDevice(
  trace: LiveTrace,
  netns: string,
  dev: string,
): Uint8Array<ArrayBuffer> | undefined {
  const records: PcapRecord[] = [];
  let link: Frame['link'] | undefined;
  for (let seq = trace.upSeq; seq < trace.events.length; seq++) {
    const event = trace.events[seq];
    if (event?.kind !== 'tx' && event?.kind !== 'rx') continue;
    if (event.netns !== netns || event.dev !== dev) continue;
    // As a tap that is not promiscuous: what was for another machine's MAC is not kept.
    if (event.kind === 'rx' && event.pkt === 'otherhost') continue;
    const frame = trace.frames[event.frame];
    if (frame === undefined) continue;
    link ??= frame.link;
    records.push({ at: event.at, bytes: frame.bytes });
  }
  return link === undefined ? undefined : owned(writePcap(linkType(link), records));
}
