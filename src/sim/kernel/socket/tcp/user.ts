/**
 * The process's end of a connection: what it hears, a moment after the kernel knew it and in order, and what it may do.
 * What the process does while it hears something is caused, in the trace, by what it heard.
 */
import { err, ok, type Result } from '../../../../base/result';
import { COST } from '../../costs';
import type { Errno, TcpEndpoint, TcpEvents, TcpSocket, TcpState } from '../../netlink';
import type { Netns } from '../../netns';
import type { EventSeq, FrameId } from '../../trace';
import { copied } from '../copies';
import type { Sock, Upward } from './sock';

/** What the connection's keeper does for the process. */
export interface Kernel {
  readonly netns: Netns;
  write(sock: Sock, bytes: Uint8Array, cause: EventSeq): void;
  shutdown(sock: Sock, cause: EventSeq): void;
  close(sock: Sock, unread: boolean, cause: EventSeq): void;
  abort(sock: Sock, cause: EventSeq): void;
  /** The process has taken all bytes. */
  read(sock: Sock): void;
}

type News =
  | { readonly tell: 'connected'; readonly cause: EventSeq }
  | { readonly tell: 'end'; readonly cause: EventSeq }
  | { readonly tell: 'closed'; readonly cause: EventSeq }
  | { readonly tell: 'failed'; readonly errno: Errno; readonly cause: EventSeq }
  | {
      readonly tell: 'data';
      readonly parts: Uint8Array[];
      length: number;
      frame: FrameId;
      cause: EventSeq;
    };

export class User implements Upward, TcpSocket {
  unread = 0;
  readonly #news: News[] = [];
  #waking = false;
  /** close() or abort() was called. */
  #left = false;
  #over = false;
  #finished = false;
  /** What the process wrote, and whether it ended, before connect() or accept() returned. */
  #early: { readonly writes: Uint8Array[]; end: boolean } | undefined;
  #now: EventSeq | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly sock: Sock,
    private readonly cause: EventSeq,
    private readonly accept: (socket: TcpSocket) => TcpEvents,
    private events?: TcpEvents,
  ) {}

  // --- from the kernel -------------------------------------------------------------------------------------------------

  connected(cause: EventSeq): void {
    this.#tell({ tell: 'connected', cause });
  }
  data(bytes: Uint8Array, frame: FrameId, cause: EventSeq): void {
    this.unread += bytes.length;
    const last = this.#news.at(-1);
    if (last?.tell !== 'data') {
      this.#tell({ tell: 'data', parts: [bytes], length: bytes.length, frame, cause });
      return;
    }
    // One read() takes all that is there.
    last.parts.push(bytes);
    last.length += bytes.length;
    last.frame = frame;
    last.cause = cause;
  }
  end(cause: EventSeq): void {
    this.#tell({ tell: 'end', cause });
  }
  failed(errno: Errno, cause: EventSeq): void {
    this.#tell({ tell: 'failed', errno, cause });
    this.closed(cause);
  }
  closed(cause: EventSeq): void {
    if (this.#over) return;
    this.#over = true;
    this.#tell({ tell: 'closed', cause });
  }

  #tell(news: News): void {
    if (this.#left) return;
    this.#news.push(news);
    if (this.#waking) return;
    this.#waking = true;
    this.kernel.netns.packet(COST.wake, () => {
      this.#waking = false;
      for (let next = this.#news.shift(); next && !this.#left; next = this.#news.shift()) this.#hear(next);
    });
  }

  #hear(news: News): void {
    const { kernel, sock } = this;
    this.#now = news.cause;
    this.events ??= this.accept(this);
    const { events } = this;
    if (news.tell === 'data') {
      this.unread -= news.length;
      this.#now = copied(kernel.netns, {
        frame: news.frame,
        cause: news.cause,
        direction: 'to-user',
        process: sock.config.by,
        via: 'recv',
        bytes: news.length,
        // It slept until its data came.
        switches: 1,
      });
      kernel.read(sock);
      events.onData?.(joined(news.parts, news.length));
    } else if (news.tell === 'failed') events.onError?.(news.errno);
    else if (news.tell === 'connected') {
      this.#catchUp(news.cause);
      events.onConnected?.();
    } else if (news.tell === 'end') events.onEnd?.();
    else events.onClosed?.();
    this.#now = undefined;
  }

  #catchUp(cause: EventSeq): void {
    const early = this.#early;
    this.#early = undefined;
    for (const bytes of early?.writes ?? []) this.kernel.write(this.sock, bytes, cause);
    if (early?.end) this.kernel.shutdown(this.sock, cause);
  }

  // --- from the process ------------------------------------------------------------------------------------------------

  get local(): TcpEndpoint {
    return this.sock.local;
  }
  get peer(): TcpEndpoint {
    return this.sock.peer;
  }
  get state(): TcpState {
    return this.sock.state;
  }
  get #cause(): EventSeq {
    return this.#now ?? this.cause;
  }

  send(bytes: Uint8Array): Result<void, Errno> {
    const { state } = this.sock;
    if (this.#left || this.#finished) return err('EPIPE');
    const opening = state === 'SYN-SENT' || state === 'SYN-RECV';
    if (!this.sock.maySend && !opening) return err('EPIPE');
    if (opening || this.#early) (this.#early ??= { writes: [], end: false }).writes.push(bytes.slice());
    else if (bytes.length > 0) this.kernel.write(this.sock, bytes, this.#cause);
    return ok(undefined);
  }
  shutdown(): void {
    if (this.#left || this.#finished) return;
    this.#finished = true;
    const { state } = this.sock;
    if (this.#early || state === 'SYN-SENT' || state === 'SYN-RECV')
      (this.#early ??= { writes: [], end: false }).end = true;
    else this.kernel.shutdown(this.sock, this.#cause);
  }
  close(): void {
    if (this.#left) return;
    this.#left = true;
    this.kernel.close(this.sock, this.unread > 0, this.#cause);
  }
  abort(): void {
    if (this.#left) return;
    this.#left = true;
    this.kernel.abort(this.sock, this.#cause);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
