/**
 * Processes: what runs when a command is typed. A process sees its machine through a ProcessContext; everything it does
 * hangs, in the trace, on its command event. When it ends, its timers stop and its sockets close.
 */
import type { Random } from '../../base/random';
import type { Netns } from '../kernel/index';
import type { HostApi, NetnsHandle, ProcessContext, SocketApi, Timer } from '../kernel/netlink';
import type { EventSeq, SimTime } from '../kernel/trace';
import { runCommand, splitWords } from '../shell/index';
import { Context, type ProcessDoor } from './context';
import { Opened } from './opened';

/** Where a process's output and end go: into the trace, or into a string for a silent query. */
export interface Terminal {
  /** The command event, on which everything hangs; -1 for a query. */
  readonly cause: EventSeq;
  output(stream: 'stdout' | 'stderr', text: string): void;
  ended(exit: number): void;
}

const INTERRUPTED = 130;

export class Process implements ProcessDoor {
  ended = false;
  #timers: Set<Timer> | undefined;
  #opened: Opened | undefined;
  readonly #atEnd: ((exit: number) => void)[] = [];
  #interrupt: (() => void) | undefined;

  constructor(
    private readonly terminal: Terminal,
    /** In whose name it acts, when not in its program's: a daemon's child. */
    private readonly by: string | undefined,
    readonly random: () => Random,
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
    for (const timer of this.#timers ?? []) timer.cancel();
    this.#opened?.close();
    this.terminal.ended(code);
  }

  /** Ctrl-C. A program that wants to say something first may; it is over afterwards in any case. */
  interrupt(): void {
    if (this.ended) return;
    this.#interrupt?.();
    this.exit(INTERRUPTED);
  }

  // --- what its contexts ask of it -----------------------------------------------------------------------------------

  sockets(api: SocketApi): SocketApi {
    this.#opened ??= new Opened();
    return this.#opened.sockets(api);
  }
  host(netns: Netns): HostApi {
    return this.hostOf(netns, this);
  }
  onInterrupt(action: () => void): void {
    this.#interrupt = action;
  }

  #context(netns: Netns, program: string): ProcessContext {
    return new Context(netns, { by: this.by ?? program, cause: this.cause }, this);
  }

  print(stream: 'stdout' | 'stderr', text: string): void {
    if (!this.ended && text !== '') this.terminal.output(stream, text);
  }

  after(netns: Netns, delayNs: SimTime, action: () => void): Timer {
    const timer = netns.timerAt(netns.now + Math.max(0, Math.round(delayNs)), () => {
      this.#timers?.delete(timer);
      if (!this.ended) action();
    });
    if (this.ended) timer.cancel();
    else (this.#timers ??= new Set()).add(timer);
    return timer;
  }
}
