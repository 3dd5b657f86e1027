/** What `nc` does with a list of ports, over TCP and UDP alike. */
import type { Ip4 } from '../../wire/index';
import type { ProcessContext } from '../../kernel/netlink';
import { Exit } from '../program';
import { addressOf } from './host';
import { unresolved, type NcOptions } from './nc-options';

/** Calls one port after the other. */
export abstract class PortCaller {
  /** What nc ends with once all ports have been called. */
  protected code = 1;
  protected address: Ip4 = 0;
  #at = 0;

  constructor(
    protected readonly ctx: ProcessContext,
    protected readonly options: NcOptions,
    protected readonly input: Uint8Array,
  ) {}

  start(): void {
    const { host, ports } = this.options;
    const address = addressOf(host);
    if (address === undefined) throw new Exit(1, `nc: ${unresolved(host, ports[0] ?? 0)}\n`);
    this.address = address;
    this.next();
  }

  protected next(): void {
    const port = this.options.ports[this.#at++];
    if (port === undefined) this.ctx.exit(this.code);
    else this.call(port);
  }

  /** Ends in `next`, unless the process ends first. */
  protected abstract call(port: number): void;
}
