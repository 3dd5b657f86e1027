/** How a probe leaves and how its answer is recognised: UDP with a socket per probe, or ICMP echo with one socket for all. */
import { ICMP_ECHOREPLY, ICMP_REDIRECT, readU16, readU8, type Ip4 } from '../../wire/index';
import type {
  Errno,
  IcmpSocket,
  ProcessContext,
  SendOptions,
  SimTime,
  SocketError,
} from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { verdict, type Probe } from './probe';
import type { TracerouteOptions } from './options';

const FIRST_PORT = 33_434;
const UDP_PORT = 53;

/** What error() prints: an empty line, then what failed. */
export class Failure {
  readonly text: string;
  constructor(what: string, errno: Errno) {
    this.text = `\n${what}: ${strerror[errno]}\n`;
  }
}

/** An answer that has arrived. `at` undefined: the time at which the program gets to it. */
export interface Answer {
  readonly probe: Probe;
  readonly from: Ip4 | undefined;
  readonly at: SimTime | undefined;
  readonly error: string;
  readonly final: boolean;
}

export interface Method {
  /** What is opened before the first probe. */
  open(): Failure | undefined;
  send(probe: Probe, ttl: number): Failure | undefined;
  /** No answer is wanted any more. */
  release(probe: Probe): void;
  /** The journey is over. */
  close(): void;
}

/** Every byte tells where it is: `@ABC…` over and over, counted from the end of the IP header's successor. */
function payload(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => 0x40 + ((at + from) & 0x3f));
}

function sendOptions(options: TracerouteOptions, ttl: number): SendOptions {
  const { tos, device, source, mark, dontFragment } = options;
  return { ttl, tos, device, source, mark, pmtudisc: dontFragment ? 'probe' : 'dont' };
}

/** SO_BINDTODEVICE and bind(). */
function bind(ctx: ProcessContext, options: TracerouteOptions): Failure | undefined {
  const { device } = options;
  if (device !== undefined && !ctx.netlink.getLink(device))
    return new Failure('setsockopt SO_BINDTODEVICE', 'ENODEV');
  return undefined;
}

/** What a socket error means for the probe; undefined for what never reaches the error queue. */
function answerOf(ctx: ProcessContext, probe: Probe, error: SocketError): Answer | undefined {
  // ipv4_sk_redirect: a redirect changes the socket's route and is told to nobody.
  if (error.type === ICMP_REDIRECT) return undefined;
  return { probe, from: error.offender, at: ctx.now(), ...verdict(error.type, error.code, error.info) };
}

/** parse_local_res, do_send: too big a probe is reported by the error queue, and a missing neighbour later. */
function localAnswer(probe: Probe, error: { errno: Errno; mtu?: number }): Answer | Failure | undefined {
  if (error.errno === 'EHOSTUNREACH') return undefined;
  if (error.errno !== 'EMSGSIZE' || error.mtu === undefined) return new Failure('send', error.errno);
  return { probe, from: undefined, at: undefined, error: `!F-${error.mtu}`, final: true };
}

export class UdpMethod implements Method {
  #port: number;
  readonly #data: Uint8Array;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: TracerouteOptions,
    private readonly onAnswer: (answer: Answer) => void,
  ) {
    this.#port = options.port || (options.method === 'udp' ? UDP_PORT : FIRST_PORT);
    this.#data = payload(options.dataLength, 0);
  }

  open(): undefined {
    return undefined;
  }

  send(probe: Probe, ttl: number): Failure | undefined {
    const { ctx, options } = this;
    const wrong = bind(ctx, options);
    if (wrong) return wrong;
    const port = this.#port & 0xffff;
    const socket = ctx.sockets.udp(
      { address: options.source, port: options.sourcePort || undefined },
      {
        onMessage: (datagram) => {
          // A connected socket hears only the other end.
          if (datagram.src !== options.dst || datagram.srcPort !== port) return;
          this.onAnswer({ probe, from: datagram.src, at: datagram.at, error: '', final: true });
        },
        onError: (error) => {
          const answer = answerOf(ctx, probe, error);
          if (answer) this.onAnswer(answer);
        },
      },
    );
    if (!socket.ok) return new Failure('bind', socket.error);
    const route = ctx.sockets.connect(options.dst, sendOptions(options, ttl));
    if (!route.ok) {
      socket.value.close();
      return new Failure('connect', route.error);
    }
    probe.socket = socket.value;
    probe.sentAt = ctx.now();
    const sent = socket.value.sendTo(options.dst, port, this.#data, sendOptions(options, ttl));
    if (options.method === 'default') this.#port++;
    const problem = sent.ok ? undefined : localAnswer(probe, sent.error);
    if (problem instanceof Failure) return problem;
    if (problem) this.onAnswer(problem);
    return undefined;
  }

  release(probe: Probe): void {
    probe.socket?.close();
    probe.socket = undefined;
  }

  close(): void {}
}

export class IcmpMethod implements Method {
  #socket: IcmpSocket | undefined;
  #seq: number;
  /** The error queue of the one socket is read once: only the first refused probe is told. */
  #told = false;
  readonly #data: Uint8Array;
  readonly #waiting = new Map<number, Probe>();

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: TracerouteOptions,
    private readonly onAnswer: (answer: Answer) => void,
  ) {
    this.#seq = options.port || 1;
    this.#data = payload(options.dataLength, 8);
  }

  open(): Failure | undefined {
    const { ctx, options } = this;
    const wrong = bind(ctx, options);
    if (wrong) return wrong;
    if (options.source !== undefined) {
      // Whether the address is one's own is asked of bind(), which the ICMP socket of the model has not.
      const bound = ctx.sockets.udp({ address: options.source }, {});
      if (!bound.ok) return new Failure('bind', bound.error);
      bound.value.close();
    }
    const route = ctx.sockets.connect(options.dst, sendOptions(options, 1));
    if (!route.ok) return new Failure('connect', route.error);
    const opened = ctx.sockets.icmp(undefined, {
      onMessage: (datagram) => {
        if (readU8(datagram.payload, 0) !== ICMP_ECHOREPLY) return;
        const probe = this.#waiting.get(readU16(datagram.payload, 6));
        if (probe) this.onAnswer({ probe, from: datagram.src, at: datagram.at, error: '', final: true });
      },
      onError: (error) => {
        const probe = this.#waiting.get(readU16(error.quoted, 6));
        const answer = probe ? answerOf(ctx, probe, error) : undefined;
        if (answer) this.onAnswer(answer);
      },
    });
    if (!opened.ok) return new Failure('socket', opened.error);
    this.#socket = opened.value;
    return undefined;
  }

  send(probe: Probe, ttl: number): Failure | undefined {
    const { ctx, options } = this;
    probe.seq = this.#seq++ & 0xffff;
    this.#waiting.set(probe.seq, probe);
    probe.sentAt = ctx.now();
    const sent = this.#socket?.sendEcho(options.dst, probe.seq, this.#data, sendOptions(options, ttl));
    if (sent === undefined || sent.ok) return undefined;
    const problem = localAnswer(probe, sent.error);
    if (problem instanceof Failure) return problem;
    if (problem && !this.#told) this.onAnswer(problem);
    this.#told = true;
    return undefined;
  }

  release(probe: Probe): void {
    this.#waiting.delete(probe.seq);
  }

  close(): void {
    this.#socket?.close();
    this.#waiting.clear();
  }
}
