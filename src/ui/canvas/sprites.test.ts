import { describe, expect, it } from 'vitest';
import type { Flight, Frame, Place, Step } from '../../state';
import { CensusReader } from './census';
import { distance, pointAt, type Point } from './geometry';
import { layoutStage } from './layout';
import { Roads } from './route';
import { keyOf, spritesAt, type SpriteSources } from './sprites';
import { cluster } from './testing/world';
import { packetOf, trailAt, waitingAt, type StepFlights } from './waiting';

const world = cluster([2, 1]);
const reader = new CensusReader();
reader.update(world.events);
const layout = layoutStage(reader.census(world.events.length - 1));
const roads = new Roads(layout);

const dev = (netns: string, name: string): Place => ({ netns, dev: name });
const ip = (netns: string): Place => ({ netns, what: 'ip' });
const pod = dev('container-1-1', 'eth0');
const port = dev('node1', 'veth1container-');

function flight(
  frame: number,
  from: Place,
  to: Place,
  seqs: [number, number],
  span: [number, number],
  kind: Flight['kind'] = 'wire',
): Flight {
  return { frame, from, to, startSeq: seqs[0], endSeq: seqs[1], start: span[0], end: span[1], kind };
}
const sources = (flights: Flight[], more: Partial<SpriteSources> = {}): SpriteSources => ({
  flights,
  waiting: [],
  pathOf: ({ from, to }) => roads.way(keyOf(from), keyOf(to), false).path,
  restOf: (place) => roads.restOf(keyOf(place)),
  beforeOf: () => undefined,
  ...more,
});
const only = (all: readonly { at: Point }[]): Point => {
  expect(all).toHaveLength(1);
  return (all[0] as { at: Point }).at;
};

describe('roads', () => {
  it('lead along the cable', () => {
    const way = roads.way(keyOf(pod), keyOf(port), false);
    expect(way.links).toEqual(['plug dev container-1-1/eth0 dev node1/veth1container-']);
    const cable = layout.links.find(({ id }) => id === way.links[0]);
    for (const t of [0, 0.5, 1]) {
      const on = pointAt(cable?.path ?? way.path, t);
      const walked = Array.from({ length: 201 }, (_, i) => pointAt(way.path, i / 200));
      expect(Math.min(...walked.map((point) => distance(point, on)))).toBeLessThan(1);
    }
  });

  it('go through the IP layer where no line leads straight', () => {
    const way = roads.way('dev node1/docker0', 'dev node1/eth0', false);
    expect(way.links).toEqual(['ip dev node1/docker0 ip node1', 'ip ip node1 dev node1/eth0']);
  });

  it('take the outer lane with tunnel headers on, and the inner one without', () => {
    expect(roads.way('dev node1/flannel.1', 'ip node1', true).links).toEqual([
      'under dev node1/flannel.1 ip node1',
    ]);
    expect(roads.way('dev node1/flannel.1', 'ip node1', false).links).toEqual([
      'ip ip node1 dev node1/flannel.1',
    ]);
    expect(roads.way('ip node1', 'dev node1/flannel.1', false).links).toEqual([
      'ip ip node1 dev node1/flannel.1',
    ]);
  });

  it('are straight between places that nothing joins, and a point for places off the stage', () => {
    expect(roads.way('ip node1', 'ip node2', false).links).toEqual([]);
    expect(roads.way('ip node1', 'ip node2', false).path.length).toBeGreaterThan(100);
    expect(roads.way('ip node1', 'dev nowhere/eth0', false).path.length).toBe(0);
  });
});

describe('a frame in flight', () => {
  const there = flight(1, pod, port, [1, 2], [0, 1]);
  const [start, end] = [roads.restOf(keyOf(pod)) as Point, roads.restOf(keyOf(port)) as Point];

  it('stands before it goes, and arrives', () => {
    expect(only(spritesAt(sources([there]), 0))).toEqual(start);
    expect(only(spritesAt(sources([there]), 0.15))).toEqual(start);
    const half = only(spritesAt(sources([there]), 0.61));
    expect(distance(half, start)).toBeGreaterThan(5);
    expect(distance(half, end)).toBeGreaterThan(5);
    expect(only(spritesAt(sources([there]), 1))).toEqual(end);
  });

  it('rests where it arrived until its next hop', () => {
    const hops = [
      flight(1, pod, port, [1, 2], [0, 0.5]),
      flight(1, port, dev('node1', 'docker0'), [2, 3], [0.7, 1]),
    ];
    expect(only(spritesAt(sources(hops), 0.6))).toEqual(end);
    expect(only(spritesAt(sources(hops), 0.71))).toEqual(end);
    expect(only(spritesAt(sources(hops), 1))).toEqual(roads.restOf('dev node1/docker0'));
  });

  it('becomes as many as a flood makes copies', () => {
    const bridge = dev('node1', 'docker0');
    const hops = [
      flight(1, port, bridge, [1, 2], [0, 0.5]),
      flight(1, bridge, dev('node1', 'veth1container-'), [2, 3], [0.5, 1]),
      flight(1, bridge, ip('node1'), [2, 4], [0.5, 1]),
    ];
    expect(spritesAt(sources(hops), 0.3)).toHaveLength(1);
    expect(spritesAt(sources(hops), 0.8)).toHaveLength(2);
    expect(spritesAt(sources(hops), 1)).toHaveLength(2);
  });

  it('falls when it is dropped, and stays down', () => {
    const drop = flight(1, ip('node1'), ip('node1'), [1, 2], [0, 1], 'drop');
    const [early, late] = [spritesAt(sources([drop]), 0.3)[0], spritesAt(sources([drop]), 1)[0]];
    expect(early?.fallen).toBeGreaterThan(0);
    expect(late?.fallen).toBe(1);
    expect(late?.at.y).toBeGreaterThan(early?.at.y ?? Infinity);
  });

  it('changes its headers before it leaves', () => {
    const from = sources([there], { beforeOf: () => 0 });
    expect(spritesAt(from, 0.16)[0]).toMatchObject({ frame: 1, before: 0, changed: 0.5 });
    expect(spritesAt(from, 0.5)[0]).toMatchObject({ frame: 1, changed: 1 });
    expect(spritesAt(from, 0.5)[0]).not.toHaveProperty('before');
  });

  it('is wrapped in the tunnel device it comes to, and rests there wrapped', () => {
    const hop = { ...there, becomes: 9 };
    expect(spritesAt(sources([hop]), 0.4)[0]).toMatchObject({ frame: 1, changed: 1 });
    expect(spritesAt(sources([hop]), 0.8)[0]).toMatchObject({ frame: 9, before: 1, at: end });
    expect(spritesAt(sources([hop]), 1)[0]).toMatchObject({ frame: 9, changed: 1, at: end });
    const standing = { frame: 9, before: 1, place: ip('node1') };
    expect(spritesAt(sources([], { standing }), 0.3)[0]).toMatchObject({ frame: 9, before: 1, changed: 0.3 });
    expect(spritesAt(sources([], { standing }), 1)[0]).not.toHaveProperty('before');
  });

  it('stands where a decision is made in a step without a flight', () => {
    const standing = { frame: 7, place: ip('node1') };
    expect(only(spritesAt(sources([], { standing }), 1))).toEqual(roads.restOf('ip node1'));
    expect(spritesAt(sources([there], { standing }), 1)).toHaveLength(1);
  });
});

describe('from step to step', () => {
  const hops: Flight[][] = [
    [flight(0, pod, port, [1, 2], [0, 1])],
    [flight(0, port, dev('node1', 'docker0'), [2, 4], [0, 1])],
    [
      flight(0, dev('node1', 'docker0'), dev('node1', 'x'), [4, 5], [0, 1]),
      flight(0, dev('node1', 'docker0'), ip('node1'), [4, 6], [0, 1]),
    ],
    [flight(0, dev('node1', 'x'), dev('container-1-2', 'eth0'), [5, 8], [0, 1])],
    [flight(1, ip('node1'), dev('node1', 'docker0'), [6, 9], [0, 1])],
  ];
  const steps = hops.map((_, index) => ({ index, command: 1 }) as Step);
  const frames = [{ id: 0 }, { id: 1, from: 0 }] as Frame[];
  const source: StepFlights = {
    steps,
    frames,
    flightsOf: (step) => hops[step.index] ?? [],
    isOrigin: () => false,
  };

  it('what leaves later waits where it is', () => {
    expect(waitingAt(source, 3)).toEqual([{ frame: 0, place: ip('node1'), until: 2, since: 6 }]);
    expect(waitingAt(source, 2)).toEqual([]);
    // The packet made from it leaves in this very step, from its beginning.
    expect(waitingAt(source, 4)).toEqual([]);
  });

  it('what the step is about does not wait beside itself, nor what it was made from', () => {
    const standing = { frame: 1, place: ip('node1') };
    expect(waitingAt(source, 3, standing)).toEqual([]);
    expect(waitingAt(source, 3, { ...standing, place: ip('node2') })).toHaveLength(1);
    expect(waitingAt(source, 3, { frame: 2, place: ip('node1') })).toHaveLength(1);
  });

  it('the path so far is that of the packet, through all it was made into', () => {
    expect(trailAt(source, 4).packet.map(({ endSeq }) => endSeq)).toEqual([2, 4, 5, 6, 8, 9]);
    const answered = { ...source, isOrigin: (frame: number) => frame === 1 };
    expect(trailAt(answered, 4).packet.map(({ endSeq }) => endSeq)).toEqual([9]);
    expect(trailAt(answered, 4).command).toHaveLength(5);
  });

  it('a packet knows its ancestors, and no loop keeps it busy', () => {
    expect([...packetOf(1, source)]).toEqual([1, 0]);
    const looped = {
      frames: [
        { id: 0, from: 1 },
        { id: 1, from: 0 },
      ] as Frame[],
      isOrigin: () => false,
    };
    expect([...packetOf(1, looped)]).toEqual([1, 0]);
  });
});
