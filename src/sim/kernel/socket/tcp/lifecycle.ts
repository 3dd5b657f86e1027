/** What the parts of TCP ask of the one that keeps the connections (`tcp.ts`). */
import type { Errno, TcpState } from '../../netlink';
import type { Netns } from '../../netns';
import type { EventSeq } from '../../trace';
import type { Sock } from './sock';

export interface Lifecycle {
  readonly netns: Netns;
  /** tcp_set_state, and the socket's row. */
  setState(sock: Sock, state: TcpState, cause: EventSeq): void;
  /** The handshake is complete: connect() returns, or the connection waits for accept(). */
  connected(sock: Sock, cause: EventSeq): void;
  /** Whether the listener has room in its accept queue. */
  admit(sock: Sock): boolean;
  repeatSynAck(sock: Sock, cause: EventSeq): void;
  /** tcp_reset: what the process hears depends on the state. */
  reset(sock: Sock, cause: EventSeq): void;
  /** tcp_done_with_error. */
  fail(sock: Sock, errno: Errno, cause: EventSeq): void;
  /** tcp_done: the connection is gone. */
  done(sock: Sock, cause: EventSeq): void;
  /** tcp_time_wait. */
  timeWait(sock: Sock, cause: EventSeq): void;
}
