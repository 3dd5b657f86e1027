/** What Linux checks of one rule (checkentry of matches and targets): its table, its protocol, its hooks. */
import type { TableErrno } from './door';
import type { FilterRule, TableLabel } from './rules';

const PREROUTING = 1;
const INPUT = 2;
const FORWARD = 4;
const OUTPUT = 8;
const POSTROUTING = 16;

/** Rules that only some hooks may reach, by what makes them so. */
export type Restriction =
  | 'REJECT'
  | 'MASQUERADE'
  | 'SNAT'
  | 'DNAT'
  | 'REDIRECT'
  | 'CT'
  | 'limit-in'
  | 'limit-out'
  | 'physdev-out'
  | 'owner'
  | 'rpfilter';
const HOOKS: Readonly<Record<Restriction, number>> = {
  REJECT: INPUT | FORWARD | OUTPUT,
  MASQUERADE: POSTROUTING,
  SNAT: POSTROUTING | INPUT,
  DNAT: PREROUTING | OUTPUT,
  REDIRECT: PREROUTING | OUTPUT,
  CT: PREROUTING | OUTPUT,
  'limit-in': PREROUTING | INPUT | FORWARD,
  'limit-out': OUTPUT | FORWARD | POSTROUTING,
  'physdev-out': PREROUTING | INPUT | FORWARD | POSTROUTING,
  owner: OUTPUT | POSTROUTING,
  rpfilter: PREROUTING,
};
const ONLY_IN: Readonly<Partial<Record<string, TableLabel>>> = {
  REJECT: 'filter',
  MASQUERADE: 'nat',
  SNAT: 'nat',
  DNAT: 'nat',
  REDIRECT: 'nat',
  CT: 'raw',
  TRACE: 'raw',
};
/** tcp, udp, udplite, sctp, dccp */
const WITH_PORTS: readonly number[] = [6, 17, 136, 132, 33];
const PROTOCOL_OF: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };

export function restrictionOf(rule: FilterRule): readonly Restriction[] {
  const found: Restriction[] = [];
  if (rule.target.kind in HOOKS) found.push(rule.target.kind as Restriction);
  for (const match of rule.matches) {
    if (match.kind === 'rpfilter' || match.kind === 'owner') found.push(match.kind);
    if (match.kind === 'addrtype' && match.limit) found.push(`limit-${match.limit}`);
    if (match.kind === 'physdev' && (match.out || match.isOut !== undefined) && !match.isBridged) {
      found.push('physdev-out');
    }
  }
  return found;
}

export function staysWithin(restriction: Restriction, hooks: number): boolean {
  return (hooks & ~HOOKS[restriction]) === 0;
}

export function checkEntry(table: TableLabel, rule: FilterRule): TableErrno | undefined {
  const { target, protocolInvert } = rule;
  const protocol = protocolInvert ? 0 : rule.protocol;
  const only = ONLY_IN[target.kind];
  if (only !== undefined && only !== table) return 'EINVAL';
  if (target.kind === 'REJECT' && target.with === 'tcp-reset' && protocol !== 6) return 'EINVAL';
  for (const match of rule.matches) {
    const wanted = PROTOCOL_OF[match.kind];
    if (wanted !== undefined && wanted !== protocol) return 'EINVAL';
    if (match.kind === 'rpfilter' && table !== 'raw' && table !== 'mangle') return 'EINVAL';
    if (match.kind === 'owner' && [match.uid, match.gid].some((ids) => ids && ids.low > ids.high))
      return 'EINVAL';
    if (match.kind === 'multiport' && !WITH_PORTS.includes(protocol)) return 'EINVAL';
  }
  return undefined;
}
