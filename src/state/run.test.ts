/** The whole way without a browser: link, session, worker host, simulation, trace, tables. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { World } from '../sim/index';
import { connectHere } from '../worker/client';
import { actions } from './actions';
import { openLink, shareUrl } from './link';
import { connectTo } from './session';
import { idle } from './start';
import { stepsView } from './steps';
import { namespacesAt, rowsAt } from './tables';
import { terminalAt } from './terminal';
import {
  comeToRest,
  events,
  expectPure,
  expectSame,
  open,
  scenarioOf,
  startHeadless,
  state,
} from './testing/headless';
import { getTrace } from './trace';
import type { TableName } from './types';

const DUMPS: readonly (readonly [TableName, string])[] = [
  ['neigh', 'ip -j neigh show nud all'],
  ['fdb', 'bridge -j fdb'],
  ['route', 'ip -j route show table all'],
  ['link', 'ip -j -d link'],
];

/** Each row that a command dumps is, in order, the moment's row: all that is printed is in it. */
function expectDumps(world: World, cursor: number): void {
  let compared = 0;
  for (const netns of world.namespaces) {
    for (const [table, command] of DUMPS) {
      const text = world.query(netns, command) ?? '[]';
      const dump = JSON.parse(text === '' ? '[]' : text) as Record<string, unknown>[];
      const rows: readonly object[] = rowsAt(cursor, netns, table);
      const names = dump.map(identity(table));
      expect([netns, table, rows.map(identity(table))]).toEqual([netns, table, names]);
      compared += dump.length;
    }
  }
  expect(compared).toBeGreaterThan(10);
}
function identity(table: TableName): (row: object) => string {
  const fields: Partial<Record<TableName, readonly string[]>> = {
    neigh: ['dst', 'dev', 'lladdr', 'state'],
    fdb: ['mac', 'ifname', 'dst', 'master', 'flags', 'state'],
    route: ['type', 'dst', 'gateway', 'dev', 'protocol', 'scope', 'prefsrc', 'metric'],
    link: ['ifindex', 'ifname', 'mtu', 'operstate', 'flags', 'address', 'master'],
  };
  return (row) =>
    (fields[table] ?? []).map((field) => JSON.stringify((row as Record<string, unknown>)[field])).join(' ');
}

beforeAll(startHeadless);
beforeEach(comeToRest);

const IDS = ['docker-bridge', 'flannel-vxlan', 'flannel-host-gw'];

describe.each(IDS)('%s', (id) => {
  it('opens at the network just up, with tables as the kernel dumps them', async () => {
    await open(id);
    const { cursor, journal, starts } = state();
    expect(journal.length).toBeGreaterThan(0);
    expect(cursor).toBe(getTrace().upSeq - 1);
    expectPure(id, journal);
    const world = World.open(scenarioOf(id));
    expectDumps(world, (starts[0] ?? 0) - 1);
    journal.forEach((entry, i) => {
      world.execute([entry]);
      expectDumps(world, (starts[i + 1] ?? events().length) - 1);
    });
    expect(
      namespacesAt(cursor)
        .map((row) => row.id)
        .sort(),
    ).toEqual([...world.namespaces].sort());
  });

  it('changes name what was there before', async () => {
    await open(id);
    const known = new Map<string, unknown>();
    for (const event of events()) {
      if (event.kind !== 'change') continue;
      const row = `${event.netns} ${event.table} ${event.key}`;
      expect([row, event.seq, event.before]).toEqual([row, event.seq, known.get(row)]);
      known.set(row, event.after);
    }
  });

  it('is walked through step by step, there and back', async () => {
    await open(id);
    const { steps } = stepsView(state());
    expect(steps.length).toBeGreaterThan(5);
    const path = steps.map(() => {
      actions.stepForward();
      return state().cursor;
    });
    expect(path).toEqual(steps.map((step) => step.last));
    const back = steps.map(() => {
      actions.stepBack();
      return state().cursor;
    });
    expect(back).toEqual([...path.slice(0, -1).reverse(), getTrace().upSeq - 1]);
  });

  it('forks in the past, and undo and redo bring each story back', async () => {
    await open(id);
    const [first] = state().journal;
    if (first === undefined) throw new Error('no opening journal');
    actions.toEnd();
    actions.execute(first.netns, first.command, 'end');
    await idle();
    expect(state().journal).toHaveLength(2);
    expectPure(id, state().journal);
    const before = { events: events(), journal: state().journal, starts: state().starts };

    // After the first ping, before the second.
    actions.seek((state().starts[1] ?? 0) - 1);
    const { cursor } = state();
    const neighbour = rowsAt(cursor, first.netns, 'neigh')[0];
    if (neighbour === undefined) throw new Error('the ping has left no neighbour');
    actions.execute(first.netns, `ip neigh del ${neighbour.dst} dev ${neighbour.dev}`);
    await idle();
    expect(state().journal.map(({ command }) => command.split(' ')[1])).toEqual([
      first.command.split(' ')[1],
      'neigh',
    ]);
    expect(state()).toMatchObject({ undoDepth: 2, redoDepth: 0, run: { problems: [] } });
    expectPure(id, state().journal);
    expect(rowsAt(cursor, first.netns, 'neigh').map(({ dst }) => dst)).toContain(neighbour.dst);
    expect(rowsAt(state().cursor, first.netns, 'neigh').map(({ dst }) => dst)).not.toContain(neighbour.dst);
    const forked = { events: events(), journal: state().journal, cursor: state().cursor };

    actions.undo();
    await idle();
    expectSame(events(), before.events);
    expect(state()).toMatchObject({
      journal: before.journal,
      starts: before.starts,
      cursor,
      undoDepth: 1,
      redoDepth: 1,
    });

    actions.redo();
    await idle();
    expectSame(events(), forked.events);
    expect(state()).toMatchObject({
      journal: forked.journal,
      cursor: forked.cursor,
      undoDepth: 2,
      redoDepth: 0,
    });

    actions.undo();
    actions.undo();
    await idle();
    expect(state()).toMatchObject({ journal: [first], undoDepth: 0, redoDepth: 2 });
    expectPure(id, [first]);
    actions.execute(first.netns, 'ip neigh', 'end');
    await idle();
    expect(state()).toMatchObject({ undoDepth: 1, redoDepth: 0 });
  });

  it('acts while a command is running, at the very moment of the cursor', async () => {
    await open(id);
    const [first] = state().journal;
    if (first === undefined) throw new Error('no opening journal');
    const [start] = state().starts;
    const reply = events().find((event) => event.kind === 'tx' && event.seq > (start ?? 0) + 20);
    const exit = events().find((event) => event.kind === 'exit' && event.seq > (start ?? 0));
    if (reply === undefined || exit === undefined || reply.seq > exit.seq)
      throw new Error('no packet under way');
    const old = events();
    actions.seek(reply.seq);
    actions.execute(first.netns, 'ip neigh', 'end');
    await idle();
    expect(state().journal).toEqual([first, { netns: first.netns, command: 'ip neigh', at: reply.at + 1 }]);
    expectPure(id, state().journal);
    const came = events().findIndex((event) => event.kind === 'command' && event.text === 'ip neigh');
    expect(events()[came]?.at).toBe(reply.at + 1);
    expectSame(events().slice(0, came), old.slice(0, came));
  });
});

describe('a link', () => {
  it('leads to the very moment', async () => {
    await open('flannel-vxlan');
    const [first] = state().journal;
    actions.toEnd();
    actions.execute(first?.netns ?? '', 'ip neigh', 'end');
    await idle();
    actions.seek((state().starts[1] ?? 0) - 7);
    actions.selectDevice('node1', 'flannel.1');
    actions.selectFrame(3);
    actions.setPanel('packet');
    const command = events()[state().starts[0] ?? 0];
    if (command?.kind !== 'command') throw new Error('no command');
    actions.setFollow({ command: command.command });
    const url = shareUrl();
    expect(url).toMatch(/^#v=1&s=flannel-vxlan&j=\S+&c=1\.\d+&w=1&n=node1&i=flannel\.1&f=3&p=packet&l=en$/);
    const { journal, cursor, follow, selection, panel } = state();
    const old = events();

    await open('docker-bridge');
    actions.setPanel('tables');
    await openLink(url);
    expect(state()).toMatchObject({ journal, cursor, follow, selection, panel, linkProblems: [] });
    expectSame(events(), old);
    await idle();
    expect(shareUrl()).toBe(url);

    // Another moment of the same run is there without running it again.
    const version = state().traceVersion;
    await openLink(url.replace(/c=[\d.]+/, 'c=1.3'));
    expect(state().cursor).toBe((state().starts[0] ?? 0) + 3);
    expect(state().traceVersion).toBe(version);
  });

  it('with things that are not there says so and opens the rest', async () => {
    await openLink('#s=docker-bridge&c=1.99999&n=mars&w=7&f=99999');
    expect(state().run).toMatchObject({ phase: 'ready', scenarioId: 'docker-bridge' });
    expect(state().cursor).toBe(events().length - 1);
    expect(state().linkProblems.map(({ id }) => id)).toEqual([
      'cursor-clamped',
      'bad-number',
      'bad-number',
      'unknown-netns',
    ]);
    await openLink('#s=atlantis');
    expect(state().run).toMatchObject({ phase: 'ready', scenarioId: 'docker-bridge' });
    expect(state().linkProblems.map(({ id }) => id)).toEqual(['unknown-scenario']);
    await openLink('#d=AAAA');
    expect(state().linkProblems.map(({ id }) => id)).toEqual(['damaged-data']);
    expect(state().run.scenarioId).toBe('docker-bridge');
  });

  it('carries a scenario of one’s own', async () => {
    const script = [
      'ip netns add a',
      'ip netns add b',
      'ip link add va netns a type veth peer name vb netns b',
      'ip -n a addr add 10.0.0.1/24 dev va',
      'ip -n b addr add 10.0.0.2/24 dev vb',
      'ip -n a link set va up',
      'ip -n b link set vb up',
    ].join('\n');
    actions.openText('two.sh', script);
    await idle();
    expect(state().run).toMatchObject({ phase: 'ready', scenarioId: null, problems: [] });
    actions.execute('a', 'ping -c 1 10.0.0.2', 'end');
    await idle();
    const url = shareUrl();
    expect(url).toMatch(/&d=[\w-]+$/);
    expect(url.length).toBeLessThan(600);
    const old = events();
    expect(terminalAt(state(), 'a').at(-1)?.exit).toBe(0);

    await open('docker-bridge');
    await openLink(url);
    expect(state()).toMatchObject({ run: { phase: 'ready', scenarioId: null }, linkProblems: [] });
    expectSame(events(), old);
  });

  it('does not hold what is too long, and says so', async () => {
    // Text that does not compress: a different comment on every line.
    let seed = 1;
    const noise = Array.from(
      { length: 20_000 },
      () => `# ${(seed = (seed * 48271) % 2147483647).toString(36)}`,
    );
    actions.openText('long.sh', ['ip netns add a', ...noise].join('\n'));
    await idle();
    expect(state().run.phase).toBe('ready');
    expect(shareUrl()).toBe('');
    expect(state().linkProblems.map(({ id }) => id)).toEqual(['does-not-fit']);
  });
});

describe('what goes wrong', () => {
  it('in a file is shown with its place, and what is open stays', async () => {
    await open('docker-bridge');
    const old = events();
    actions.openText('bad.sh', 'ip netns add a\nfrobnicate the network\n');
    await idle();
    expect(state().run).toMatchObject({ phase: 'ready', scenarioId: 'docker-bridge' });
    expect(state().run.problems[0]?.place).toBe('line 2');
    expectSame(events(), old);
    actions.dismissProblems();
    expect(state().run.problems).toEqual([]);
    actions.openText('huge.json', 'x'.repeat(1_000_001));
    expect(state().run.problems[0]?.place).toBe('file');
  });

  it('in a command is printed in the terminal, as in Linux', async () => {
    await open('docker-bridge');
    const netns = state().journal[0]?.netns ?? '';
    actions.toEnd();
    actions.execute(netns, 'frobnicate');
    await idle();
    const last = terminalAt(state(), netns).at(-1);
    expect(last?.lines.map(({ text }) => text).join('')).toContain('command not found');
    expect(last).toMatchObject({ exit: 127, upcoming: false, entry: 1 });
  });

  it('with a journal that is full or a command that is too long', async () => {
    await open('docker-bridge');
    const netns = state().journal[0]?.netns ?? '';
    actions.execute(netns, 'x'.repeat(1001));
    await idle();
    expect(state().run.problems[0]?.place).toBe('journal');
    expect(state().journal).toHaveLength(1);
  });
});

describe('a large run', () => {
  const PINGS = { netns: 'nginx-1', command: 'ping -c 300 -i 0.01 172.17.0.3' };

  it('is shown as it comes, and can be cancelled without a trace', async () => {
    await open('docker-bridge');
    const old = events();
    const { journal } = state();
    actions.toEnd();
    actions.execute(PINGS.netns, PINGS.command, 'end');
    actions.cancel();
    await idle();
    expect(state()).toMatchObject({ journal, run: { phase: 'ready', problems: [] } });
    expectSame(events(), old);
    actions.execute(PINGS.netns, PINGS.command, 'end');
    await idle();
    expect(state().journal).toHaveLength(2);
    expect(events().length).toBeGreaterThan(5000);
    expect(stepsView(state()).steps.at(-1)?.last).toBe(events().length - 1);
    expectPure('docker-bridge', state().journal);
  });

  it('that breaks off in the middle leaves what was there before', async () => {
    let batches = 0;
    let crashAfter = Infinity;
    connectTo((port) =>
      connectHere({
        ...port,
        update(update) {
          if (update.type === 'batch' && ++batches > crashAfter) {
            crashAfter = Infinity;
            port.crashed('out of memory');
          } else port.update(update);
        },
      }),
    );
    await open('docker-bridge');
    const old = events();
    const { journal, cursor } = state();
    actions.toEnd();
    const end = state().cursor;
    crashAfter = batches + 8;
    actions.execute(PINGS.netns, `${PINGS.command.replace('300', '1000')}`, 'end');
    await idle();
    expect(crashAfter).toBe(Infinity);
    expect(state()).toMatchObject({ journal, cursor: end, undoDepth: 0, run: { phase: 'ready' } });
    expect(state().run.problems[0]?.message.en).toContain('out of memory');
    expectSame(events(), old);
    expect(cursor).toBeLessThan(end);
    actions.execute(PINGS.netns, 'ip neigh', 'end');
    await idle();
    expectPure('docker-bridge', state().journal);
    connectTo(connectHere);
  });
});
