/** What the hooks answer, from a real run. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actions } from './actions';
import { idle } from './start';
import { stepsView } from './steps';
import { keyedRowsAt, marksAt } from './tables';
import { terminalAt } from './terminal';
import { comeToRest, events, open, startHeadless, state } from './testing/headless';
import { getTrace } from './trace';

beforeAll(startHeadless);
beforeEach(comeToRest);

describe('what the screen asks', () => {
  it('the terminal shows what has been printed so far, and what is to come', async () => {
    await open('docker-bridge');
    const netns = state().journal[0]?.netns ?? '';
    const shown = () => terminalAt(state(), netns);
    expect(shown()).toMatchObject([{ upcoming: true, lines: [] }]);
    expect(shown()[0]).not.toHaveProperty('exit');
    const before = shown();
    actions.eventForward();
    expect(state().cursor).toBeGreaterThan(0);
    actions.toEnd();
    expect(shown()[0]).toMatchObject({ upcoming: false, exit: 0, entry: 0 });
    expect(
      shown()[0]
        ?.lines.map(({ text }) => text)
        .join(''),
    ).toMatch(/^PING [\s\S]*1 received/);
    expect(shown()).toBe(shown());
    actions.toStart();
    expect(shown()).toEqual(before);
  });

  it('rows that the step used or changed are marked', async () => {
    await open('flannel-vxlan');
    const { steps } = stepsView(state());
    let used = 0;
    const changed = new Set<string>();
    for (const step of steps) {
      actions.seek(step.last);
      for (const table of ['route', 'neigh', 'fdb', 'addr'] as const) {
        const marks = marksAt(state(), step.netns, table);
        expect(marksAt(state(), step.netns, table)).toBe(marks);
        const keys = keyedRowsAt(step.last, step.netns, table).map(({ key }) => key);
        for (const key of marks.used)
          expect([...keys, ...marks.removed.map((row) => row.key)]).toContain(key);
        for (const [key, what] of marks.changed) {
          changed.add(`${table} ${what}`);
          expect(keys.includes(key)).toBe(what !== 'removed');
        }
        used += marks.used.size;
      }
    }
    expect(used).toBeGreaterThan(20);
    expect([...changed]).toEqual(expect.arrayContaining(['neigh added', 'neigh changed', 'fdb added']));
  });

  it('only what a command led to, when it is followed', async () => {
    await open('flannel-vxlan');
    const all = stepsView(state()).steps.length;
    const start = events()[state().starts[0] ?? 0];
    if (start?.kind !== 'command') throw new Error('no command');
    actions.setFollow({ command: start.command });
    const { steps } = stepsView(state());
    expect(steps.length).toBeGreaterThan(5);
    expect(steps.length).toBeLessThanOrEqual(all);
    expect(steps.every((step) => step.command === start.command)).toBe(true);
    actions.setFollow('all');
    actions.setShowBoot(true);
    expect(stepsView(state()).steps.length).toBeGreaterThan(all);
    actions.toStart();
    expect(state().cursor).toBe(-1);
    actions.setShowBoot(false);
    expect(state().cursor).toBe(getTrace().upSeq - 1);
  });

  it('a command that sends is walked through, one that only asks is there at once', async () => {
    await open('docker-bridge');
    const [first] = state().journal;
    actions.toEnd();
    actions.execute(first?.netns ?? '', 'ip route');
    await idle();
    expect(events()[state().cursor]).toMatchObject({ kind: 'exit' });
    actions.toEnd();
    actions.execute(first?.netns ?? '', first?.command ?? '', 'start');
    await idle();
    expect(state().cursor).toBe(state().starts[2]);
    expect(state().player.playing).toBe(false);
    actions.execute(first?.netns ?? '', first?.command ?? '', 'play');
    await idle();
    expect(state().cursor).toBe(events().length - 1);
  });

  it('time passes, and lines are completed', async () => {
    await open('docker-bridge');
    const { end } = getTrace();
    actions.toEnd();
    actions.passTime(40);
    await idle();
    expect(getTrace().end - end).toBeGreaterThanOrEqual(40e9);
    expect(state().journal.at(-1)?.command).toBe('sleep 40');
    const { from, candidates } = await actions.completeLine(state().journal[0]?.netns ?? '', 'ip rou');
    expect([from, candidates]).toEqual([3, ['route']]);
  });
});
