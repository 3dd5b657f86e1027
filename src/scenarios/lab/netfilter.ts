/** Sets, rules and queueing disciplines of a namespace as the commands that make them. */
import type { IpsetRow, IptablesRow, QdiscRow } from '../../sim/index';

/** A set comes before its members. */
export function ipsetLines(netns: string, rows: readonly IpsetRow[]): string[] {
  return rows.map(({ set, type, member }) =>
    member === undefined
      ? `ip netns exec ${netns} ipset create ${set} ${type}`
      : `ip netns exec ${netns} ipset add ${set} ${member}`,
  );
}

/**
 * One line for each chain and rule. `born` says when a table came into use: iptables-save lists the newest first. A table
 * that holds nothing is brought into use by its own policy.
 */
export function iptablesLines(
  netns: string,
  rows: readonly IptablesRow[],
  born: (table: string) => number,
): string[] {
  const tables = [...new Set(rows.map(({ table }) => table))].sort((a, b) => born(a) - born(b));
  return tables.flatMap((table) => {
    const own = rows.filter((row) => row.table === table);
    const start = `ip netns exec ${netns} iptables -t ${table}`;
    const chains = own.filter(({ text }) => text === undefined);
    const lines = [
      ...chains.flatMap(({ chain, policy }) => (policy === undefined ? [`${start} -N ${chain}`] : [])),
      ...chains.flatMap(({ chain, policy }) =>
        policy === undefined || policy === 'ACCEPT' ? [] : [`${start} -P ${chain} ${policy}`],
      ),
      ...own.flatMap(({ chain, text }) =>
        text === undefined ? [] : [`${start} -A ${chain} ${text}`.trimEnd()],
      ),
    ];
    const first = chains.find(({ policy }) => policy === 'ACCEPT');
    return lines.length === 0 && first ? [`${start} -P ${first.chain} ACCEPT`] : lines;
  });
}

export function qdiscLine(netns: string, { dev, kind, handle, options }: QdiscRow): string {
  const plain = options.replace(/\s+/g, ' ').trim();
  return `tc -n ${netns} qdisc add dev ${dev} root handle ${handle} ${kind} ${plain}`.trimEnd();
}
