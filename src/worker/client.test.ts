import { describe, expect, it } from 'vitest';
import { SimClient, type ClientListener, type Port, type PortEvents } from './client';
import type { Command, ScenarioSource } from './messages';
import { EVENTS_OF_COMMAND, UP_SEQ, fakeEngine } from './testing/fake-engine';
import { connectLocally } from './testing/local';
import type { TraceEvent } from '../sim/index';

const FAKE: ScenarioSource = { kind: 'catalogue', id: 'fake' };
const entries = (...commands: string[]) => commands.map((command) => ({ netns: 'a', command }));

class Receiver implements ClientListener {
  readonly events: TraceEvent[] = [];
  readonly log: string[] = [];
  opened(): void {
    this.log.push('opened');
  }
  reset(keepEvents: number): void {
    this.log.push(`reset ${keepEvents}`);
    this.events.length = keepEvents;
  }
  batch(events: readonly TraceEvent[]): void {
    this.events.push(...events);
  }
  progress(): void {
    this.log.push('progress');
  }
}

/** Connections one after another, each as the test wants it. */
function connections(...makers: ((events: PortEvents) => Port)[]) {
  let made = 0;
  const connect = (events: PortEvents) => {
    const maker = makers[Math.min(made++, makers.length - 1)];
    if (maker === undefined) throw new Error('no connection');
    return maker(events);
  };
  return { connect, made: () => made };
}
const silent =
  (sent: Command[] = []) =>
  (): Port => ({
    post: (command) => sent.push(command),
    terminate: () => undefined,
  });

describe('the client', () => {
  it('asks one thing at a time, in order', async () => {
    const receiver = new Receiver();
    const client = new SimClient(connectLocally(fakeEngine()), receiver);
    const opening = client.open(FAKE, null);
    const first = client.execute(entries('first', 'x'));
    const second = client.execute(entries('first', 'x', 'y'));
    expect(client.quiet).toBe(false);
    expect((await opening).ok && (await first).ok).toBe(true);
    expect(await second).toMatchObject({ ok: true, done: { starts: [3, 7, 11] } });
    expect(client.quiet).toBe(true);
    expect(receiver.events).toHaveLength(UP_SEQ + 3 * EVENTS_OF_COMMAND);
  });

  it('answers a failed request with its problems and goes on', async () => {
    const client = new SimClient(connectLocally(fakeEngine()), new Receiver());
    expect(await client.execute(entries('x'))).toMatchObject({ ok: false });
    await client.open(FAKE, null);
    const failed = await client.execute(entries('boom'));
    expect(failed).toMatchObject({ ok: false, cancelled: false, problems: [{ place: 'journal[0]' }] });
    expect(await client.execute(entries('x'))).toMatchObject({ ok: true });
  });

  it('hands on what was left out of a fulfilled request', async () => {
    const client = new SimClient(connectLocally(fakeEngine()), new Receiver());
    const outcome = await client.open(FAKE, entries('a', 'boom'));
    expect(outcome).toMatchObject({ ok: true, problems: [{ place: 'journal[1]' }] });
  });

  it('completes lines', async () => {
    const client = new SimClient(connectLocally(fakeEngine()), new Receiver());
    expect(await client.complete('a', 'ip')).toEqual({ from: 2, candidates: [] });
    await client.open(FAKE, null);
    expect(await client.complete('a', 'ip')).toEqual({ from: 0, candidates: ['ip!'] });
  });

  it('ends a host that does not answer to cancel, and opens the world again in a new one', async () => {
    const receiver = new Receiver();
    const good = connectLocally(fakeEngine());
    let stuck = false;
    let terminated = false;
    const { connect, made } = connections((events) => {
      const port = good(events);
      return {
        post: (command) => {
          if (!stuck) port.post(command);
        },
        terminate() {
          terminated = true;
          stuck = false;
          port.terminate();
        },
      };
    });
    const client = new SimClient(connect, receiver);
    await client.open(FAKE, null);
    const before = receiver.events.length;
    stuck = true;
    const hanging = client.execute(entries('first', 'x'));
    await Promise.resolve();
    client.cancel();
    expect(await hanging).toEqual({ ok: false, cancelled: true, problems: [] });
    expect(terminated).toBe(true);
    expect(receiver.events).toHaveLength(before);
    expect(await client.execute(entries('first', 'y'))).toMatchObject({ ok: true });
    expect(made()).toBe(2);
    // The new host knows nothing of what was there: it sends everything, from the first event.
    expect(receiver.events.map((event) => (event.kind === 'command' ? event.text : ''))).toContain('y');
    expect(receiver.events).toHaveLength(UP_SEQ + 2 * EVENTS_OF_COMMAND);
  });

  it('fails a request whose answer cannot be taken in, and goes on', async () => {
    const receiver = new Receiver();
    const client = new SimClient(connectLocally(fakeEngine()), receiver);
    receiver.reset = () => {
      throw new Error('cannot be taken in');
    };
    const outcome = await client.open(FAKE, null);
    expect(outcome).toMatchObject({ ok: false, cancelled: false });
    expect(client.quiet).toBe(true);
    receiver.reset = () => undefined;
    expect(await client.open(FAKE, null)).toMatchObject({ ok: true });
  });

  it('says that the host has crashed, and starts another', async () => {
    const receiver = new Receiver();
    let crash: () => void = () => undefined;
    const { connect } = connections((events) => {
      crash = () => events.crashed('out of memory');
      return silent()();
    }, connectLocally(fakeEngine()));
    const client = new SimClient(connect, receiver);
    const opening = client.open(FAKE, null);
    await Promise.resolve();
    await Promise.resolve();
    crash();
    const outcome = await opening;
    expect(outcome).toMatchObject({ ok: false, cancelled: false });
    if (!outcome.ok) expect(outcome.problems[0]?.message.en).toContain('out of memory');
    expect(await client.open(FAKE, null)).toMatchObject({ ok: true });
  });
});
