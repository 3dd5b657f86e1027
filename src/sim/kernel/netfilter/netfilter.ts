/**
 * Netfilter of one namespace: what the hooks run, in Linux's order of priorities, and the door that iptables and
 * conntrack use. Tables come into use when somebody looks at them, conntrack when a rule needs it.
 */
import { err, ok, type Result } from '../../../base/result';
import { IPPROTO_ICMP } from '../../wire/index';
import type { IpPacket } from '../ip/packet';
import type { Netns } from '../netns';
import type { EventSeq } from '../trace';
import { Conntrack } from './conntrack';
import type { ConntrackFilter, Netfilter, TableEdit, TableEntry, TableErrno } from './door';
import type { HookState, HookVerdict } from './hooks';
import { logLine } from './log';
import type { Question } from './match';
import { manipOf, Nat } from './nat';
import { conntrackRow, iptablesKey, iptablesRow, type ConntrackRow, type IptablesRow } from './rows';
import type { BuiltinChain, FilterRule, LogOptions, TableLabel } from './rules';
import { BUILTIN, Table, type Rule } from './ruleset';
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
const LOG_LINES = 10_000;
const NEEDS_CONNTRACK: readonly string[] = [
  'MASQUERADE',
  'SNAT',
  'DNAT',
  'REDIRECT',
  'CT',
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

export interface NetfilterSink {
  iptables(key: string, before: IptablesRow | undefined, after: IptablesRow | undefined): void;
  conntrack(key: string, before: ConntrackRow | undefined, after: ConntrackRow | undefined): void;
}
const SILENT: NetfilterSink = { iptables: () => undefined, conntrack: () => undefined };

export class NetfilterTables implements Netfilter {
  readonly conntracks: Conntrack;
  readonly nat: Nat;
  /** In order of their coming into use. */
  readonly #tables = new Map<TableLabel, Table>();
  readonly #log: { readonly at: number; readonly text: string }[] = [];
  readonly #shown = new Map<number, ConntrackRow>();
  /** Rules that need conntrack; at 0 nothing is tracked. */
  #users = 0;
  #tracking = false;
  readonly #host: WalkHost = {
    target: (rule, question) => this.#target(rule, question),
    trace: (question, table, chain, what, rule) =>
      this.#write(question, { ...TRACE_LOG, prefix: `TRACE: ${table}:${chain}:${what}:${rule} ` }),
  };
  #hook: BuiltinChain = 'PREROUTING';
  #refused: Refused | undefined;

  constructor(
    private readonly netns: Netns,
    private readonly sink: NetfilterSink = SILENT,
  ) {
    this.conntracks = new Conntrack(netns, {
      changed: (connection, change) => {
        if (!connection.confirmed) return;
        const before = this.#shown.get(connection.id);
        const after = change === 'destroy' ? undefined : conntrackRow(connection);
        if (after) this.#shown.set(connection.id, after);
        else this.#shown.delete(connection.id);
        this.sink.conntrack(String(connection.id).padStart(10, '0'), before, after);
      },
    });
    this.nat = new Nat(netns, this.conntracks);
  }

  // --- the door ------------------------------------------------------------------------------------------------------

  tables(): readonly TableLabel[] {
    return [...this.#tables.keys()].reverse();
  }
  #table(name: string): Table | undefined {
    if (!Object.hasOwn(BUILTIN, name)) return undefined;
    return this.#tables.get(name as TableLabel) ?? this.#load(name as TableLabel);
  }
  table(name: string): Result<TableEntry, TableErrno> {
    const table = this.#table(name);
    return table ? ok(table.snapshot()) : err('ENOENT');
  }
  commit(name: string, edits: readonly TableEdit[]): Result<void, TableErrno> {
    return this.#table(name)?.commit(edits) ?? err('ENOENT');
  }
  hasChain(table: string, chain: string): boolean {
    return this.#table(table)?.chain(chain) !== undefined;
  }
  findRule(table: string, chain: string, rule: FilterRule): number {
    const rules = this.#table(table)?.chain(chain)?.rules ?? [];
    const wanted = JSON.stringify(rule);
    return rules.findIndex((each) => JSON.stringify(each.spec) === wanted) + 1;
  }
  conntrack(filter?: ConntrackFilter): ReturnType<Conntrack['list']> {
    return this.conntracks.list(filter);
  }
  conntrackCount(): number {
    return this.conntracks.count;
  }
  deleteConntrack(filter?: ConntrackFilter): ReturnType<Conntrack['list']> {
    return this.conntracks.remove(filter);
  }
  kernelLog(): readonly { readonly at: number; readonly text: string }[] {
    return this.#log;
  }

  // --- coming into use -----------------------------------------------------------------------------------------------

  #load(name: TableLabel): Table {
    const { sink } = this;
    const table = new Table(name, {
      changed: (own, chain, rule, change) => {
        if (rule && change === 'add' && needsConntrack(rule.spec)) this.#users++;
        if (rule && change === 'remove' && needsConntrack(rule.spec)) this.#users--;
        if (this.#users > 0) this.#startTracking();
        const row = iptablesRow(own, chain, rule);
        const key = iptablesKey(own, chain, rule);
        if (change === 'add') sink.iptables(key, undefined, row);
        else sink.iptables(key, row, undefined);
      },
    });
    this.#tables.set(name, table);
    const { hooks } = this.netns;
    for (const hook of BUILTIN[name]) {
      if (name === 'nat') {
        const priority = manipOf(hook) === 'dst' ? DST_NAT : SRC_NAT;
        hooks.register(hook, priority, (packet, state) => this.#natHook(table, hook, packet, state));
      } else
        hooks.register(hook, PRIORITY[name], (packet, state) => this.#tableHook(table, hook, packet, state));
    }
    return table;
  }

  #startTracking(): void {
    if (this.#tracking) return;
    this.#tracking = true;
    const { hooks } = this.netns;
    for (const hook of ['PREROUTING', 'OUTPUT'] as const) {
      hooks.register(hook, DEFRAG, (packet) => this.#defragment(packet));
      hooks.register(hook, CONNTRACK, (packet, state) => this.#track(packet, state));
    }
    for (const hook of ['INPUT', 'POSTROUTING'] as const)
      hooks.register(hook, CONFIRM, (packet, state) => this.#confirm(packet, state));
  }

  // --- what runs at the hooks ----------------------------------------------------------------------------------------

  /** nf_defrag_ipv4: conntrack sees whole packets only. */
  #defragment(packet: IpPacket): HookVerdict | IpPacket {
    if (this.#users === 0) return 'ACCEPT';
    const whole = this.netns.fragments.collect(packet);
    if (!whole) return 'STOLEN';
    return whole === packet ? 'ACCEPT' : whole;
  }

  #track(packet: IpPacket, state: HookState): HookVerdict {
    if (this.#users === 0) return 'ACCEPT';
    if (!this.conntracks.track(packet, state.hook === 'OUTPUT')) {
      state.why = 'table-full';
      this.#printk('nf_conntrack: nf_conntrack: table full, dropping packet', packet.cause);
      return 'DROP';
    }
    const { info, connection, direction } = stateOf(packet);
    if (info !== undefined) state.conntrack = connection ? `${info} ${direction}` : info;
    return 'ACCEPT';
  }

  #confirm(packet: IpPacket, state: HookState): HookVerdict {
    if (this.conntracks.confirm(packet)) return 'ACCEPT';
    state.why = 'tuple-taken';
    return 'DROP';
  }

  #tableHook(table: Table, hook: BuiltinChain, packet: IpPacket, state: HookState): HookVerdict {
    return this.#walk(table, hook, packet, state);
  }
  #walk(table: Table, hook: BuiltinChain, packet: IpPacket, state: HookState): HookVerdict {
    const question: Question = { netns: this.netns, packet, iif: state.iif, oif: state.oif };
    this.#hook = hook;
    this.#refused = undefined;
    const verdict = walk(table, hook, question, this.#host, state.tried);
    if (verdict === 'DROP' && this.#refused) state.why = this.#refused;
    return verdict;
  }

  /** nf_nat_inet_fn: rules are asked once for each end of a connection, then every packet is rewritten alike. */
  #natHook(table: Table, hook: BuiltinChain, packet: IpPacket, state: HookState): HookVerdict | IpPacket {
    const { connection, info } = packet.nf ?? {};
    if (!connection) return 'ACCEPT';
    if (info === 'RELATED' && packet.header.protocol !== IPPROTO_ICMP) return 'ACCEPT';
    const manip = manipOf(hook);
    if (info === 'NEW' && !connection.natDone(manip) && !connection.confirmed) {
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
  deviceDown(device: string): void {
    this.conntracks.forgetMasqueraded(device);
  }

  // --- the kernel log ------------------------------------------------------------------------------------------------

  #write(question: Question, options: LogOptions): void {
    const { packet, iif, oif } = question;
    this.#printk(logLine(this.netns, packet, iif, oif, options), packet.cause);
  }
  #printk(text: string, cause: EventSeq): void {
    const { netns } = this;
    this.#log.push({ at: netns.now, text });
    if (this.#log.length > LOG_LINES) this.#log.shift();
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
}

function needsConntrack(rule: FilterRule): boolean {
  return (
    NEEDS_CONNTRACK.includes(rule.target.kind) ||
    rule.matches.some((match) => NEEDS_CONNTRACK.includes(match.kind))
  );
}
