/**
 * The connections of one namespace by their four numbers, and what becomes of them: states and their rows, ends, and what
 * processes ask for.
 */
import type { Errno, TcpEndpoint, TcpState } from '../../netlink';
import type { Netns } from '../../netns';
import type { EventSeq } from '../../trace';
import { socketKey, tcpRow } from '../rows';
import { FIN_TIMEOUT, TIME_WAIT } from './constants';
import { readByUser } from './input';
import type { Lifecycle } from './lifecycle';
import { enqueue, enqueueFin, retransmit, sendActiveReset, sendPending } from './output';
import { Sock, type SockConfig } from './sock';
import { Alarm } from './timers';
import { ackTimeout, writeTimeout } from './timeouts';
import type { Kernel } from './user';

function tupleKey(local: TcpEndpoint, peer: TcpEndpoint): string {
  return `${local.address}:${local.port}-${peer.address}:${peer.port}`;
}

export class Connections implements Lifecycle, Kernel {
  readonly #byTuple = new Map<string, Sock>();
  #order = 0;

  constructor(
    readonly netns: Netns,
    private readonly draw: () => number,
  ) {}

  nextOrder(): number {
    return this.#order++;
  }
  get(local: TcpEndpoint, peer: TcpEndpoint): Sock | undefined {
    return this.#byTuple.get(tupleKey(local, peer));
  }
  get all(): Iterable<Sock> {
    return this.#byTuple.values();
  }

  create(local: TcpEndpoint, peer: TcpEndpoint, config: SockConfig): Sock {
    const { netns } = this;
    const timers = {
      write: new Alarm(netns, () => writeTimeout(this, sock)),
      ack: new Alarm(netns, () => ackTimeout(this, sock)),
      keep: new Alarm(netns, () => this.done(sock, sock.ackCause)),
    };
    const sock = new Sock(local, peer, config, this.nextOrder(), timers, this.draw);
    sock.sndNxt = this.draw();
    this.#byTuple.set(tupleKey(local, peer), sock);
    return sock;
  }

  // --- states ----------------------------------------------------------------------------------------------------------

  setState(sock: Sock, state: TcpState, cause: EventSeq): void {
    sock.state = state;
    const row = state === 'UNCONN' ? undefined : tcpRow(state, sock.local, sock.peer, sock.config.by);
    this.netns.change('socket', socketKey('tcp', sock.order), sock.row, row, cause);
    sock.row = row;
  }

  connected(sock: Sock, cause: EventSeq): void {
    if (sock.listener) sock.listener.acceptable++;
    sock.user?.connected(cause);
  }

  admit({ listener }: Sock): boolean {
    return !listener || listener.acceptable <= listener.backlog;
  }

  repeatSynAck(sock: Sock, cause: EventSeq): void {
    const head = sock.inFlight[0];
    if (head) retransmit(this.netns, sock, head, cause);
  }

  reset(sock: Sock, cause: EventSeq): void {
    if (sock.state === 'CLOSE-WAIT') this.fail(sock, 'EPIPE', cause);
    else this.fail(sock, sock.state === 'SYN-SENT' ? 'ECONNREFUSED' : 'ECONNRESET', cause);
  }

  fail(sock: Sock, errno: Errno, cause: EventSeq): void {
    // What never was a connection is not told to the listener's process.
    if (sock.state !== 'SYN-RECV' || !sock.listener) sock.user?.failed(errno, cause);
    this.done(sock, cause);
  }

  done(sock: Sock, cause: EventSeq): void {
    if (sock.state === 'UNCONN') return;
    const unheard = sock.state === 'SYN-RECV' && sock.listener;
    const { write, ack, keep } = sock.timers;
    for (const alarm of [write, ack, keep]) alarm.stop();
    this.setState(sock, 'UNCONN', cause);
    const key = tupleKey(sock.local, sock.peer);
    if (this.#byTuple.get(key) === sock) this.#byTuple.delete(key);
    sock.inFlight.length = 0;
    sock.unsent.length = 0;
    if (unheard) unheard.pending.delete(sock);
    else sock.user?.closed(cause);
  }

  timeWait(sock: Sock, cause: EventSeq): void {
    sock.timers.write.stop();
    sock.timers.ack.stop();
    sock.ackCause = cause;
    this.setState(sock, 'TIME-WAIT', cause);
    sock.timers.keep.set(TIME_WAIT);
    sock.user?.closed(cause);
  }

  // --- what processes ask for --------------------------------------------------------------------------------------------

  write(sock: Sock, bytes: Uint8Array, cause: EventSeq): void {
    enqueue(sock, bytes);
    sendPending(this.netns, sock, cause);
  }

  /** FIN behind what is queued, where the state has one to send. */
  shutdown(sock: Sock, cause: EventSeq): void {
    if (!sock.maySend) return;
    this.setState(sock, sock.state === 'CLOSE-WAIT' ? 'LAST-ACK' : 'FIN-WAIT-1', cause);
    enqueueFin(sock);
    sendPending(this.netns, sock, cause);
  }

  /** tcp_close: what it sends at once is the process's still (sock_orphan comes after). */
  close(sock: Sock, unread: boolean, cause: EventSeq): void {
    this.#leave(sock, unread, cause);
    sock.orphan = true;
  }
  #leave(sock: Sock, unread: boolean, cause: EventSeq): void {
    const { state } = sock;
    if (state === 'UNCONN' || state === 'TIME-WAIT') return;
    if (state === 'SYN-SENT' || state === 'SYN-RECV') this.done(sock, cause);
    else if (unread) this.abort(sock, cause);
    else if (sock.maySend) this.shutdown(sock, cause);
    else if (state === 'FIN-WAIT-2') sock.timers.keep.set(FIN_TIMEOUT);
  }

  /** tcp_disconnect. */
  abort(sock: Sock, cause: EventSeq): void {
    const { state } = sock;
    const quiet = state === 'UNCONN' || state === 'TIME-WAIT' || state === 'SYN-SENT';
    if (!quiet) sendActiveReset(this.netns, sock, cause);
    sock.orphan = true;
    if (state !== 'TIME-WAIT') this.done(sock, cause);
  }

  read(sock: Sock): void {
    readByUser(this.netns, sock);
  }

  /** The namespace goes, and nothing is said to anybody. */
  clear(cause: EventSeq): void {
    for (const sock of [...this.#byTuple.values()]) this.done(sock, cause);
  }
}
