/**
 * tcpdump 4.99 on a device of this namespace, numbers in place of names. It sees what a tap sees (promiscuous without -p), and
 * runs until it has seen -c packets or is interrupted.
 *
 * Left out: files (-r, -w), names of hosts and ports (as with -n), checksums that -vv judges, and shorter snapshots (-s
 * is told in the header and cuts nothing off).
 */
import type { Capture, ProcessContext, SimTime } from '../../kernel/netlink';
import type { TcpSequences } from '../../wire/index';
import { Exit, type Program } from '../program';
import { compileFilter, type Test } from './filter';
import { SLL2_LENGTH, frameText, type Captured } from './line';
import { parseTcpdump, type TcpdumpOptionSet } from './options';
import { Stamps } from './stamp';
import { viewOf } from './view';

/** pcap_lookupdev: the first device that is up and not loopback, else any. */
function firstDevice(ctx: ProcessContext): string {
  const up = ctx.netlink
    .getLinks()
    .filter((row) => row.flags.includes('UP') && !row.flags.includes('LOOPBACK'))
    .sort((a, b) => a.ifindex - b.ifindex);
  return (up.find((row) => row.flags.includes('LOWER_UP')) ?? up[0])?.ifname ?? 'any';
}

function plural(count: number, what: string): string {
  return `${count} packet${count === 1 ? '' : 's'} ${what}\n`;
}

class Tcpdump {
  readonly #device: string;
  readonly #any: boolean;
  readonly #stamps: Stamps;
  readonly #tcp: TcpSequences = new Map();
  #capture: Capture | undefined;
  #test: Test = () => true;
  #captured = 0;
  #received = 0;
  #over = false;

  constructor(
    private readonly ctx: ProcessContext,
    private readonly options: TcpdumpOptionSet,
  ) {
    this.#device = options.device ?? firstDevice(ctx);
    this.#any = this.#device === 'any';
    this.#stamps = new Stamps(options.time);
  }

  begin(): void {
    const { ctx, options } = this;
    const device = this.#device;
    const opened = ctx.sockets.capture(
      device,
      (bytes, at, dev, direction) => this.#frame(bytes, at, dev, direction),
      options.promiscuous,
    );
    if (!opened.ok) {
      const down = `${device}: That device is not up\n`;
      const missing = `${device}: No such device exists\n(No such device exists)\n`;
      throw new Exit(1, `tcpdump: ${opened.error === 'ENETDOWN' ? down : missing}`);
    }
    this.#capture = opened.value;
    const ethernet = !this.#any && opened.value.link === 'ethernet';
    const filter = compileFilter(options.expression, { ethernet, arp: ethernet || this.#any });
    if (this.#any) ctx.printError('tcpdump: data link type LINUX_SLL2\n');
    if (!filter.ok) {
      opened.value.close();
      throw new Exit(1, `tcpdump: ${filter.error}\n`);
    }
    this.#test = filter.value;
    ctx.printError(this.#header(ethernet));
    ctx.onInterrupt(() => {
      // Whatever line was being printed is ended.
      ctx.print('\n');
      this.#finish();
    });
  }

  #header(ethernet: boolean): string {
    const hint =
      this.options.verbose > 0
        ? 'tcpdump: '
        : 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n';
    const link = this.#any ? 'LINUX_SLL2 (Linux cooked v2)' : ethernet ? 'EN10MB (Ethernet)' : 'RAW (Raw IP)';
    return `${hint}listening on ${this.#device}, link-type ${link}, snapshot length ${this.options.snaplen} bytes\n`;
  }

  #frame(bytes: Uint8Array, at: SimTime, dev: string, direction: 'in' | 'out'): void {
    if (this.#over) return;
    const row = this.ctx.netlink.getLink(dev);
    const link = row && row.link_type !== 'ether' && row.link_type !== 'loopback' ? 'ip' : 'ethernet';
    const extra = this.#any ? SLL2_LENGTH - (link === 'ethernet' ? 14 : 0) : 0;
    const captured: Captured = { view: viewOf(bytes, link, extra), link, dev, direction };
    if (!this.#test(captured.view)) return;
    // The kernel's filter also counts the outgoing copy on loopback, which libpcap then leaves out.
    this.#received += row?.link_type === 'loopback' ? 2 : 1;
    const wanted = this.options.direction;
    if (wanted !== 'inout' && wanted !== direction) return;
    this.#captured++;
    this.#print(captured, at);
    if (this.#captured === this.options.count) this.#finish();
  }

  #print(captured: Captured, at: SimTime): void {
    const { ctx, options } = this;
    if (options.countOnly) return;
    const number = options.number ? `${String(this.#captured).padStart(5)}  ` : '';
    const text = frameText(captured, options, this.#any, ctx.netlink, this.#tcp);
    ctx.print(`${number}${this.#stamps.of(at)}${text}\n`);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#capture?.close();
    this.ctx.printError(
      plural(this.#captured, 'captured') +
        plural(this.#received, 'received by filter') +
        '0 packets dropped by kernel\n',
    );
    this.ctx.exit(0);
  }
}

export const tcpdump: Program = {
  name: 'tcpdump',
  group: 'probes',
  about: 'print frames as a device sees them (-i DEV|any -n -e -v -c N -x -t, and a filter)',
  slots(words) {
    if (words.at(-1) === '-i') return { words: ['any'], kinds: ['device'] };
    const filter = ['arp', 'icmp', 'ip', 'udp', 'tcp', 'host', 'net', 'port', 'and', 'or', 'not'];
    return { words: ['-i', '-n', '-e', '-v', '-c', '-t', '-x', ...filter], kinds: ['address'] };
  },
  run(ctx, args) {
    new Tcpdump(ctx, parseTcpdump(args)).begin();
    return 'running';
  },
};
