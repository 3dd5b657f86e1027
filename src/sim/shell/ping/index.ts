/**
 * ping as iputils 20221126 behaves: when it sends, how long it waits, what it prints. The payload is byte[i] = i (the
 * real one writes a time stamp in front), and probes are sent on time to the nanosecond.
 */
import { ICMP_DEST_UNREACH, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, formatIp4, readU16 } from '../../wire/index';
import type { Datagram, IcmpSocket, ProcessContext, SocketError, Timer } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { parsePing, type PingOptions } from './options';
import { PingStatistics, tripText } from './statistics';

const MAX_PAYLOAD = 65_507;
const UNREACHABLE: readonly string[] = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  'Frag needed and DF set',
  'Source Route Failed',
  'Destination Net Unknown',
  'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited',
  'Destination Host Prohibited',
  'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service',
  'Packet filtered',
  'Precedence Violation',
  'Precedence Cutoff',
];

/** pr_icmph. */
function icmpText(error: SocketError): string {
  if (error.type === ICMP_DEST_UNREACH) {
    const text = UNREACHABLE[error.code] ?? `Dest Unreachable, Bad Code: ${error.code}`;
    return error.code === 4 ? `${text} (mtu = ${error.info})` : text;
  }
  if (error.type === ICMP_TIME_EXCEEDED) {
    return error.code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded';
  }
  if (error.type === ICMP_REDIRECT) {
    const what = error.code === 0 ? 'Redirect Network' : 'Redirect Host';
    return `${what}(New nexthop: ${formatIp4(error.info)})`;
  }
  return `Bad ICMP type: ${error.type}`;
}

class Ping {
  readonly #statistics = new PingStatistics();
  readonly #sent = new Map<number, number>();
  readonly #answered = new Set<number>();
  #socket: IcmpSocket | undefined;
  #start = 0;
  #last = 0;
  #timer: Timer | undefined;
  #lingering: Timer | undefined;
  #over = false;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: PingOptions,
    private readonly from: string,
  ) {}

  begin(): void {
    const { ctx, options } = this;
    const opened = ctx.sockets.icmp(options.id, {
      onMessage: (datagram) => this.#reply(datagram),
      onError: (error) => this.#error(error),
    });
    if (!opened.ok) throw new Exit(2, `ping: socket: ${strerror[opened.error]}\n`);
    this.#socket = opened.value;
    ctx.onInterrupt(() => this.#finish());
    if (options.pattern)
      ctx.print(
        `PATTERN: 0x${[...options.pattern].map((byte) => byte.toString(16).padStart(2, '0')).join('')}\n`,
      );
    const { host, dst, size } = options;
    ctx.print(`PING ${host} (${formatIp4(dst)}) ${this.from}${size}(${size + 28}) bytes of data.\n`);
    this.#start = ctx.now();
    if (options.deadlineNs > 0) ctx.after(options.deadlineNs, () => this.#finish());
    this.#probe();
  }

  /** pinger, and main_loop's conditions for going on. */
  #probe(): void {
    const { ctx, options } = this;
    if (this.#over) return;
    const seq = this.#statistics.transmitted + 1;
    this.#last = ctx.now();
    if (options.outstanding && seq > 1 && !this.#answered.has(seq - 1)) {
      ctx.print(`no answer yet for icmp_seq=${(seq - 1) & 0xffff}\n`);
    }
    // Told before the packet is on its way: an answer may already be there when sending returns.
    this.#statistics.transmitted = seq;
    this.#sent.set(seq & 0xffff, ctx.now());
    this.#send(seq);
    if (this.#finished()) return;
    const last = options.count > 0 && seq >= options.count && options.deadlineNs === 0;
    if (last) this.#linger();
    else this.#timer = ctx.after(options.intervalNs, () => this.#probe());
  }

  #send(seq: number): void {
    const { ctx, options } = this;
    const { size, ttl, tos, mark, pmtudisc, device, source, pattern } = options;
    const length = Math.min(size, MAX_PAYLOAD + 1);
    const payload = Uint8Array.from({ length }, (_, at) =>
      pattern ? (pattern[at % pattern.length] ?? 0) : at & 0xff,
    );
    const sent = this.#socket?.sendEcho(options.dst, seq & 0xffff, payload, {
      ttl,
      tos,
      mark,
      pmtudisc,
      device,
      source,
    });
    if (sent === undefined || sent.ok) return;
    if (sent.error.errno === 'EMSGSIZE') {
      this.#statistics.errors++;
      if (!options.quiet) ctx.printError(`ping: local error: message too long, mtu=${sent.error.mtu ?? 0}\n`);
    } else if (!options.quiet) ctx.printError(`ping: sendmsg: ${strerror[sent.error.errno]}\n`);
  }

  /** __schedule_exit: twice the slowest answer, at least an interval; without any answer -W, else 10 s. */
  #linger(): void {
    const { received, max } = this.#statistics;
    const { intervalNs, lingerNs } = this.options;
    const wait = received > 0 ? Math.max(2 * max * 1000, intervalNs) : lingerNs;
    this.#lingering ??= this.ctx.after(wait, () => this.#finish());
  }

  #reply(datagram: Datagram): void {
    const { options } = this;
    const seq = readU16(datagram.payload, 6);
    const sentAt = this.#sent.get(seq);
    if (sentAt === undefined || this.#over) return;
    const us = Math.floor((datagram.at - sentAt) / 1000);
    const duplicate = this.#answered.has(seq);
    this.#statistics.acknowledge(seq);
    this.#answered.add(seq);
    if (duplicate) this.#statistics.duplicates++;
    else this.#statistics.reply(us);
    if (!options.quiet) {
      const name = this.#name(datagram.src);
      const tail = duplicate ? ' (DUP!)' : '';
      this.#print(
        `${datagram.payload.length} bytes from ${name}: icmp_seq=${seq} ttl=${datagram.ttl} time=${tripText(us)} ms${tail}\n`,
      );
    }
    this.#finished();
  }

  #error(error: SocketError): void {
    const seq = readU16(error.quoted, 6);
    if (this.#over || !this.#sent.has(seq)) return;
    const name = this.#name(error.offender);
    if (error.type === ICMP_REDIRECT) {
      if (!this.options.quiet) this.#print(`From ${name}: icmp_seq=${seq} ${icmpText(error)}\n`);
      return;
    }
    this.#statistics.acknowledge(seq);
    this.#answered.add(seq);
    this.#statistics.errors++;
    if (!this.options.quiet) this.#print(`From ${name} icmp_seq=${seq} ${icmpText(error)}\n`);
    this.#finished();
  }

  #name(ip: number): string {
    const text = formatIp4(ip);
    return !this.options.numeric && text === '127.0.0.1' ? `localhost (${text})` : text;
  }

  #print(text: string): void {
    const stamp = this.options.timestamps ? `[${(this.ctx.now() / 1e9).toFixed(6)}] ` : '';
    this.ctx.print(`${stamp}${text}`);
  }

  #finished(): boolean {
    if (this.#over) return true;
    const { received, errors } = this.#statistics;
    const { count, deadlineNs } = this.options;
    const done = count > 0 && received + errors >= count;
    if (!done && !(deadlineNs > 0 && errors > 0)) return false;
    this.#finish();
    return true;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#lingering?.cancel();
    this.#socket?.close();
    const { received } = this.#statistics;
    const elapsed = Math.floor((this.#last - this.#start) / 1_000_000);
    this.ctx.print(this.#statistics.text(this.options.host, elapsed));
    const short = this.options.deadlineNs > 0 && received < this.options.count;
    this.ctx.exit(received === 0 || short ? 1 : 0);
  }
}

/** The connect() that finds the source address; sends nothing. What it says decides whether ping starts at all. */
function findSource(ctx: ProcessContext, options: PingOptions): string {
  const { dst, device, source } = options;
  if (device !== undefined && !ctx.netlink.getLink(device))
    throw new Exit(2, `ping: SO_BINDTODEVICE ${device}: No such device\n`);
  if (source !== undefined && !ctx.netlink.getAddrs().some((row) => row.local === formatIp4(source))) {
    throw new Exit(2, 'ping: bind: Cannot assign requested address\n');
  }
  const probe = ctx.sockets.connect(dst, { device, source });
  if (probe.ok) {
    const named = device !== undefined || source !== undefined;
    return named ? `from ${formatIp4(probe.value.source)} ${device ?? ''}: ` : '';
  }
  if (probe.error !== 'EACCES') throw new Exit(2, `ping: connect: ${strerror[probe.error]}\n`);
  if (!options.broadcast) {
    throw new Exit(
      2,
      'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n',
    );
  }
  ctx.printError('WARNING: pinging broadcast address\n');
  return '';
}

export const ping: Program = {
  name: 'ping',
  group: 'probes',
  about: 'send ICMP echo requests (-c -i -s -t -W -w -M do|dont|want -I -e)',
  run(ctx, args) {
    const options = parsePing(args);
    for (const warning of options.warnings) ctx.printError(warning);
    new Ping(ctx, options, findSource(ctx, options)).begin();
    return 'running';
  },
};
