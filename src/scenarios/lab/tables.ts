/** The tables as they stand at one moment, folded from the trace. */
import type { EventSeq, TableName, TableRows, Trace } from '../../sim/index';

export interface Built {
  /** In order of creation. */
  readonly namespaces: readonly string[];
  /** Rows of one table in the order of the kernel's dump. */
  rows<T extends TableName>(netns: string, table: T): readonly TableRows[T][];
  /** When a link came to this namespace, and when it became a port of its bridge. */
  born(netns: string, dev: string): EventSeq;
  attached(netns: string, dev: string): EventSeq;
  /** When a table of iptables came into use. */
  inUse(netns: string, table: string): EventSeq;
  /** The first value seen of a sysctl: Linux's default. */
  initialSysctl(netns: string, name: string): string | undefined;
}

/** `at` is the first event that is not looked at. */
export function builtNetwork(trace: Trace, at: EventSeq = trace.upSeq): Built {
  const tables = new Map<string, Map<string, unknown>>();
  const namespaces = new Set<string>();
  const born = new Map<string, EventSeq>();
  const attached = new Map<string, EventSeq>();
  const inUse = new Map<string, EventSeq>();
  const initial = new Map<string, string>();
  const table = (netns: string, name: string) => {
    const key = `${netns} ${name}`;
    const found = tables.get(key) ?? new Map<string, unknown>();
    tables.set(key, found);
    return found;
  };
  for (const event of trace.events.slice(0, at)) {
    if (event.kind !== 'change') continue;
    const { netns, key, before, after, seq } = event;
    if (event.table === 'netns') {
      if (after) namespaces.add(netns);
      else namespaces.delete(netns);
    }
    if (event.table === 'link') {
      const [old, now] = [before as TableRows['link'] | undefined, after as TableRows['link'] | undefined];
      const place = `${netns} ${now?.ifname ?? ''}`;
      if (now && (!old || old.ifname !== now.ifname)) born.set(place, seq);
      if (now?.master !== undefined && (old?.master !== now.master || old.ifname !== now.ifname))
        attached.set(place, seq);
    }
    if (event.table === 'sysctl') {
      const { name, value } = (before ?? after) as TableRows['sysctl'];
      if (!initial.has(`${netns} ${name}`)) initial.set(`${netns} ${name}`, value);
    }
    if (event.table === 'iptables' && after) {
      const place = `${netns} ${(after as TableRows['iptables']).table}`;
      if (!inUse.has(place)) inUse.set(place, seq);
    }
    if (after) table(netns, event.table).set(key, after);
    else table(netns, event.table).delete(key);
  }
  return {
    namespaces: [...namespaces],
    rows: <T extends TableName>(netns: string, name: T) =>
      [...table(netns, name)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row as TableRows[T]),
    born: (netns, dev) => born.get(`${netns} ${dev}`) ?? -1,
    attached: (netns, dev) => attached.get(`${netns} ${dev}`) ?? -1,
    inUse: (netns, name) => inUse.get(`${netns} ${name}`) ?? -1,
    initialSysctl: (netns, name) => initial.get(`${netns} ${name}`),
  };
}
