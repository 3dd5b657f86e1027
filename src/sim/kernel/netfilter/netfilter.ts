/**
 * Netfilter of one namespace: what the hooks run, in Linux's order of priorities, and the door that iptables and
 * conntrack use. Tables come into use when somebody looks at them, conntrack when a rule needs it.
 */
import { err, ok, type Result } from '../../../base/result';
import { ETHERNET_LENGTH, IPPROTO_ICMP } from '../../wire/index';
import type { IpPacket } from '../ip/packet';
import { printk } from '../kernel-log';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';
import { BUILTIN, spellingOf, type Rule } from './chain';
import { Conntrack } from './conntrack';
import type { ConntrackFilter, Ipset, Netfilter, TableEdit, TableEntry, TableErrno } from './door';
import type { HookState, HookVerdict } from './hooks';
import { logLine } from './log';
import { Question } from './match';
import { manipOf, Nat } from './nat';
import { Ipsets } from './ipset';
import { conntrackRow } from './rows';
import type { BuiltinChain, FilterRule, LogOptions, RuleTarget, TableLabel } from './rules';
import { Table } from './ruleset';
import { stateOf } from './skb';
import { natTargetRange, type Refused } from './nat-target';
import { reject } from './reject';
import { walk, type TargetResult, type WalkHost } from './walk';

/** Priorities of include/uapi/linux/netfilter_ipv4.h. */
const DEFRAG = -400;
const CONNTRACK = -200;
const CONFIRM = 0x7fffffff;
const PRIORITY: Readonly<Record<Exclude<TableLabel, 'nat'>, number>> = {
  raw: -300,
  mangle: -150,
  filter: 0,
  security: 50,
};
const DST_NAT = -100;
const SRC_NAT = 100;
const NEEDS_CONNTRACK: readonly string[] = [
  'MASQUERADE',
  'SNAT',
  'DNAT',
  'REDIRECT',
  'CT',
  'CONNMARK',
  'connmark',
  'conntrack',
  'state',
];
/** What TRACE logs with: everything, at level warning. */
const TRACE_LOG: LogOptions = {
  level: 4,
  prefix: '',
  tcpSequence: true,
  tcpOptions: true,
  ipOptions: true,
  uid: true,
};

/** Order of a conntrack row among the others: the newest last, as the list shows them. */
const ORDER_DIGITS = 10;

export class NetfilterTables implements Netfilter {
  readonly conntracks: Conntrack;
  readonly nat: Nat;
  readonly sets: Ipsets;
  /** What a bridge is handing up to its own device, already through PREROUTING. */
  passedUp: IpPacket | undefined;
  /** In order of their coming into use. */
  readonly #tables = new Map<TableLabel, Table>();
  /** Rules that need conntrack; at 0 nothing is tracked. */
  #users = 0;
  #stopTracking: (() => void) | undefined;
  /** Of the request being carried out. */
  #cause: EventSeq = -1;
  readonly #host: WalkHost = {
    target: (rule, question) => this.#target(rule, question),
    trace: (question, table, chain, what, rule) =>
      this.#write(question, { ...TRACE_LOG, prefix: `TRACE: ${table}:${chain}:${what}:${rule} ` }),
  };
  #hook: BuiltinChain = 'PREROUTING';
  #refused: Refused | undefined;

  constructor(private readonly netns: Netns) {
    this.conntracks = new Conntrack(netns, {
      changed: (connection, change, cause) => {
        if (!connection.confirmed) return;
        const before = connection.row;
        const after = change === 'destroy' ? undefined : conntrackRow(connection);
        connection.row = after;
        const key = String(connection.order).padStart(ORDER_DIGITS, '0');
        connection.lastChange = netns.change('conntrack', key, before, after, cause);
      },
    });
    this.nat = new Nat(netns, this.conntracks);
    this.sets = new Ipsets(netns.random, {
      row: (key, before, after) => netns.change('ipset', key, before, after, this.#cause),
    });
  }

  // --- the door ------------------------------------------------------------------------------------------------------

  /** Carries something out whose changes are caused by `cause`. */
  causing<T>(cause: EventSeq, action: () => T): T {
    const before = this.#cause;
    this.#cause = cause;
    try {
      return action();
    } finally {
      this.#cause = before;
    }
  }

  tables(): readonly TableLabel[] {
    return [...this.#tables.keys()].reverse();
  }
  #table(name: string): Table | undefined {
    if (!Object.hasOwn(BUILTIN, name)) return undefined;
    return this.#tables.get(name as TableLabel) ?? this.#load(name as TableLabel);
  }
  hasTable(name: string): boolean {
    return this.#table(name) !== undefined;
  }
  table(name: string): Result<TableEntry, TableErrno> {
    const table = this.#table(name);
    return table ? ok(table.snapshot()) : err('ENOENT');
  }
  /** How often a table was written to. */
  writes = 0;
  commit(name: string, edits: readonly TableEdit[]): Result<void, TableErrno> {
    this.writes++;
    return this.#table(name)?.commit(edits) ?? err('ENOENT');
  }
  hasChain(table: string, chain: string): boolean {
    return this.#table(table)?.chain(chain) !== undefined;
  }
  findRule(table: string, chain: string, rule: FilterRule): number {
    const rules = this.#table(table)?.chain(chain)?.rules ?? [];
    const wanted = spellingOf(rule).same;
    return rules.findIndex((each) => each.same === wanted) + 1;
  }
  /** As `iptables -S` prints it behind `-A CHAIN `. */
  ruleText(table: string, chain: string, at: number): string | undefined {
    return this.#table(table)?.chain(chain)?.rules[at - 1]?.text;
  }
  conntrack(filter?: ConntrackFilter): ReturnType<Conntrack['list']> {
    return this.conntracks.list(filter);
  }
  conntrackCount(): number {
    return this.conntracks.count;
  }
  deleteConntrack(filter?: ConntrackFilter): ReturnType<Conntrack['list']> {
    return this.conntracks.remove(filter, this.#cause);
  }
  get ipset(): Ipset {
    return this.sets;
  }
  kernelLog(): readonly { readonly at: number; readonly text: string }[] {
    return this.netns.kernel.log.lines;
  }

  // --- coming into use -----------------------------------------------------------------------------------------------

  #load(name: TableLabel): Table {
    const { netns } = this;
    const table = new Table(name, {
      used: (rule, by) => this.#use(rule, by),
      exists: (rule) =>
        rule.matches.every((match) => match.kind !== 'set' || this.sets.get(match.set) !== undefined),
      row: (key, before, after) =>
        // Told even when nothing differs: the counters were set anew.
        netns.emit({
          seq: 0,
          at: 0,
          machine: netns.machine,
          netns: netns.id,
          cause: this.#cause,
          kind: 'change',
          table: 'iptables',
          key,
          before,
          after,
        }),
    });
    this.#tables.set(name, table);
    const { hooks } = netns;
    for (const hook of BUILTIN[name]) {
      if (name === 'nat') {
        const priority = manipOf(hook) === 'dst' ? DST_NAT : SRC_NAT;
        hooks.register(hook, priority, (packet, state) => this.#natHook(table, hook, packet, state));
      } else hooks.register(hook, PRIORITY[name], (packet, state) => this.#walk(table, hook, packet, state));
    }
    return table;
  }

  #use(rule: FilterRule, by: 1 | -1): void {
    for (const match of rule.matches) {
      const set = match.kind === 'set' ? this.sets.get(match.set) : undefined;
      if (set) set.references += by;
    }
    if (!needsConntrack(rule)) return;
    this.#users += by;
    if (this.#users > 0) this.#stopTracking ??= this.#startTracking();
    else {
      this.#stopTracking?.();
      this.#stopTracking = undefined;
    }
  }
  #startTracking(): () => void {
    const { hooks } = this.netns;
    const stops: (() => void)[] = [];
    for (const hook of ['PREROUTING', 'OUTPUT'] as const) {
      stops.push(hooks.register(hook, DEFRAG, (packet) => this.#defragment(packet)));
      stops.push(hooks.register(hook, CONNTRACK, (packet, state) => this.#track(packet, state)));
    }
    for (const hook of ['INPUT', 'POSTROUTING'] as const)
      stops.push(hooks.register(hook, CONFIRM, (packet, state) => this.#confirm(packet, state)));
    return () => stops.forEach((stop) => stop());
  }

  // --- what runs at the hooks ----------------------------------------------------------------------------------------

  /** nf_defrag_ipv4: conntrack sees whole packets only. */
  #defragment(packet: IpPacket): HookVerdict | IpPacket {
    const { header } = packet;
    if (!header.moreFragments && header.fragmentOffset === 0) return 'ACCEPT';
    const whole = this.netns.fragments.collect(packet);
    if (!whole) return 'STOLEN';
    stateOf(whole).largestPiece = this.#largestPiece(whole.cause);
    return whole;
  }

  #largestPiece(reassembled: EventSeq): number | undefined {
    const { events, frames } = this.netns.tracer;
    const event = events[reassembled];
    if (event?.kind !== 'reassemble') return undefined;
    let largest = 0;
    for (const id of event.pieces) {
      const piece = frames[id];
      const header = piece?.link === 'ethernet' ? ETHERNET_LENGTH : 0;
      largest = Math.max(largest, (piece?.bytes.length ?? 0) - header);
    }
    return largest;
  }

  #track(packet: IpPacket, state: HookState): HookVerdict {
    if (!this.conntracks.track(packet, state.hook === 'OUTPUT')) {
      state.why = 'table-full';
      printk(this.netns, 'nf_conntrack: nf_conntrack: table full, dropping packet', packet.cause);
      return 'DROP';
    }
    const nf = stateOf(packet);
    if (nf.info !== undefined) state.conntrack = nf.connection ? SAID[nf.direction][nf.info] : nf.info;
    return 'ACCEPT';
  }

  #confirm(packet: IpPacket, state: HookState): HookVerdict {
    if (this.conntracks.confirm(packet)) return 'ACCEPT';
    state.why = 'tuple-taken';
    return 'DROP';
  }

  #walk(table: Table, hook: BuiltinChain, packet: IpPacket, state: HookState): HookVerdict {
    this.#hook = hook;
    this.#refused = undefined;
    const question = new Question(this.netns, packet, state.iif, state.oif);
    const verdict = walk(table, hook, question, this.#host, (state.tried ??= []));
    if (verdict === 'DROP' && this.#refused) state.why = this.#refused;
    return verdict;
  }

  /** nf_nat_inet_fn: rules are asked once for each end of a connection, then every packet is rewritten alike. */
  #natHook(table: Table, hook: BuiltinChain, packet: IpPacket, state: HookState): HookVerdict | IpPacket {
    const { connection, info } = packet.nf ?? {};
    if (!connection) return 'ACCEPT';
    const aboutOther = info === 'RELATED' && packet.header.protocol === IPPROTO_ICMP;
    if (aboutOther && !this.nat.mayTell(connection, packet)) {
      state.why = 'redirect-translated';
      return 'DROP';
    }
    const manip = manipOf(hook);
    // A reset that REJECT sends is related, too, and decides as a new packet would.
    const decides = info === 'NEW' || (info === 'RELATED' && !aboutOther);
    if (decides && !connection.natDone(manip) && !connection.confirmed) {
      const verdict = this.#walk(table, hook, packet, state);
      if (verdict !== 'ACCEPT') return verdict;
      if (!connection.natDone(manip)) this.nat.setupNull(connection, manip);
    }
    return this.nat.translate(packet, hook);
  }

  // --- targets -------------------------------------------------------------------------------------------------------

  #target(rule: Rule, question: Question): TargetResult {
    const { target } = rule.spec;
    const { packet } = question;
    switch (target.kind) {
      case 'MARK':
        packet.mark = ((packet.mark & ~target.mask) ^ target.value) >>> 0;
        return 'CONTINUE';
      case 'CONNMARK':
        connectionMark(target, packet);
        return 'CONTINUE';
      case 'LOG':
        this.#write(question, target.log);
        return 'CONTINUE';
      case 'TRACE':
        stateOf(packet).traced = true;
        return 'CONTINUE';
      case 'CT':
        if (target.notrack && stateOf(packet).info === undefined) stateOf(packet).info = 'UNTRACKED';
        return 'CONTINUE';
      case 'REJECT':
        // Sent behind the drop that is its cause.
        this.netns.packet(0, () => reject(this.netns, packet, target.with));
        return 'DROP';
      case 'MASQUERADE':
      case 'SNAT':
      case 'DNAT':
      case 'REDIRECT':
        return this.#natTarget(target, question);
      default:
        return 'CONTINUE';
    }
  }

  #natTarget(target: Parameters<typeof natTargetRange>[0], question: Question): TargetResult {
    const connection = question.packet.nf?.connection;
    if (!connection) return 'ACCEPT';
    const range = natTargetRange(target, question, this.#hook);
    if (typeof range === 'string') {
      if (range === 'unspecified-source') return 'ACCEPT';
      this.#refused = range;
      return 'DROP';
    }
    this.nat.setup(connection, range, manipOf(this.#hook));
    if (target.kind === 'MASQUERADE') connection.masqueradedBy = question.oif?.name;
    return 'ACCEPT';
  }

  /** inetdev notifier of nf_nat_masquerade: call when a device goes down or loses an address. */
  deviceDown(device: string, cause: EventSeq): void {
    this.conntracks.forgetMasqueraded(device, cause);
  }

  // --- the kernel log ------------------------------------------------------------------------------------------------

  #write(question: Question, options: LogOptions): void {
    const { packet, iif, oif } = question;
    // nf_log_syslog: a namespace beside the machine's own is silent unless it is told otherwise.
    if (this.netns.kernel.log.takes(this.netns))
      printk(this.netns, logLine(this.netns, packet, iif, oif, options), packet.cause);
  }
}

const SAID = {
  orig: {
    NEW: 'NEW orig',
    ESTABLISHED: 'ESTABLISHED orig',
    RELATED: 'RELATED orig',
    INVALID: 'INVALID orig',
    UNTRACKED: 'UNTRACKED orig',
  },
  reply: {
    NEW: 'NEW reply',
    ESTABLISHED: 'ESTABLISHED reply',
    RELATED: 'RELATED reply',
    INVALID: 'INVALID reply',
    UNTRACKED: 'UNTRACKED reply',
  },
} as const;

/** xt_connmark's target; a packet without a connection passes untouched. */
function connectionMark(target: Extract<RuleTarget, { kind: 'CONNMARK' }>, packet: IpPacket): void {
  const connection = packet.nf?.connection;
  if (!connection) return;
  const { ctmark, ctmask, nfmask } = target;
  if (target.mode === 'restore') packet.mark = ((packet.mark & ~nfmask) ^ (connection.mark & ctmask)) >>> 0;
  else {
    const given = target.mode === 'set' ? ctmark : packet.mark & nfmask;
    connection.mark = ((connection.mark & ~ctmask) ^ given) >>> 0;
  }
}

function needsConntrack(rule: FilterRule): boolean {
  return (
    NEEDS_CONNTRACK.includes(rule.target.kind) ||
    rule.matches.some((match) => NEEDS_CONNTRACK.includes(match.kind))
  );
}
