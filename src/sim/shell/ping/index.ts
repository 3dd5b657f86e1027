/**
 * `ping` of iputils 20221126. Its probes carry byte[i] = i where the real one puts a time stamp in front; the time of
 * each probe is remembered instead. Probes go out exactly `interval` apart.
 *
 * Leaves out: flood and adaptive mode, IP options, IPv6.
 */
import {
  ICMP_DEST_UNREACH,
  ICMP_ECHOREPLY,
  ICMP_REDIRECT,
  formatIp4,
  isMalformed,
  isMulticast,
  parseIp4,
  readIcmp,
  echoSeq,
  type Ip4,
} from '../../wire/index';
import type {
  Datagram,
  IcmpSocket,
  ProcessContext,
  SendOptions,
  SocketError,
  Timer,
} from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { icmpText } from './icmp-text';
import { MAX_SIZE, readPingOptions, type PingOptions } from './options';
import { Statistics, tripText } from './statistics';

const MS = 1_000_000;
const LOCALHOST = 0x7f000001;
/** `sizeof(struct timeval)`: a smaller payload cannot carry a time stamp. */
const TIMEVAL = 16;
/** The shortest wait between probes (MININTERVAL). */
const MIN_INTERVAL_MS = 10;

export const ping: Program = {
  name: 'ping',
  group: 'probes',
  about: 'send ICMP echo requests (iputils)',
  slots(words) {
    if (words.at(-1) === '-I') return { kinds: ['device', 'address'] };
    if (words.at(-1) === '-M') return { words: ['do', 'dont', 'want'] };
    return { words: ['-c', '-i', '-s', '-t', '-W', '-w', '-n', '-q', '-I', '-M'], kinds: ['address'] };
  },
  run(ctx, args) {
    const options = readPingOptions(args);
    return new Pinger(ctx, options).start();
  },
};

function fail(text: string): never {
  throw new Exit(2, `ping: ${text}\n`);
}

class Pinger {
  readonly #statistics = new Statistics();
  readonly #payload: Uint8Array;
  readonly #dst: Ip4;
  readonly #timed: boolean;
  /** When the probe with a sequence number went out; taken away by its first answer. */
  readonly #sentAt = new Map<number, number>();
  readonly #answered = new Set<number>();
  readonly #intervalMs: number;
  #send: SendOptions = {};
  #socket: IcmpSocket | undefined;
  #startedAt = 0;
  #lastSentAt = 0;
  #next: Timer | undefined;
  #exitTimer: Timer | undefined;
  #deadline: Timer | undefined;
  #ended = false;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: PingOptions,
  ) {
    this.#dst = resolve(options.target);
    this.#timed = options.size >= TIMEVAL;
    this.#payload = payloadOf(options);
    this.#intervalMs = Math.max(options.intervalMs, MIN_INTERVAL_MS);
  }

  start(): 'running' {
    const { ctx, options } = this;
    const source = this.#findSource();
    const dst = this.#dst === 0 ? source : this.#dst;
    if (options.pattern && !options.quiet) {
      const hex = options.pattern.map((byte) => byte.toString(16).padStart(2, '0')).join('');
      ctx.print(`PATTERN: 0x${hex}\n`);
    }
    const opened = ctx.sockets.icmp(options.id, {
      onMessage: (datagram) => this.#onMessage(datagram),
      onError: (error) => this.#onError(error),
    });
    if (!opened.ok) fail(`socket: ${strerror[opened.error]}`);
    this.#socket = opened.value;
    const from =
      options.device !== undefined || options.strictSource
        ? `from ${formatIp4(source)} ${options.device ?? ''}: `
        : '';
    ctx.print(
      `PING ${options.target} (${formatIp4(dst)}) ${from}${options.size}(${options.size + 28}) bytes of data.\n`,
    );
    ctx.onInterrupt(() => this.#finish());
    this.#startedAt = ctx.now();
    this.#lastSentAt = this.#startedAt;
    if (options.deadline > 0) this.#deadline = ctx.after(options.deadline * 1000 * MS, () => this.#finish());
    for (let n = 1; n < options.preload && !this.#enough(); n++) this.#probe(dst);
    this.#tick(dst);
    return 'running';
  }

  /** connect() on a UDP socket tells which address the probes will have, and whether there is a way at all. */
  #findSource(): Ip4 {
    const { ctx, options } = this;
    const { device, tos, mark, ttl } = options;
    if (device !== undefined && !ctx.netlink.getLink(device))
      fail(`SO_BINDTODEVICE ${device}: No such device`);
    const pmtudisc = options.pmtudisc ?? (options.broadcast || isMulticast(this.#dst) ? 'do' : 'want');
    this.#send = {
      pmtudisc,
      tos,
      ...(ttl !== undefined ? { ttl } : {}),
      ...(device !== undefined ? { device } : {}),
      ...(mark !== undefined ? { mark } : {}),
    };
    if (options.source !== undefined) {
      this.#bind(options.source);
      return options.source;
    }
    const dst = this.#dst === 0 ? LOCALHOST : this.#dst;
    const connected = ctx.sockets.connect(dst, this.#send);
    if (!connected.ok && connected.error !== 'EACCES') fail(`connect: ${strerror[connected.error]}`);
    if (!connected.ok) {
      if (!options.broadcast) {
        fail('Do you want to ping broadcast? Then -b. If not, check your local firewall rules');
      }
      ctx.printError('WARNING: pinging broadcast address\n');
    }
    const source = connected.ok ? connected.value.source : this.#broadcastSource();
    if (device !== undefined && !this.#isOwn(source, device)) {
      ctx.printError(`ping: Warning: source address might be selected on device other than: ${device}\n`);
    }
    if (options.strictSource) this.#bind(source);
    return source;
  }

  #broadcastSource(): Ip4 {
    const reply = this.ctx.netlink.lookupRoute({ dst: this.#dst });
    const parsed = parseIp4((reply.ok ? reply.value.prefsrc : undefined) ?? '');
    return parsed.ok ? parsed.value : fail('connect: Permission denied');
  }

  #isOwn(address: Ip4, device?: string): boolean {
    const text = formatIp4(address);
    const rows = this.ctx.netlink.getAddrs();
    if (rows.some((row) => row.local === text && (device === undefined || row.dev === device))) return true;
    return device === undefined && address >>> 24 === 127;
  }

  #bind(source: Ip4): void {
    if (!this.#isOwn(source)) fail('bind: Cannot assign requested address');
    this.#send = { ...this.#send, source };
  }

  #enough(): boolean {
    const { count, deadline } = this.options;
    return count !== undefined && this.#statistics.transmitted >= count && deadline === 0;
  }

  /** Sends the probe that is due and plans what comes next. */
  #tick(dst: Ip4): void {
    if (this.#ended) return;
    const { transmitted } = this.#statistics;
    if (this.options.outstanding && transmitted > 0 && !this.#answered.has(transmitted & 0xffff)) {
      this.#print(`no answer yet for icmp_seq=${transmitted % 0x10000}`);
    }
    this.#lastSentAt = this.ctx.now();
    this.#probe(dst);
    if (this.#checkEnd()) return;
    if (this.#enough()) this.#waitForAnswers();
    else this.#next = this.ctx.after(this.#intervalMs * MS, () => this.#tick(dst));
  }

  #probe(dst: Ip4): void {
    const statistics = this.#statistics;
    const seq = (statistics.transmitted + 1) & 0xffff;
    this.#answered.delete(seq);
    this.#sentAt.set(seq, this.ctx.now());
    statistics.transmitted += 1;
    // The kernel refuses it without a word in the error queue, and ping waits for an answer all the same.
    if (this.options.size > MAX_SIZE) return;
    const sent = this.#socket?.sendEcho(dst, seq, this.#payload, this.#send);
    if (sent === undefined || sent.ok) return;
    const { errno, mtu } = sent.error;
    if (errno === 'EMSGSIZE') {
      statistics.errors += 1;
      if (!this.options.quiet) this.ctx.printError(`ping: local error: message too long, mtu=${mtu ?? 0}\n`);
    } else if (!this.options.quiet) this.ctx.printError(`ping: sendmsg: ${strerror[errno]}\n`);
  }

  /** After the last probe: twice the longest trip and no less than the interval; without any answer the linger time. */
  #waitForAnswers(): void {
    const { received, maxUs } = this.#statistics;
    const waitMs =
      received > 0 ? Math.max((2 * maxUs) / 1000, this.options.intervalMs) : this.options.lingerMs;
    this.#exitTimer ??= this.ctx.after(Math.round(waitMs * MS), () => this.#finish());
  }

  #onMessage(datagram: Datagram): void {
    if (this.#ended) return;
    const header = readIcmp(datagram.payload);
    if (isMalformed(header)) return;
    if (header.type === ICMP_ECHOREPLY) this.#onReply(datagram, echoSeq(header));
  }

  #onReply(datagram: Datagram, seq: number): void {
    const statistics = this.#statistics;
    const { options } = this;
    const sentAt = this.#sentAt.get(seq);
    // Both times are read in whole microseconds.
    const tripUs = sentAt === undefined ? 0 : Math.floor(datagram.at / 1000) - Math.floor(sentAt / 1000);
    this.#acknowledge(seq);
    if (this.#timed) statistics.addTrip(tripUs);
    const duplicate = this.#answered.has(seq);
    this.#answered.add(seq);
    if (duplicate) statistics.repeats += 1;
    else statistics.received += 1;
    if (!options.quiet) {
      const ident = options.verbose ? ` ident=${this.#socket?.id ?? 0}` : '';
      const time = this.#timed ? ` time=${tripText(tripUs)} ms` : '';
      const mark = duplicate && !isMulticast(this.#dst) ? ' (DUP!)' : '';
      const bell = options.audible ? '\u0007' : '';
      this.#print(
        `${datagram.payload.length} bytes from ${this.#name(datagram.src)}: icmp_seq=${seq}${ident} ttl=${datagram.ttl}${time}${mark}${bell}`,
      );
    }
    this.#checkEnd();
  }

  #onError(error: SocketError): void {
    if (this.#ended) return;
    const { options, ctx } = this;
    if (error.type === ICMP_REDIRECT && error.origin === 'icmp') {
      // Told, but no answer to the probe and no failure of it.
      const text = icmpText(error.type, error.code, error.info);
      if (!options.quiet)
        this.#print(`From ${this.#name(error.offender)}: icmp_seq=${quotedSequence(error.quoted)} ${text}`);
      return;
    }
    this.#statistics.errors += 1;
    if (error.origin === 'local') {
      if (!options.quiet) {
        const what =
          error.errno === 'EMSGSIZE' ? `message too long, mtu=${error.info}` : strerror[error.errno];
        ctx.printError(`ping: local error: ${what}\n`);
      }
    } else {
      const seq = quotedSequence(error.quoted);
      this.#acknowledge(seq);
      if (!options.quiet) {
        const text = icmpText(error.type, error.code, error.type === ICMP_DEST_UNREACH ? error.info : 0);
        this.#print(`From ${this.#name(error.offender)} icmp_seq=${seq} ${text}`);
      }
    }
    this.#checkEnd();
  }

  /** How many probes were under way at most when an answer came. */
  #acknowledge(seq: number): void {
    const behind = (this.#statistics.transmitted - seq) & 0xffff;
    if (behind <= 0x7fff) this.#statistics.pipe = Math.max(this.#statistics.pipe, behind + 1);
  }

  /** Without -n only names that need no name service are told. */
  #name(address: Ip4): string {
    const text = formatIp4(address);
    return address === LOCALHOST && !this.#isNumeric() ? `localhost (${text})` : text;
  }
  #isNumeric(): boolean {
    return this.options.numeric || parseIp4(this.options.target).ok;
  }

  #print(line: string): void {
    this.ctx.print(`${this.#timestamp()}${line}\n`);
  }
  #timestamp(): string {
    if (!this.options.timestamps) return '';
    const us = Math.floor(this.ctx.now() / 1000);
    return `[${Math.floor(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, '0')}] `;
  }

  /** Answered or failed as often as asked; with a deadline the first error ends it. */
  #checkEnd(): boolean {
    const { received, errors } = this.#statistics;
    const { count, deadline } = this.options;
    const enough = count !== undefined && received + errors >= count;
    if (enough || (deadline > 0 && errors > 0)) this.#finish();
    return this.#ended;
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of [this.#next, this.#exitTimer, this.#deadline]) timer?.cancel();
    this.#socket?.close();
    const { count, deadline, target } = this.options;
    const statistics = this.#statistics;
    this.ctx.print(statistics.text(target, this.#lastSentAt - this.#startedAt, this.#timed));
    const short = deadline > 0 && statistics.received < (count ?? 0);
    this.ctx.exit(statistics.received === 0 || short ? 1 : 0);
  }
}

function resolve(target: string): Ip4 {
  if (target === 'localhost') return LOCALHOST;
  const address = shortForm(target);
  if (address === undefined) fail(`${target}: Name or service not known`);
  return address;
}

/** inet_aton(): the last number fills what is left, so 1.2.3 is 1.2.0.3. */
function shortForm(text: string): Ip4 | undefined {
  const full = parseIp4(text);
  if (full.ok) return full.value;
  if (!/^\d+(?:\.\d+){0,2}$/.test(text)) return undefined;
  const numbers = text.split('.').map(Number);
  const last = numbers.pop() ?? 0;
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  return numbers.reduce((sum, number, at) => sum + number * 256 ** (3 - at), last);
}

function payloadOf({ size, pattern }: PingOptions): Uint8Array {
  return Uint8Array.from({ length: Math.min(size, MAX_SIZE) }, (_, at) =>
    pattern === undefined || pattern.length === 0 ? at & 0xff : (pattern[at % pattern.length] ?? 0),
  );
}

/** Sequence number of a quoted echo request. */
function quotedSequence(icmp: Uint8Array): number {
  return ((icmp[6] ?? 0) << 8) | (icmp[7] ?? 0);
}
