import type { NetlinkError, ProcessContext } from '../kernel/netlink';
import { strerror } from '../kernel/netlink';
import type { Slots } from './completion';

/**
 * What exit() is in the real tools: thrown deep inside a parser, caught by `runCommand`, which ends the process with
 * `code` after printing `message` (with its newline), as an
 * error message unless it says otherwise. Thrown only before a program waits for anything.
 */
export class Exit extends Error {
  constructor(
    readonly code: number,
    message = '',
    readonly stream: 'stdout' | 'stderr' = 'stderr',
  ) {
    super(message);
  }
}

/** Environment variables given before the command (`ETCDCTL_API=2 etcdctl …`). */
export type Environment = Readonly<Record<string, string>>;

/** Headings of `help`. */
export type Group =
  'addresses and routes' | 'bridges' | 'net-tools' | 'probes' | 'containers and etcd' | 'shell';

export interface Program {
  readonly name: string;
  readonly group: Group;
  /** One line for `help`. */
  readonly about: string;
  /** `stdin` is what was piped in. The exit code, or `running` when timers or sockets carry on and end the process themselves. */
  run(ctx: ProcessContext, args: readonly string[], env: Environment, stdin?: string): number | 'running';
  /** What may stand at each place, for Tab. */
  readonly slots?: Slots;
}

/** How iproute2 reports a refused netlink request (lib/libnetlink.c rtnl_talk_error). */
export function netlinkErrorText(error: NetlinkError): string {
  if (error.extack === undefined) return `RTNETLINK answers: ${strerror[error.errno]}\n`;
  return `Error: ${error.extack}${error.extack.endsWith('.') ? '' : '.'}\n`;
}

/** strtoul(text, &end, 0): decimal, 0x hexadecimal, 0 octal, nothing after it. NaN for anything else. */
export function parseUnsigned(text: string): number {
  if (/^(?:[1-9]\d*|0)$/.test(text)) return Number(text);
  if (/^0x[0-9a-f]+$/i.test(text)) return parseInt(text.slice(2), 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return Number.NaN;
}
