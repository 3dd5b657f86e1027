/**
 * `traceroute` 2.1.2: UDP to increasing ports from 33434, or ICMP echo. Up to `-N` probes are under way at once; what is
 * known is printed in order.
 *
 * Leaves out: TCP and other protocols, source routes, MTU discovery, AS lookups, names of addresses.
 */
import {
  ICMP_DEST_UNREACH,
  ICMP_ECHOREPLY,
  ICMP_EXC_TTL,
  ICMP_FRAG_NEEDED,
  ICMP_PORT_UNREACH,
  ICMP_TIME_EXCEEDED,
  echoSeq,
  formatIp4,
  isMalformed,
  readIcmp,
  type Ip4,
} from '../../wire/index';
import type {
  Datagram,
  Errno,
  IcmpSocket,
  ProcessContext,
  SendOptions,
  SocketError,
  Timer,
} from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import type { Program } from '../program';
import { readTracerouteOptions, type TracerouteOptions } from './options';

const SECOND = 1_000_000_000;
const FIRST_PORT = 33434;
/** With -U every probe goes to the same port. */
const UDP_PORT = 53;
/** Added to a measured time before it is taken for a bound (DEF_WAIT_PREC), s. */
const PRECISION = 0.001;

interface Probe {
  sentAt?: number;
  receivedAt?: number;
  from?: Ip4;
  error?: string;
  done: boolean;
  /** The target, or somebody who knows that there is no way to it. */
  final: boolean;
  close?: () => void;
}

export const traceroute: Program = {
  name: 'traceroute',
  group: 'probes',
  about: 'show the routers on the way to an address',
  slots(words) {
    if (words.at(-1) === '-i') return { kinds: ['device'] };
    return { words: ['-n', '-q', '-w', '-N', '-m', '-f', '-I', '-p', '-F', '--sport='], kinds: ['address'] };
  },
  run(ctx, args) {
    return new Tracer(ctx, readTracerouteOptions(args)).run();
  },
};

class Tracer {
  readonly #probes: Probe[];
  #start: number;
  #end: number;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #icmp: IcmpSocket | undefined;
  #ended = false;
  /** Guards against answers that arrive while probes are being sent. */
  #working = false;
  #again = false;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: TracerouteOptions,
  ) {
    this.#end = options.maxHops * options.queries;
    this.#start = (options.firstHop - 1) * options.queries;
    this.#probes = Array.from({ length: this.#end }, () => ({ done: false, final: false }));
  }

  run(): number | 'running' {
    const { ctx, options } = this;
    const { host, dst, maxHops, packetLength } = options;
    ctx.print(`traceroute to ${host} (${formatIp4(dst)}), ${maxHops} hops max, ${packetLength} byte packets`);
    const problem = this.#prepare();
    if (problem !== undefined) {
      ctx.printError(`\n${problem}\n`);
      return 1;
    }
    ctx.onInterrupt(() => this.#finish(130));
    this.#work();
    return 'running';
  }

  /** What the first socket's bind() and connect() would refuse. */
  #prepare(): string | undefined {
    const { ctx, options } = this;
    const { device, source } = options;
    if (device !== undefined && !ctx.netlink.getLink(device))
      return 'setsockopt SO_BINDTODEVICE: No such device';
    if (source !== undefined) {
      const text = formatIp4(source);
      const own = ctx.netlink.getAddrs().some((row) => row.local === text) || source >>> 24 === 127;
      if (!own) return 'bind: Cannot assign requested address';
    }
    const connected = ctx.sockets.connect(options.dst, this.#sendOptions(1));
    if (!connected.ok) return `connect: ${strerror[connected.error]}`;
    if (options.method !== 'icmp') return undefined;
    const opened = ctx.sockets.icmp(undefined, {
      onMessage: (datagram) => this.#onEcho(datagram),
      onError: (error) => this.#onIcmpError(error),
    });
    if (!opened.ok) return `socket: ${strerror[opened.error]}`;
    this.#icmp = opened.value;
    return undefined;
  }

  #sendOptions(ttl: number): SendOptions {
    const { tos, mark, source, device, dontFragment } = this.options;
    return {
      ttl,
      tos: tos & 0xff,
      // -F does not trust what is known of the path: it sets DF and lets routers say what is too long.
      pmtudisc: dontFragment ? 'probe' : 'dont',
      ...(source !== undefined ? { source } : {}),
      ...(device !== undefined ? { device } : {}),
      ...(mark !== undefined ? { mark } : {}),
    };
  }

  // --- the loop (traceroute.c do_it) -----------------------------------------------------------------------------------

  /** Sends what may be sent, prints what can be printed, and waits for an answer or for the first probe to expire. */
  #work(): void {
    if (this.#ended) return;
    if (this.#working) {
      this.#again = true;
      return;
    }
    this.#working = true;
    let wakeAt: number | undefined;
    do {
      this.#again = false;
      wakeAt = this.#round();
    } while (this.#again);
    this.#working = false;
    this.#timer?.cancel();
    if (this.#start >= this.#end) {
      this.ctx.print('\n');
      this.#finish(0);
    } else if (wakeAt !== undefined) {
      this.#timer = this.ctx.after(Math.max(0, Math.round(wakeAt - this.ctx.now())), () => this.#work());
    }
  }

  /** One pass over the probes; answers with when the next one is due. */
  #round(): number | undefined {
    const { queries, simultaneous, sendWait } = this.options;
    let next: number | undefined;
    let pending = 0;
    for (let n = this.#start; n < this.#end; n++) {
      const probe = this.#probes[n];
      if (!probe) break;
      if (!probe.done && probe.sentAt !== undefined && this.#expiry(n, probe) <= this.ctx.now())
        this.#complete(probe);
      if (probe.done) {
        if (n === this.#start) {
          this.#print(n, probe);
          this.#start += 1;
        }
        if (probe.final) this.#end = Math.min(this.#end, (Math.floor(n / queries) + 1) * queries);
        continue;
      }
      if (probe.sentAt === undefined) {
        const allowedAt = this.#lastSentAt + sendWait * SECOND;
        if (sendWait > 0 && this.ctx.now() < allowedAt) return Math.min(next ?? allowedAt, allowedAt);
        this.#send(n, probe);
        this.#lastSentAt = this.ctx.now();
        if (probe.done) {
          n -= 1;
          continue;
        }
      }
      next ??= this.#expiry(n, probe);
      pending += 1;
      if (pending >= simultaneous) break;
    }
    return next;
  }

  /** When a probe is given up (get_timeout), judged by what others took. */
  #expiry(n: number, probe: Probe): number {
    const { queries, wait, here, near } = this.options;
    const bounded = (other: Probe, factor: number) => {
      const took = ((other.receivedAt ?? 0) - (other.sentAt ?? 0)) / SECOND;
      return Math.min((took + PRECISION) * factor, wait);
    };
    const answered = (other: Probe) =>
      other.done && other.receivedAt !== undefined && other.receivedAt > (other.sentAt ?? 0);
    const sentAt = probe.sentAt ?? 0;
    if (here > 0) {
      const first = n - (n % queries);
      const same = this.#probes.slice(first, first + queries).find(answered);
      if (same) return sentAt + bounded(same, here) * SECOND;
    }
    if (near > 0) {
      for (let at = n + 1; at < this.#probes.length; at++) {
        const later = this.#probes[at];
        if (later?.sentAt === undefined) break;
        if (answered(later)) return sentAt + bounded(later, near) * SECOND;
      }
    }
    return sentAt + wait * SECOND;
  }

  #complete(probe: Probe): void {
    probe.done = true;
    probe.close?.();
    probe.close = undefined;
  }

  // --- sending ---------------------------------------------------------------------------------------------------------

  #send(n: number, probe: Probe): void {
    const { options } = this;
    const ttl = Math.floor(n / options.queries) + 1;
    const data = payload(options.dataLength);
    probe.sentAt = this.ctx.now();
    if (this.#icmp) {
      const sent = this.#icmp.sendEcho(options.dst, this.#sequence(n), data, this.#sendOptions(ttl));
      if (!sent.ok) this.#sendFailed(probe, sent.error.errno, sent.error.mtu);
      return;
    }
    const opened = this.ctx.sockets.udp(
      { address: options.source, port: options.sourcePort },
      {
        onMessage: (datagram) => this.#onAnswer(probe, datagram.src, datagram.at),
        onError: (error) => this.#onError(probe, error),
      },
    );
    if (!opened.ok) {
      this.#fail(`bind: ${strerror[opened.error]}`);
      return;
    }
    probe.close = () => opened.value.close();
    const sent = opened.value.sendTo(options.dst, this.#port(n), data, this.#sendOptions(ttl));
    if (!sent.ok) this.#sendFailed(probe, sent.error.errno, sent.error.mtu);
  }

  #port(n: number): number {
    const { method, port } = this.options;
    if (method === 'udp') return (port ?? UDP_PORT) & 0xffff;
    return ((port ?? FIRST_PORT) + n - (this.options.firstHop - 1) * this.options.queries) & 0xffff;
  }
  #sequence(n: number): number {
    return ((this.options.port ?? 1) + n - (this.options.firstHop - 1) * this.options.queries) & 0xffff;
  }

  /** A probe longer than its own device takes is told by the machine itself. */
  #sendFailed(probe: Probe, errno: Errno, mtu: number | undefined): void {
    if (errno !== 'EMSGSIZE') {
      this.#fail(`send: ${strerror[errno]}`);
      return;
    }
    const connected = this.ctx.sockets.connect(this.options.dst, this.#sendOptions(1));
    probe.from = connected.ok ? connected.value.source : 0;
    probe.receivedAt = this.ctx.now();
    probe.error = `!F-${mtu ?? 0}`;
    probe.final = true;
    this.#complete(probe);
  }

  #fail(text: string): void {
    if (this.#ended) return;
    this.ctx.printError(`\n${text}\n`);
    this.#finish(1);
  }

  // --- hearing ---------------------------------------------------------------------------------------------------------

  #onAnswer(probe: Probe, from: Ip4, at: number): void {
    if (probe.done || this.#ended) return;
    probe.from = from;
    probe.receivedAt = at;
    probe.final = true;
    this.#complete(probe);
    this.#work();
  }

  #onError(probe: Probe, error: SocketError): void {
    if (probe.done || this.#ended) return;
    probe.from = error.offender;
    probe.receivedAt = this.ctx.now();
    const expired = error.type === ICMP_TIME_EXCEEDED && error.code === ICMP_EXC_TTL;
    if (!expired) {
      probe.error = errorMark(error.type, error.code, error.info);
      probe.final = error.type === ICMP_DEST_UNREACH;
    }
    this.#complete(probe);
    this.#work();
  }

  #probeOf(sequence: number): Probe | undefined {
    const { queries, firstHop, port } = this.options;
    return this.#probes[((sequence - (port ?? 1)) & 0xffff) + (firstHop - 1) * queries];
  }
  #onEcho(datagram: Datagram): void {
    const header = readIcmp(datagram.payload);
    if (isMalformed(header) || header.type !== ICMP_ECHOREPLY) return;
    const probe = this.#probeOf(echoSeq(header));
    if (probe?.sentAt !== undefined) this.#onAnswer(probe, datagram.src, datagram.at);
  }
  #onIcmpError(error: SocketError): void {
    const probe = this.#probeOf(((error.quoted[6] ?? 0) << 8) | (error.quoted[7] ?? 0));
    if (probe?.sentAt !== undefined) this.#onError(probe, error);
  }

  // --- printing --------------------------------------------------------------------------------------------------------

  #print(n: number, probe: Probe): void {
    const { queries } = this.options;
    const place = n % queries;
    let text = place === 0 ? `\n${String(Math.floor(n / queries) + 1).padStart(2)} ` : '';
    if (probe.from === undefined) text += ' *';
    else {
      if (this.#addressBefore(n, place) !== probe.from) text += ` ${this.#name(probe.from)}`;
      const took = ((probe.receivedAt ?? 0) - (probe.sentAt ?? 0)) / 1_000_000;
      text += `  ${took.toFixed(3)} ms`;
      if (probe.error !== undefined) text += ` ${probe.error}`;
    }
    this.ctx.print(text);
  }

  /** Who answered the last answered probe of this hop. */
  #addressBefore(n: number, place: number): Ip4 | undefined {
    const answered = this.#probes.slice(n - place, n).filter((probe) => probe.from !== undefined);
    return answered.at(-1)?.from;
  }

  /** Without -n a name is looked for; none is found but localhost, and the address stands in for it. */
  #name(address: Ip4): string {
    const text = formatIp4(address);
    if (this.options.numeric) return text;
    return `${address === 0x7f000001 ? 'localhost' : text} (${text})`;
  }

  #finish(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#icmp?.close();
    for (const probe of this.#probes) probe.close?.();
    this.ctx.exit(code);
  }
}

/** `@ABC…`, as the tool fills its probes. */
function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => 0x40 + (at & 0x3f));
}

const MARKS: readonly string[] = [
  'N',
  'H',
  'P',
  '',
  'F',
  'S',
  'N',
  'H',
  'N',
  'X',
  'X',
  'N',
  'H',
  'X',
  'V',
  'C',
];

/** `!H`, `!N`, `!X`, `!F-1400` (parse_icmp_res); nothing for a port unreachable: that is the target. */
function errorMark(type: number, code: number, info: number): string | undefined {
  if (type !== ICMP_DEST_UNREACH) return `!<${type}-${code}>`;
  if (code === ICMP_PORT_UNREACH) return undefined;
  if (code === ICMP_FRAG_NEEDED) return `!F-${info}`;
  const mark = MARKS[code];
  return mark === undefined ? `!<${code}>` : `!${mark}`;
}
