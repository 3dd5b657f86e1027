import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CensusReader, type Census } from './census';
import { distance, type Box } from './geometry';
import { layoutStage, type PlacedRoom, type StageLayout } from './layout';
import { expectTidy } from './testing/tidy';
import { cluster, WorldScript } from './testing/world';

function censusOf(world: WorldScript): Census {
  const reader = new CensusReader();
  reader.update(world.events);
  return reader.census(world.events.length - 1);
}
const stageOf = (world: WorldScript, aspect?: number) => layoutStage(censusOf(world), aspect);
const room = (stage: StageLayout, id: string) => stage.rooms.find((it) => it.id === id) as PlacedRoom;
const chip = (stage: StageLayout, key: string) => stage.places.get(key) as Box;

describe('two machines on a switch', () => {
  const stage = stageOf(cluster([1, 1]));

  it('stand side by side with the switch under and between them', () => {
    expectTidy(stage);
    const [one, two, lan] = ['node1', 'node2', 'lan'].map((id) => room(stage, id)) as [
      PlacedRoom,
      PlacedRoom,
      PlacedRoom,
    ];
    expect(one.y).toBe(two.y);
    expect(one.x + one.w).toBeLessThan(two.x);
    expect(lan.y).toBeGreaterThan(one.y + one.h);
    expect(Math.abs(lan.x + lan.w / 2 - (one.x + two.x + two.w) / 2)).toBeLessThan(30);
  });

  it('read from left to right: the second is the mirror of the first', () => {
    expect(room(stage, 'node1').mirrored).toBe(false);
    expect(room(stage, 'node2').mirrored).toBe(true);
    const left = (id: string, key: string) => chip(stage, key).x - room(stage, id).x;
    const right = (id: string, key: string) => {
      const [box, place] = [room(stage, id), chip(stage, key)];
      return box.x + box.w - place.x - place.w;
    };
    expect(left('node1', 'dev node1/docker0')).toBe(right('node2', 'dev node2/docker0'));
    expect(left('node1', 'dev node1/flannel.1')).toBeGreaterThan(right('node1', 'dev node1/flannel.1'));
    expect(left('node2', 'dev node2/flannel.1')).toBeLessThan(right('node2', 'dev node2/flannel.1'));
  });

  it('has the order of a machine: pods above the bridge above the IP layer above the NIC', () => {
    const order = ['dev container-1-1/eth0', 'dev node1/docker0', 'ip node1', 'dev node1/eth0'];
    const ys = order.map((key) => chip(stage, key).y);
    expect([...ys].sort((a, b) => a - b)).toEqual(ys);
    expect(chip(stage, 'dev node1/flannel.1').y).toBe(chip(stage, 'ip node1').y);
  });

  it('runs cables from edge to edge of what they join', () => {
    for (const { path, a, b } of stage.links.filter(({ kind }) => kind === 'cable' || kind === 'plug')) {
      for (const [key, point] of [
        [a, path.points[0]],
        [b, path.points.at(-1)],
      ] as const) {
        const box = chip(stage, key);
        const nearest = {
          x: Math.min(Math.max(point?.x ?? 0, box.x), box.x + box.w),
          y: Math.min(Math.max(point?.y ?? 0, box.y), box.y + box.h),
        };
        expect(distance(nearest, point ?? { x: 0, y: 0 })).toBeLessThan(1);
      }
    }
    expect(stage.links.filter(({ kind }) => kind === 'cable')).toHaveLength(2);
    expect(stage.links.filter(({ kind }) => kind === 'plug')).toHaveLength(2);
  });

  it('stacks them in a narrow window', () => {
    const narrow = stageOf(cluster([1, 1]), 0.5);
    expectTidy(narrow);
    expect(room(narrow, 'node2').y).toBeGreaterThan(room(narrow, 'node1').y + room(narrow, 'node1').h);
    expect(room(narrow, 'node2').mirrored).toBe(false);
  });
});

describe('any number of machines and pods', () => {
  it.each([1, 2, 3, 50, 300])('%i machines', (count) => {
    const stage = stageOf(cluster(Array.from({ length: count }, (_, i) => i % 3)));
    expectTidy(stage);
    expect(stage.rooms.filter(({ shape }) => shape === 'machine')).toHaveLength(count);
  });

  it('is tidy whatever the numbers, plugins and windows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 9 }),
        fc.constantFrom('vxlan' as const, 'host-gw' as const, 'routed' as const),
        fc.double({ min: 0.3, max: 4, noNaN: true }),
        (pods, plugin, aspect) => expectTidy(stageOf(cluster(pods, plugin), aspect)),
      ),
      { numRuns: 60 },
    );
  });

  it('uses the shape of the window', () => {
    const rows = (aspect: number) => {
      const machines = stageOf(cluster(new Array<number>(12).fill(0)), aspect).rooms.filter(
        (it) => it.shape === 'machine',
      );
      return new Set(machines.map(({ y }) => y)).size;
    };
    expect(rows(4)).toBeLessThan(rows(1));
    expect(rows(1)).toBeLessThan(rows(0.25));
  });
});

describe('worlds of bare namespaces', () => {
  const script = (names: number, cables: readonly [number, number][]) => {
    const world = new WorldScript().netns('host', 'host');
    for (let i = 0; i < names; i++) world.netns(`ns${i}`, 'netns', 'host');
    cables.forEach(([a, b], i) =>
      world.cable([`ns${a % names}`, `v${i}a`], [`ns${b % names}`, `v${i}b`], 'veth'),
    );
    return world;
  };

  it('every one is a room, and the machine around them is left out when it holds nothing', () => {
    const stage = stageOf(script(2, [[0, 1]]));
    expectTidy(stage);
    expect(stage.rooms.map(({ id, shape, home }) => [id, shape, home])).toEqual([
      ['ns0', 'machine', null],
      ['ns1', 'machine', null],
    ]);
    expect(stage.links.filter(({ kind }) => kind === 'cable')).toHaveLength(1);
  });

  it('stay tidy however they are cabled', () => {
    const cable = fc.tuple(fc.nat(30), fc.nat(30));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(cable, { maxLength: 40 }), (names, cables) => {
        expectTidy(stageOf(script(names, cables)));
      }),
      { numRuns: 60 },
    );
  });

  it('alike are drawn alike, whatever hands a cable went through', () => {
    const world = new WorldScript().netns('host', 'host').netns('red', 'netns', 'host');
    world.netns('blue', 'netns', 'host');
    // As `ip link add … type veth peer …` and `ip link set … netns …` do it.
    world.link('host', 'veth-red', 'veth', { peer: ['host', 'veth-blue'] });
    world.link('host', 'veth-blue', 'veth', { peer: ['host', 'veth-red'] });
    world.removeLink('host', 'veth-red').link('red', 'veth-red', 'veth', { peer: ['host', 'veth-blue'] });
    world.removeLink('host', 'veth-blue').link('blue', 'veth-blue', 'veth', { peer: ['red', 'veth-red'] });
    world.link('red', 'veth-red', 'veth', { peer: ['blue', 'veth-blue'] });
    const reader = new CensusReader();
    reader.update(world.events);
    const shapes = (from: number) =>
      layoutStage(reader.census(from)).rooms.map(({ id, shape, home }) => [id, shape, home]);
    const both = [
      ['red', 'machine', null],
      ['blue', 'machine', null],
    ];
    expect(shapes(world.events.length - 1)).toEqual(both);
    // While its devices were being made, the machine itself is part of the story.
    expect(shapes(0)).toEqual([['host', 'machine', null], ...both]);
  });

  it('around one that joins them stand above it, with its ends of their cables on its upper edge', () => {
    const world = new WorldScript().netns('host', 'host').link('host', 'br0', 'bridge');
    world.address('host', 'br0', '10.0.0.1/24');
    for (const i of [1, 2, 3]) {
      world.netns(`ns${i}`, 'netns', 'host');
      world.cable([`ns${i}`, 'eth0'], ['host', `veth${i}`], 'veth', 'br0');
    }
    const stage = stageOf(world);
    expectTidy(stage);
    const host = room(stage, 'host');
    expect(host.isCrowned).toBe(true);
    const bridge = chip(stage, 'dev host/br0');
    const xs = [1, 2, 3].map((i) => {
      expect(room(stage, `ns${i}`).y + room(stage, `ns${i}`).h).toBeLessThan(host.y);
      const veth = chip(stage, `dev host/veth${i}`);
      expect(veth.y + veth.h / 2).toBe(host.y);
      expect(veth.x + veth.w / 2).toBeGreaterThan(bridge.x);
      expect(veth.x + veth.w / 2).toBeLessThan(bridge.x + bridge.w);
      return veth.x;
    });
    expect([...xs].sort((a, b) => a - b)).toEqual(xs);
    expect(room(stage, 'ns1').isCrowned).toBe(false);
  });

  it('one that routes for others stands below them; a machine with containers stays where it is', () => {
    const star = script(4, [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    const below = stageOf(star);
    expectTidy(below);
    for (const id of ['ns1', 'ns2', 'ns3'])
      expect(room(below, id).y + room(below, id).h).toBeLessThan(room(below, 'ns0').y);
    const docker = cluster([1, 1]).netns('x', 'netns', 'node1');
    docker.cable(['x', 'eth0'], ['node1', 'veth-x'], 'veth');
    const stage = stageOf(docker);
    expectTidy(stage);
    expect(room(stage, 'node1').y).toBe(room(stage, 'node2').y);
  });

  it('are drawn as what they are: rooms of their own, a bare bridge as a switch', () => {
    const world = new WorldScript();
    for (const id of ['lan', 'node1', 'c1', 'h2']) world.netns(id, 'netns');
    world.link('lan', 'br0', 'bridge');
    world
      .cable(['node1', 'eth0'], ['lan', 'p1'], 'veth', 'br0')
      .cable(['h2', 'eth0'], ['lan', 'p2'], 'veth', 'br0');
    world.link('node1', 'docker0', 'bridge', { address: '172.17.0.1/16' });
    world.cable(['c1', 'eth0'], ['node1', 'veth1'], 'veth', 'docker0');
    const stage = stageOf(world);
    expectTidy(stage);
    const shapes = Object.fromEntries(stage.rooms.map(({ id, shape, home }) => [id, [shape, home]]));
    expect(shapes).toEqual({
      lan: ['switch', null],
      node1: ['machine', null],
      c1: ['machine', null],
      h2: ['machine', null],
    });
  });
});

describe('switches and routers', () => {
  it('stand in tiers below what they join', () => {
    const world = new WorldScript();
    for (const as of [1, 2]) {
      world.netns(`router${as}`, 'router').process(`router${as}`, 'bird');
      world.netns(`as${as}`, 'switch').link(`as${as}`, 'sw0', 'bridge');
      world.cable([`router${as}`, 'A'], [`as${as}`, 'p0'], 'nic', 'sw0');
      for (const host of [2, 3]) {
        world.netns(`as${as}-host${host}`, 'host');
        world.cable([`as${as}-host${host}`, 'eth0'], [`as${as}`, `p${host}`], 'nic', 'sw0');
      }
    }
    world.cable(['router1', 'C'], ['router2', 'C']);
    const stage = stageOf(world, 1.6);
    expectTidy(stage);
    const y = (id: string) => room(stage, id).y;
    expect(y('as1')).toBeGreaterThan(y('as1-host2') + room(stage, 'as1-host2').h);
    expect(y('as1')).toBe(y('as2'));
    expect(y('router1')).toBeGreaterThan(y('as1'));
    expect(y('router1')).toBe(y('router2'));
    const sides = stage.chips
      .filter(({ room: id }) => id === 'router1' || id === 'as1')
      .map(({ name, side }) => [name, side]);
    expect(sides).toEqual(
      expect.arrayContaining([
        ['A', 'top'],
        ['C', 'bottom'],
        ['p0', 'bottom'],
        ['p2', 'top'],
      ]),
    );
  });

  it('a router between two machines has both its NICs on top', () => {
    const world = new WorldScript().netns('a', 'host').netns('r', 'router').netns('b', 'host');
    world.cable(['a', 'eth0'], ['r', 'eth0']).cable(['b', 'eth0'], ['r', 'eth1']);
    const stage = stageOf(world);
    expectTidy(stage);
    expect(
      stage.chips.filter((it) => it.room === 'r' && it.kind === 'device').map(({ side }) => side),
    ).toEqual(['top', 'top']);
    expect(chip(stage, 'dev r/eth0').x).toBeLessThan(chip(stage, 'dev r/eth1').x);
  });
});

describe('keeping places', () => {
  it('nothing moves when something goes or comes back', () => {
    const before = stageOf(cluster([3, 2]));
    const world = cluster([3, 2]);
    world.removeLink('node1', 'veth1container-').removeLink('node1', 'flannel.1');
    const reader = new CensusReader();
    reader.update(world.events);
    // Seen from before they went: they are part of the story.
    const after = layoutStage(reader.census(world.events.length - 3));
    expect([...after.places]).toEqual([...before.places]);
  });

  it('what comes later does not move what is there, and takes the place of what has gone', () => {
    const world = new WorldScript()
      .netns('node', 'host')
      .link('node', 'br0', 'bridge', { address: '10.0.0.1/24' });
    const pod = (id: string) =>
      world.netns(id, 'pod', 'node').cable([id, 'eth0'], ['node', `veth-${id}`], 'veth', 'br0');
    pod('a');
    pod('b');
    const start = world.events.length - 1;
    const reader = new CensusReader();
    reader.update(world.events);
    const first = layoutStage(reader.census(start));
    world.removeLink('node', 'veth-a').removeNetns('a');
    pod('c');
    reader.update(world.events);
    const second = layoutStage(reader.census(start));
    for (const [key, box] of first.places) expect(second.places.get(key), key).toEqual(box);
    expect(room(second, 'c')).toMatchObject({ x: room(second, 'a').x, y: room(second, 'a').y });
    expect(chip(second, 'dev node/veth-c')).toEqual(chip(second, 'dev node/veth-a'));
  });

  it('a cable is there under every name that its end has had', () => {
    const world = new WorldScript()
      .netns('node', 'host')
      .link('node', 'br0', 'bridge', { address: '10.0.0.1/24' });
    world.netns('pod', 'pod', 'node');
    world.link('node', 'veth1', 'veth', { peer: ['pod', 'tmp0'], master: 'br0' });
    world.link('pod', 'tmp0', 'veth', { peer: ['node', 'veth1'] });
    world.removeLink('pod', 'tmp0');
    world.link('pod', 'eth0', 'veth', { peer: ['node', 'veth1'] });
    world.link('node', 'veth1', 'veth', { peer: ['pod', 'eth0'], master: 'br0' });
    const reader = new CensusReader();
    reader.update(world.events);
    const plugs = (from: number) =>
      layoutStage(reader.census(from)).links.flatMap(({ kind, a }) => (kind === 'plug' ? [a] : []));
    expect(plugs(0)).toEqual(['dev pod/tmp0', 'dev pod/eth0']);
    expect(plugs(world.events.length - 1)).toEqual(['dev pod/eth0']);
  });

  it('reads a trace that was cut and went another way afresh', () => {
    const reader = new CensusReader();
    reader.update(cluster([2]).events);
    reader.update(cluster([1]).events);
    expect(reader.census(0)).toEqual(censusOf(cluster([1])));
  });

  it('leaves out lo unless something went over it', () => {
    const world = new WorldScript().netns('host', 'host').link('host', 'eth0', 'nic');
    expect(stageOf(world).places.has('dev host/lo')).toBe(false);
    world.events.push({
      kind: 'tx',
      seq: world.events.length,
      at: 0,
      machine: 'host',
      netns: 'host',
      dev: 'lo',
      cause: -1,
      frame: 0,
    });
    const reader = new CensusReader();
    reader.update(world.events);
    expect(layoutStage(reader.census(0)).places.has('dev host/lo')).toBe(true);
  });
});
