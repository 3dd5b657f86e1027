import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH, equal, nextBatch } from './compare';
import { packFrames, unpackFrames } from './frames';
import { Host } from './host';
import type { JournalEntry, ScenarioSource, Update } from './messages';
import { EVENTS_OF_COMMAND, FakeWorld, UP_SEQ, fakeEngine } from './testing/fake-engine';
import type { Frame, TraceEvent } from '../sim/index';

const FAKE: ScenarioSource = { kind: 'catalogue', id: 'fake' };
const entries = (...commands: string[]): JournalEntry[] =>
  commands.map((command) => ({ netns: 'a', command }));

/** A host with a receiver that does as it is told, and a log. */
class Bench {
  readonly updates: Update[] = [];
  readonly executed: string[] = [];
  readonly events: TraceEvent[] = [];
  readonly frames: Frame[] = [];
  private id = 0;
  onBreath: () => void = () => undefined;
  readonly host = new Host(
    fakeEngine(this.executed),
    (update) => this.take(structuredClone(update)),
    () => Promise.resolve(this.onBreath()),
  );

  private take(update: Update): void {
    this.updates.push(update);
    if (update.type === 'reset') {
      this.events.length = update.keepEvents;
      this.frames.length = update.keepFrames;
    } else if (update.type === 'batch') {
      expect(update.frames.first).toBe(this.frames.length);
      this.frames.push(...unpackFrames(update.frames));
      this.events.push(...update.events);
    }
  }

  /** Sends one command and answers the updates it led to. */
  async ask(
    command:
      | { type: 'open'; source: ScenarioSource; journal: JournalEntry[] | null }
      | { type: 'execute'; journal: JournalEntry[] },
  ) {
    const from = this.updates.length;
    this.executed.length = 0;
    await this.host.handle({ ...command, id: ++this.id });
    return this.updates.slice(from).filter((update) => update.type !== 'progress');
  }
  get lastId() {
    return this.id;
  }
}
const types = (updates: readonly Update[]) => updates.map((update) => update.type);
const doneOf = (updates: readonly Update[]) =>
  updates.find((update) => update.type === 'done') as Extract<Update, { type: 'done' }>;

/** What the receiver holds is the trace of a world that has run just this journal. */
function expectTraceOf(bench: Bench, journal: readonly JournalEntry[]) {
  const world = new FakeWorld([]);
  world.execute(journal);
  expect(bench.events).toEqual(world.events);
  expect(bench.frames).toEqual(world.frames);
}

describe('the host', () => {
  it('opens a scenario with its own journal or another', async () => {
    const bench = new Bench();
    const updates = await bench.ask({ type: 'open', source: FAKE, journal: null });
    expect(types(updates)).toEqual(['opened', 'reset', 'batch', 'done']);
    expect(doneOf(updates)).toMatchObject({ upSeq: UP_SEQ, journal: entries('first'), starts: [UP_SEQ] });
    expectTraceOf(bench, entries('first'));
    await bench.ask({ type: 'open', source: FAKE, journal: entries('x', 'y') });
    expectTraceOf(bench, entries('x', 'y'));
  });

  it('carries on with the world when entries are added at the end', async () => {
    const bench = new Bench();
    await bench.ask({ type: 'open', source: FAKE, journal: null });
    const updates = await bench.ask({ type: 'execute', journal: entries('first', 'second') });
    expect(bench.executed).toEqual(['second']);
    expect(types(updates)).toEqual(['batch', 'done']);
    expect(doneOf(updates).starts).toEqual([UP_SEQ, UP_SEQ + EVENTS_OF_COMMAND]);
    expectTraceOf(bench, entries('first', 'second'));
  });

  it('runs the world again when the past changes, and keeps what is the same', async () => {
    const bench = new Bench();
    await bench.ask({ type: 'open', source: FAKE, journal: entries('a', 'b', 'c') });
    const updates = await bench.ask({ type: 'execute', journal: entries('a', 'x') });
    expect(updates[0]).toMatchObject({
      type: 'reset',
      keepEvents: UP_SEQ + EVENTS_OF_COMMAND,
      keepFrames: 1,
    });
    expectTraceOf(bench, entries('a', 'x'));
    await bench.ask({ type: 'execute', journal: entries('a', 'b', 'c') });
    expectTraceOf(bench, entries('a', 'b', 'c'));
  });

  it('leaves the receiver with the trace of the journal, whatever was asked before', async () => {
    const journal = fc.array(fc.constantFrom('a', 'b', 'c', 'many 3', 'boom'), { maxLength: 5 });
    const timed = fc.array(
      fc.record({ netns: fc.constant('a'), command: fc.constantFrom('a', 'b'), at: fc.nat({ max: 200 }) }),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            journal.map((commands) => entries(...commands)),
            timed,
          ),
          { maxLength: 6 },
        ),
        async (journals) => {
          const bench = new Bench();
          await bench.ask({ type: 'open', source: FAKE, journal: [] });
          let good: readonly JournalEntry[] = [];
          for (const wanted of journals) {
            const updates = await bench.ask({ type: 'execute', journal: wanted });
            const fails = wanted.some(({ command }) => command === 'boom');
            expect(types(updates).at(-1)).toBe(fails ? 'problems' : 'done');
            if (!fails) good = wanted;
            expectTraceOf(bench, good);
          }
        },
      ),
      { numRuns: 200, seed: 11 },
    );
  });

  it('runs a journal with times at once and from the beginning', async () => {
    const bench = new Bench();
    await bench.ask({ type: 'open', source: FAKE, journal: entries('a') });
    const journal = [...entries('a', 'b'), { netns: 'a', command: 'early', at: 35 }];
    const updates = await bench.ask({ type: 'execute', journal });
    expect(bench.executed).toHaveLength(3);
    const early = doneOf(updates).starts[2] as number;
    expect(bench.events[early]).toMatchObject({ kind: 'command', text: 'early' });
  });

  it('tells equal entries apart, even when they arrive as one object', async () => {
    const bench = new Bench();
    const same = { netns: 'a', command: 'again' };
    const updates = await bench.ask({ type: 'open', source: FAKE, journal: [same, same] });
    expect(doneOf(updates).starts).toEqual([UP_SEQ, UP_SEQ + EVENTS_OF_COMMAND]);
  });

  it('shows what was wrong and keeps the previous state when the simulation throws', async () => {
    const bench = new Bench();
    await bench.ask({ type: 'open', source: FAKE, journal: entries('a') });
    const updates = await bench.ask({ type: 'execute', journal: entries('a', 'boom') });
    expect(types(updates)).toEqual(['problems']);
    expect(updates[0]).toMatchObject({ failed: true, problems: [{ place: 'journal[1]' }] });
    expectTraceOf(bench, entries('a'));
    await bench.ask({ type: 'execute', journal: entries('a', 'b') });
    expectTraceOf(bench, entries('a', 'b'));
  });

  it('opens a scenario as far as its journal goes', async () => {
    const bench = new Bench();
    const updates = await bench.ask({ type: 'open', source: FAKE, journal: entries('a', 'boom', 'c') });
    expect(types(updates)).toEqual(['opened', 'reset', 'batch', 'problems', 'done']);
    expect(updates[3]).toMatchObject({ failed: false, problems: [{ place: 'journal[1]' }] });
    expect(doneOf(updates).journal).toEqual(entries('a'));
  });

  it('refuses what cannot be read or built, and keeps what is open', async () => {
    const bench = new Bench();
    await bench.ask({ type: 'open', source: FAKE, journal: null });
    for (const source of [
      { kind: 'catalogue', id: 'nothing' },
      { kind: 'text', name: 'x.sh', text: 'throws' },
    ] as const) {
      const updates = await bench.ask({ type: 'open', source, journal: null });
      expect(types(updates)).toEqual(['problems']);
      expect(updates[0]).toMatchObject({ failed: true });
    }
    expectTraceOf(bench, entries('first'));
    await bench.ask({ type: 'execute', journal: entries('first', 'x') });
    expectTraceOf(bench, entries('first', 'x'));
  });

  it('refuses to execute before anything is open', async () => {
    expect(types(await new Bench().ask({ type: 'execute', journal: entries('a') }))).toEqual(['problems']);
  });

  it('can be cancelled between entries', async () => {
    const bench = new Bench();
    await bench.ask({ type: 'open', source: FAKE, journal: entries('a') });
    let breaths = 0;
    bench.onBreath = () => {
      if (++breaths === 2) void bench.host.handle({ type: 'cancel', id: bench.lastId });
    };
    const updates = await bench.ask({ type: 'execute', journal: entries('a', 'b', 'c', 'd') });
    expect(bench.executed).toEqual(['b']);
    expect(types(updates)).toEqual(['cancelled']);
    expectTraceOf(bench, entries('a'));
    await bench.ask({ type: 'execute', journal: entries('a', 'b') });
    expectTraceOf(bench, entries('a', 'b'));
  });

  it('completes lines, and says nothing where it cannot', async () => {
    const bench = new Bench();
    await bench.host.handle({ type: 'complete', id: 7, netns: 'a', line: 'ip' });
    await bench.ask({ type: 'open', source: FAKE, journal: null });
    await bench.host.handle({ type: 'complete', id: 8, netns: 'a', line: 'ip' });
    await bench.host.handle({ type: 'complete', id: 9, netns: 'a', line: 'boom' });
    const completions = bench.updates.filter((update) => update.type === 'completion');
    expect(completions.map(({ id, completion }) => [id, completion.candidates])).toEqual([
      [7, []],
      [8, ['ip!']],
      [9, []],
    ]);
  });

  it('sends large runs in bounded batches, frames before the events that speak of them', async () => {
    const bench = new Bench();
    const journal = Array.from({ length: 3 }, () => ({ netns: 'a', command: 'many 15000' }));
    const updates = await bench.ask({ type: 'open', source: FAKE, journal });
    const batches = updates.filter((update) => update.type === 'batch');
    expect(batches.length).toBeGreaterThan(4);
    expect(Math.max(...batches.map(({ events }) => events.length))).toBeLessThanOrEqual(BATCH.events);
    expectTraceOf(bench, journal);
  });
});

describe('batches', () => {
  it('carry frames unchanged', () => {
    const frames = fc.array(
      fc.record({
        bytes: fc.uint8Array({ maxLength: 50 }),
        link: fc.constantFrom('ethernet', 'ip'),
        from: fc.option(fc.nat(1000), { nil: undefined }),
      }),
    );
    fc.assert(
      fc.property(frames, fc.nat(20), (made, skip) => {
        const list = made.map(({ bytes, link, from }, id) => ({
          id,
          bytes,
          link,
          ...(from === undefined ? {} : { from }),
        }));
        const first = Math.min(skip, list.length);
        expect(unpackFrames(packFrames(list, first, list.length))).toEqual(list.slice(first));
      }),
      { seed: 4 },
    );
  });

  it('are bounded by bytes too', () => {
    const frames = Array.from({ length: 100 }, (_, id): Frame => {
      return { id, bytes: new Uint8Array(65_000), link: 'ip' };
    });
    const batch = nextBatch({ events: [], frames }, 0, 0);
    expect(batch.frame).toBeLessThan(70);
    expect(nextBatch({ events: [], frames }, 0, batch.frame)).toEqual({ event: 0, frame: 100 });
  });
});

describe('equality of plain data', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, false],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
    [{ a: [1, 2] }, { a: [1] }, false],
    [{ a: null }, { a: {} }, false],
    [[1], { 0: 1 }, false],
    [{ a: 1 }, { b: 1 }, false],
  ])('%j and %j: %s', (a, b, expected) => {
    expect(equal(a, b)).toBe(expected);
    expect(equal(b, a)).toBe(expected);
  });
});
