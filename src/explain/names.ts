import type { ChangeEvent, EventSeq, LinkKind, NetnsRow, QdiscRow, TraceEvent } from '../sim/kernel/trace';

/** Where a command is in the trace, for what it prints later. */
interface CommandNote {
  readonly text: string;
  readonly origin: 'boot' | 'journal';
}

/**
 * What sentences need to know besides the event they are about: which device is a bridge, which namespace a switch, who
 * wrote a table row, which command it all goes back to. Fed with every event in order.
 */
export class Names {
  readonly commands = new Map<number, CommandNote>();
  readonly #links = new Map<string, LinkKind>();
  readonly #roles = new Map<string, NetnsRow['role']>();
  readonly #writers = new Map<string, string>();
  /** Programs that run as processes of their own, by machine. */
  readonly #daemons = new Set<string>();
  readonly #policies = new Map<string, string>();
  readonly #qdiscs = new Map<string, QdiscRow>();
  /** Processes that hold a TUN: packets go through them. */
  readonly #relays = new Set<string>();
  /** Command number by event; -1 for none. */
  readonly #roots: number[] = [];

  constructor(private readonly story: { readonly events: readonly TraceEvent[] }) {}

  learn(e: TraceEvent): void {
    this.#roots[e.seq] = this.#rootOf(e);
    if (e.kind === 'command') this.commands.set(e.command, { text: e.text, origin: e.origin });
    if (e.kind === 'change') this.#learnRow(e);
  }

  rootOf(seq: EventSeq): number {
    return this.#roots[seq] ?? -1;
  }

  linkKind(netns: string, dev: string | undefined): LinkKind | undefined {
    return dev === undefined ? undefined : this.#links.get(`${netns} ${dev}`);
  }

  /** A switch or a router of the scenario is spoken of by its own name, not by its bridge device's. */
  bridgeName(netns: string, dev: string): string {
    return this.#roles.get(netns) === 'switch' ? netns : dev;
  }

  /** Who wrote this neighbour entry by netlink; undefined when the kernel learned it. */
  neighWriter(netns: string, dst: string, dev: string): string | undefined {
    return this.#writers.get(`${netns} ${dst} ${dev}`);
  }

  /** Policy of a built-in chain of iptables, as its row says. */
  policyOf(netns: string, table: string, chain: string): string | undefined {
    return this.#policies.get(`${netns} ${table} ${chain}`);
  }

  /** Does a program of this name run in the background here? What it does is its own story, whoever asked for it. */
  isDaemon(machine: string, program: string): boolean {
    return this.#daemons.has(`${machine} ${program}`);
  }

  /** Has this process a TUN device open? Then packets pass through it, and each copy is worth a step. */
  relays(machine: string, process: string): boolean {
    return this.#relays.has(`${machine} ${process}`);
  }

  /** Is there anywhere a process that packets pass through? Then one counts how often they are copied. */
  get hasRelays(): boolean {
    return this.#relays.size > 0;
  }

  /** The queueing discipline that somebody put on a device. */
  qdisc(netns: string, dev: string): QdiscRow | undefined {
    return this.#qdiscs.get(`${netns} ${dev}`);
  }

  #rootOf(e: TraceEvent): number {
    const above = e.cause >= 0 && e.cause < e.seq ? this.rootOf(e.cause) : -1;
    return above < 0 && e.kind === 'command' && e.origin === 'journal' ? e.command : above;
  }

  #learnRow(e: ChangeEvent): void {
    if (e.table === 'link') {
      const { before, after } = e as ChangeEvent<'link'>;
      if (before) this.#links.delete(`${e.netns} ${before.ifname}`);
      if (after) this.#links.set(`${e.netns} ${after.ifname}`, after.kind);
      if (after?.tun?.process !== undefined) this.#relays.add(`${e.machine} ${after.tun.process}`);
    } else if (e.table === 'netns') {
      const { after } = e as ChangeEvent<'netns'>;
      if (after) this.#roles.set(after.id, after.role);
    } else if (e.table === 'process') {
      const { after } = e as ChangeEvent<'process'>;
      if (after) this.#daemons.add(`${e.machine} ${after.name}`);
    } else if (e.table === 'qdisc') {
      const { before, after } = e as ChangeEvent<'qdisc'>;
      if (after) this.#qdiscs.set(`${e.netns} ${after.dev}`, after);
      else if (before) this.#qdiscs.delete(`${e.netns} ${before.dev}`);
    } else if (e.table === 'iptables') {
      const { after } = e as ChangeEvent<'iptables'>;
      if (after?.policy !== undefined)
        this.#policies.set(`${e.netns} ${after.table} ${after.chain}`, after.policy);
    } else if (e.table === 'neigh') {
      const { before, after } = e as ChangeEvent<'neigh'>;
      const row = after ?? before;
      if (row) this.#learnWriter(e, `${e.netns} ${row.dst} ${row.dev}`, after !== undefined);
    }
  }

  #learnWriter(e: ChangeEvent, key: string, present: boolean): void {
    const cause = this.story.events[e.cause];
    if (present && cause?.kind === 'netlink') this.#writers.set(key, cause.by);
    else if (!present || cause?.kind === 'arp') this.#writers.delete(key);
  }
}
