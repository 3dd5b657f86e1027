/** How a request to the kernel stands in the trace: one event, which what it changes is caused by. */
import type { Requester } from './netlink';
import type { Netns } from './netns';
import type { EventSeq, NetlinkEvent } from './trace';

/** Files `request`; `text` says it as a person would type it. */
export function fileRequest(netns: Netns, requester: Requester, request: string, text: string): EventSeq {
  return netns.emit({
    seq: 0,
    at: 0,
    machine: netns.machine,
    netns: netns.id,
    cause: requester.cause,
    kind: 'netlink',
    by: requester.by,
    request,
    text,
    error: undefined,
  });
}

/** The event is filed before the changes that it causes, so its outcome is written into it afterwards. */
export function noteRefusal(netns: Netns, seq: EventSeq, error: string): void {
  (netns.tracer.events[seq] as { error?: string } & NetlinkEvent).error = error;
}
