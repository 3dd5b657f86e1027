/** Whatever one does, and whenever: the past stays, the trace is that of the journal, and undo leads all the way back. */
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actions } from './actions';
import { idle } from './start';
import { comeToRest, events, expectPure, expectSame, open, startHeadless, state } from './testing/headless';

beforeAll(startHeadless);
beforeEach(comeToRest);

const COMMANDS: readonly (readonly [string, string])[] = [
  ['nginx-1', 'ping -c 1 172.17.0.3'],
  ['nginx-1', 'ping -c 3 -W 1 172.17.0.99'],
  ['nginx-2', 'ping -c 2 172.17.0.2'],
  ['nginx-1', 'ip neigh flush dev eth0'],
  ['host', 'ip link set docker0 down'],
  ['host', 'ip link set docker0 up'],
  ['nginx-2', 'ip addr del 172.17.0.3/16 dev eth0'],
  ['host', 'sleep 2'],
  ['nowhere', 'ip link'],
];

describe('acting at random moments', () => {
  it('never changes what has already happened', async () => {
    const act = fc.record({
      command: fc.constantFrom(...COMMANDS),
      /** Where the cursor is, as a share of what is there. */
      where: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 6 }), async (acts) => {
        await open('docker-bridge');
        const stories: { journal: unknown; cursor: number; events: ReturnType<typeof events> }[] = [];
        for (const { command, where } of acts) {
          actions.seek(Math.floor(where * (events().length - 1)));
          const { cursor, journal } = state();
          const before = events();
          stories.push({ journal, cursor, events: before });
          actions.execute(...command, 'end');
          await idle();
          expect(state().run.problems).toEqual([]);
          expect(state().journal.at(-1)).toMatchObject({ netns: command[0], command: command[1] });
          expectSame(events().slice(0, cursor + 1), before.slice(0, cursor + 1));
          expect(state().starts.at(-1)).toBeGreaterThan(cursor);
          expectPure('docker-bridge', state().journal);
        }
        for (const story of stories.reverse()) {
          actions.undo();
          await idle();
          expect(state()).toMatchObject({ journal: story.journal, cursor: story.cursor });
          expectSame(events(), story.events);
        }
      }),
      { numRuns: 12, seed: 77 },
    );
  });
});

describe('a fault', () => {
  const CUT = { netns: 'host', command: 'ip link set veth24ae452 down' };
  const MTU = { netns: 'host', command: 'ip link set docker0 mtu 1400' };

  it('slips in before what was to come, and is one thing to undo', async () => {
    await open('docker-bridge');
    const { journal } = state();
    actions.toStart();
    actions.slipIn([MTU, CUT]);
    await idle();
    expect(state().journal).toEqual([MTU, CUT, ...journal]);
    expect(state().cursor).toBeLessThan(state().starts[2] ?? 0);
    const output = events().flatMap((event) => (event.kind === 'output' ? [event.text] : []));
    expect(output.join('')).toContain('100% packet loss');
    expectPure('docker-bridge', state().journal);
    actions.undo();
    await idle();
    expect(state().journal).toEqual(journal);
  });

  it('comes last when nothing was to come', async () => {
    await open('docker-bridge');
    const { journal } = state();
    actions.toEnd();
    actions.slipIn([CUT]);
    await idle();
    expect(state().journal).toEqual([...journal, CUT]);
  });
});
