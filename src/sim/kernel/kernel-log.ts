/**
 * A machine's kernel log (printk). Namespaces beside the machine's own write what their rules log only when
 * net.netfilter.nf_log_all_netns says so, as in Linux.
 */
import type { Netns } from './netns';
import type { EventSeq, SimTime } from './trace';

interface LogLine {
  readonly at: SimTime;
  readonly text: string;
}
const MOST = 10_000;

export class KernelLog {
  #lines: LogLine[] = [];

  /** Oldest first; the last 10,000. */
  get lines(): readonly LogLine[] {
    return this.#lines.length > MOST ? (this.#lines = this.#lines.slice(-MOST)) : this.#lines;
  }

  /** Whether what rules log in a namespace is written. */
  takes(netns: Netns): boolean {
    // A machine's own namespace is there before any other.
    const [own] = netns.kernel.namespaces;
    return netns === own || own?.sysctl.global('net.netfilter.nf_log_all_netns') === 1;
  }
  add(netns: Netns, text: string): void {
    this.#lines.push({ at: netns.now, text });
    if (this.#lines.length > 2 * MOST) this.#lines = this.#lines.slice(-MOST);
  }
}

/** A line of the kernel log, and its event in the namespace that it is about. */
export function printk(netns: Netns, text: string, cause: EventSeq): void {
  netns.kernel.log.add(netns, text);
  netns.emit({
    seq: 0,
    at: 0,
    machine: netns.machine,
    netns: netns.id,
    cause,
    kind: 'control',
    by: 'kernel',
    protocol: 'log',
    action: 'printk',
    text,
  });
}
