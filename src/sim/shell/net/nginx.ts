/**
 * A web server with the face of nginx 1.27. It listens on port 80 and answers every path with a short text that names who
 * answered and who asked; README.md has the format. It stays in the foreground (`daemon off`), whatever it is told.
 *
 * Leaves out: configuration files, TLS, bodies of requests, workers.
 */
import { formatIp4 } from '../../wire/index';
import type { ProcessContext, TcpEvents, TcpSocket, Timer } from '../../kernel/netlink';
import { Exit, type Program } from '../program';

const VERSION = 'nginx/1.27.0';
const PORT = 80;
/** ngx_listening_t.backlog on Linux. */
const BACKLOG = 511;
const TRIES = 5;
const RETRY_NS = 500_000_000;
/** keepalive_timeout. */
const IDLE_NS = 75_000_000_000;
/** large_client_header_buffers. */
const MAX_HEADER = 32_768;
/** Wall-clock time means nothing in virtual time: every answer bears the first second of 1970. */
const DATE = 'Thu, 01 Jan 1970 00:00:00 GMT';
const ADDRESS_IN_USE = 98;

export const nginx: Program = {
  name: 'nginx',
  group: 'probes',
  about: 'a web server on port 80 that tells who answered (runs until stopped: nginx &)',
  slots: () => ({ words: ['-g', '-v'] }),
  run(ctx, args) {
    if (!readOptions(args)) {
      ctx.printError(`nginx version: ${VERSION}\n`);
      return 0;
    }
    start(ctx, 1);
    return 'running';
  },
};

/** Whether to serve. */
function readOptions(args: readonly string[]): boolean {
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '-v') return false;
    if (word === '-g') {
      const directives = args[++at];
      if (directives === undefined) throw new Exit(1, 'nginx: option "-g" requires parameter\n');
      if (!/^\s*(?:daemon\s+off\s*;\s*)?$/.test(directives))
        throw new Exit(1, `nginx: only "daemon off;" is modelled here as a directive.\n`);
    } else throw new Exit(1, `nginx: invalid option: "${word.replace(/^-(?=.)/, '')}"\n`);
  }
  return true;
}

function start(ctx: ProcessContext, attempt: number): void {
  const listening = ctx.sockets.tcpListen({ port: PORT, backlog: BACKLOG, nodelay: true }, (socket) =>
    new Client(ctx, socket).events(),
  );
  if (listening.ok) {
    ctx.onInterrupt(() => ctx.exit(0));
    return;
  }
  ctx.printError(
    `nginx: [emerg] bind() to 0.0.0.0:${PORT} failed (${ADDRESS_IN_USE}: Address already in use)\n`,
  );
  ctx.after(RETRY_NS, () => {
    if (attempt < TRIES) {
      start(ctx, attempt + 1);
      return;
    }
    ctx.printError('nginx: [emerg] still could not bind()\n');
    ctx.exit(1);
  });
}

class Client {
  #request = '';
  #idle: Timer | undefined;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly socket: TcpSocket,
  ) {
    this.#wait();
  }

  events(): TcpEvents {
    return {
      onData: (bytes) => this.#data(bytes),
      onEnd: () => this.#close(),
      onError: () => this.#idle?.cancel(),
    };
  }

  #wait(): void {
    this.#idle?.cancel();
    this.#idle = this.ctx.after(IDLE_NS, () => this.#close());
  }
  #close(): void {
    this.#idle?.cancel();
    this.socket.close();
  }

  #data(bytes: Uint8Array): void {
    this.#wait();
    this.#request += latin1(bytes);
    for (;;) {
      const old = /^(?:GET|HEAD) \S+\r?\n/.exec(this.#request);
      if (old) {
        // HTTP/0.9: no header in either direction.
        this.socket.send(bytesOf(this.#body(old[0].split(' ')[1]?.trim() ?? '/')));
        this.#close();
        return;
      }
      const end = this.#request.indexOf('\r\n\r\n');
      const tooLong = end < 0 && this.#request.length > MAX_HEADER;
      if (end < 0 && !tooLong) return;
      const head = this.#request.slice(0, end < 0 ? undefined : end);
      this.#request = end < 0 ? '' : this.#request.slice(end + 4);
      if (!this.#answer(head)) {
        this.#close();
        return;
      }
    }
  }

  /** Whether the connection stays open for a next request. */
  #answer(head: string): boolean {
    const [line = '', ...fields] = head.split('\r\n');
    const request = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/.exec(line);
    const has = (name: string, value: RegExp): boolean =>
      fields.some((field) => field.toLowerCase().startsWith(`${name}:`) && value.test(field));
    const [, method = '', target = '', minor = ''] = request ?? [];
    if (!request || (minor === '1' && !has('host', /:\s*\S/))) {
      this.#send('400 Bad Request', 'text/html', page('400 Bad Request'), false, true);
      return false;
    }
    const stays = minor === '1' ? !has('connection', /close/i) : has('connection', /keep-alive/i);
    this.#send('200 OK', 'text/plain', this.#body(target), stays, method !== 'HEAD');
    return stays;
  }

  #body(target: string): string {
    const { local, peer } = this.socket;
    return (
      `Server address: ${formatIp4(local.address)}:${local.port}\n` +
      `Server name: ${this.ctx.netns.id}\n` +
      `Remote address: ${formatIp4(peer.address)}\n` +
      `URI: ${target}\n`
    );
  }

  #send(status: string, type: string, body: string, stays: boolean, withBody: boolean): void {
    const head = [
      `HTTP/1.1 ${status}`,
      `Server: ${VERSION}`,
      `Date: ${DATE}`,
      `Content-Type: ${type}`,
      `Content-Length: ${bytesOf(body).length}`,
      `Connection: ${stays ? 'keep-alive' : 'close'}`,
    ];
    this.socket.send(bytesOf(`${head.join('\r\n')}\r\n\r\n${withBody ? body : ''}`));
  }
}

function page(title: string): string {
  return [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    `<hr><center>${VERSION}</center>`,
    '</body>',
    '</html>',
    '',
  ].join('\r\n');
}

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
/** The inverse for characters below 256; others as UTF-8. */
export function bytesOf(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x100) bytes.push(code);
    else bytes.push(...unescape8(encodeURIComponent(char)));
  }
  return Uint8Array.from(bytes);
}
/** `%E2%82%AC` to its bytes. */
function unescape8(escaped: string): number[] {
  return escaped
    .split('%')
    .slice(1)
    .map((hex) => parseInt(hex, 16));
}
