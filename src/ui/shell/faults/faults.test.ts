// Every fault of every catalogue scenario, typed into the simulated shells: they take it, and what mends it undoes it.
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../scenarios/index';
import { World, type TraceEvent } from '../../../sim/index';
import type { NetnsRow, TableName, TableRows } from '../../../state';
import { faultsOf, mendsFromTrace, type Fault, type FaultView, type Order } from './index';

/** The tables as the trace leaves them. */
class Tables implements FaultView {
  private readonly tables = new Map<string, Map<string, object>>();

  constructor(readonly events: readonly TraceEvent[]) {
    for (const event of events) {
      if (event.kind !== 'change') continue;
      const id = event.table === 'netns' ? 'netns' : `${event.netns} ${event.table}`;
      const key = event.table === 'netns' ? event.netns : event.key;
      const rows = this.tables.get(id) ?? new Map<string, object>();
      this.tables.set(id, rows);
      if (event.after === undefined) rows.delete(key);
      else rows.set(key, event.after);
    }
  }
  get namespaces(): NetnsRow[] {
    return [...(this.tables.get('netns')?.values() ?? [])] as NetnsRow[];
  }
  rows<T extends TableName>(netns: string, table: T): TableRows[T][] {
    const rows = [...(this.tables.get(`${netns} ${table}`) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return rows.map(([, row]) => row) as TableRows[T][];
  }
}

function run(world: World, orders: readonly Order[]): string[] {
  return orders.flatMap(({ netns, command }) => {
    const from = world.trace.events.length;
    world.execute([{ netns, command }]);
    const said = world.trace.events.slice(from);
    const exit = said.find((event) => event.kind === 'exit');
    const complaints = said.flatMap((event) =>
      event.kind === 'output' && event.stream === 'stderr' ? [event.text] : [],
    );
    if (exit?.exit === 0 && complaints.length === 0) return [];
    return [`${netns}# ${command}: exit ${exit?.exit}, ${complaints.join(' ')}`];
  });
}

/** What is meant to come back: not what is learned and forgotten by itself, nor indexes of devices made anew. */
function lasting(view: FaultView): string[] {
  return view.namespaces.flatMap(({ id }) => {
    const rows = (table: TableName): object[] => [...view.rows(id, table)];
    const routes = rows('route');
    const links = view.rows(id, 'link').map(({ ifname, mtu, flags, vxlan }) => ({
      ifname,
      mtu,
      flags: [...flags].sort(),
      vni: vxlan?.id,
    }));
    const neighs = view.rows(id, 'neigh').filter(({ state }) => state.includes('PERMANENT'));
    const fdb = view
      .rows(id, 'fdb')
      .filter(({ state, mac }) => state !== '' && !/^(33:33|01:00:5e)/.test(mac));
    const kept = [
      ...routes,
      ...links,
      ...neighs,
      ...fdb,
      ...rows('qdisc'),
      ...view.rows(id, 'sysctl').filter(({ name }) => name.endsWith('ip_forward')),
      ...view.rows(id, 'process').map(({ name, state }) => ({ name, state })),
      ...view
        .rows(id, 'iptables')
        .filter(({ text, policy }) => text !== undefined || policy === 'DROP')
        .map(({ table, chain, policy, text }) => ({ table, chain, policy, text })),
    ];
    return kept.map((row) => `${id} ${JSON.stringify(row)}`);
  });
}

const netnsOf = ({ choices }: Fault) => choices[0]?.orders[0]?.netns ?? '';

const nameOf = (fault: Fault) => `${netnsOf(fault)}: ${fault.id}`;

/** One of each kind; which one differs from scenario to scenario. */
function ofEachKind(faults: readonly Fault[], turn: number): Fault[] {
  const kinds = [...new Set(faults.map(({ text }) => text))];
  return kinds.flatMap((kind, i) => {
    const all = faults.filter(({ text }) => text === kind);
    return all[(turn * 7 + i) % all.length] ?? [];
  });
}

describe.each(catalogue.map((entry) => [entry.id, entry] as const))('faults of %s', (_, entry) => {
  const open = () => {
    const world = World.open(entry.load());
    world.execute(entry.journal);
    return world;
  };
  const world = open();
  const before = new Tables(world.trace.events);
  const faults = before.namespaces.flatMap(({ id }) => faultsOf(before, id));
  const breaks = faults.filter(({ group }) => group !== 'mend');

  it('there are some of them, each with its own name', () => {
    for (const { id } of before.namespaces) {
      const ids = faultsOf(before, id).map((fault) => fault.id);
      expect(new Set(ids).size).toBe(ids.length);
    }
    const groups = new Set(breaks.map(({ group }) => group));
    expect([...groups]).toEqual(expect.arrayContaining(['cable', 'quality', 'route', 'firewall']));
  });

  it.each(ofEachKind(breaks, catalogue.indexOf(entry)).map((fault) => [nameOf(fault), fault] as const))(
    '%s is done, and mended',
    (_name, fault) => {
      const broken = open();
      const from = broken.trace.events.length;
      const choice = fault.choices.at(-1);
      expect(run(broken, choice?.orders ?? [])).toEqual([]);
      // Containers do not come back with dockerd: nobody asked it to start them again.
      if (fault.text === 'fault.dockerdStop') return;
      // These are mended by the same entry of the menu, which then says the opposite.
      if (/policy|forwardOn/.test(fault.text)) return;
      // What was changed together is put back together: an address or a route may wait for its device.
      for (let round = 0; round < 12; round++) {
        const { events } = broken.trace;
        const view = new Tables(events);
        const mends = [
          ...view.namespaces.flatMap(({ id }) => faultsOf(view, id).filter(({ group }) => group === 'mend')),
          ...mendsFromTrace(view, events, from, events.length - 1),
        ];
        const known = new Set(faults.filter(({ group }) => group === 'mend').map(nameOf));
        const next = mends.find((mend) => !known.has(nameOf(mend)));
        if (next === undefined) break;
        expect(run(broken, next.choices[0]?.orders ?? []), next.id).toEqual([]);
      }
      // Daemons take their time to start.
      if (fault.group === 'daemon') broken.execute([{ netns: netnsOf(fault), command: 'sleep 5' }]);
      expect(lasting(new Tables(broken.trace.events)).sort()).toEqual(lasting(before).sort());
    },
    20_000,
  );
});
