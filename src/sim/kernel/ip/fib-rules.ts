/** The policy routing rules (fib_rules): which tables a lookup walks, in what order. */
import { err, ok } from '../../../base/result';
import { formatIp4, prefixContains } from '../../wire/ip4';
import type { Errno, Reply, RuleSpec } from '../netlink';
import type { RuleRow } from '../trace';
import { hex } from './fib-entry';
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN, tableId, tableName } from './fib-table';
import type { FibChange, FibFlow } from './fib-types';

export interface FibRule {
  readonly spec: RuleSpec;
  readonly priority: number;
  readonly tableId: number;
  readonly row: RuleRow;
  readonly key: string;
  readonly serial: number;
}

/** More rules than anybody walks; keeps a hostile script from slowing every lookup. */
const MAX_RULES = 4096;

const STARTING: readonly (readonly [number, number])[] = [
  [0, TABLE_LOCAL],
  [32766, TABLE_MAIN],
  [32767, TABLE_DEFAULT],
];

export class FibRules {
  /** By priority, then age. */
  readonly list: FibRule[] = [];
  /**
   * Set for good by the first rule that is added or deleted. Until then Linux keeps local and main in one trie, so a
   * longer prefix of main beats a shorter one of local (fib_lookup, fib_unmerge).
   */
  custom = false;
  private serial = 0;

  constructor(private readonly onChange: (change: FibChange) => void) {
    for (const [priority, table] of STARTING) this.insert({ priority, table: tableName(table) }, table);
  }

  add(spec: RuleSpec): Reply {
    const table = tableId(spec.table);
    if (table === undefined) return refuse('EINVAL');
    if (this.list.length >= MAX_RULES) return refuse('ENOBUFS');
    const wanted = { ...spec, priority: spec.priority ?? this.defaultPriority() };
    if (this.list.some((rule) => rule.tableId === table && isTwin(rule, wanted))) return refuse('EEXIST');
    this.custom = true;
    this.insert(wanted, table);
    return ok(undefined);
  }

  /** Deletes the first rule that agrees with everything given. */
  delete(match: Partial<RuleSpec>): Reply {
    const table = match.table === undefined ? undefined : tableId(match.table);
    if (match.table !== undefined && table === undefined) return refuse('EINVAL');
    const at = this.list.findIndex(
      (rule) => (table === undefined || rule.tableId === table) && agrees(rule, match),
    );
    const rule = this.list[at];
    if (!rule) return refuse('ENOENT');
    this.custom = true;
    this.list.splice(at, 1);
    this.onChange({ table: 'rule', key: rule.key, before: rule.row });
    return ok(undefined);
  }

  /** fib_default_rule_pref: one before the second rule of the list, so the newest is walked first after local. */
  private defaultPriority(): number {
    const second = this.list[1];
    return second && second.priority > 0 ? second.priority - 1 : 0;
  }

  private insert(spec: RuleSpec & { readonly priority: number }, table: number): void {
    const serial = this.serial++;
    const rule: FibRule = {
      spec,
      priority: spec.priority,
      tableId: table,
      row: formatRule(spec, table),
      key: `${hex(spec.priority, 8)}|${hex(serial, 8)}`,
      serial,
    };
    const at = this.list.findIndex((other) => other.priority > rule.priority);
    this.list.splice(at < 0 ? this.list.length : at, 0, rule);
    this.onChange({ table: 'rule', key: rule.key, after: rule.row });
  }
}

function refuse(errno: Errno): Reply {
  return err({ errno });
}

/** fib_rule_match, fib4_rule_match. What a namespace sends itself is seen as coming in on `lo`. */
export function ruleMatches(rule: FibRule, flow: FibFlow): boolean {
  const { src, dst, iif, oif, fwmark } = rule.spec;
  if (iif !== undefined && iif !== (flow.iif ?? 'lo')) return false;
  if (oif !== undefined && oif !== flow.oif) return false;
  if (fwmark !== undefined && fwmark !== (flow.mark ?? 0)) return false;
  if (src && !prefixContains(src.addr, src.len, flow.src ?? 0)) return false;
  return !dst || prefixContains(dst.addr, dst.len, flow.dst);
}

function isTwin(rule: FibRule, spec: RuleSpec): boolean {
  const other = rule.spec;
  return (
    rule.priority === spec.priority &&
    other.iif === spec.iif &&
    other.oif === spec.oif &&
    other.fwmark === spec.fwmark &&
    samePrefix(other.src, spec.src) &&
    samePrefix(other.dst, spec.dst)
  );
}

function agrees(rule: FibRule, match: Partial<RuleSpec>): boolean {
  const { spec } = rule;
  return (
    (match.priority === undefined || match.priority === rule.priority) &&
    (match.iif === undefined || match.iif === spec.iif) &&
    (match.oif === undefined || match.oif === spec.oif) &&
    (match.fwmark === undefined || match.fwmark === spec.fwmark) &&
    (!match.src || match.src.len === 0 || samePrefix(match.src, spec.src)) &&
    (!match.dst || match.dst.len === 0 || samePrefix(match.dst, spec.dst))
  );
}

function samePrefix(a: RuleSpec['src'], b: RuleSpec['src']): boolean {
  return (a?.len ?? 0) === (b?.len ?? 0) && ((a?.len ?? 0) === 0 || a?.addr === b?.addr);
}

/** print_rule of iproute2 6.1 for `-j`. */
function formatRule(spec: RuleSpec & { readonly priority: number }, table: number): RuleRow {
  const { src, dst, fwmark, iif, oif } = spec;
  return {
    priority: spec.priority,
    src: src && src.len > 0 ? formatIp4(src.addr) : 'all',
    ...(src && src.len > 0 && src.len < 32 && { srclen: src.len }),
    ...(dst && dst.len > 0 && { dst: formatIp4(dst.addr) }),
    ...(dst && dst.len > 0 && dst.len < 32 && { dstlen: dst.len }),
    ...(fwmark !== undefined && { fwmark: `0x${fwmark.toString(16)}` }),
    ...(iif !== undefined && { iif }),
    ...(oif !== undefined && { oif }),
    table: tableName(table),
  };
}
