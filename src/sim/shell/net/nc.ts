/**
 * `nc` (netcat-openbsd): calls or listens, sends what was piped into it, prints what comes. Nobody types here: without a
 * pipe its input is empty and over at once, as with `< /dev/null`.
 *
 * Leaves out: UNIX sockets, proxies, Telnet, options that only tune buffers.
 */
import { formatIp4 } from '../../wire/index';
import type { Errno, ProcessContext, TcpOptions, TcpSocket, Timer } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import { PortCaller } from './nc-caller';
import { readNcOptions, serviceText, type NcOptions } from './nc-options';
import { listenUdp, UdpCaller } from './nc-udp';
import { bytesOf, latin1 } from './nginx';

const SECOND = 1_000_000_000;

export const nc: Program = {
  name: 'nc',
  group: 'probes',
  about: 'call or listen on a TCP or UDP port (nc -zv HOST PORT, nc -l PORT, echo hi | nc -N HOST PORT)',
  slots: () => ({ words: ['-l', '-v', '-z', '-u', '-w', '-N', '-k', '-p', '-q', '-s'], kinds: ['address'] }),
  run(ctx, args, _env, stdin = '') {
    const options = readNcOptions(args);
    if (options.udp && options.listen) listenUdp(ctx, options, bytesOf(stdin));
    else if (options.udp) new UdpCaller(ctx, options, bytesOf(stdin)).start();
    else if (options.listen) listen(ctx, options, bytesOf(stdin));
    else new Caller(ctx, options, bytesOf(stdin)).start();
    return 'running';
  },
};

/** readwrite(): from the pipe into the connection, from the connection to the terminal. */
class Pump {
  #quit: Timer | undefined;
  #idle: Timer | undefined;
  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: NcOptions,
    private readonly socket: TcpSocket,
    private readonly done: (code: number) => void,
  ) {}

  begin(input: Uint8Array): void {
    if (input.length > 0) this.socket.send(input);
    if (this.options.shutdown) this.socket.shutdown();
    const { quitAfter } = this.options;
    if (quitAfter !== undefined) this.#quit = this.ctx.after(quitAfter * SECOND, () => this.#leave(0));
    this.#active();
  }
  data(bytes: Uint8Array): void {
    this.ctx.print(latin1(bytes));
    this.#active();
  }
  end(): void {
    this.#leave(0);
  }
  error(errno: Errno): void {
    // read() fails, and nc treats it as the end.
    void errno;
    this.#leave(0);
  }
  /** -w: nothing moved for so long. */
  #active(): void {
    this.#idle?.cancel();
    const { timeout } = this.options;
    if (timeout) this.#idle = this.ctx.after(timeout * SECOND, () => this.#leave(0));
  }
  #leave(code: number): void {
    this.#quit?.cancel();
    this.#idle?.cancel();
    this.socket.close();
    this.done(code);
  }
}

/** Calls one port after the other; the first that answers is talked to, with -z all are only tried. */
class Caller extends PortCaller {
  protected override call(port: number): void {
    const { ctx, options } = this;
    let pump: Pump | undefined;
    const { timeout } = options;
    const limit = timeout
      ? ctx.after(timeout * SECOND, () => {
          this.#say(`nc: connect to ${options.host} port ${port} (tcp) timed out: Operation now in progress`);
          if (made.ok) made.value.close();
          this.next();
        })
      : undefined;
    const made = ctx.sockets.tcpConnect(this.address, port, this.#local(), {
      onConnected: () => {
        limit?.cancel();
        this.code = 0;
        this.#say(`Connection to ${options.host} ${serviceText(options, port, 'tcp')} succeeded!`);
        if (!made.ok) return;
        if (options.scan) {
          made.value.close();
          this.next();
          return;
        }
        pump = new Pump(ctx, options, made.value, (code) => ctx.exit(code));
        pump.begin(this.input);
      },
      onData: (bytes) => pump?.data(bytes),
      onEnd: () => pump?.end(),
      onError: (errno) => {
        limit?.cancel();
        if (pump) pump.error(errno);
        else this.#failed(port, errno);
      },
    });
    if (made.ok) return;
    limit?.cancel();
    if (made.error === 'EADDRINUSE' || made.error === 'EADDRNOTAVAIL')
      throw new Exit(1, `nc: bind failed: ${strerror[made.error]}\n`);
    this.#failed(port, made.error);
  }

  #failed(port: number, errno: Errno): void {
    this.#say(`nc: connect to ${this.options.host} port ${port} (tcp) failed: ${strerror[errno]}`);
    this.next();
  }
  #say(line: string): void {
    if (this.options.verbose) this.ctx.printError(`${line}\n`);
  }
  #local(): TcpOptions {
    const { source, sourcePort, ttl } = this.options;
    return {
      ...(source === undefined ? {} : { source }),
      ...(sourcePort === undefined ? {} : { sourcePort }),
      ...(ttl === undefined ? {} : { ttl }),
    };
  }
}

/** One caller, or with -k one after the other. Without, whoever else calls waits for ever in the backlog. */
function listen(ctx: ProcessContext, options: NcOptions, input: Uint8Array): void {
  const [port = 0] = options.ports;
  const { source = 0, ttl, keep, verbose } = options;
  const waiting: TcpSocket[] = [];
  let busy = false;
  const over = (code: number): void => {
    if (keep) return;
    if (listening.ok) listening.value.close();
    for (const socket of waiting) socket.abort();
    ctx.exit(code);
  };
  const listening = ctx.sockets.tcpListen(
    { address: source, port, backlog: 1, ...(ttl === undefined ? {} : { ttl }) },
    (socket) => {
      if (busy) {
        waiting.push(socket);
        return {};
      }
      busy = !keep;
      if (verbose)
        ctx.printError(`Connection received on ${formatIp4(socket.peer.address)} ${socket.peer.port}\n`);
      const pump = new Pump(ctx, options, socket, over);
      return {
        onConnected: () => pump.begin(input),
        onData: (bytes) => pump.data(bytes),
        onEnd: () => pump.end(),
        onError: (errno) => pump.error(errno),
      };
    },
  );
  if (!listening.ok) throw new Exit(1, `nc: ${strerror[listening.error]}\n`);
  if (verbose) ctx.printError(`Listening on ${formatIp4(source)} ${port}\n`);
}
