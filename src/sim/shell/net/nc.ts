/**
 * `nc` (netcat-openbsd): calls or listens, sends what was piped into it, prints what comes. Nobody types here: without a
 * pipe its input is empty and over at once, as with `< /dev/null`.
 *
 * Leaves out: UNIX sockets, proxies, Telnet, options that only tune buffers.
 */
import { formatIp4, type Ip4 } from '../../wire/index';
import type { Errno, ProcessContext, TcpOptions, TcpSocket, Timer, UdpSocket } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { serviceName } from '../iptables/names';
import { Exit, type Program } from '../program';
import { addressOf } from './host';
import { readNcOptions, unresolved, type NcOptions } from './nc-options';
import { bytesOf, latin1 } from './nginx';

const SECOND = 1_000_000_000;

export const nc: Program = {
  name: 'nc',
  group: 'probes',
  about: 'call or listen on a TCP or UDP port (nc -zv HOST PORT, nc -l PORT, echo hi | nc -N HOST PORT)',
  slots: () => ({ words: ['-l', '-v', '-z', '-u', '-w', '-N', '-k', '-p', '-q', '-s'], kinds: ['address'] }),
  run(ctx, args, _env, stdin = '') {
    const options = readNcOptions(args);
    if (options.udp && options.scan)
      throw new Exit(1, 'nc: -z with -u is not modelled here: an open UDP port does not answer.\n');
    if (options.udp) new UdpNc(ctx, options, bytesOf(stdin)).start();
    else if (options.listen) listen(ctx, options, bytesOf(stdin));
    else new Caller(ctx, options, bytesOf(stdin)).start();
    return 'running';
  },
};

function serviceText(port: number, protocol: 'tcp' | 'udp'): string {
  return `port [${protocol}/${serviceName(port) ?? '*'}]`.replace('port', `${port} port`);
}

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
class Caller {
  #code = 1;
  #at = 0;
  #address: Ip4 = 0;
  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: NcOptions,
    private readonly input: Uint8Array,
  ) {}

  start(): void {
    const { host, ports } = this.options;
    const address = addressOf(host);
    if (address === undefined) throw new Exit(1, `nc: ${unresolved(host, ports[0] ?? 0)}\n`);
    this.#address = address;
    this.#next();
  }

  #next(): void {
    const port = this.options.ports[this.#at++];
    if (port === undefined) this.ctx.exit(this.#code);
    else this.#call(port);
  }

  #call(port: number): void {
    const { ctx, options } = this;
    let pump: Pump | undefined;
    const { timeout } = options;
    const limit = timeout
      ? ctx.after(timeout * SECOND, () => {
          this.#say(`nc: connect to ${options.host} port ${port} (tcp) timed out: Operation now in progress`);
          if (made.ok) made.value.close();
          this.#next();
        })
      : undefined;
    const made = ctx.sockets.tcpConnect(this.#address, port, this.#local(), {
      onConnected: () => {
        limit?.cancel();
        this.#code = 0;
        this.#say(`Connection to ${options.host} ${serviceText(port, 'tcp')} succeeded!`);
        if (!made.ok) return;
        if (options.scan) {
          made.value.close();
          this.#next();
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
    this.#next();
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

/** One caller, or with -k one after the other; the listening socket is closed while there is one and none is kept. */
function listen(ctx: ProcessContext, options: NcOptions, input: Uint8Array): void {
  const [port = 0] = options.ports;
  const { source = 0, ttl, keep, verbose } = options;
  const listening = ctx.sockets.tcpListen(
    { address: source, port, backlog: 1, ...(ttl === undefined ? {} : { ttl }) },
    (socket) => {
      if (!keep && listening.ok) listening.value.close();
      if (verbose)
        ctx.printError(`Connection received on ${formatIp4(socket.peer.address)} ${socket.peer.port}\n`);
      const pump = new Pump(ctx, options, socket, (code) => {
        if (!keep) ctx.exit(code);
      });
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

/** -u: a datagram with the input, or whoever sends one first is the peer. */
class UdpNc {
  #socket: UdpSocket | undefined;
  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: NcOptions,
    private readonly input: Uint8Array,
  ) {}

  start(): void {
    const { ctx, options } = this;
    const { listen: listens, host, source, sourcePort, verbose } = options;
    const [port = 0] = options.ports;
    const address = listens ? 0 : addressOf(host);
    if (address === undefined) throw new Exit(1, `nc: ${unresolved(host, port)}\n`);
    const own = listens ? port : sourcePort;
    let heard = false;
    const made = ctx.sockets.udp(
      { ...(source === undefined ? {} : { address: source }), ...(own === undefined ? {} : { port: own }) },
      {
        onMessage: ({ src, srcPort, payload }) => {
          if (listens && verbose && !heard)
            ctx.printError(`Connection received on ${formatIp4(src)} ${srcPort}\n`);
          if (listens && !heard) this.#send(src, srcPort);
          heard = true;
          ctx.print(latin1(payload));
        },
        // A connected socket's read() fails with what ICMP told.
        onError: () => {
          if (!listens) ctx.exit(0);
        },
      },
    );
    if (!made.ok) throw new Exit(1, `nc: ${listens ? '' : 'bind failed: '}${strerror[made.error]}\n`);
    this.#socket = made.value;
    if (listens) {
      if (verbose) ctx.printError(`Bound on ${formatIp4(source ?? 0)} ${port}\n`);
      return;
    }
    if (verbose) ctx.printError(`Connection to ${host} ${serviceText(port, 'udp')} succeeded!\n`);
    this.#send(address, port);
    const limit = options.quitAfter ?? options.timeout;
    if (limit) ctx.after(limit * SECOND, () => ctx.exit(0));
  }

  #send(to: Ip4, port: number): void {
    if (this.input.length > 0) this.#socket?.sendTo(to, port, this.input);
  }
}
