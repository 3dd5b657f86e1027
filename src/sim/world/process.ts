/**
 * Processes: what runs when a command is typed. A process sees its machine through a ProcessContext; everything it does
 * hangs, in the trace, on its command event. When it ends, its timers stop and its sockets close.
 */
import type { Netns } from '../kernel/index';
import type {
  HostApi,
  IcmpSocket,
  NetnsHandle,
  ProcessContext,
  Requester,
  SocketApi,
  TcpListener,
  TcpSocket,
  Timer,
  UdpSocket,
} from '../kernel/netlink';
import type { EventSeq, SimTime } from '../kernel/trace';
import { runCommand, splitWords } from '../shell/index';
import type { Random } from '../../base/random';

/** Where a process's output and end go: into the trace, or into a string for a silent query. */
export interface Terminal {
  /** The command event, on which everything hangs; -1 for a query. */
  readonly cause: EventSeq;
  output(stream: 'stdout' | 'stderr', text: string): void;
  ended(exit: number): void;
}

const INTERRUPTED = 130;

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

export class Process {
  ended = false;
  readonly #timers = new Set<Timer>();
  readonly #open = new Set<{ close(): void }>();
  readonly #connections = new Set<TcpSocket>();
  #forgetAt = 64;
  readonly #atEnd: ((exit: number) => void)[] = [];
  #interrupt: (() => void) | undefined;

  constructor(
    private readonly terminal: Terminal,
    /** In whose name it acts, when not in its program's: a daemon's child. */
    private readonly by: string | undefined,
    private readonly random: () => Random,
    private readonly hostOf: (netns: Netns, process: Process) => HostApi,
    private readonly resolve: (handle: NetnsHandle) => Netns | undefined,
  ) {}

  get cause(): EventSeq {
    return this.terminal.cause;
  }

  /** Starts a command line in a namespace. The process may be over when this returns. */
  start(netns: Netns, line: string): void {
    const words = splitWords(line);
    if (!words.ok) {
      this.terminal.output('stderr', `bash: ${words.error}\n`);
      this.exit(2);
    } else if (words.value.length === 0) this.exit(0);
    else this.run(netns, words.value);
  }

  run(netns: Netns, words: readonly string[]): void {
    if (!this.ended) runCommand(this.#context(netns, words[0] ?? ''), words);
  }

  /** The same process in another namespace (`ip netns exec`, `docker exec`). */
  runIn(handle: NetnsHandle, words: readonly string[], onEnd?: (exit: number) => void): void {
    if (onEnd && !this.ended) this.#atEnd.push(onEnd);
    const netns = this.resolve(handle);
    if (netns) this.run(netns, words);
    else this.exit(1);
  }

  exit(code: number): void {
    // Who waits for the end may still print.
    for (const tell of this.#atEnd.splice(0)) tell(code);
    if (this.ended) return;
    this.ended = true;
    for (const timer of this.#timers) timer.cancel();
    for (const socket of [...this.#open, ...this.#connections]) socket.close();
    this.terminal.ended(code);
  }

  /** Ctrl-C. A program that wants to say something first may; it is over afterwards in any case. */
  interrupt(): void {
    if (this.ended) return;
    this.#interrupt?.();
    this.exit(INTERRUPTED);
  }

  #context(netns: Netns, program: string): ProcessContext {
    const requester: Requester = { by: this.by ?? program, cause: this.cause };
    const sockets = lazy(() => this.#sockets(netns.socketApi(requester)));
    const random = lazy(this.random);
    const host = lazy(() => this.hostOf(netns, this));
    return {
      netns: netns.handle,
      netlink: netns.netlink(requester),
      // Most programs use neither sockets nor chance, and iptables is run often.
      get sockets() {
        return sockets();
      },
      get random() {
        return random();
      },
      get host() {
        return host();
      },
      now: () => netns.now,
      after: (delayNs, action) => this.#after(netns, delayNs, action),
      print: (text) => this.#print('stdout', text),
      printError: (text) => this.#print('stderr', text),
      exit: (code) => this.exit(code),
      onInterrupt: (action) => {
        this.#interrupt = action;
      },
    };
  }

  #print(stream: 'stdout' | 'stderr', text: string): void {
    if (!this.ended && text !== '') this.terminal.output(stream, text);
  }

  #after(netns: Netns, delayNs: SimTime, action: () => void): Timer {
    const timer = netns.timerAt(netns.now + Math.max(0, Math.round(delayNs)), () => {
      this.#timers.delete(timer);
      if (!this.ended) action();
    });
    if (this.ended) timer.cancel();
    else this.#timers.add(timer);
    return timer;
  }

  /** Remembers what the process opened, so that it is closed with it. */
  #sockets(api: SocketApi): SocketApi {
    const keep = <T extends { close(): void }>(socket: T): T => {
      this.#open.add(socket);
      return socket;
    };
    return {
      connect: (dst, options) => api.connect(dst, options),
      icmp: (id, events) => {
        const socket = api.icmp(id, events);
        if (socket.ok) keep<IcmpSocket>(socket.value);
        return socket;
      },
      udp: (bind, events) => {
        const socket = api.udp(bind, events);
        if (socket.ok) keep<UdpSocket>(socket.value);
        return socket;
      },
      tcpConnect: (dst, port, options, events) => {
        const socket = api.tcpConnect(dst, port, options, events);
        if (socket.ok) this.#keepConnection(socket.value);
        return socket;
      },
      tcpListen: (bind, onConnection) => {
        const listener = api.tcpListen(bind, (socket) => {
          this.#keepConnection(socket);
          return onConnection(socket);
        });
        if (listener.ok) keep<TcpListener>(listener.value);
        return listener;
      },
      list: () => api.list(),
      tun: (dev, events, options) => {
        const file = api.tun(dev, events, options);
        if (file.ok) keep(file.value);
        return file;
      },
      capture: (dev, onFrame, promiscuous) => {
        const tap = api.capture(dev, onFrame, promiscuous);
        if (tap.ok) keep(tap.value);
        return tap;
      },
    };
  }

  /** Like what else it opened, but a server's connections come and go: those that are over are forgotten now and then. */
  #keepConnection(socket: TcpSocket): void {
    this.#connections.add(socket);
    if (this.#connections.size < this.#forgetAt) return;
    for (const one of this.#connections) {
      if (one.state === 'UNCONN' || one.state === 'TIME-WAIT') this.#connections.delete(one);
    }
    this.#forgetAt = Math.max(64, 2 * this.#connections.size);
  }
}
