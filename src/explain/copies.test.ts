/** Copies between user space and kernel, counted in a run of flannel's UDP backend. */
import { describe, expect, it } from 'vitest';
import { catalogue } from '../scenarios';
import { World } from '../sim';
import type { CopyEvent } from '../sim/kernel/trace';
import { copiesAround, copyNumber } from './copies';

function run(id: string): World {
  const entry = catalogue.find((each) => each.kind === 'network' && each.id === id);
  if (entry?.kind !== 'network') throw new Error(`no scenario ${id}`);
  const world = World.open(entry.load());
  world.execute(entry.journal);
  world.finish();
  return world;
}

describe('a ping through flanneld', () => {
  const { events } = run('flannel-udp').trace;
  const copies = events.filter((e): e is CopyEvent => e.kind === 'copy' && e.at >= 0);
  const said = (list: readonly CopyEvent[]): string[] =>
    list.map((e) => `${e.process} ${e.direction} ${e.via}`);

  it('is copied three times on the sending side, also when it waits for ARP on the way', () => {
    const read = copies.find((e) => e.via === 'read flannel0');
    expect(read && said(copiesAround(read, events))).toEqual([
      'ping to-kernel sendto',
      'flanneld to-user read flannel0',
      'flanneld to-kernel sendto',
    ]);
    expect(read && copyNumber(read, events)).toBe(2);
  });

  it('is copied twice on the receiving side, and its reply is a packet of its own', () => {
    const receive = copies.find((e) => e.via.startsWith('recv') && e.process === 'flanneld');
    expect(receive && said(copiesAround(receive, events))).toEqual([
      `flanneld to-user ${receive?.via}`,
      'flanneld to-kernel write flannel0',
    ]);
    const reply = copies.filter((e) => e.via === 'read flannel0')[1];
    expect(reply && copyNumber(reply, events)).toBe(1);
  });
});
