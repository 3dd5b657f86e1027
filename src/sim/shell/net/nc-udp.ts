/** `nc -u`: calls a UDP port, with -v after trying whether anybody refuses; or waits for whoever sends first. */
import { ICMP_DEST_UNREACH, formatIp4, type Ip4 } from '../../wire/index';
import type { Errno, ProcessContext, SocketError, UdpSocket } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit } from '../program';
import { PortCaller } from './nc-caller';
import { serviceText, type NcOptions } from './nc-options';
import { latin1 } from './nginx';

const SECOND = 1_000_000_000;
/** UDP_SCAN_TIMEOUT: seconds that -v gives the other side to refuse, unless -w says otherwise. */
const TRIED_FOR = 3;
/** Between two write() in a row: what loops back is answered before the first returns. */
const NEXT_WRITE = 100_000;
const TEST = new Uint8Array([0x58]);
/** Codes of an unreachable that a connected socket is told (icmp_err_convert, fatal); the others may pass. */
const FATAL_CODES: readonly number[] = [2, 3, 4, 6, 7, 8, 9, 10, 13, 14, 15];

function isFatal({ type, code }: SocketError): boolean {
  return type !== ICMP_DEST_UNREACH || FATAL_CODES.includes(code);
}

/** Calls one port after the other. */
export class UdpCaller extends PortCaller {
  protected override call(port: number): void {
    const { ctx, options } = this;
    const { source, sourcePort, ttl, verbose } = options;
    const reached = ctx.sockets.connect(this.address, source === undefined ? {} : { source });
    if (!reached.ok) {
      if (verbose)
        ctx.printError(
          `nc: connect to ${options.host} port ${port} (udp) failed: ${strerror[reached.error]}\n`,
        );
      this.next();
      return;
    }
    const call = new Call(ctx, options, this.input, { address: this.address, port, ttl }, (code) => {
      this.code = code;
      this.next();
    });
    const made = ctx.sockets.udp(
      {
        ...(source === undefined ? {} : { address: source }),
        ...(sourcePort === undefined ? {} : { port: sourcePort }),
      },
      call,
    );
    if (!made.ok) throw new Exit(1, `nc: bind failed: ${strerror[made.error]}\n`);
    call.begin(made.value);
  }
}

/** One port: udptest() with -v, then readwrite() unless -z. */
class Call {
  #socket: UdpSocket | undefined;
  /** sk_err: told by the next read() or write(). */
  #error: Errno | undefined;
  #reading = false;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: NcOptions,
    private readonly input: Uint8Array,
    private readonly to: { readonly address: Ip4; readonly port: number; readonly ttl: number | undefined },
    private readonly done: (code: number) => void,
  ) {}

  begin(socket: UdpSocket): void {
    this.#socket = socket;
    if (this.options.verbose) this.#test(0);
    else this.#talk();
  }

  onMessage({ src, srcPort, payload }: { src: Ip4; srcPort: number; payload: Uint8Array }): void {
    // Connected: nobody else is heard.
    if (this.#reading && src === this.to.address && srcPort === this.to.port) this.ctx.print(latin1(payload));
  }
  onError(error: SocketError): void {
    if (!isFatal(error)) return;
    if (this.#reading) this.#leave(0);
    else this.#error = error.errno;
  }

  /** udptest(): two datagrams, and one more each second. */
  #test(tries: number): void {
    const refused = this.#write(TEST);
    if (refused !== undefined && (tries === 0 || refused === 'ECONNREFUSED')) {
      this.#leave(1);
      return;
    }
    const { ctx, options } = this;
    if (tries === 0) ctx.after(NEXT_WRITE, () => this.#test(1));
    else if (tries <= (options.timeout ?? TRIED_FOR)) ctx.after(SECOND, () => this.#test(tries + 1));
    else {
      ctx.printError(
        `Connection to ${options.host} ${serviceText(options, this.to.port, 'udp')} succeeded!\n`,
      );
      this.#talk();
    }
  }

  #talk(): void {
    const { ctx, options } = this;
    if (options.scan || this.#error !== undefined) {
      this.#leave(0);
      return;
    }
    this.#reading = true;
    if (this.input.length > 0) this.#write(this.input);
    const limit = options.quitAfter ?? options.timeout;
    if (limit) ctx.after(limit * SECOND, () => this.#leave(0));
  }

  /** Why the write failed. */
  #write(bytes: Uint8Array): Errno | undefined {
    const pending = this.#error;
    this.#error = undefined;
    if (pending !== undefined) return pending;
    const { address, port, ttl } = this.to;
    const sent = this.#socket?.sendTo(address, port, bytes, ttl === undefined ? {} : { ttl });
    return sent?.ok === false ? sent.error.errno : undefined;
  }

  #leave(code: number): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    this.#reading = false;
    socket.close();
    this.done(code);
  }
}

/** -l: whoever sends first is the peer, and gets the input. */
export function listenUdp(ctx: ProcessContext, options: NcOptions, input: Uint8Array): void {
  const { source, verbose } = options;
  const [port = 0] = options.ports;
  let heard = false;
  const made = ctx.sockets.udp(
    { ...(source === undefined ? {} : { address: source }), port },
    {
      onMessage({ src, srcPort, payload }) {
        if (!heard) {
          heard = true;
          if (verbose) ctx.printError(`Connection received on ${formatIp4(src)} ${srcPort}\n`);
          if (input.length > 0 && made.ok) made.value.sendTo(src, srcPort, input);
        }
        ctx.print(latin1(payload));
      },
    },
  );
  if (!made.ok) throw new Exit(1, `nc: ${strerror[made.error]}\n`);
  if (verbose) ctx.printError(`Bound on ${formatIp4(source ?? 0)} ${port}\n`);
}
