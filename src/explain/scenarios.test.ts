/** The story of every network of the catalogue, as a teacher would go through it: complete, short, and said in full. */
import { describe, expect, it } from 'vitest';
import { catalogue } from '../scenarios';
import { World, type Trace } from '../sim';
import { message } from './format';
import { computeSteps } from './steps';
import type { Lang, Step } from './types';
import { why } from './why';

const LANGS: readonly Lang[] = ['en', 'zh'];
const networks = catalogue.filter((entry) => entry.kind === 'network');

function traceOf(id: string): Trace {
  const entry = networks.find((each) => each.id === id);
  if (!entry) throw new Error(`no scenario ${id}`);
  const loaded = entry.load();
  const world = World.open(loaded);
  world.execute(entry.journal);
  return world.trace;
}

/** A single ping that gets through. */
const PINGS = new Set(['docker-bridge', 'flannel-vxlan', 'flannel-host-gw', 'flannel-udp']);
const ids = networks.map((entry) => entry.id);

describe.each(ids)('%s', (id) => {
  const trace = traceOf(id);
  const steps = computeSteps(trace);
  const story = steps.filter((step) => !step.isBoot);
  const say = (step: Step): string => message('en', step.title);

  it('is cut without gaps', () => {
    expect(steps.flatMap((step) => step.seqs)).toEqual(trace.events.map((e) => e.seq));
  });

  it('has a sentence of at most 90 characters for every step, and nothing left open', () => {
    for (const lang of LANGS) {
      for (const step of steps) {
        const title = message(lang, step.title);
        expect(title.length, title).toBeLessThanOrEqual(90);
        expect(`${title} ${message(lang, step.detail)}`).not.toMatch(/undefined|\?\?|\n/);
      }
    }
  });

  it('gives a reason for every step', () => {
    for (const step of steps) {
      const answer = why(step, trace);
      expect(answer && message('zh', answer.lead), say(step)).toBeTruthy();
    }
  });

  it('follows the opening commands, one after another', () => {
    const commands = [...new Set(story.map((step) => step.command))].filter((command) => command >= 0);
    expect(commands).toHaveLength(networks.find((entry) => entry.id === id)?.journal.length ?? 0);
    expect(commands).toEqual([...commands].sort((a, b) => a - b));
    expect(story[0]?.title.id).toMatch(/^cmd\./);
  });

  it.runIf(PINGS.has(id))('ends with an answer, and nothing is lost on the way', () => {
    expect(new Set(story.map((step) => step.command)).size).toBe(1);
    expect(story.map(say).some((title) => title.startsWith('ping prints: 64 bytes from'))).toBe(true);
    expect(story.some((step) => step.isDrop)).toBe(false);
  });

  it('tells decisions, not frames: nothing is left that only says that a frame came or went', () => {
    const bare = story.filter((step) => step.title.id === 'frame.rx' || step.title.id === 'frame.tx');
    // A frame that had to wait for its wire while something else happened leaves in a step of its own.
    const waited = (step: Step): boolean =>
      step.title.id === 'frame.tx' &&
      steps[step.index - 1]?.seqs.includes(trace.events[step.main]?.cause ?? -1) !== true;
    expect(bare.filter((step) => !waited(step)).map(say)).toEqual([]);
  });
});

describe('how finely it is told', () => {
  const say = (step: Step): string => message('en', step.title);

  it('takes 35 to 60 steps for a cold ping over VXLAN', () => {
    const story = computeSteps(traceOf('flannel-vxlan')).filter((step) => !step.isBoot);
    expect(story.length).toBeGreaterThanOrEqual(35);
    expect(story.length).toBeLessThanOrEqual(60);
    const ids = story.map((step) => step.title.id);
    for (const id of ['neigh.knownBy', 'vtep.remote', 'encap.vxlan', 'decap.vxlan'] as const) {
      expect(ids.filter((each) => each === id)).toHaveLength(2);
    }
  });

  it('tells a TCP connection as rewritten where it opens and ends, and the rest in the why', () => {
    const trace = traceOf('docker-published-port');
    const story = computeSteps(trace).filter((step) => !step.isBoot);
    const ids = story.map((step) => step.title.id);
    // SYN, SYN-ACK, and a FIN each way.
    expect(ids.filter((id) => id === 'hook.dst')).toHaveLength(2);
    expect(ids.filter((id) => id === 'hook.srcBack')).toHaveLength(2);
    const notes = story.flatMap((step) => why(step, trace)?.sections.flatMap((part) => part.notes) ?? []);
    expect(notes.filter(({ id }) => id === 'hook.dst').length).toBeGreaterThan(2);
    expect(notes.filter(({ id }) => id === 'hook.srcBack').length).toBeGreaterThan(1);
    // The connection is noted once, and what follows it asks for the first time.
    expect(ids.filter((id) => id === 'change.track')).toHaveLength(1);
    expect(ids).not.toContain('arp.again');
  });

  it('does not take a packet put together from fragments for a rewritten one', () => {
    const story = computeSteps(traceOf('flannel-mtu')).filter((step) => !step.isBoot);
    const same = story.filter(({ title: { values } }) => 'after' in values && values.before === values.after);
    expect(same.map(say)).toEqual([]);
  });

  it('numbers the copies of the UDP backend, three to send, and says who lowers the TTL', () => {
    const trace = traceOf('flannel-udp');
    const story = computeSteps(trace).filter((step) => !step.isBoot);
    const details = story.map((step) => message('en', step.detail));
    expect(
      details.filter((text) => text.includes('copy 1')),
      'the copy that ping makes',
    ).toHaveLength(1);
    const sending = story.slice(
      0,
      story.findIndex(({ title }) => title.id === 'copy.tunWrite'),
    );
    const copies = sending.filter(({ title, netns }) => title.id.startsWith('copy.') && netns === 'node1');
    expect(copies.map(({ title }) => title.values.n)).toEqual([2, 3]);
    const lowered = story.filter(({ detail }) => detail.id === 'small.copyTtl');
    expect(lowered.map(({ detail }) => `${detail.values.before} ${detail.values.after}`)).toEqual([
      '63 62',
      '62 61',
      '63 62',
      '62 61',
    ]);
  });

  it('tells each log line with the hook that wrote it', () => {
    const story = computeSteps(traceOf('docker-host-to-container')).filter((step) => !step.isBoot);
    expect(story.filter(({ title }) => title.id === 'log.line').map(say)).toEqual([]);
    expect(story.filter(({ title }) => title.id === 'hook.trace')).toHaveLength(4);
  });

  it('shows in one step what flanneld writes about another node', () => {
    const trace = traceOf('flannel-vxlan');
    const writes = computeSteps(trace).filter((step) => {
      const tables = trace.events
        .slice(step.first, step.last + 1)
        .flatMap((e) => (e.kind === 'change' ? [e.table] : []));
      return tables.join() === 'neigh,fdb,route';
    });
    expect(writes.map((step) => step.netns).sort()).toEqual(['node1', 'node2']);
  });
});
