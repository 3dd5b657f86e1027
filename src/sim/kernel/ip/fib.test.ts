import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIp4, prefixContains } from '../../wire/ip4';
import type { RouteRow, RuleRow } from '../trace';
import type { FibFlow } from './fib';
import { address, FibNetns, prefix } from './testing/fib-netns';

/** A namespace with wires d0 (10.0.0.1/24), d1 (10.1.0.1/24) and d2, all up, and whatever commands are given. */
function netns(...commands: string[]): FibNetns {
  const made = new FibNetns();
  made.run('ip link set lo up');
  for (const name of ['d0', 'd1', 'd2']) {
    made.addWire(name);
    made.run(`ip link set ${name} up`);
  }
  for (const command of ['ip addr add 10.0.0.1/24 dev d0', 'ip addr add 10.1.0.1/24 dev d1', ...commands]) {
    expect({ command, ...made.run(command) }).toEqual({ command, output: '', exit: 0 });
  }
  return made;
}

const flowTo = (dst: string, more: Partial<FibFlow> = {}): FibFlow => ({ dst: address(dst), ...more });

describe('reasons', () => {
  /** `prefix dev|gateway metric: reason`, winners marked, of one table. */
  function reasons(made: FibNetns, flow: FibFlow, table = 'main'): string[] {
    const walk = made.fib.lookup(flow).decision.tables.find((each) => each.table === table);
    return (walk?.candidates ?? []).map(({ route, won, reason }) => {
      const { why, ...values } = reason;
      const hop = route.gateway ?? route.dev ?? route.type ?? 'several';
      return `${won ? '* ' : ''}${route.dst} ${hop}: ${[why, ...Object.values(values)].join(' ')}`;
    });
  }

  it('the longest prefix wins, rows outside and shorter ones lose', () => {
    const made = netns('ip route add default via 10.0.0.9', 'ip route add 10.1.0.128/25 via 10.0.0.8');
    expect(reasons(made, flowTo('10.1.0.200'))).toEqual([
      'default 10.0.0.9: shorter-prefix 0 25',
      '10.0.0.0/24 d0: not-in-prefix 10.0.0.0 10.0.0.255',
      '10.1.0.0/24 d1: shorter-prefix 24 25',
      '* 10.1.0.128/25 10.0.0.8: longest-prefix 25',
    ]);
  });

  it('of one prefix the lowest metric wins, of one metric the first in place', () => {
    const made = netns(
      'ip route add 10.9.0.0/16 via 10.0.0.9 metric 100',
      'ip route add 10.9.0.0/16 via 10.0.0.8 metric 20',
      'ip route append 10.9.0.0/16 via 10.0.0.7 metric 100',
    );
    expect(reasons(made, flowTo('10.9.1.1')).filter((line) => line.includes('10.9.'))).toEqual([
      '* 10.9.0.0/16 10.0.0.8: lowest-metric 16 20',
      '10.9.0.0/16 10.0.0.9: higher-metric 100 20',
      '10.9.0.0/16 10.0.0.7: higher-metric 100 20',
    ]);
    made.run('ip route del 10.9.0.0/16 metric 20');
    expect(reasons(made, flowTo('10.9.1.1')).filter((line) => line.includes('10.9.'))).toEqual([
      '* 10.9.0.0/16 10.0.0.9: first-listed 16',
      '10.9.0.0/16 10.0.0.7: listed-later',
    ]);
  });

  it('throw leaves its table, the next one decides', () => {
    const made = netns(
      'ip rule add pref 10 from all table 100'.replace('from all ', ''),
      'ip route add throw 10.9.9.0/24 table 100',
      'ip route add 10.9.0.0/16 via 10.0.0.9 table 100',
      'ip route add default via 10.0.0.8',
    );
    expect(reasons(made, flowTo('10.9.9.1'), '100')).toEqual([
      '10.9.0.0/16 10.0.0.9: shorter-prefix 16 24',
      '10.9.9.0/24 throw: throw',
    ]);
    const { decision } = made.fib.lookup(flowTo('10.9.9.1'));
    expect(decision.tables.map((walk) => [walk.table, walk.winner])).toEqual([
      ['local', undefined],
      ['100', undefined],
      ['main', 0],
    ]);
    expect(decision.gateway).toBe('10.0.0.8');
  });

  it('a device asked for excludes rows of others, a dead nexthop its row', () => {
    const made = netns('ip route add 10.9.0.0/16 via 10.0.0.9', 'ip route add default via 10.1.0.9');
    expect(reasons(made, flowTo('10.9.1.1', { oif: 'd1' }))).toContain(
      '10.9.0.0/16 10.0.0.9: wrong-device d1',
    );
    const quiet = new FibNetns();
    for (const command of [
      'ip link add d0 type veth peer name p0',
      'ip link set d0 up',
      'ip addr add 10.0.0.1/24 dev d0',
      'sysctl -qw net.ipv4.conf.d0.ignore_routes_with_linkdown=1',
    ]) {
      quiet.run(command);
    }
    expect(reasons(quiet, flowTo('10.0.0.7'))).toEqual(['10.0.0.0/24 d0: nexthop-dead']);
    expect(quiet.fib.lookup(flowTo('10.0.0.7')).type).toBe('none');
  });

  it('table local shows its rows while they are few, and only the match when there is one', () => {
    const made = netns();
    const [local] = made.fib.lookup(flowTo('10.0.0.9')).decision.tables;
    expect(local?.candidates).toHaveLength(7);
    expect(local?.winner).toBeUndefined();
    const own = made.fib.lookup(flowTo('10.1.0.1'));
    expect(own).toMatchObject({ type: 'local', dev: 'lo', prefsrc: address('10.1.0.1'), gateway: 0 });
    expect(own.route?.dev).toBe('d1');
    expect(own.decision.tables).toHaveLength(1);
    expect(own.decision.tables[0]).toMatchObject({ winner: 0, omitted: 6 });
    made.run('ip addr add 10.2.0.1/24 dev d2');
    expect(made.fib.lookup(flowTo('10.0.0.9')).decision.tables[0]).toMatchObject({
      candidates: [],
      omitted: 9,
    });
  });

  it('until there are rules of one’s own, a longer prefix of main beats table local', () => {
    const made = netns('ip route add 127.0.5.0/24 via 10.0.0.9');
    expect(reasons(made, flowTo('127.0.5.1'), 'local')).toEqual(['127.0.0.0/8 lo: shorter-prefix 8 24']);
    expect(made.fib.lookup(flowTo('127.0.5.1')).dev).toBe('d0');
    made.run('ip rule add from 9.9.9.9 table 100');
    expect(made.fib.lookup(flowTo('127.0.5.1')).type).toBe('local');
  });

  it('shows 24 rows of a large table, the nearest, and counts the others', () => {
    const made = netns('ip route add default via 10.0.0.9');
    for (let i = 0; i < 200; i++) made.run(`ip route add 20.${i}.0.0/16 via 10.0.0.9`);
    const walk = made.fib.lookup(flowTo('20.100.3.4')).decision.tables[1];
    expect(walk?.candidates).toHaveLength(24);
    expect(walk?.omitted).toBe(203 - 24);
    const shown = walk?.candidates.map(({ route }) => route.dst) ?? [];
    expect(shown).toContain('default');
    expect(shown).toContain('20.99.0.0/16');
    expect(shown).toContain('20.101.0.0/16');
    expect(shown[walk?.winner ?? -1]).toBe('20.100.0.0/16');
  });
});

describe('answers', () => {
  it('are the same object for the same flow until something changes', () => {
    const made = netns('ip route add default via 10.0.0.9');
    const first = made.fib.lookup(flowTo('8.8.8.8'));
    expect(made.fib.lookup(flowTo('8.8.8.8'))).toBe(first);
    expect(made.fib.lookup(flowTo('8.8.8.8', { iif: 'd1' }))).not.toBe(first);
    const { generation } = made.fib;
    made.run('ip route add 8.8.8.0/24 via 10.1.0.9');
    expect(made.fib.generation).toBeGreaterThan(generation);
    expect(made.fib.lookup(flowTo('8.8.8.8')).dev).toBe('d1');
  });

  it('a refused request changes nothing', () => {
    const made = netns();
    const { generation } = made.fib;
    const changes = made.changes.length;
    expect(made.run('ip route add 10.9.0.0/24 via 10.9.0.1 dev d0').exit).toBe(2);
    expect([made.fib.generation, made.changes.length]).toEqual([generation, changes]);
  });

  it('src of a route is for own packets only', () => {
    const made = netns('ip route add 10.9.0.0/16 via 10.1.0.9 src 10.0.0.1');
    expect(made.fib.lookup(flowTo('10.9.0.1')).decision.prefsrc).toBe('10.0.0.1');
    const forwarded = made.fib.lookup(flowTo('10.9.0.1', { src: address('10.0.0.77'), iif: 'd0' }));
    expect(forwarded.decision).not.toHaveProperty('prefsrc');
  });

  it('spread flows over nexthops by weight, each flow on one path, and skip a dead one', () => {
    const made = netns(
      'ip route add 10.9.0.0/16 nexthop via 10.0.0.9 weight 1 nexthop via 10.1.0.9 weight 3',
    );
    const share = () => {
      let viaD1 = 0;
      for (let i = 0; i < 4000; i++) {
        const flow = { dst: (address('10.9.0.0') + i) >>> 0, src: address('192.0.2.1') + (i % 7), iif: 'd2' };
        if (made.fib.lookup(flow).dev === 'd1') viaD1++;
      }
      return viaD1 / 4000;
    };
    const before = share();
    expect(before).toBeGreaterThan(0.7);
    expect(before).toBeLessThan(0.8);
    expect(share()).toBe(before);
    made.run('ip link set d1 down');
    expect(share()).toBe(0);
    expect(made.fib.dump().find((row) => row.nexthops)?.nexthops?.[1]?.flags).toEqual(['dead', 'linkdown']);
  });
});

// ---- Properties --------------------------------------------------------------------------------------------------

const PREFIXES = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.9.0.0/16',
  '10.9.0.0/24',
  '10.9.9.0/24',
  '10.9.9.8/29',
  '10.9.9.9/32',
  '10.128.0.0/9',
];
const DSTS = [
  '10.9.9.9',
  '10.9.9.10',
  '10.9.9.77',
  '10.9.0.1',
  '10.9.77.1',
  '10.77.0.1',
  '10.200.0.1',
  '11.0.0.1',
  '10.0.0.1',
  '10.0.0.255',
];
const VIA = [
  'via 10.0.0.9',
  'via 10.1.0.9',
  'dev d2',
  'nexthop via 10.0.0.9 nexthop via 10.1.0.9',
  'nexthop via 10.1.0.9 nexthop dev d2 weight 3',
];

const route = fc
  .record({
    verb: fc.constantFrom('add', 'append', 'prepend', 'replace'),
    prefix: fc.constantFrom(...PREFIXES),
    target: fc.constantFrom(...VIA, 'blackhole', 'unreachable', 'prohibit', 'throw'),
    metric: fc.constantFrom('', ' metric 10', ' metric 20'),
    table: fc.constantFrom('', ' table 100', ' table 200'),
  })
  .map(({ verb, prefix, target, metric, table }) =>
    target.includes(' ')
      ? `ip route ${verb} ${prefix}${metric}${table} ${target}`
      : `ip route ${verb} ${target} ${prefix}${metric}${table}`,
  );
const rule = fc
  .record({
    pref: fc.integer({ min: 1, max: 32765 }),
    match: fc.constantFrom('', ' from 192.0.2.0/24', ' to 10.9.0.0/16', ' iif d2', ' iif lo', ' fwmark 7'),
    table: fc.constantFrom('100', '200', '77'),
  })
  .map(({ pref, match, table }) => `ip rule add pref ${pref}${match} table ${table}`);
const device = fc
  .record({ name: fc.constantFrom('d0', 'd1', 'd2'), state: fc.constantFrom('up', 'down') })
  .map(({ name, state }) => `ip link set ${name} ${state}`);
const history = fc.array(fc.oneof({ weight: 6, arbitrary: route }, { weight: 1, arbitrary: device }), {
  maxLength: 40,
});
const flows = fc.record({
  dst: fc.constantFrom(...DSTS).map(address),
  src: fc.constantFrom(undefined, address('192.0.2.7')),
  iif: fc.constantFrom(undefined, 'd2'),
  mark: fc.constantFrom(undefined, 7),
});

function contains(dst: string, ip: number): boolean {
  const { addr, len } = prefix(dst);
  return prefixContains(addr, len, ip);
}
function bits(row: RouteRow): number {
  return prefix(row.dst).len;
}
function usable(row: RouteRow): boolean {
  if (row.nexthops) return row.nexthops.some((nexthop) => !nexthop.flags.includes('dead'));
  return !row.flags.includes('dead');
}
function matches(rule: RuleRow, flow: FibFlow): boolean {
  const within = (addr: string | undefined, len: number | undefined, ip: number) =>
    addr === undefined || addr === 'all' || contains(`${addr}/${len ?? 32}`, ip);
  return (
    within(rule.src, rule.srclen, flow.src ?? 0) &&
    within(rule.dst, rule.dstlen, flow.dst) &&
    (rule.iif === undefined || rule.iif === (flow.iif ?? 'lo')) &&
    (rule.fwmark === undefined || Number(rule.fwmark) === (flow.mark ?? 0))
  );
}

/** The row that answers, found by reading every row of every table from top to bottom. */
function scan(made: FibNetns, flow: FibFlow): RouteRow | undefined {
  const best = (rows: RouteRow[]) => {
    let found: RouteRow | undefined;
    for (const row of rows) {
      if (!contains(row.dst, flow.dst) || !usable(row)) continue;
      const better =
        !found ||
        bits(row) > bits(found) ||
        (bits(row) === bits(found) && (row.metric ?? 0) < (found.metric ?? 0));
      if (better) found = row;
    }
    return found;
  };
  for (const rule of made.fib.rules()) {
    if (!matches(rule, flow)) continue;
    const found = best(made.fib.dump({ table: rule.table }));
    if (found && found.type !== 'throw') return found;
  }
  return undefined;
}

describe('longest prefix match', () => {
  it('finds the row a reader of the tables would find, and explains it with rows of those tables', () => {
    fc.assert(
      fc.property(
        history,
        fc.array(rule, { maxLength: 4 }),
        fc.array(flows, { minLength: 5, maxLength: 12 }),
        fc.integer({ min: 0, max: 60 }),
        (commands, rules, asked, more) => {
          const made = netns();
          for (const command of [...commands, ...rules]) made.run(command);
          for (let i = 0; i < more; i++) made.run(`ip route add 10.9.${i}.0/24 dev d0 metric 30`);
          for (const flow of asked) {
            const { decision, ...found } = made.fib.lookup(flow);
            expect(found.route).toEqual(scan(made, flow));
            expect(decision.route).toBe(found.route);
            expect(decision.result).toBe(found.type);
            for (const walk of decision.tables) {
              const rows = made.fib.dump({ table: walk.table });
              expect(walk.candidates.length + walk.omitted).toBe(rows.length);
              expect(rows.filter((row) => walk.candidates.some((each) => each.route === row))).toEqual(
                walk.candidates.map((each) => each.route),
              );
              const shown = new Set(walk.candidates.map((each) => each.route));
              expect(rows.every((row) => shown.has(row) || !contains(row.dst, flow.dst))).toBe(true);
              expect(walk.candidates.findIndex((each) => each.won)).toBe(walk.winner ?? -1);
              const outside = walk.candidates.filter((each) => each.reason.why === 'not-in-prefix');
              expect(outside.every((each) => !contains(each.route.dst, flow.dst))).toBe(true);
            }
            const winners = decision.tables.flatMap((walk) => walk.candidates.filter((each) => each.won));
            expect(winners.map((each) => each.route)).toEqual(found.route ? [found.route] : []);
          }
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});

// ---- Change events -----------------------------------------------------------------------------------------------

const recorded = JSON.parse(
  readFileSync(new URL('testdata/fib-linux.golden.json', import.meta.url), 'utf8'),
) as {
  sequences: { name: string; steps: { command: string }[] }[];
};

describe('change events', () => {
  it.each(recorded.sequences.map(({ name, steps }) => [name, steps] as const))(
    'replayed, they are the dump: %s',
    (_, steps) => {
      const made = new FibNetns();
      const mirror = { route: new Map<string, unknown>(), rule: new Map<string, unknown>() };
      let seen = 0;
      for (const { command } of steps) {
        made.run(command);
        for (const { table, key, before, after } of made.changes.slice(seen)) {
          expect(mirror[table].get(key)).toEqual(before);
          if (after) mirror[table].set(key, after);
          else mirror[table].delete(key);
        }
        seen = made.changes.length;
        const inOrder = (rows: Map<string, unknown>) => [...rows.keys()].sort().map((key) => rows.get(key));
        expect(inOrder(mirror.route)).toEqual(made.fib.dump({ table: 'all' }));
        expect(inOrder(mirror.rule)).toEqual(made.fib.rules());
      }
    },
  );
});

// ---- Filters -----------------------------------------------------------------------------------------------------

describe('dump', () => {
  const made = netns(
    'ip route add default via 10.0.0.9 proto static',
    'ip route add 10.9.0.0/16 via 10.1.0.9 src 10.0.0.1 metric 5',
    'ip route add 10.8.0.0/16 nexthop via 10.0.0.9 nexthop via 10.1.0.9',
    'ip route add blackhole 10.7.0.0/26 proto bird',
  );
  it.each([
    [{}, ['default', '10.0.0.0/24', '10.1.0.0/24', '10.7.0.0/26', '10.8.0.0/16', '10.9.0.0/16']],
    [{ protocol: 'boot' }, ['10.8.0.0/16', '10.9.0.0/16']],
    [{ protocol: 'bird' }, ['10.7.0.0/26']],
    [{ type: 'blackhole' }, ['10.7.0.0/26']],
    [{ dev: 'd1' }, ['10.1.0.0/24', '10.8.0.0/16', '10.9.0.0/16']],
    [{ gateway: address('10.0.0.9') }, ['default', '10.8.0.0/16']],
    [{ scope: 'link' }, ['10.0.0.0/24', '10.1.0.0/24']],
    [{ prefsrc: address('10.0.0.1') }, ['10.0.0.0/24', '10.9.0.0/16']],
    [{ metric: 5 }, ['10.9.0.0/16']],
    [{ dst: prefix('10.9.0.0/16') }, ['10.9.0.0/16']],
    [{ table: '100' }, []],
    [{ table: 'nonsense' }, []],
    [{ table: 'local', dev: 'd1' }, ['10.1.0.1', '10.1.0.255']],
  ] as const)('%o', (match, dsts) => {
    expect(made.fib.dump(match).map((row) => row.dst)).toEqual(dsts);
  });

  it('knows which tables there are', () => {
    expect(['main', 'local', '254', 'default', '100'].map((name) => made.fib.hasTable(name))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('speed', () => {
  it.each([5, 10_000])('with %i routes', (count) => {
    const made = netns('ip route add default via 10.0.0.9');
    for (let i = 0; i < count; i++) {
      const spec = {
        dst: { addr: (address('20.0.0.0') + i * 256) >>> 0, len: 24 },
        gateway: address('10.0.0.9'),
      };
      expect(made.fib.addRoute(spec, 'add').ok).toBe(true);
    }
    const time = (rounds: number, ask: (i: number) => FibFlow) => {
      const from = performance.now();
      for (let i = 0; i < rounds; i++) made.fib.lookup(ask(i));
      return Math.round(((performance.now() - from) * 1e6) / rounds);
    };
    const some = Array.from({ length: 64 }, (_, i) => ({
      dst: address('20.0.0.0') + i * 256,
      src: 1,
      iif: 'd1',
    }));
    const warm = (i: number) => some[i % some.length] ?? flowTo(formatIp4(i));
    time(10_000, warm);
    const cached = time(500_000, warm);
    const uncached = time(30_000, (i) => ({ dst: (address('20.0.0.0') + i * 77) >>> 0, src: i, iif: 'd1' }));
    console.log(`${count} routes: ${cached} ns cached, ${uncached} ns uncached`);
  });
});
