import { describe, expect, it } from 'vitest';
import { CensusReader } from './census';
import type { Box } from './geometry';
import { layoutStage, type PlacedRoom, type StageLayout } from './layout';
import { expectTidy } from './testing/tidy';
import { cluster, type WorldScript } from './testing/world';

/** Of everyone who ever lived, or of those who live at event `from` and later. */
function stageOf(world: WorldScript, from = -1): StageLayout {
  const reader = new CensusReader();
  reader.update(world.events);
  return layoutStage(reader.census(from));
}
const room = (stage: StageLayout, id: string) => stage.rooms.find((it) => it.id === id) as PlacedRoom;
const chip = (stage: StageLayout, key: string) => stage.places.get(key) as Box;

describe('user space', () => {
  const PROGRAMS = ['flanneld', 'etcd', 'dockerd', 'kubelet', 'kube-apiserver', 'nginx', 'docker-proxy'];
  const busy = (programs: number, inPods: number) => {
    const world = cluster([2, 1]);
    for (const name of PROGRAMS.slice(0, programs)) world.process('node1', name);
    for (const name of ['nginx', 'sh', 'a-program-with-a-long-name'].slice(0, inPods))
      world.process('container-1-1', name);
    world.link('node1', 'flannel0', 'tun').tunnels('node1', 'flanneld', 'flannel0');
    return world;
  };

  it.each([0, 1, 3, 7])('holds %i programs of a machine and those of its pods', (programs) => {
    for (const inPods of [0, 1, 3]) expectTidy(stageOf(busy(programs, inPods)));
  });

  it('is parted from the kernel by one line, and a line leads from the TUN to its program across it', () => {
    const stage = stageOf(busy(7, 1));
    const { boundary = 0, y } = room(stage, 'node1');
    const [pill, tun] = [chip(stage, 'proc node1/flanneld'), chip(stage, 'dev node1/flannel0')];
    expect(pill.y + pill.h).toBeLessThan(y + boundary);
    expect(tun.y).toBeGreaterThan(y + boundary);
    const way = stage.links.find(({ kind }) => kind === 'program');
    expect([way?.a, way?.b]).toEqual(['dev node1/flannel0', 'proc node1/flanneld']);
    // Nothing stands between the program and the kernel.
    const below = stage.chips.filter(
      (it) =>
        it.kind === 'process' &&
        it.y > pill.y &&
        it.x < pill.x + pill.w / 2 &&
        it.x + it.w > pill.x + pill.w / 2,
    );
    expect(below).toEqual([]);
    expect(room(stage, 'container-1-1').boundary).toBeGreaterThan(0);
    expect(room(stage, 'container-1-2').boundary).toBeUndefined();
  });

  it('gives a program that goes its place to one that comes; nobody else moves', () => {
    const world = cluster([1, 1]).process('node1', 'nginx');
    const before = stageOf(world);
    world.removeProcess('node1', 'nginx').process('node1', 'caddy');
    const after = stageOf(world);
    expect(chip(after, 'proc node1/caddy')).toEqual(chip(before, 'proc node1/nginx'));
    for (const { key, ...box } of before.chips) {
      if (key !== 'proc node1/nginx')
        expect({ key, ...chip(after, key) }).toMatchObject({ key, x: box.x, y: box.y });
    }
  });

  it('a pod that comes later leaves the others where they stand', () => {
    const world = cluster([2, 1]);
    const before = stageOf(world);
    world.removeNetns('container-1-2');
    world
      .netns('late', 'container', 'node1')
      .cable(['late', 'eth0'], ['node1', 'vethlate'], 'veth', 'docker0');
    expectTidy(stageOf(world, world.events.length - 1));
    const after = stageOf(world);
    expect(room(after, 'late')).toMatchObject({
      x: room(before, 'container-1-2').x,
      y: room(before, 'container-1-2').y,
    });
    for (const id of ['node1', 'node2', 'lan', 'container-1-1'])
      expect(room(after, id)).toEqual(room(before, id));
  });
});
