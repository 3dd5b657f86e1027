/**
 * `curl` 7.88.1 for plain HTTP: one URL, one connection, the answer printed as it comes. Text and exit codes as the real
 * one's at a terminal.
 *
 * Leaves out: everything but http://, redirects, cookies, uploads, files, the progress meter (it needs -o and no -s), bold
 * header names.
 */
import { formatIp4, parseIp4, type Ip4 } from '../../wire/index';
import type { Errno, ProcessContext, TcpOptions, TcpSocket, Timer } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import type { Program } from '../program';
import { readCurlOptions, type CurlOptions } from './curl-options';
import { addressOf } from './host';
import { bytesOf, latin1 } from './nginx';

const MS = 1_000_000;
/** CURLOPT_CONNECTTIMEOUT. */
const CONNECT_TIMEOUT_MS = 300_000;

export const curl: Program = {
  name: 'curl',
  group: 'probes',
  about: 'fetch http://ADDRESS[:PORT]/PATH (-v, -I, -s, -m SECONDS)',
  slots: (words) => {
    if (words.at(-1) === '-o') return { words: ['/dev/null'] };
    return { words: ['-v', '-s', '-I', '-m', '-o', '-w'], kinds: ['address'] };
  },
  run(ctx, args) {
    const options = readCurlOptions(args);
    return new Transfer(ctx, options).start();
  },
};

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** As the Host field has it. */
  readonly authority: string;
}

function parseUrl(url: string): Target | { readonly exit: number; readonly text: string } {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http')
    return { exit: 1, text: `Protocol "${scheme}" not supported or disabled in libcurl` };
  const rest = scheme === undefined ? url : url.slice(7);
  const match = /^([^/?#:]+)(?::(\d*))?([/?][^#]*)?(?:#.*)?$/.exec(rest);
  const port = match?.[2] ? Number(match[2]) : 80;
  if (!match || port > 65_535) return { exit: 3, text: 'URL using bad/illegal format or missing URL' };
  const host = match[1] ?? '';
  const path = match[3] ?? '/';
  return {
    host,
    port,
    path: path.startsWith('?') ? `/${path}` : path,
    authority: port === 80 ? host : `${host}:${port}`,
  };
}

class Transfer {
  #target: Target = { host: '', port: 80, path: '/', authority: '' };
  #address: Ip4 = 0;
  #startedAt = 0;
  #socket: TcpSocket | undefined;
  #connected = false;
  #deadline: Timer | undefined;
  #connecting: Timer | undefined;
  #ended = false;
  /** Received and not yet printed while the header is incomplete. */
  #head = '';
  #inBody = false;
  #status = '000';
  /** Undefined: until the server ends the connection. */
  #left: number | undefined;
  #received = 0;
  #body = 0;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: CurlOptions,
  ) {}

  start(): 'running' {
    const { ctx, options } = this;
    this.#startedAt = ctx.now();
    const target = parseUrl(options.url);
    if ('exit' in target) return this.#finish(target.exit, target.text);
    this.#target = target;
    const address = addressOf(target.host);
    if (address === undefined) {
      const text = `Could not resolve host: ${target.host}`;
      this.#tell(`${text}\nClosing connection 0`);
      return this.#finish(6, text);
    }
    this.#address = address;
    this.#tell(`  Trying ${formatIp4(address)}:${target.port}...`);
    if (options.maxTime > 0) this.#deadline = ctx.after(options.maxTime * MS, () => this.#timedOut());
    const limit = options.connectTimeout || CONNECT_TIMEOUT_MS;
    this.#connecting = ctx.after(limit * MS, () => this.#connectTimedOut());
    const made = ctx.sockets.tcpConnect(address, target.port, this.#local(), {
      onConnected: () => this.#request(),
      onData: (bytes) => this.#data(bytes),
      onEnd: () => this.#end(),
      onError: (errno) => this.#error(errno),
    });
    if (!made.ok) {
      this.#tell(`Immediate connect fail for ${formatIp4(address)}: ${strerror[made.error]}`);
      return this.#connectFailed();
    }
    this.#socket = made.value;
    return 'running';
  }

  #local(): TcpOptions {
    const { interface: bound, localPort } = this.options;
    const source = parseIp4(bound ?? '');
    return {
      nodelay: true,
      ...(source.ok ? { source: source.value } : {}),
      ...(bound !== undefined && !source.ok ? { device: bound } : {}),
      ...(localPort === undefined ? {} : { sourcePort: localPort }),
    };
  }

  /** Lines of -v. */
  #tell(lines: string, mark = '*'): void {
    if (!this.options.verbose) return;
    for (const line of lines.split('\n')) this.ctx.printError(`${mark} ${line}\n`);
  }

  #request(): void {
    const { options, ctx } = this;
    const { authority, path, port } = this.#target;
    const address = formatIp4(this.#address);
    this.#connected = true;
    this.#connecting?.cancel();
    this.#tell(`Connected to ${this.#target.host} (${address}) port ${port} (#0)`);
    const named = new Set(options.headers.map((header) => header.split(':')[0]?.toLowerCase()));
    const fields = [
      ['Host', authority],
      ['User-Agent', 'curl/7.88.1'],
      ['Accept', '*/*'],
    ].filter(([name]) => !named.has(name?.toLowerCase()));
    const method = options.method ?? (options.head ? 'HEAD' : 'GET');
    const lines = [
      `${method} ${path} HTTP/1.1`,
      ...fields.map(([name, value]) => `${name ?? ''}: ${value ?? ''}`),
      ...options.headers.filter((header) => /:\s*\S/.test(header)),
      '',
    ];
    this.#tell(lines.join('\n'), '>');
    this.#socket?.send(bytesOf(`${lines.join('\r\n')}\r\n`));
    ctx.onInterrupt(() => ctx.exit(130));
  }

  #data(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#received += bytes.length;
    if (this.#inBody) {
      this.#take(latin1(bytes));
      return;
    }
    this.#head += latin1(bytes);
    const start = this.#head.slice(0, 5);
    if (!'HTTP/'.startsWith(start) && !start.startsWith('HTTP/')) {
      const text = 'Received HTTP/0.9 when not allowed';
      this.#tell(`${text}\nClosing connection 0`);
      this.#finish(1, text);
      return;
    }
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const body = this.#head.slice(end + 4);
    this.#headers(this.#head.slice(0, end));
    this.#inBody = true;
    if (!this.#ended) this.#take(body);
  }

  #headers(head: string): void {
    const { options, ctx } = this;
    this.#status = /^HTTP\/\S+ (\d{3})/.exec(head)?.[1] ?? '000';
    const length = /^content-length:\s*(\d+)/im.exec(head)?.[1];
    this.#left = options.head ? 0 : length === undefined ? undefined : Number(length);
    this.#tell(`${head.replaceAll('\r', '')}\n`, '<');
    if (options.head || options.include) ctx.print(`${head}\r\n\r\n`);
    if (options.fail && Number(this.#status) >= 400) {
      this.#tell('The requested URL returned error: ' + this.#status);
      this.#finish(22, `The requested URL returned error: ${this.#status}`);
    }
  }

  #take(text: string): void {
    const part = this.#left === undefined ? text : text.slice(0, this.#left);
    this.#body += part.length;
    if (this.#left !== undefined) this.#left -= part.length;
    if (this.options.output === undefined && part !== '') this.ctx.print(decoded(part));
    if (this.#left !== 0) return;
    this.#tell(`Connection #0 to host ${this.#target.host} left intact`);
    this.#finish(0);
  }

  /** The server has ended the connection. */
  #end(): void {
    if (this.#ended) return;
    if (this.#received === 0) this.#broken(52, 'Empty reply from server');
    else if (this.#left !== undefined && this.#left > 0)
      this.#broken(18, `transfer closed with ${this.#left} bytes remaining to read`);
    else {
      this.#tell('Closing connection 0');
      this.#finish(0);
    }
  }

  #error(errno: Errno): void {
    if (this.#ended) return;
    if (this.#connected) {
      this.#broken(56, `Recv failure: ${strerror[errno]}`);
      return;
    }
    this.#tell(`connect to ${formatIp4(this.#address)} port ${this.#target.port} failed: ${strerror[errno]}`);
    if (errno === 'ETIMEDOUT') {
      const text = `Failed to connect to ${this.#target.host} port ${this.#target.port} after ${this.#elapsed()} ms: Timeout was reached`;
      this.#broken(28, text);
    } else this.#connectFailed();
  }

  #connectFailed(): 'running' {
    const { host, port } = this.#target;
    return this.#broken(
      7,
      `Failed to connect to ${host} port ${port} after ${this.#elapsed()} ms: Couldn't connect to server`,
    );
  }
  #connectTimedOut(): void {
    const { host, port } = this.#target;
    this.#broken(
      28,
      `Failed to connect to ${host} port ${port} after ${this.#elapsed()} ms: Timeout was reached`,
    );
  }
  #timedOut(): void {
    const ms = this.#elapsed();
    if (!this.#connected) this.#broken(28, `Connection timed out after ${ms} milliseconds`);
    else {
      const length = this.#left === undefined ? '' : ` out of ${this.#left + this.#body}`;
      this.#broken(
        28,
        `Operation timed out after ${ms} milliseconds with ${this.#body}${length} bytes received`,
      );
    }
  }

  #broken(code: number, text: string): 'running' {
    this.#tell(`${text}\nClosing connection 0`);
    return this.#finish(code, text);
  }

  #elapsed(): number {
    return Math.floor((this.ctx.now() - this.#startedAt) / MS);
  }

  #finish(code: number, text?: string): 'running' {
    const { ctx, options } = this;
    if (this.#ended) return 'running';
    this.#ended = true;
    this.#deadline?.cancel();
    this.#connecting?.cancel();
    if (text !== undefined && (!options.silent || options.showError))
      ctx.printError(`curl: (${code}) ${text}\n`);
    if (options.writeOut !== '') ctx.print(this.#writeOut());
    this.#socket?.close();
    ctx.exit(code);
    return 'running';
  }

  /** `%{variable}` and backslash escapes; an unknown variable prints nothing (tool_writeout.c warns). */
  #writeOut(): string {
    const local = this.#connected && this.#socket ? this.#socket.local : undefined;
    const seconds = ((this.ctx.now() - this.#startedAt) / 1e9).toFixed(6);
    const values: Readonly<Record<string, string>> = {
      http_code: this.#status,
      response_code: this.#status,
      remote_ip: this.#connected ? formatIp4(this.#address) : '',
      remote_port: this.#connected ? String(this.#target.port) : '',
      local_ip: local ? formatIp4(local.address) : '',
      local_port: local ? String(local.port) : '0',
      size_download: String(this.#body),
      time_total: seconds,
    };
    return this.options.writeOut
      .replace(/%\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
      .replace(/\\(.)/g, (_, char: string) => ({ n: '\n', r: '\r', t: '\t' })[char] ?? `\\${char}`);
  }
}

/** Bytes that are UTF-8 as text, others one character each. */
function decoded(bytes: string): string {
  try {
    return decodeURIComponent(
      bytes.replace(/[%\u0080-\u00ff]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`),
    );
  } catch {
    return bytes;
  }
}
