/** What happens when a connection's timers go off (net/ipv4/tcp_timer.c). */
import type { EventSeq } from '../../trace';
import { enterLoss } from './ack';
import {
  ATO_MIN,
  GIVE_UP,
  GIVE_UP_ORPHAN,
  RTO_MAX,
  SYNACK_RETRIES,
  SYN_LINEAR,
  SYN_RETRIES,
} from './constants';
import type { Lifecycle } from './lifecycle';
import { retransmit, sendAck, sendPending } from './output';
import type { Sock } from './sock';

/** tcp_retransmit_timer. */
export function writeTimeout(life: Lifecycle, sock: Sock): void {
  const { netns } = life;
  const head = sock.inFlight.find((segment) => !segment.sacked);
  if (!head) {
    if (sock.unsent.length > 0) {
      sendPending(netns, sock, sock.unsent[0]?.origin ?? -1);
      // Still nothing left: less and less often, as tcp_send_probe0 does.
      if (sock.inFlight.length === 0) sock.rto = Math.min(sock.rto * 2, RTO_MAX);
      sock.timers.write.set(sock.rto);
    }
    return;
  }
  const cause: EventSeq = head.origin;
  if (expired(life, sock)) {
    life.fail(sock, sock.softError ?? 'ETIMEDOUT', cause);
    return;
  }
  const opening = sock.state === 'SYN-SENT' || sock.state === 'SYN-RECV';
  if (!opening) enterLoss(sock);
  sock.retransmits++;
  retransmit(netns, sock, head, cause);
  if (sock.state !== 'SYN-SENT' || sock.retransmits > SYN_LINEAR) {
    sock.backoff++;
    sock.rto = Math.min(sock.rto * 2, RTO_MAX);
  }
  sock.timers.write.set(sock.rto);
}

/** tcp_write_timeout. */
function expired({ netns }: Lifecycle, sock: Sock): boolean {
  if (sock.state === 'SYN-SENT') return sock.retransmits >= SYN_RETRIES + SYN_LINEAR;
  if (sock.state === 'SYN-RECV') return sock.retransmits >= SYNACK_RETRIES;
  if (sock.retransStamp === 0) return false;
  return netns.now - sock.retransStamp >= (sock.orphan ? GIVE_UP_ORPHAN : GIVE_UP);
}

/** tcp_delack_timer_handler. */
export function ackTimeout(life: Lifecycle, sock: Sock): void {
  if (!sock.ackPending) return;
  if (sock.pingpong > 0) {
    // The reply that was to carry it did not come.
    sock.pingpong = 0;
    sock.ato = ATO_MIN;
  } else sock.ato = Math.min(sock.ato * 2, sock.rto);
  sendAck(life.netns, sock, sock.ackCause);
}
