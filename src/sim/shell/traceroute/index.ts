/**
 * traceroute 2.1.2: sends probes whose TTL counts up, several at once, prints the answers in the order of the probes, and
 * ends with the hop that answers as the target (or says that it cannot be reached).
 *
 * Left out: TCP, DCCP, raw and UDP-Lite probes, IPv6, --mtu, --back, -g, -r, -A, and guessing from an answer's TTL to
 * which hop it belongs; names are those of /etc/hosts, so localhost alone.
 */
import { formatIp4 } from '../../wire/index';
import type { ProcessContext, SimTime, Timer } from '../../kernel/netlink';
import type { Program } from '../program';
import { IcmpMethod, UdpMethod, type Answer, type Failure, type Method } from './method';
import { parseTraceroute, type TracerouteOptions } from './options';
import { newProbe, type Probe } from './probe';

/** Time that the real program takes from one probe of a burst to the next. */
const SEND_COST = 15_000;
/** DEF_WAIT_PREC: a measured time is taken as 1 ms longer before it is multiplied. */
const WAIT_PRECISION = 1_000_000;

class Traceroute {
  readonly #probes: Probe[];
  readonly #method: Method;
  /** The first probe not printed yet, and the end, which moves forward once the target has answered. */
  #start: number;
  #end: number;
  #lastSent: SimTime = Number.NEGATIVE_INFINITY;
  /** When the pass through the probes began, and when the next must. */
  #passAt: SimTime = 0;
  #wake: SimTime | undefined;
  /** Answers are looked at only between passes, as poll() does. */
  #polling = false;
  #timer: Timer | undefined;
  #arrived: Answer[] = [];

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: TracerouteOptions,
  ) {
    const { firstHop, maxHops, queries, method } = options;
    this.#probes = Array.from({ length: maxHops * queries }, (_, at) => newProbe(at));
    this.#start = (firstHop - 1) * queries;
    this.#end = maxHops * queries;
    const heard = (answer: Answer): void => this.#heard(answer);
    this.#method =
      method === 'icmp' ? new IcmpMethod(ctx, options, heard) : new UdpMethod(ctx, options, heard);
  }

  begin(): void {
    const { ctx, options } = this;
    const failure = this.#method.open();
    if (failure) return this.#fail(failure);
    const { host, dst, maxHops, packetLength } = options;
    ctx.print(`traceroute to ${host} (${formatIp4(dst)}), ${maxHops} hops max, ${packetLength} byte packets`);
    ctx.onInterrupt(() => this.#leave(130));
    this.#pass();
  }

  /** do_it: prints what can be printed, sends what may be sent. */
  #pass(): void {
    this.#passAt = this.ctx.now();
    this.#wake = undefined;
    this.#polling = false;
    this.#walk(this.#start, 0);
  }

  #walk(from: number, inFlight: number): void {
    for (let n = from; n < this.#end; n++) {
      const probe = this.#probes[n];
      if (!probe) break;
      this.#expireFirst(probe);
      if (probe.done) {
        this.#settle(probe);
        continue;
      }
      const fresh = probe.sentAt === undefined;
      if (fresh && !this.#send(probe)) return;
      // -z: not yet time to send it.
      if (probe.sentAt === undefined) break;
      this.#wake ??= probe.sentAt + this.#timeout(probe);
      inFlight++;
      if (inFlight >= this.options.simultaneous) break;
      if (fresh) {
        this.#timer = this.ctx.after(SEND_COST, () => this.#walk(n + 1, inFlight));
        return;
      }
    }
    this.#poll();
  }

  /** The probe that is next to be printed may have been waited for long enough. */
  #expireFirst(probe: Probe): void {
    if (probe.index !== this.#start || probe.done || probe.sentAt === undefined) return;
    const expires = probe.sentAt + this.#timeout(probe);
    if (expires > this.#passAt) this.#wake = expires;
    else {
      this.#finish(probe);
      this.#reconsider(probe);
    }
  }

  #settle(probe: Probe): void {
    const { queries } = this.options;
    if (probe.index === this.#start) {
      this.#print(probe);
      this.#start++;
    }
    if (probe.final) this.#end = (Math.floor(probe.index / queries) + 1) * queries;
  }

  /** False when the process has ended. */
  #send(probe: Probe): boolean {
    const { sendWaitNs, queries } = this.options;
    if (sendWaitNs > 0 && this.#lastSent + sendWaitNs > this.#passAt) {
      this.#wake = this.#lastSent + sendWaitNs;
      return true;
    }
    const failure = this.#method.send(probe, Math.floor(probe.index / queries) + 1);
    if (failure) {
      this.#fail(failure);
      return false;
    }
    this.#lastSent = probe.sentAt ?? this.#lastSent;
    return true;
  }

  #poll(): void {
    if (this.#start >= this.#end) {
      this.ctx.print('\n');
      this.#leave(0);
      return;
    }
    this.#polling = true;
    if (this.#arrived.length > 0 || this.#wake === undefined) return this.#resume();
    this.#timer = this.ctx.after(Math.max(0, this.#wake - this.ctx.now()), () => this.#resume());
  }

  #heard(answer: Answer): void {
    this.#arrived.push(answer);
    if (this.#polling) this.#resume();
  }

  #resume(): void {
    this.#timer?.cancel();
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { probe, from, at, error, final } of arrived) {
      if (probe.done) continue;
      probe.from = from;
      probe.receivedAt = at ?? this.ctx.now();
      probe.error = error;
      probe.final = final;
      this.#finish(probe);
    }
    this.#pass();
  }

  #finish(probe: Probe): void {
    this.#method.release(probe);
    probe.done = true;
  }

  /** get_timeout: answers of the same hop, or of a later one, tell how long it is worth waiting. */
  #timeout(probe: Probe): number {
    const { here, near, queries, waitNs } = this.options;
    const scaled = (taken: number, factor: number): number =>
      Math.min(Math.round((taken + WAIT_PRECISION) * factor), waitNs);
    if (here > 0) {
      const hop = probe.index - (probe.index % queries);
      const taken = this.#firstTrip(hop, hop + queries);
      if (taken !== undefined) return scaled(taken, here);
    }
    if (near > 0) {
      const taken = this.#firstTrip(probe.index + 1, this.#probes.length);
      if (taken !== undefined) return scaled(taken, near);
    }
    return waitNs;
  }

  /** The first answered probe's time among those of [from, to) that have been sent. */
  #firstTrip(from: number, to: number): number | undefined {
    for (let n = from; n < to; n++) {
      const probe = this.#probes[n];
      if (probe?.sentAt === undefined) return undefined;
      const { done, receivedAt, sentAt } = probe;
      if (done && receivedAt !== undefined && receivedAt > sentAt) return receivedAt - sentAt;
    }
    return undefined;
  }

  /**
   * check_expired: when a host answers only some of a burst with an error, the last ones, the error belongs to the first
   * hop that is silent, so it is moved there.
   */
  #reconsider(probe: Probe): void {
    const { queries } = this.options;
    const before = this.#probes.slice(probe.index - (probe.index % queries), probe.index);
    if (before.some((other) => !other.done || !other.final)) return;
    const final = this.#nextFinal(probe.index + 1);
    if (!final || final.error === '') return;
    const sameHop = (probe.index % queries) + (final.index - probe.index) < queries;
    const knownHost = this.#probes.slice(0, probe.index).some((other) => other.from === final.from);
    if (before.length === 0 && !sameHop && !knownHost) return;
    const { sentAt, receivedAt, from, error } = final;
    Object.assign(probe, { sentAt, receivedAt, from, error, done: true, final: true });
    // Its place is free again and will not be sent twice.
    Object.assign(final, { receivedAt: undefined, from: undefined, error: '', done: false, final: false });
  }

  /** The first answer from `from` on, if it ends the journey. */
  #nextFinal(from: number): Probe | undefined {
    for (let n = from; n < this.#probes.length; n++) {
      const probe = this.#probes[n];
      if (probe?.sentAt === undefined) return undefined;
      if (probe.done) return probe.final ? probe : undefined;
    }
    return undefined;
  }

  /** print_probe: the address once, and again when another one answers. */
  #print(probe: Probe): void {
    const { queries } = this.options;
    const place = probe.index % queries;
    let text = place === 0 ? `\n${String(probe.index / queries + 1).padStart(2)} ` : '';
    if (probe.from === undefined) text += ' *';
    else {
      const earlier = this.#probes
        .slice(probe.index - place, probe.index)
        .findLast((other) => other.from !== undefined);
      if (earlier?.from !== probe.from) text += ` ${this.#name(probe.from)}`;
    }
    if (probe.receivedAt !== undefined && probe.sentAt !== undefined)
      text += `  ${((probe.receivedAt - probe.sentAt) / 1e6).toFixed(3)} ms`;
    if (probe.error !== '') text += ` ${probe.error}`;
    this.ctx.print(text);
  }

  #name(from: number): string {
    const text = formatIp4(from);
    if (this.options.numeric) return text;
    return `${text === '127.0.0.1' ? 'localhost' : text} (${text})`;
  }

  #fail(failure: Failure): void {
    this.ctx.printError(failure.text);
    this.#leave(1);
  }

  #leave(code: number): void {
    this.#timer?.cancel();
    for (const probe of this.#probes) this.#method.release(probe);
    this.#method.close();
    this.ctx.exit(code);
  }
}

export const traceroute: Program = {
  name: 'traceroute',
  group: 'probes',
  about: 'show each router on the way to an address (-n -q -w -N -m -f -p -I -F --sport)',
  slots(words) {
    if (words.at(-1) === '-i') return { kinds: ['device'] };
    return { words: ['-n', '-q', '-w', '-N', '-m', '-f', '-I', '-p', '-F', '--sport='], kinds: ['address'] };
  },
  run(ctx, args) {
    new Traceroute(ctx, parseTraceroute(args)).begin();
    return 'running';
  },
};
