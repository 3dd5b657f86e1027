/** The scenarios against captures of the same networks on a real kernel (see each catalogue entry's `compared`). */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { World, type Trace } from '../sim/index';
import { toHex } from '../sim/wire/index';
import { catalogue } from './index';

interface Golden {
  readonly frames: Record<string, { dir: 'in' | 'out'; hex: string; vary: [number, number][] }[]>;
  readonly tables: Record<
    'before' | 'after',
    Record<string, Record<'route' | 'neigh' | 'fdb', Record<string, unknown>[] | 'same as before'>>
  >;
}
const IDS = readdirSync(new URL('./testdata/', import.meta.url))
  .flatMap((name) => /^(.+)\.golden\.json$/.exec(name)?.[1] ?? [])
  .sort();

it('every capture is compared, and nothing else says that it was', () => {
  const said = catalogue.filter(({ compared }) => compared?.by === 'capture').map(({ id }) => id);
  expect(said.sort()).toEqual(IDS);
});

function golden(id: string): Golden {
  return JSON.parse(readFileSync(new URL(`./testdata/${id}.golden.json`, import.meta.url), 'utf8')) as Golden;
}
function entry(id: string) {
  const found = catalogue.find((each) => each.id === id);
  if (!found) throw new Error(`no scenario ${id}`);
  return found;
}

/** Bytes that the kernel leaves open become dots. */
function masked(hex: string, vary: readonly (readonly [number, number])[]): string {
  const digits = [...hex];
  for (const [offset, length] of vary) digits.fill('.', offset * 2, (offset + length) * 2);
  return digits.join('');
}

/** Frames of one interface in the order it saw them, from time 0 on. */
function seen(trace: Trace, place: string): { dir: 'in' | 'out'; hex: string }[] {
  return trace.events.flatMap((event) => {
    if (
      event.at < 0 ||
      (event.kind !== 'tx' && event.kind !== 'rx') ||
      `${event.netns}/${event.dev}` !== place
    )
      return [];
    return [
      {
        dir: event.kind === 'tx' ? ('out' as const) : ('in' as const),
        hex: toHex(trace.frames[event.frame]?.bytes ?? new Uint8Array()),
      },
    ];
  });
}

/** A table as a set of rows; iproute2's JSON leaves order and, for neighbours, timers open. */
function asSet(rows: readonly unknown[]): string[] {
  const plain = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return rows.map((row) => JSON.stringify(plain(row))).sort();
}

function table(world: World, netns: string, command: string): Record<string, unknown>[] {
  return JSON.parse(world.query(netns, command) ?? '[]') as Record<string, unknown>[];
}
/** The captures list `ip -j route show table all`: rows of the local table say so. */
function tables(world: World, netns: string): Record<'route' | 'neigh' | 'fdb', Record<string, unknown>[]> {
  return {
    route: table(world, netns, 'ip -j route show table all'),
    neigh: table(world, netns, 'ip -j neigh'),
    fdb: table(world, netns, 'bridge -j fdb'),
  };
}

describe.each(IDS)('%s', (id) => {
  const world = World.open(entry(id).load());
  const wanted = golden(id);
  const before = new Map(Object.keys(wanted.tables.before).map((netns) => [netns, tables(world, netns)]));
  // What was captured is the first command; what follows it in the scenario came later.
  world.execute(entry(id).journal.slice(0, 1));
  const after = new Map(Object.keys(wanted.tables.after).map((netns) => [netns, tables(world, netns)]));

  it('sends the same frames in the same order on every interface', () => {
    const { trace } = world;
    for (const [place, frames] of Object.entries(wanted.frames)) {
      const mine = seen(trace, place);
      const got = mine.map(({ dir, hex }, i) => `${dir} ${masked(hex, frames[i]?.vary ?? [])}`);
      expect(got, place).toEqual(frames.map(({ dir, hex, vary }) => `${dir} ${masked(hex, vary)}`));
    }
  });

  it('has frames nowhere else', () => {
    const { trace } = world;
    const places = trace.events.flatMap((event) =>
      event.at >= 0 && (event.kind === 'tx' || event.kind === 'rx') ? [`${event.netns}/${event.dev}`] : [],
    );
    expect([...new Set(places)].sort()).toEqual(Object.keys(wanted.frames).sort());
  });

  it.each(['route', 'neigh', 'fdb'] as const)('has the same %s tables before and after', (name) => {
    for (const [when, got] of [
      ['before', before],
      ['after', after],
    ] as const) {
      for (const [netns, rows] of Object.entries(wanted.tables[when])) {
        const own = rows[name] === 'same as before' ? wanted.tables.before[netns]?.[name] : rows[name];
        expect(asSet(got.get(netns)?.[name] ?? []), `${when} ${netns}`).toEqual(asSet([own].flat()));
      }
    }
  });
});
